/** `sandlot builds` (or `runs`): what was built and how it went, watched, run again or stopped, over the API. */

import type { Command } from "commander";

import type { BuildSummary, Page } from "../../model/api.ts";
import { refName } from "../../model/event.ts";
import { buildPagePath } from "../../model/urls.ts";
import { type Connection, connected, findBuild, openPage, readBuildId, repositoryFor } from "./connection.ts";
import { minute, say, sayTable } from "../say.ts";
import { hasPassed, showBuild } from "./show-build.ts";
import { report } from "./report.ts";
import { watchBuild } from "./watch.ts";
import { sign, timeOf } from "../words.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = `Examples:
  $ sandlot builds list --branch main --limit 5
  $ sandlot builds view                            the newest of this repository
  $ sandlot builds watch --exit-status && deploy   follows it to its end
  $ sandlot builds rerun BUILD --failed
  $ sandlot builds cancel BUILD
`;
export const WHERE_TO = `
BUILD is an id or the address of its page; the repository's newest where it is left out.
Environment: SANDLOT_URL and SANDLOT_TOKEN, else where "sandlot login" signed you in. NO_COLOR.
Exit codes: 0 done, 1 refused or (with --exit-status) not passed, 2 usage, 130 interrupted.`;

interface GivenOne {
  repo?: string;
  json: boolean;
  web: boolean;
  exitStatus: boolean;
}

interface GivenList {
  repo?: string;
  branch?: string;
  status?: string;
  event?: string;
  workflow?: string;
  limit: string;
  all: boolean;
  json: boolean;
  web: boolean;
}

export function addBuilds(program: Command, start: Start): void {
  const group = program
    .command("builds")
    .alias("runs")
    .description("builds of a deployed Sandlot: list, view, watch, rerun, cancel")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", WHERE_TO);
  const one = (name: string, description: string) =>
    withRepository(group.command(name).argument("[build]").description(description))
      .addHelpText("before", EXAMPLES)
      .addHelpText("after", WHERE_TO);
  withRepository(group.command("list").alias("ls").description("the newest builds"))
    .addHelpText("before", EXAMPLES)
    .option("--all", "of all repositories", false)
    .option("--branch <name>", "built there, or a pull request from there")
    .option("--status <status>", "queued, in_progress, success, failure, …")
    .option("--event <name>", "push, pull_request, …")
    .option("--workflow <path>", "of this workflow file")
    .option("--limit <n>", "how many, at most 100", "20")
    .option("--json", "print JSON", false)
    .option("--web", "open the page", false)
    .action((given: GivenList) => start(() => connected((to) => list(to, given))));
  one("view", "one build: its jobs, what failed, its artifacts")
    .option("--json", "print JSON", false)
    .option("--web", "open the page", false)
    .option("--exit-status", "exit with 1 where it did not pass", false)
    .action((named: string | undefined, given: GivenOne) => start(() => connected((to) => view(to, named, given))));
  one("watch", "follow a build to its end")
    .option("--json", "print one event a line, as JSON", false)
    .option("--exit-status", "exit with 1 where it did not pass", false)
    .action((named: string | undefined, given: GivenOne) =>
      start(() => connected(async (to) => await watchBuild(to, (await findBuild(to, named, given)).id, given))),
    );
  one("rerun", "run a build again, in new sandboxes")
    .option("--failed", "only the jobs that failed, and what needs them", false)
    .option("--json", "print JSON", false)
    .action((named: string | undefined, given: GivenOne & { failed: boolean }) =>
      start(() => connected((to) => rerun(to, named, given))),
    );
  one("cancel", "stop a build; a second time stops it at once")
    .option("--json", "print JSON", false)
    .action((named: string | undefined, given: GivenOne) => start(() => connected((to) => cancel(to, named, given))));
}

export function withRepository(command: Command): Command {
  return command.option("-R, --repo <owner/name>", "of this repository (default: the one that origin leads to)");
}

async function list({ api, url, paint }: Connection, given: GivenList): Promise<number> {
  const name = given.all ? null : repositoryFor(given);
  if (given.web) return openPage(url, name === null ? "/" : `/repositories/${name.owner}/${name.repo}`);
  const query = new URLSearchParams({ limit: given.limit });
  for (const key of ["branch", "status", "event", "workflow"] as const) {
    const value = given[key];
    if (value !== undefined) query.set(key, value);
  }
  const path = name === null ? "/api/builds" : `/api/repositories/${name.owner}/${name.repo}/builds`;
  const { items } = await api.json<Page<BuildSummary>>(`${path}?${query.toString()}`);
  if (given.json) say(JSON.stringify(items, null, 2));
  else if (items.length === 0) process.stderr.write("There are none.\n");
  else sayTable(items.map((build) => [sign(build.conclusion, paint), ...rowOf(build, given.all)]));
  return 0;
}

function rowOf(build: BuildSummary, withName: boolean): string[] {
  return [
    build.id,
    ...(withName ? [build.repository] : []),
    `${build.workflow.name ?? build.workflow.path} #${build.number}`,
    build.title.slice(0, 60),
    refName(build.ref),
    build.event,
    build.conclusion ?? build.status,
    timeOf(build),
    minute(build.createdAt),
  ];
}

async function view(to: Connection, named: string | undefined, given: GivenOne): Promise<number> {
  if (given.web && named !== undefined) return openPage(to.url, buildPagePath(readBuildId(named)));
  const build = await findBuild(to, named, given);
  if (given.web) return openPage(to.url, buildPagePath(build.id));
  if (given.json) say(JSON.stringify(build, null, 2));
  else showBuild(to, build);
  return given.exitStatus && !hasPassed(build) ? 1 : 0;
}

async function rerun(
  to: Connection,
  named: string | undefined,
  given: GivenOne & { failed: boolean },
): Promise<number> {
  const build = await findBuild(to, named, given);
  const asked = await to.client.rerun(build.id, { jobs: given.failed ? "failed" : "all" });
  return await report(to, asked, given, [`sandlot builds watch ${build.id}`]);
}

async function cancel(to: Connection, named: string | undefined, given: GivenOne): Promise<number> {
  const build = await findBuild(to, named, given);
  return await report(to, await to.client.cancel(build.id), given, [`sandlot builds view ${build.id}`]);
}
