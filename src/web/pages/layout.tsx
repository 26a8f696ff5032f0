/** What every page has: its head, the way home, and how it is sent. */

import type { Child } from "hono/jsx";
import type { HtmlEscapedString } from "hono/utils/html";
import { scriptPath } from "./assets.ts";
import type { Frame } from "./frame.tsx";
import { A, Icon } from "./parts.tsx";
import { stylePath } from "./style.ts";
import { THEMES } from "./theme.ts";
import { lookNamed } from "./words.ts";
import type { Look } from "./words.ts";

/** Where no script runs, unfinished builds show themselves again after this many seconds. */
const REFRESH_SECONDS = 5;

export interface Crumb {
  text: string;
  href: string;
}

interface LayoutProps {
  title: string;
  frame?: Frame;
  /** Of the build or job that the page is about. */
  look?: Look;
  /** The page changes by itself: it is asked for again until it does not. */
  refresh?: boolean;
  /** The way from the first page to here. */
  crumbs?: Crumb[];
  children?: Child;
}

export function Layout(props: LayoutProps) {
  const { frame, look, refresh = false, crumbs = [], children } = props;
  const theme = frame?.theme ?? "auto";
  return (
    <html lang="en" {...(theme === "auto" ? {} : { "data-theme": theme })}>
      <Head {...props} />
      <body {...(refresh ? { "data-live": "" } : {})}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <Way crumbs={crumbs} />
          {frame?.account}
        </header>
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <p id="told" class="unseen" role="status">
          {look ? look.word : ""}
        </p>
        <footer class="foot">{frame ? <ThemeSwitch frame={frame} /> : null}</footer>
      </body>
    </html>
  );
}

function Head({ title, look, refresh = false }: LayoutProps) {
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      {refresh ? (
        <noscript>
          <meta http-equiv="refresh" content={String(REFRESH_SECONDS)} />
        </noscript>
      ) : null}
      <title>{look ? `${look.mark} ${title}` : title}</title>
      <link rel="icon" type="image/svg+xml" href={`/favicon/${look?.name ?? "sandlot"}.svg`} />
      <link rel="stylesheet" href={stylePath} />
      <script type="module" src={scriptPath("page")}></script>
    </head>
  );
}

function Way({ crumbs }: { crumbs: Crumb[] }) {
  return (
    <nav aria-label="Where you are">
      <a class="brand" href="/">
        <Mark /> Sandlot
      </a>
      {crumbs.map(({ text, href }) => (
        <>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <A href={href}>{text}</A>
        </>
      ))}
    </nav>
  );
}

/** Sandlot's own: a diamond of four bases. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d="M8 1.2 14.8 8 8 14.8 1.2 8Z"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linejoin="round"
      />
      <path d="M8 5.6 10.4 8 8 10.4 5.6 8Z" fill="currentColor" />
    </svg>
  );
}

function ThemeSwitch({ frame }: { frame: Frame }) {
  return (
    <form method="post" action="/theme" class="themes" aria-label="Colours">
      <input type="hidden" name="next" value={frame.path} />
      {THEMES.map((theme) => (
        <button name="theme" value={theme} aria-pressed={frame.theme === theme ? "true" : "false"}>
          {theme}
        </button>
      ))}
    </form>
  );
}

/** A page that says one thing, and where to go from there. */
export function Notice(props: { title: string; frame?: Frame; children?: Child }) {
  const look = lookNamed("neutral");
  return (
    <Layout title={props.title} {...(props.frame ? { frame: props.frame } : {})}>
      <div class="only">
        {look ? <Icon look={look} /> : null}
        <h1>{props.title}</h1>
        {props.children}
        <p>
          <A href="/">All repositories and builds</A>
        </p>
      </div>
    </Layout>
  );
}

type Element = HtmlEscapedString | Promise<HtmlEscapedString>;

const HTML = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", vary: "accept, cookie" };

export function html(page: Element, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(render(page), { status, headers: { ...HTML, ...headers } });
}

/** A whole page as text. */
function render(page: Element): string {
  return `<!doctype html>\n${renderPart(page)}\n`;
}

export function renderPart(part: Element): string {
  // None of our parts waits for anything, so that all of them are text at once.
  if (part instanceof Promise) throw new Error("A part of a page waits for something.");
  return part.toString();
}
