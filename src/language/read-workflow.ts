/** A workflow file's text to a workflow, or to everything that is wrong with it. */

import { FeatureFlags } from "@actions/expressions/features";
import { convertWorkflowTemplate, NoOperationTraceWriter } from "@actions/workflow-parser";
import { ErrorPolicy } from "@actions/workflow-parser/model/convert";
import { TemplateContext, TemplateValidationErrors } from "@actions/workflow-parser/templates/template-context";
import { readTemplate } from "@actions/workflow-parser/templates/template-reader";
// oxlint-disable-next-line no-restricted-imports -- the parser's own folder, not our workflows/
import { WORKFLOW_ROOT } from "@actions/workflow-parser/workflows/workflow-constants";
// oxlint-disable-next-line no-restricted-imports -- the parser's own folder, not our workflows/
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";
import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import type { Problem, Workflow, WorkflowFile } from "../model/workflow.ts";
import { checkJobs, type ReadJob } from "./check-jobs.ts";
import { checkSupport } from "./check-support.ts";
import { explain } from "./expression-tree.ts";
import { followCalls, type ReadFile, type ReadText } from "./follow-calls.ts";
import { type CallSite, readCallSite, readContract } from "./read-call.ts";
import { readConcurrency, readDefaults, readJob, readPermissions } from "./read-job.ts";
import { checkFilters, readTriggers } from "./read-triggers.ts";
import { child, entriesOf, Reading, shiftColumns, templatedMap, templatedText, type Token } from "./token.ts";
import { TreeReader } from "./yaml-reader.ts";
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
  // Columns count from the first visible character; a script has `\n` between its lines, whoever edited the file.
  const plain = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const yaml = readYaml(path, plain);
  const outline = { path, name: nameIn(yaml.document), events: eventsIn(yaml.document) };
  if (yaml.tree === null) {
    return { file: { ...outline, workflow: null, problems: yaml.problems }, sites: [] };
  }
  const { workflow, sites, problems } = await readTree(path, yaml.tree);
  return { file: { ...outline, workflow: problems.length > 0 ? null : workflow, problems }, sites };
}

async function readTree(
  path: string,
  tree: YamlTree,
): Promise<{ workflow: Workflow | null; sites: CallSite[]; problems: Problem[] }> {
  const reading = new Reading(path);
  const context = new TemplateContext(
    new TemplateValidationErrors(),
    getWorkflowSchema(),
    new NoOperationTraceWriter(),
  );
  const featureFlags = new FeatureFlags({ all: true });
  context.state["featureFlags"] = featureFlags;
  const file = context.getFileId(path);
  const reader = new TreeReader(file, tree);
  const root = readTemplate(context, WORKFLOW_ROOT, reader, file);
  reportOfficial(reading, context, (line) => reader.indentAt(line));
  if (root === undefined) {
    return { workflow: null, sites: [], problems: reading.problems };
  }
  shiftColumns(root, (line) => reader.indentAt(line));
  context.errors.clear();
  reading.forgiveLinesSoFar();
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

/** `check-jobs.ts` says these in words that help, and compares ids in any case. */
const SAID_BETTER =
  /creates a cycle in the dependency graph|depends on unknown job|must contain at least one job with no dependencies|^Unable to create a unique name$/;

/** An expression that was found wrong is text to the schema from then on, and refused again as such. */
const SAID_ALREADY = /^Unexpected value '\$\{\{/;

function reportOfficial(reading: Reading, context: TemplateContext, indentAt: (line: number) => number): void {
  for (const { rawMessage, range } of context.errors.getErrors()) {
    if (SAID_BETTER.test(rawMessage) || SAID_ALREADY.test(rawMessage)) {
      continue;
    }
    const { line, column } = range?.start ?? { line: 1, column: 1 };
    const at = { file: reading.file, line, column: column + indentAt(line) };
    reading.reportAt("workflow_invalid", reword(rawMessage), at);
  }
}

function reword(message: string): string {
  const unknown = /^Unrecognized (named-value|function): '([^']*)'/.exec(message);
  if (unknown) {
    const kind = unknown[1] === "function" ? "function" : "context";
    return `the ${kind} '${unknown[2] ?? ""}' is not available here`;
  }
  return message === "Unexpected value ''" ? "a value is missing here" : explain(new Error(message));
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
