/** The log of a job in the browser: what it adds to a page that works without it. */

import { Follower } from "./log/follow.ts";
import { follow } from "./log/live.ts";
import { LogRows } from "./log/rows.ts";
import { Search } from "./log/search.ts";
import { Selection } from "./log/selection.ts";
import { readState } from "./log/state.ts";
import { setUpTools } from "./log/tools.ts";

const view = document.getElementById("log-view");
if (view) start(view);

function start(view: HTMLElement): void {
  const state = readState(view);
  const rows = new LogRows(view, state);
  const follower = new Follower(view, state);
  const selection = new Selection(view, rows);
  const search = new Search(view, rows, state);
  setUpTools(view, { rows, follower, selection, search, state });
  rows.onChange = () => {
    selection.draw();
    search.draw();
    follower.keepUp();
  };
  void selection.open().then((isOpen) => follower.start({ atEnd: !isOpen && location.search === "" }));
  void follow(state, rows);
}
