/** `sandlot logs`: what jobs wrote, all of it or what failed, as text. */

import type { Command } from "commander";

import type { BuildView, JobView } from "../../model/api.ts";
import { withRepository, WHERE_TO } from "./builds-command.ts";
import { type Connection, connected, findBuild, openPage } from "./connection.ts";
import { drawLine } from "../paint.ts";
import { jobPagePath } from "../../model/urls.ts";
import { say } from "../say.ts";
import { UsageError } from "../usage-error.ts";
import { follow } from "./watch.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const EXAMPLES = `Examples:
  $ sandlot logs                        of the newest build of this repository
  $ sandlot logs BUILD --job test
  $ sandlot logs BUILD --failed         only the steps that failed
  $ sandlot logs --follow | tee log.txt
  $ sandlot logs BUILD --job test --raw > log.txt
`;

interface Given {
  repo?: string;
  job?: string;
  failed: boolean;
  follow: boolean;
  raw: boolean;
  web: boolean;
}

export function addLogs(program: Command, start: Start): void {
  withRepository(program.command("logs").argument("[build]").description("logs of a build's jobs"))
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", WHERE_TO)
    .option("--job <name>", "only this job, by its name or key")
    .option("--failed", "only steps that failed", false)
    .option("--follow", "go on until the build ends", false)
    .option("--raw", "every byte as it was stored", false)
    .option("--web", "open the page", false)
    .action((named: string | undefined, given: Given) =>
      start(() => connected(async (to) => await showLogs(to, await findBuild(to, named, given), given))),
    );
}

async function showLogs(to: Connection, build: BuildView, given: Given): Promise<number> {
  const jobs = chooseJobs(build, given.job);
  if (given.web) return openPage(to.url, jobPagePath(build.id, jobs[0]?.id ?? ""));
  if (given.follow) return await followLogs(to, build, new Set(jobs.map(({ id }) => id)));
  const written = jobs.filter(({ attempt }) => attempt > 0);
  if (written.length === 0) process.stderr.write("Nothing was written yet: --follow waits for it.\n");
  for (const job of written) {
    if (written.length > 1 && !given.raw) say(to.paint("bold", `== ${job.name}`));
    await showJob(to, build, job, given);
  }
  return 0;
}

async function showJob(to: Connection, build: BuildView, job: JobView, given: Given): Promise<void> {
  const parts = given.failed ? failedParts(job) : [{ title: null, from: 0, to: Infinity }];
  for (const part of parts) await showPart(to, build, job, part, given);
}

/** By name, key or id; all where none is named. */
function chooseJobs({ jobs }: BuildView, named: string | undefined): JobView[] {
  if (named === undefined) return jobs;
  const found = jobs.filter(({ id, key, name }) => [id, key, name].includes(named));
  if (found.length > 0) return found;
  throw new UsageError(
    `There is no job ${named} in it.`,
    jobs.map(({ name }) => `--job ${JSON.stringify(name)}`),
  );
}

interface Part {
  title: string | null;
  /** Stored-log offsets. */
  from: number;
  to: number;
}

function failedParts({ steps }: JobView): Part[] {
  return steps.flatMap((step, at) => {
    if (step.outcome !== "failure") return [];
    return [{ title: step.name, from: step.logFrom, to: steps[at + 1]?.logFrom ?? Infinity }];
  });
}

async function showPart(
  { api, paint, colour }: Connection,
  build: BuildView,
  job: JobView,
  { title, from, to }: Part,
  { raw }: Given,
): Promise<void> {
  if (title !== null && !raw) say(paint("red", `✗ ${title}`));
  const response = await api.ask(`/api/builds/${build.id}/jobs/${job.id}/log?attempt=${job.attempt}&from=${from}`);
  const decoder = new TextDecoder();
  let held = "";
  let at = from;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    const piece = chunk.subarray(0, Math.max(0, to - at));
    at += chunk.length;
    if (raw) process.stdout.write(piece);
    else held = showLines(held + decoder.decode(piece, { stream: true }), paint, colour);
    if (at >= to) break;
  }
  if (held !== "") showLines(`${held}\n`, paint, colour);
}

/** Returns what is no whole line yet. */
function showLines(text: string, paint: Connection["paint"], colour: boolean): string {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  for (const line of lines) {
    const drawn = drawLine(line, paint, { colour });
    if (drawn !== null) say(drawn);
  }
  return rest;
}

async function followLogs(to: Connection, build: BuildView, jobs: ReadonlySet<string>): Promise<number> {
  await follow(to, build.id, (event) => {
    if (event.type === "job" && jobs.has(event.job.id) && jobs.size > 1) say(to.paint("bold", `== ${event.job.name}`));
    if (event.type === "log" && jobs.has(event.job)) showLines(`${event.lines.join("\n")}\n`, to.paint, to.colour);
  });
  return 0;
}
