/** Lines of a log as the first failure shows them, and the terminal's colours for all logs. */

const LINES = `
pre { margin: 0; padding: 0 .9rem; background: var(--log); white-space: pre-wrap; overflow-wrap: anywhere; content-visibility: auto; contain-intrinsic-size: auto 9000px; }
.line-error { color: var(--bad); } .line-warning { color: var(--busy); } .line-notice { color: var(--link); } .line-debug { color: var(--muted); } .line-group { font-weight: 600; }
.ansi-bold { font-weight: 700; } .ansi-dim { opacity: .75; } .ansi-italic { font-style: italic; } .ansi-underline { text-decoration: underline; }
.ansi-strike { text-decoration: line-through; } .ansi-inverse { filter: invert(1); } .ansi-hidden { visibility: hidden; }
`;

/** The terminal's sixteen, in shades that can be read on the log's own background. */
const COLOURS = [
  "light-dark(#2b2924, #a7a196)",
  "light-dark(#b3261e, #ff8a80)",
  "light-dark(#1a6b34, #5fd38d)",
  "light-dark(#7d4e00, #e0b252)",
  "light-dark(#1f57a4, #83b4f5)",
  "light-dark(#7a3ea8, #c9a0f5)",
  "light-dark(#0f6a72, #58cdd6)",
  "light-dark(#5d5850, #d8d3ca)",
];

const ansi = COLOURS.flatMap((colour, n) =>
  [n, n + 8].map((code) => `.ansi-fg-${code} { color: ${colour}; } .ansi-bg-${code} { background: ${colour}; }`),
).join("\n");

export const LOG_STYLE = LINES + ansi;
