/** A workflow file's text to a workflow, or to everything that is wrong with it. */

import { convertWorkflowTemplate } from "@actions/workflow-parser";
import { ErrorPolicy } from "@actions/workflow-parser/model/convert";
// oxlint-disable-next-line no-restricted-imports -- the parser's own folder, not our workflows/
import { WORKFLOW_ROOT } from "@actions/workflow-parser/workflows/workflow-constants";
// oxlint-disable-next-line no-restricted-imports -- the parser's own folder, not our workflows/
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";
import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import type { Problem, Workflow, WorkflowFile } from "../model/workflow.ts";
import { checkJobs, type ReadJob } from "./check-jobs.ts";
import { checkSupport } from "./check-support.ts";
import { followCalls, unsupportedIn, type ReadFile, type ReadText } from "./follow-calls.ts";
import { plainText, readTokens, reportOfficial } from "./official.ts";
import { type CallSite, readCallSite, readContract } from "./read-call.ts";
import { readConcurrency, readDefaults, readJob, readPermissions } from "./read-job.ts";
import { checkFilters, readTriggers } from "./read-triggers.ts";
import { child, entriesOf, Reading, templatedMap, templatedText, type Token } from "./token.ts";
import { readYaml, type YamlTree } from "./yaml-tree.ts";

const MAX_PROBLEMS = 100;

/**
 * A file and all that it calls. Never throws for what stands in a file, only where `readText` does. A file of the largest
 * size takes under two seconds.
 */
export async function readWorkflow(
  path: string,
  text: string,
  readText: ReadText = () => Promise.resolve(null),
): Promise<WorkflowFile> {
  const file = await followCalls(await readFile(path, text), readFile, readText);
  return { ...file, problems: file.problems.slice(0, MAX_PROBLEMS) };
}

/** One file by itself: what it calls is not looked at. */
async function readFile(path: string, text: string): Promise<ReadFile> {
  const yaml = readYaml(path, plainText(text));
  const outline = { path, name: nameIn(yaml.document), events: eventsIn(yaml.document) };
  if (yaml.tree === null) {
    return { file: { ...outline, workflow: null, problems: yaml.problems }, sites: [] };
  }
  const { workflow, sites, problems } = await readTree(path, yaml.tree);
  if (problems.length > 0) {
    // What one job cannot do is said along with it, so that its author sees all at once.
    return { file: { ...outline, workflow: null, problems: [...problems, ...unsupportedIn(workflow)] }, sites };
  }
  return { file: { ...outline, workflow, problems }, sites };
}

async function readTree(
  path: string,
  tree: YamlTree,
): Promise<{ workflow: Workflow | null; sites: CallSite[]; problems: Problem[] }> {
  const reading = new Reading(path);
  const tokens = readTokens(reading, tree, { schema: getWorkflowSchema(), root: WORKFLOW_ROOT });
  if (tokens === null) {
    return { workflow: null, sites: [], problems: reading.problems };
  }
  const { root, context, featureFlags } = tokens;
  await convertWorkflowTemplate(context, root, undefined, {
    errorPolicy: ErrorPolicy.TryConversion,
    fetchReusableWorkflowDepth: 0,
    featureFlags,
  });
  reportOfficial(reading, context, () => 0);
  return { ...readRoot(reading, root), problems: reading.problems };
}

function readRoot(reading: Reading, root: Token): { workflow: Workflow; sites: CallSite[] } {
  const on = child(root, "on");
  const defaults = readDefaults(root, { shell: null, workingDirectory: null });
  const jobs = withNeedsAsWritten(
    entriesOf(child(root, "jobs")).map(({ keyToken, value }) => ({
      token: value,
      definition: readJob(reading, keyToken, value, defaults),
    })),
  );
  const name = templatedText(child(root, "name"));
  const contract = readContract(reading, on);
  const workflow: Workflow = {
    ...(contract !== undefined && { contract }),
    path: reading.file,
    name: typeof name === "string" && name.trim() !== "" ? name : null,
    runName: templatedText(child(root, "run-name")),
    on: on === undefined ? [] : readTriggers(reading, on),
    env: templatedMap(child(root, "env")),
    concurrency: readConcurrency(child(root, "concurrency")),
    permissions: readPermissions(child(root, "permissions")),
    jobs: jobs.map(({ definition }) => definition),
  };
  if (on !== undefined) {
    checkFilters(reading, on);
  }
  checkJobs(reading, child(root, "jobs") ?? root, jobs);
  checkSupport(reading, root, jobs);
  const sites = jobs.flatMap(
    ({ token, definition }) => readCallSite(reading, token, definition, workflow.permissions) ?? [],
  );
  return { workflow, sites };
}

/** GitHub finds `needs: Build` where the job is `build`; whoever reads a plan need not know. */
function withNeedsAsWritten(jobs: ReadJob[]): ReadJob[] {
  const ids = new Map(jobs.map(({ definition: { id } }) => [id.toLowerCase(), id]));
  return jobs.map(({ token, definition }) => {
    const needs = definition.needs.map((need) => ids.get(need.toLowerCase()) ?? need);
    return { token, definition: { ...definition, needs: [...new Set(needs)] } };
  });
}

function nameIn(document: Document.Parsed | null): string | null {
  const name = valueUnder(document, "name");
  return isScalar(name) && typeof name.value === "string" && name.value.trim() !== "" ? name.value : null;
}

function eventsIn(document: Document.Parsed | null): string[] | null {
  const on = valueUnder(document, "on");
  if (isScalar(on)) {
    return typeof on.value === "string" ? [on.value] : [];
  }
  if (isSeq(on)) {
    return on.items.filter((item) => isScalar(item)).map((item) => String(item.value));
  }
  if (isMap(on)) {
    return on.items.map(({ key }) => (isScalar(key) ? String(key.value) : ""));
  }
  return null;
}

function valueUnder(document: Document.Parsed | null, name: string): Node | null {
  const contents: unknown = document?.contents;
  if (!isMap(contents)) {
    return null;
  }
  const pair = contents.items.find(({ key }) => isScalar(key) && String(key.value).toLowerCase() === name);
  return (pair?.value as Node | undefined) ?? null;
}
