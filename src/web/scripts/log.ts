/** Made by `npm run client` from src/web/client/log.ts: change that one. */

export const logScript = {
  hash: "84c6028b11b9",
  text: "(()=>{document.documentElement.classList.add(\"js\");})();\n",
};
