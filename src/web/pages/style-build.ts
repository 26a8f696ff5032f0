/** A build and a job: heading, why, first failure, graph, waterfall, annotations. */

export const BUILD_STYLE = `
.head { display: grid; gap: .55rem; } .head .title { display: flex; gap: .65rem; align-items: flex-start; min-width: 0; }
.head .title .status { font-size: 1.5rem; line-height: 1.25; } .head .number { color: var(--muted); font-weight: 450; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; align-items: center; color: var(--muted); font-size: .92rem; } .facts > * { min-width: 0; overflow-wrap: anywhere; }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; align-items: flex-start; } .acts form { display: flex; flex-wrap: wrap; gap: .5rem; } .acts details { position: relative; }
.acts summary { list-style: none; } .acts summary::-webkit-details-marker { display: none; }
.acts details > form { display: block; margin-top: .4rem; padding: .7rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; max-width: 22rem; }
.attempts { display: inline-flex; gap: .35rem; align-items: center; } .attempts a, .attempts strong { padding: .05rem .5rem; border-radius: 6px; border: 1px solid var(--line); } .attempts strong { background: var(--line); }

.why, .why.bad, .why.busy, .why.good, .why.ours { color: var(--text); } .why { border-left: 4px solid var(--calm); padding: .15rem 0 .15rem .9rem; } .why.bad { border-color: var(--bad); } .why.busy { border-color: var(--busy); } .why.good { border-color: var(--good); } .why.ours { border-color: var(--ours); }
.why p { overflow-wrap: anywhere; } .why.bad strong { color: var(--bad); } .why.ours strong { color: var(--ours); } .todo { color: var(--muted); }
.card.failure { border-color: color-mix(in srgb, var(--bad) 45%, var(--line)); padding: 0; overflow: hidden; }
.failure > header { display: flex; flex-wrap: wrap; gap: .3rem 1rem; justify-content: space-between; align-items: center; padding: .7rem 1.1rem; }
.failure h2 { margin: 0; overflow-wrap: anywhere; } .failure h2 a { color: inherit; } .failure > .why, .failure > p { margin: 0 1.1rem .7rem; }
.failure pre { padding: .7rem 1.1rem; border-top: 1px solid var(--line); content-visibility: visible; contain-intrinsic-size: none; }

.graph { overflow-x: auto; margin-bottom: .8rem; padding-bottom: .2rem; } .graph svg { display: block; } .graph.fitted > svg { max-width: 100%; height: auto; }
.graph .edge { fill: none; stroke: light-dark(#bcb5a8, #55504a); stroke-width: 1.5; } .graph .box { fill: var(--card); stroke: var(--line); stroke-width: 1; }
.graph text { font: 13px system-ui, sans-serif; fill: var(--text); } .graph .label { fill: var(--muted); font-size: 11.5px; } .graph .took-text { fill: var(--muted); font-size: 11.5px; text-anchor: end; }
.graph a:hover text { text-decoration: underline; } .graph a .hit { fill: transparent; } .graph a:focus-visible .hit, .graph a:hover .hit { fill: color-mix(in srgb, var(--accent) 12%, transparent); }

.jobs { list-style: none; margin: 0; padding: 0; } .jobs > li { border-top: 1px solid var(--line); } .jobs > li:first-child { border-top: 0; }
.jobs summary, .jobs .closed { display: grid; grid-template-columns: 1rem 1.2rem minmax(0, 1fr) auto; gap: .5rem; align-items: baseline; padding: .5rem 0; list-style: none; } .jobs summary::-webkit-details-marker { display: none; }
.jobs summary::before { content: "▸"; color: var(--muted); } .jobs details[open] > summary::before { content: "▾"; } .jobs .closed::before { content: ""; }
.jobs > li { position: relative; } .jobs summary { padding-right: 3.2rem; } .jump { position: absolute; right: 0; top: .5rem; }
.jobs .after { display: none; } .jobs .closed { padding-right: 3.2rem; } .jobs .name { font-weight: 600; overflow-wrap: anywhere; } .jobs .inside { padding: 0 0 .7rem 1.5rem; }
.steps { list-style: none; margin: .2rem 0; padding: 0; } .steps > li { display: grid; grid-template-columns: 1.2rem minmax(0, 1fr) auto; gap: .1rem .5rem; align-items: baseline; padding: .16rem 0; }
.steps a { color: var(--text); overflow-wrap: anywhere; } .steps .note { grid-column: 2 / -1; font-size: .86rem; color: var(--muted); overflow-wrap: anywhere; }

.fall { width: 100%; display: block; }
.fall .queued { fill: light-dark(#d8d2c7, #423e38); } .fall .boot { fill: light-dark(#b9a77f, #8a7a55); } .fall .checkout { fill: light-dark(#7c9fce, #5c83b8); } .fall .cache { fill: light-dark(#9a7fc2, #8a70b5); }
.fall .artifact { fill: light-dark(#6aa9a4, #4f8e89); } .fall .post { fill: light-dark(#b7aecb, #6b6480); } .fall .run { fill: light-dark(#5d8f6c, #5b9a6e); } .fall .failed { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .84rem; color: var(--muted); list-style: none; padding: 0; } .legend svg { display: inline; width: .8rem; height: .8rem; vertical-align: -.08em; }
.bars-list { list-style: none; margin: 0; padding: 0; } .bars-list > li { display: grid; grid-template-columns: minmax(0, 11rem) minmax(0, 1fr) 4.5rem; gap: .2rem .8rem; align-items: center; padding: .2rem 0; }
.bars-list a { color: var(--text); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: .9rem; } .bars-list .took { text-align: right; font-size: .86rem; color: var(--muted); } .bars-list .fall { height: 14px; border-radius: 3px; }

.notes { list-style: none; padding: 0; margin: 0; } .notes > li { padding: .45rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; } .notes > li:first-child { border-top: 0; }
.notes .message { white-space: pre-wrap; } .level { font-weight: 650; } .level.error { color: var(--bad); } .level.warning { color: var(--busy); } .level.notice { color: var(--link); }
.summary { overflow-x: auto; overflow-wrap: anywhere; } .summary table { border-collapse: collapse; } .summary th, .summary td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
.summary pre { padding: .6rem .9rem; border-radius: 8px; content-visibility: visible; contain-intrinsic-size: none; } .summary h1 { font-size: 1.15rem; } .summary h2 { font-size: 1.05rem; } .summary blockquote { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid var(--line); color: var(--muted); }
.about-build { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.2rem; margin: 0; } .about-build dt { color: var(--muted); } .about-build dd { margin: 0; overflow-wrap: anywhere; }

/* Columns side by side need width: a phone reads in the list what waits for what. */
@media (max-width: 46rem) { .graph { display: none; } .jobs .after { display: block; } .failure > header { padding: .7rem .85rem; } .failure > .why, .failure > p { margin: 0 .85rem .7rem; } .failure pre { padding: .7rem .85rem; } .head .title .status { font-size: 1.3rem; } .bars-list > li { grid-template-columns: minmax(0, 1fr) auto; } .bars-list .fall { grid-column: 1 / -1; grid-row: 2; } .about-build { grid-template-columns: 1fr; gap: 0; } .about-build dd { margin-bottom: .5rem; } .jobs .inside { padding-left: .3rem; } .card { padding: .8rem .85rem; } }
`;
