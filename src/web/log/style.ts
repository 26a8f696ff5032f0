/** How a log looks; colours are the page's own properties, and the terminal's classes stand with the first failure's. */

export const LOG_VIEW_STYLE = `
#log-bar { display: flex; flex-wrap: wrap; gap: .4rem 1rem; justify-content: space-between; align-items: center; position: sticky; top: 0; z-index: 3; background: var(--card); padding: .5rem 0; border-bottom: 1px solid var(--line); }
#log-bar [hidden] { display: none; } #log-bar label { font-weight: normal; font-size: .85rem; display: inline-flex; gap: .25rem; align-items: center; white-space: nowrap; }
#log-bar a, #log-bar button { font-size: .85rem; } #log-bar button, #log-bar .button { padding: .15rem .6rem; }
.log-search, .log-tools { display: flex; flex-wrap: wrap; gap: .3rem .7rem; align-items: center; min-width: 0; } .log-search input[type="search"] { width: 11rem; flex: 1 1 9rem; padding: .2rem .5rem; }
#log-bar button[aria-pressed="true"] { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
#log-earlier:not([hidden]), #log-later:not([hidden]) { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; justify-content: center; padding: .5rem; font-size: .88rem; }
#log-found:not([hidden]) { margin: .5rem 0; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: 7px; } #log-found ol { max-height: 14rem; overflow: auto; margin: .3rem 0; padding-left: 5.5rem; font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
#log-found li { overflow-wrap: anywhere; } #log-found li::marker { color: var(--muted); } #log-found a { color: inherit; }
#log-rows .step { margin: .4rem 0; border: 1px solid var(--line); border-radius: 7px; background: var(--log); overflow: clip; }
#log-rows .step > summary, .step.away { padding: .3rem .7rem; background: var(--card); } .step.away { display: flex; flex-wrap: wrap; gap: .2rem 1rem; justify-content: space-between; }
#log-rows .step > summary { display: flex; gap: .5rem; align-items: baseline; list-style: none; } #log-rows .step > summary::-webkit-details-marker { display: none; }
#log-rows .step > summary::before { content: "▸"; color: var(--muted); flex: none; width: .7rem; } #log-rows .step[open] > summary::before { content: "▾"; } #log-rows .step > summary:has(+ .copy-step) { padding-right: 5rem; }
.copy-step { position: sticky; top: calc(var(--log-bar, 0px) + .3rem); z-index: 3; float: right; margin: -1.85rem .6rem 0 0; padding: 0 .55rem; font-size: .8rem; line-height: 1.4rem; }
#log-rows .step > summary { position: sticky; top: var(--log-bar, auto); z-index: 2; border-bottom: 1px solid var(--line); }
.step > summary .step-title { flex: 1; flex-wrap: nowrap; } .step-title small { white-space: nowrap; flex: none; } .step-title { display: inline-flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; overflow-wrap: anywhere; min-width: 0; }
.b { padding: .1rem 0; } .b.whole { content-visibility: auto; contain-intrinsic-size: auto 9350px; }
.l { display: flex; scroll-margin-top: 7rem; padding-right: .7rem; line-height: 18.7px; }
.l > a, .l > .n, .gw > a { flex: none; width: 4.2rem; padding-right: .9rem; text-align: right; color: var(--muted); user-select: none; font: 11.5px/18.7px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.l > time { display: none; flex: none; width: 5.5rem; padding-right: .8rem; text-align: right; color: var(--muted); user-select: none; font: 11.5px/18.7px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.l > code { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 8; line-height: inherit; }
#log-view:has(#log-times:checked) .l > time { display: block; }
#log-view:has(#log-wrap:not(:checked)) .l > code { white-space: pre; overflow-wrap: normal; } #log-view:has(#log-wrap:not(:checked)) .b { overflow-x: auto; }
#log-view:has(#log-full:checked) { position: fixed; inset: 0; z-index: 8; overflow: auto; background: var(--card); padding: 0 1rem 1rem; }
.l:hover { background: color-mix(in srgb, var(--text) 5%, transparent); }
.l.error { background: color-mix(in srgb, var(--bad) 11%, transparent); box-shadow: inset 3px 0 var(--bad); } .l.error > code { color: var(--bad); }
.l.warning { background: color-mix(in srgb, var(--busy) 11%, transparent); box-shadow: inset 3px 0 var(--busy); } .l.warning > code { color: var(--busy); }
.l.notice { box-shadow: inset 3px 0 var(--link); } .l.debug > code { color: var(--muted); }
.l:target, .l.picked { background: color-mix(in srgb, var(--accent) 18%, transparent); } .l.hit > code { background: color-mix(in srgb, var(--busy) 22%, transparent); } .l.hit.now { outline: 2px solid var(--accent); outline-offset: -2px; }
.gw { position: relative; } .gw > a { position: absolute; z-index: 1; left: 0; top: 0; } .g { margin: 0; padding: 0; border: 0; } .g > summary { list-style: none; font-weight: 600; } .g > summary::-webkit-details-marker { display: none; }
.g > summary .l > code::before { content: "▸ "; color: var(--muted); } .g[open] > summary .l > code::before { content: "▾ "; }
#log-end:not([hidden]) { position: sticky; bottom: .7rem; z-index: 3; display: block; margin: .5rem auto 0; }
@media (max-width: 40rem) { .l > a, .l > .n, .gw > a { width: 2.9rem; padding-right: .5rem; } .l > time { width: 4.2rem; } #log-bar { position: static; } #log-rows .step > summary { top: 0; } .copy-step { top: .3rem; margin-right: .4rem; } #log-rows .step > summary:has(+ .copy-step) { padding-right: 4.2rem; } .step-title small:last-child { display: none; } #log-found ol { padding-left: 4rem; } }
@media print { #log-bar, #log-earlier, #log-later { display: none; } .b.whole { content-visibility: visible; } }
`;
