/** The first page, a repository's builds, artifacts and forms. */

export const LIST_STYLE = `
.rows { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); }
.rows > li + li { border-top: 1px solid var(--line); }
.row { display: grid; grid-template-columns: 1.3rem minmax(0, 1fr) 9.5rem 8.5rem; gap: .1rem .9rem; padding: .65rem 1rem; align-items: start; }
.row > .status { font-size: 1.1rem; } .row .what { min-width: 0; overflow-wrap: anywhere; }
.row .what > a { color: var(--text); font-weight: 600; }
.row .about { display: flex; flex-wrap: wrap; gap: .1rem .7rem; color: var(--muted); font-size: .86rem; align-items: center; }
.row .because { margin-top: .1rem; font-size: .88rem; } .row .because.calm { color: var(--muted); }
.row .where { font-size: .9rem; min-width: 0; overflow: hidden; } .row .when { text-align: right; font-size: .86rem; color: var(--muted); }
.row .when > * { display: block; }
.row:focus-within { background: color-mix(in srgb, var(--accent) 5%, transparent); }
.row .what > a:focus-visible { outline-offset: 3px; }
.pages { display: flex; justify-content: space-between; gap: 1rem; }

.headline { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; justify-content: space-between; }
.filters { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
.filters label { display: grid; gap: .15rem; font-size: .8rem; font-weight: 500; color: var(--muted); min-width: 0; }
.filters select { max-width: 13rem; }
#bars { padding: .6rem 1rem; } .bars { display: block; width: 100%; height: 40px; } .bars a rect { fill: currentColor; } .bars a:hover rect, .bars a:focus-visible rect { opacity: .65; } .bars .base { fill: transparent; }
#repositories > h1 { margin-bottom: .8rem; } .repositories { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: .7rem; list-style: none; margin: 0; padding: 0; }
.repositories > li { display: grid; gap: .15rem; }
.repositories .name { font-weight: 650; color: var(--text); overflow-wrap: anywhere; }
.empty { color: var(--muted); padding: 1.6rem 1rem; text-align: center; } .empty pre { text-align: left; display: inline-block; padding: .6rem .9rem; border-radius: 8px; contain-intrinsic-size: none; content-visibility: visible; }

main > table { display: block; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: .4rem 1rem; border-collapse: collapse; }
main > table th, main > table td { text-align: left; vertical-align: top; padding: .45rem 1.2rem .45rem 0; } main > table th { color: var(--muted); font-weight: 500; font-size: .86rem; } main > table td { border-top: 1px solid var(--line); }
.files { list-style: none; margin: 0; padding: 0; } .files > li { display: flex; gap: .2rem 1rem; flex-wrap: wrap; padding: .4rem 0; border-top: 1px solid var(--line); align-items: baseline; }
.files > li:first-child { border-top: 0; } .files a { overflow-wrap: anywhere; min-width: 0; } .files .size { margin-left: auto; color: var(--muted); font-size: .86rem; white-space: nowrap; }
.file-actions { display: flex; gap: .5rem; flex-wrap: wrap; }

.fields { display: grid; gap: .9rem; max-width: 34rem; } .fields > div { display: grid; gap: .2rem; } .fields button { justify-self: start; } .fields .check { grid-template-columns: auto 1fr; align-items: center; gap: .5rem; }
.fields input[type="text"], .fields input[type="number"], .fields select { width: 100%; }
.problem { border-left: 4px solid var(--bad); }

@media (max-width: 46rem) {
  .filters { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); } .filters select { width: 100%; max-width: none; } .filters button { justify-self: start; }
  .row { grid-template-columns: 1.3rem minmax(0, 1fr); } .row .where, .row .when { grid-column: 2; text-align: left; }
  .row .when > * { display: inline; margin-right: .7rem; }
}
`;
