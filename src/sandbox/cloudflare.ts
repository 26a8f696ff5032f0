/** The sandbox port over `@cloudflare/sandbox`. */

export { Sandbox } from "@cloudflare/sandbox";
