/** The icon in a browser's tab: the status of what the page is about, else Sandlot's own. */

import { notFound } from "../http/answer.ts";
import { lookNamed } from "./words.ts";
import type { Look } from "./words.ts";

/** To be told apart on light and dark tabs alike. */
const COLOURS = { good: "#2da44e", bad: "#d1242f", busy: "#c78a1b", calm: "#8a857b" } as const satisfies Record<
  Look["tone"],
  string
>;

const OWN =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 1.2 14.8 8 8 14.8 1.2 8Z" fill="none" stroke="#4a86d8" stroke-width="1.8" stroke-linejoin="round"/><path d="M8 5.4 10.6 8 8 10.6 5.4 8Z" fill="#4a86d8"/></svg>';

export function serveFavicon(file: string): Response {
  const name = file.replace(/\.svg$/, "");
  const look = lookNamed(name);
  if (!look && name !== "sandlot") return notFound("icon", file);
  return new Response(look ? draw(look) : OWN, {
    headers: { "content-type": "image/svg+xml; charset=utf-8", "cache-control": "public, max-age=86400" },
  });
}

function draw({ tone, shape, glyph }: Look): string {
  const colour = COLOURS[tone];
  const disc = shape === "disc";
  const circle = disc
    ? `<circle cx="8" cy="8" r="7.8" fill="${colour}"/>`
    : `<circle cx="8" cy="8" r="6.8" fill="none" stroke="${colour}" stroke-width="2"/>`;
  const line = `<path d="${glyph}" fill="none" stroke="${disc ? "#fff" : colour}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${circle}${line}</svg>`;
}
