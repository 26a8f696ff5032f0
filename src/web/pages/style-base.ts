/** Colours, type and what stands on every page. Light and dark are one list: `light-dark()` follows `color-scheme`. */

export const BASE_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f8f7f4, #161513); --card: light-dark(#ffffff, #1f1e1b); --log: light-dark(#f5f3ef, #181715);
  --text: light-dark(#24221e, #ece9e3); --muted: light-dark(#655f56, #a8a297); --line: light-dark(#e3dfd7, #35322d);
  --link: light-dark(#1f57a4, #8fbaf5); --accent: light-dark(#1f57a4, #8fbaf5); --on-accent: light-dark(#ffffff, #10192a);
  --good: light-dark(#1a6b34, #5fce86); --bad: light-dark(#b3261e, #ff8a80); --busy: light-dark(#8a5300, #e6b450); --calm: light-dark(#655f56, #a8a297);
  --ours: light-dark(#6b3fa0, #c4a2f2);
  --radius: 10px; --gap: 1rem;
}
:root[data-theme="light"] { color-scheme: light; } :root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; background: var(--page); color: var(--text); }
a { color: var(--link); text-decoration: none; text-underline-offset: 2px; } a:hover, p a, dd a, small a, .size a, .message a, .summary a, .notes a { text-decoration: underline; text-decoration-color: color-mix(in srgb, currentColor 45%, transparent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; } #main:focus { outline: none; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 0; font-weight: 650; overflow-wrap: anywhere; letter-spacing: -.01em; }
h2 { font-size: 1.02rem; margin: 0 0 .6rem; font-weight: 650; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; } ul, ol { margin: .3rem 0; }
small, .muted { color: var(--muted); font-weight: normal; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -9999px; } .skip:focus { left: .5rem; top: .5rem; z-index: 9; padding: .4rem .8rem; background: var(--card); border-radius: 6px; }

.top { display: flex; align-items: center; justify-content: space-between; gap: .5rem 1rem; flex-wrap: wrap; padding: .6rem max(1rem, calc((100% - 74rem) / 2 + 1rem)); background: var(--card); border-bottom: 1px solid var(--line); }
.top:has(> a.account) { flex-wrap: nowrap; } .top nav { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .5rem; min-width: 0; }
.top nav a { color: var(--text); overflow-wrap: anywhere; } .brand { font-weight: 700; display: inline-flex; align-items: center; gap: .4rem; }
.mark { width: 1.15rem; height: 1.15rem; color: var(--accent); } .slash { color: var(--muted); }
main { flex: 1; width: 100%; max-width: 74rem; margin: 0 auto; padding: 1.2rem 1rem 2rem; display: grid; gap: var(--gap); align-content: start; grid-template-columns: minmax(0, 1fr); }
.foot { max-width: 74rem; width: 100%; margin: 0 auto; padding: .5rem 1rem 1.5rem; display: flex; justify-content: flex-end; }
.themes { display: inline-flex; border: 1px solid var(--line); border-radius: 99px; overflow: hidden; }
.themes button { border: 0; background: none; padding: .2rem .75rem; font: inherit; font-size: .82rem; color: var(--muted); cursor: pointer; }
.themes button[aria-pressed="true"] { background: var(--line); color: var(--text); } .themes button:focus-visible { outline-offset: -2px; border-radius: 99px; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 1rem 1.1rem; min-width: 0; }
.only { text-align: center; padding: 3rem 1rem; max-width: 38rem; margin: 0 auto; } .only > .icon { width: 2.4rem; height: 2.4rem; margin-bottom: .6rem; } .only ul { text-align: left; }
.told { background: color-mix(in srgb, var(--accent) 9%, var(--card)); border-color: color-mix(in srgb, var(--accent) 35%, var(--line)); padding: .6rem 1rem; }

.icon { width: 1em; height: 1em; flex: none; vertical-align: -.13em; overflow: visible; }
.icon path { fill: none; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.icon.disc circle { fill: currentColor; } .icon.disc path { stroke: var(--card); }
.icon.ring circle { fill: none; stroke: currentColor; stroke-width: 1.5; } .icon.ring path { stroke: currentColor; stroke-width: 1.6; }
.icon.in_progress path { fill: currentColor; }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); } .calm { color: var(--calm); }
.badge { display: inline-flex; align-items: center; gap: .35em; font-weight: 600; white-space: nowrap; }
.branch { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; padding: .05rem .4rem; border-radius: 5px; background: color-mix(in srgb, var(--accent) 10%, transparent); overflow-wrap: anywhere; }
.person { display: inline-flex; align-items: center; gap: .35rem; vertical-align: middle; }
.face { width: 20px; height: 20px; border-radius: 50%; flex: none; } span.face { display: inline-grid; place-items: center; background: var(--line); color: var(--muted); font-size: .68rem; font-weight: 700; }
.took { font-variant-numeric: tabular-nums; white-space: nowrap; } time { white-space: nowrap; }

button, .button { font: inherit; font-size: .9rem; font-weight: 550; padding: .35rem .85rem; border-radius: 7px; border: 1px solid var(--line); background: var(--card); color: var(--text); cursor: pointer; display: inline-block; }
button:hover, .button:hover { border-color: var(--muted); text-decoration: none; }
button.primary, .button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.danger { background: var(--bad); border-color: var(--bad); color: var(--card); }
input, select { font: inherit; font-size: .92rem; padding: .35rem .6rem; border-radius: 7px; border: 1px solid light-dark(#8e877b, #6f6a61); background: var(--card); color: var(--text); max-width: 100%; }
input[type="checkbox"] { width: 1.05rem; height: 1.05rem; accent-color: var(--accent); }
label { font-weight: 550; }
summary { cursor: pointer; }
.account { display: flex; align-items: center; gap: .5rem; margin: 0; }
.account img { border-radius: 50%; }
.acts-table { display: block; overflow-x: auto; border-spacing: 0; }
.acts-table th, .acts-table td { text-align: left; vertical-align: top; padding: .35rem 1.2rem .35rem 0; }

@media (prefers-reduced-motion: no-preference) {
  .icon.in_progress path { animation: breathe 1.6s ease-in-out infinite; transform-origin: 8px 8px; }
  @keyframes breathe { 50% { transform: scale(.55); } }
}
@media print {
  .top nav a { text-decoration: none; } .foot, .skip, .acts, .filters { display: none; }
  body { background: #fff; } .card { break-inside: avoid; } pre { content-visibility: visible; }
}
`;
