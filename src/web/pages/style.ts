/** The one stylesheet, served as a file: pages hold no style of their own. */

import { digest } from "../../model/ids.ts";
import { LOG_VIEW_STYLE } from "../log/style.ts";
import { BASE_STYLE } from "./style-base.ts";
import { BUILD_STYLE } from "./style-build.ts";
import { LIST_STYLE } from "./style-list.ts";
import { LOG_STYLE } from "./style-log.ts";

const TEXT = [BASE_STYLE, LIST_STYLE, BUILD_STYLE, LOG_STYLE, LOG_VIEW_STYLE].join("\n");

/** Changes with the text, so that a browser may keep it for ever. */
export const stylePath = `/style.css?v=${digest(TEXT, 12)}`;

export function serveStyle(): Response {
  return new Response(TEXT, {
    headers: { "content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=31536000, immutable" },
  });
}
