/** Light or dark: as the system has it, or as somebody chose; remembered in a cookie, so that it works without script. */

import { refuseCrossSite } from "../auth/cross-site.ts";
import { problem } from "../http/answer.ts";
import { readForm } from "../http/form.ts";
import { localPath } from "../http/safe-url.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const MAX_AGE_SECONDS = 365 * 86_400;

export function themeOf(request: Request): Theme {
  const given = /(?:^|;\s*)theme=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1];
  return THEMES.find((theme) => theme === given) ?? "auto";
}

/** The answer to a form: back to the page that it stood on. */
export async function chooseTheme(request: Request): Promise<Response> {
  const crossSite = refuseCrossSite(request);
  if (crossSite !== null) return problem(403, crossSite);
  const form = await readForm(request);
  if (!form.ok) return form.answer;
  const theme = THEMES.find((one) => one === form.value.get("theme")) ?? "auto";
  const age = theme === "auto" ? 0 : MAX_AGE_SECONDS;
  const headers = {
    location: localPath(form.value.get("next") ?? "/"),
    "cache-control": "no-store",
    "set-cookie": `theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax; HttpOnly`,
  };
  return new Response(null, { status: 303, headers });
}
