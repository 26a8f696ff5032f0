/** `sandlot artifacts`, `caches` and `dispatch`: what builds keep, and how one is started by hand. */

import type { Command } from "commander";

import type { BuildView, CacheView, DispatchRequest, Page } from "../../model/api.ts";
import { artifactPagePath, buildPagePath } from "../../model/urls.ts";
import { WHERE_TO, withRepository } from "./builds-command.ts";
import { type Connection, connected, findBuild, openPage, repositoryFor } from "./connection.ts";
import { report } from "./report.ts";
import { saveArtifact } from "../save-artifacts.ts";
import { day, minute, say, sayTable } from "../say.ts";
import { UsageError } from "../usage-error.ts";
import { countOf, formatBytes } from "../words.ts";

type Start = (work: () => Promise<number>) => Promise<void>;

const ARTIFACT_EXAMPLES = `Examples:
  $ sandlot artifacts list
  $ sandlot artifacts download BUILD                  all of them, a folder each
  $ sandlot artifacts download BUILD -n report -D out
`;

interface GivenBuild {
  repo?: string;
  json: boolean;
  web: boolean;
}

interface GivenDownload extends GivenBuild {
  name: string[];
  dir: string;
}

const collect = (value: string, values: string[]) => [...values, value];

export function addArtifacts(program: Command, start: Start): void {
  const group = program
    .command("artifacts")
    .description("what builds keep for people")
    .addHelpText("before", ARTIFACT_EXAMPLES)
    .addHelpText("after", WHERE_TO);
  withRepository(group.command("list").alias("ls").argument("[build]").description("list a build's artifacts"))
    .option("--json", "print JSON", false)
    .option("--web", "open the page", false)
    .action((named: string | undefined, given: GivenBuild) =>
      start(() => connected(async (to) => listArtifacts(to, await findBuild(to, named, given), given))),
    );
  withRepository(group.command("download").argument("[build]").description("save them, each file checked by its hash"))
    .addHelpText("before", ARTIFACT_EXAMPLES)
    .option("-n, --name <name>", "only this one; may be repeated", collect, [])
    .option("-D, --dir <folder>", "where to", ".")
    .action((named: string | undefined, given: GivenDownload) =>
      start(() => connected(async (to) => await download(to, await findBuild(to, named, given), given))),
    );
}

function listArtifacts({ url }: Connection, build: BuildView, given: GivenBuild): number {
  const [only, ...more] = build.artifacts;
  if (given.web)
    return openPage(url, only && more.length === 0 ? artifactPagePath(build.id, only.name) : buildPagePath(build.id));
  if (given.json) say(JSON.stringify(build.artifacts, null, 2));
  else if (only === undefined) process.stderr.write(`Build ${build.id} keeps none.\n`);
  else {
    sayTable(
      build.artifacts.map(({ name, files, bytes, expiresAt }) => [
        name,
        countOf(files, "file"),
        formatBytes(bytes),
        `until ${day(expiresAt)}`,
      ]),
    );
  }
  return 0;
}

async function download({ client }: Connection, build: BuildView, given: GivenDownload): Promise<number> {
  const names = build.artifacts.map(({ name }) => name);
  const missing = given.name.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new UsageError(
      `Build ${build.id} has no artifact ${missing}.`,
      names.map((name) => `-n ${JSON.stringify(name)}`),
    );
  }
  const wanted = build.artifacts.filter(({ name }) => given.name.length === 0 || given.name.includes(name));
  if (wanted.length === 0) throw new UsageError(`Build ${build.id} keeps no artifacts.`);
  for (const artifact of wanted) say(await saveArtifact(client, artifact, given.dir));
  return 0;
}

const CACHE_EXAMPLES = `Examples:
  $ sandlot caches list
  $ sandlot caches rm npm-linux-4f2a…     that key, in every branch
  $ sandlot caches rm --all               all of this repository
`;

interface GivenCaches {
  repo?: string;
  json: boolean;
  all: boolean;
}

export function addCaches(program: Command, start: Start): void {
  const group = program.command("caches").description("caches of a repository").addHelpText("before", CACHE_EXAMPLES);
  withRepository(group.command("list").alias("ls").description("list them, the newest first"))
    .option("--json", "print JSON", false)
    .action((given: GivenCaches) => start(() => connected((to) => listCaches(to, given))));
  withRepository(group.command("rm").argument("[key]").description("forget them: the next build saves anew"))
    .addHelpText("before", CACHE_EXAMPLES)
    .option("--all", "all of the repository", false)
    .action((key: string | undefined, given: GivenCaches) =>
      start(() => connected((to) => removeCaches(to, key, given))),
    );
}

async function listCaches({ api }: Connection, given: GivenCaches): Promise<number> {
  const { owner, repo } = repositoryFor(given);
  const { items } = await api.json<Page<CacheView>>(`/api/repositories/${owner}/${repo}/caches`);
  if (given.json) say(JSON.stringify(items, null, 2));
  else if (items.length === 0) process.stderr.write(`${owner}/${repo} has none.\n`);
  else sayTable(items.map((one) => [one.key, one.scope, formatBytes(one.bytes), minute(one.createdAt)]));
  return 0;
}

async function removeCaches({ api }: Connection, key: string | undefined, given: GivenCaches): Promise<number> {
  if ((key === undefined) !== given.all) throw new UsageError("Give one key, or --all.", ["sandlot caches list"]);
  const { owner, repo } = repositoryFor(given);
  const query = key === undefined ? "all=1" : `key=${encodeURIComponent(key)}`;
  const path = `/api/repositories/${owner}/${repo}/caches?${query}`;
  const { removed } = await api.json<{ removed: number }>(path, "DELETE");
  say(`Forgot ${countOf(removed, "cache")} of ${owner}/${repo}.`);
  return 0;
}

const DISPATCH_EXAMPLES = `Examples:
  $ sandlot dispatch release.yml
  $ sandlot dispatch release.yml --ref v2 -f level=minor -f notes='A b c'
`;

interface GivenDispatch {
  repo?: string;
  ref?: string;
  field: string[];
  json: boolean;
}

export function addDispatch(program: Command, start: Start): void {
  withRepository(program.command("dispatch").argument("<workflow>", "its file's name or path"))
    .description("start a workflow that names workflow_dispatch")
    .addHelpText("before", DISPATCH_EXAMPLES)
    .option("--ref <branch>", "a branch or tag (default: the default branch)")
    .option("-f, --field <name=value>", "an input; may be repeated", collect, [])
    .option("--json", "print JSON", false)
    .action((workflow: string, given: GivenDispatch) => start(() => connected((to) => dispatch(to, workflow, given))));
}

async function dispatch(to: Connection, workflow: string, given: GivenDispatch): Promise<number> {
  const { owner, repo } = repositoryFor(given);
  const inputs = Object.fromEntries(given.field.map(readField));
  const asked: DispatchRequest = { workflow, inputs, ...(given.ref === undefined ? {} : { ref: given.ref }) };
  return await report(to, await to.client.dispatch(owner, repo, asked), given, []);
}

function readField(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new UsageError(`-f ${pair} is not NAME=VALUE.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
