/** The one stylesheet, served as a file: pages hold neither style nor script. */

const CSS = `
:root {
  color-scheme: light dark;
  --good: light-dark(#116329, #56d364); --bad: light-dark(#a40e26, #ff8e86); --busy: light-dark(#7d4e00, #e3b341);
  --calm: light-dark(#4d5561, #9ea7b3); --line: light-dark(#d0d7de, #3d444d); --link: light-dark(#0550ae, #79c0ff);
  --log: light-dark(#f6f8fa, #151b23);
}
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #e6edf3); }
header { padding: .6rem 1rem; border-bottom: 1px solid var(--line); font-weight: 600; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
a { color: var(--link); } a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
small { color: var(--calm); font-weight: normal; }
code, pre { font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--calm); } dd { margin: 0; }
details { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .8rem; margin: .5rem 0; } summary { cursor: pointer; }
pre { margin: 0; padding: 0 .8rem; background: var(--log); white-space: pre-wrap; overflow-wrap: anywhere; content-visibility: auto; contain-intrinsic-size: auto 9000px; }
.failure { border-left: 4px solid var(--bad); padding-left: 1rem; } .failure pre { padding: .6rem .8rem; contain-intrinsic-size: auto 800px; }
.title { font-size: 1.1rem; overflow-wrap: anywhere; }
.badge { font-size: .85rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); } .calm { color: var(--calm); }
.steps { padding-left: 2.2rem; }
.line-error { color: var(--bad); } .line-warning { color: var(--busy); } .line-notice { color: var(--link); } .line-debug { color: var(--calm); } .line-group { font-weight: 600; }
.ansi-bold { font-weight: 700; } .ansi-dim { opacity: .7; } .ansi-italic { font-style: italic; } .ansi-underline { text-decoration: underline; }
.ansi-strike { text-decoration: line-through; } .ansi-inverse { filter: invert(1); } .ansi-hidden { visibility: hidden; }
`;

/** The terminal's sixteen, in shades that can be read on the page's own background. */
const COLOURS = [
  "light-dark(#24292f, #8b949e)",
  "light-dark(#cf222e, #ff7b72)",
  "light-dark(#116329, #3fb950)",
  "light-dark(#7d4e00, #d29922)",
  "light-dark(#0550ae, #58a6ff)",
  "light-dark(#8250df, #bc8cff)",
  "light-dark(#1b7c83, #39c5cf)",
  "light-dark(#57606a, #d1d7de)",
];

const ansi = COLOURS.flatMap((colour, n) =>
  [n, n + 8].map((code) => `.ansi-fg-${code} { color: ${colour}; } .ansi-bg-${code} { background: ${colour}; }`),
).join("\n");

export function serveStyle(): Response {
  return new Response(CSS + ansi, {
    headers: { "content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=300" },
  });
}
