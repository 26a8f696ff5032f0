/** A badge for a README: how the newest build of a branch ended. What cannot be seen by everybody is `unknown`. */

import { digest } from "../../model/ids.ts";
import { newestOfBranch } from "../../store/build-lists.ts";
import { findRepository } from "../../store/repositories.ts";
import { rightOn } from "../auth/rights.ts";
import type { RightRooms } from "../auth/rights.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { lookOf } from "./words.ts";
import type { Look } from "./words.ts";

type BadgeRooms = RightRooms & Pick<Rooms, "db" | "viewer">;

const TONES = { good: "#1a7f37", bad: "#cf222e", busy: "#9a6700", calm: "#57606a" } as const satisfies Record<
  Look["tone"],
  string
>;

/** `name.repo` ends with `.svg`. `branch` (else the default one) and `workflow` (file, path or name; else any) stand in the query. */
export async function serveBadge(rooms: BadgeRooms, name: RepositoryName, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const workflow = query.get("workflow") || null;
  const found = await readLook(rooms, name, { branch: query.get("branch") || null, workflow });
  const svg = drawBadge(workflow ?? "build", found?.word ?? "unknown", found?.tone ?? "calm");
  const etag = `W/"${digest(svg, 26)}"`;
  // GitHub's proxy keeps pictures for as long as it is let.
  const headers = { etag, "cache-control": "no-cache, max-age=0", "content-type": "image/svg+xml; charset=utf-8" };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const open = { "cross-origin-resource-policy": "cross-origin", "content-security-policy": "default-src 'none'" };
  return new Response(svg, { headers: { ...headers, ...open } });
}

async function readLook(
  rooms: BadgeRooms,
  { owner, repo: file }: RepositoryName,
  asked: { branch: string | null; workflow: string | null },
): Promise<Look | null> {
  const repository = await findRepository(rooms.db, owner, file.replace(/\.svg$/, ""));
  if (!repository || (await rightOn(rooms, rooms.viewer, repository, { fresh: false })) === null) return null;
  const { branch, workflow } = asked;
  const of = { repositoryId: repository.id, branch: branch ?? repository.defaultBranch, workflow };
  const build = await newestOfBranch(rooms.db, of);
  if (build?.state.status !== "completed") return null;
  return lookOf(build.state);
}

const HEIGHT = 20;
const PAD = 7;
const MAX_CHARS = 60;

/** Verdana's widths at 11 px, near enough: `textLength` makes the text fit its box wherever it is drawn. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += WIDTHS.find(([chars]) => chars.test(char))?.[1] ?? 6.9;
  return Math.ceil(width);
}

const WIDTHS: readonly [RegExp, number][] = [
  [/[ijltfr.,:;'|![\]() ]/, 4.2],
  [/[A-Zmw%@]/, 8.6],
];

function drawBadge(label: string, word: string, tone: Look["tone"]): string {
  const shown = label.length > MAX_CHARS ? `${label.slice(0, MAX_CHARS - 1)}…` : label;
  const [left, right] = [widthOf(shown) + 2 * PAD, widthOf(word) + 2 * PAD];
  const text = (what: string, x: number, width: number): string =>
    `<text x="${x + PAD}" y="14" textLength="${width - 2 * PAD}" lengthAdjust="spacingAndGlyphs">${escapeXml(what)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${escapeXml(`${shown}: ${word}`)}">`,
    `<title>${escapeXml(`${shown}: ${word}`)}</title>`,
    `<clipPath id="r"><rect width="${left + right}" height="${HEIGHT}" rx="4"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="${HEIGHT}" fill="#3b3a36"/><rect x="${left}" width="${right}" height="${HEIGHT}" fill="${TONES[tone]}"/></g>`,
    `<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">${text(shown, 0, left)}${text(word, left, right)}</g>`,
    "</svg>",
  ].join("");
}

/** What XML cannot hold at all is left out. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
