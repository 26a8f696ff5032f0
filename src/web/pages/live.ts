/** A page that is asked for again and again while it changes: answered with 304 where nothing did. */

import { version } from "../../../package.json";
import { digest } from "../../model/ids.ts";
import type { Frame } from "./frame.tsx";
import { html } from "./layout.tsx";
import { stylePath } from "./style.ts";

const TAG_CHARS = 32;

/** Sent by the page's script (src/web/client/page.ts). */
export const LIVE_HEADER = "x-sandlot-live";

/** `facts` is all that the page is made of, but for the time of day. */
export function livePage(
  request: Request,
  frame: Frame,
  facts: unknown,
  page: () => Parameters<typeof html>[0],
): Response {
  const { theme, mayAct, who } = frame;
  const etag = `W/"${digest(JSON.stringify([version, stylePath, theme, mayAct, who, facts]), TAG_CHARS)}"`;
  const headers = { etag, "cache-control": "private, no-cache" };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return html(page(), 200, headers);
}
