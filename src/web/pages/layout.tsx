/** What every page has: its head, the way home, and the small parts that all share. */

import type { Child } from "hono/jsx";
import type { HtmlEscapedString } from "hono/utils/html";
import { buildPagePath } from "../../model/urls.ts";
import { safeUrl } from "../safe-url.ts";
import { lookOf } from "./words.ts";
import type { Look } from "./words.ts";

/** Unfinished builds show themselves again after this many seconds. */
const REFRESH_SECONDS = 5;

export function Layout(props: { title: string; look?: Look; refresh?: boolean; children?: Child }) {
  const { title, look, refresh = false, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {refresh ? <meta http-equiv="refresh" content={String(REFRESH_SECONDS)} /> : null}
        <title>{look ? `${look.icon} ${title}` : title}</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <A href="/">Sandlot</A>
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}

/** The only way to a link: its address is checked here. */
export function A(props: { href: string; children?: Child; class?: string }) {
  return (
    <a href={safeUrl(props.href)} class={props.class} rel="nofollow noopener noreferrer">
      {props.children}
    </a>
  );
}

export function Badge(props: { of: Parameters<typeof lookOf>[0] }) {
  const { icon, word, tone } = lookOf(props.of);
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{icon}</span> {word}
    </span>
  );
}

export function Time(props: { at: number }) {
  const iso = new Date(props.at).toISOString();
  return <time datetime={iso}>{`${iso.slice(0, 16).replace("T", " ")} UTC`}</time>;
}

/** A page that says one thing. */
export function Notice(props: { title: string; children?: Child }) {
  return (
    <Layout title={props.title}>
      <h1>{props.title}</h1>
      {props.children}
    </Layout>
  );
}

export function BuildLink(props: { id: string; children?: Child }) {
  return <A href={buildPagePath(props.id)}>{props.children}</A>;
}

type Element = HtmlEscapedString | Promise<HtmlEscapedString>;

const HTML = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };

export function html(page: Element, status = 200): Response {
  return new Response(render(page), { status, headers: HTML });
}

/** A whole page as text. */
export function render(page: Element): string {
  return `<!doctype html>\n${renderPart(page)}\n`;
}

export function renderPart(part: Element): string {
  // None of our parts waits for anything, so that all of them are text at once.
  if (part instanceof Promise) throw new Error("A part of a page waits for something.");
  return part.toString();
}

export function htmlStream(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: HTML });
}
