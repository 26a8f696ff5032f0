/** The scripts of the pages, served from our own origin: the policy allows no other and none inline. */

import { notFound } from "../http/answer.ts";
import { logScript } from "../scripts/log.ts";
import { pageScript } from "../scripts/page.ts";

/** To add one: write src/web/client/NAME.ts, run `npm run client`, and name it here. */
const SCRIPTS = { log: logScript, page: pageScript } as const;

export type ScriptName = keyof typeof SCRIPTS;

/** Changes with the text, so that a browser may keep it for ever. */
export function scriptPath(name: ScriptName): string {
  return `/assets/${name}.js?v=${SCRIPTS[name].hash}`;
}

export function serveScript(file: string): Response {
  const found = Object.entries(SCRIPTS).find(([name]) => file === `${name}.js`);
  if (!found) return notFound("script", file);
  return new Response(found[1].text, {
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
    },
  });
}
