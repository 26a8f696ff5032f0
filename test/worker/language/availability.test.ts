/** GitHub's table of where which context is offered, tried against what we refuse. */

import { describe, expect, it } from "vitest";
import { readWorkflow } from "../../../src/language/read-workflow.ts";

const BEFORE_RUN = ["github", "inputs", "vars"];
const IN_PLAN = [...BEFORE_RUN, "needs"];
const IN_LEG = [...IN_PLAN, "strategy", "matrix"];
const IN_JOB = [...IN_LEG, "job", "runner", "env", "steps"];
const IN_STEP = [...IN_JOB, "secrets"];
const STATUS = ["always()", "cancelled()", "success()", "failure()"];
const HASH = ["hashFiles('a')"];

const ALL = [
  "github",
  "env",
  "vars",
  "job",
  "jobs",
  "steps",
  "runner",
  "secrets",
  "strategy",
  "matrix",
  "needs",
  "inputs",
];

/** https://docs.github.com/actions/reference/workflows-and-actions/contexts#context-availability */
const TABLE: [key: string, contexts: string[], functions: string[]][] = [
  ["run-name", BEFORE_RUN, []],
  ["concurrency", BEFORE_RUN, []],
  ["env.A", [...BEFORE_RUN, "secrets"], []],
  ["jobs.a.concurrency", IN_LEG, []],
  ["jobs.a.continue-on-error", IN_LEG, []],
  ["jobs.a.defaults.run.shell", [...IN_LEG, "env"], []],
  ["jobs.a.env.A", [...IN_LEG, "secrets"], []],
  ["jobs.a.if", IN_PLAN, STATUS],
  ["jobs.a.name", IN_LEG, []],
  ["jobs.a.outputs.A", IN_STEP, []],
  ["jobs.a.runs-on", IN_LEG, []],
  ["jobs.a.strategy.max-parallel", IN_PLAN, []],
  ["jobs.a.strategy.matrix", IN_PLAN, []],
  ["jobs.a.timeout-minutes", IN_LEG, []],
  ["jobs.a.steps.continue-on-error", IN_STEP, HASH],
  ["jobs.a.steps.env.A", IN_STEP, HASH],
  ["jobs.a.steps.if", IN_JOB, [...STATUS, ...HASH]],
  ["jobs.a.steps.name", IN_STEP, HASH],
  ["jobs.a.steps.run", IN_STEP, HASH],
  ["jobs.a.steps.timeout-minutes", IN_STEP, HASH],
  ["jobs.a.steps.working-directory", IN_STEP, HASH],
  ["jobs.a.steps.with.ref", IN_STEP, HASH],
  ["on.workflow_call.inputs.i.default", ["github", "inputs", "vars"], []],
  ["on.workflow_call.outputs.o.value", ["github", "jobs", "vars", "inputs"], []],
  ["jobs.call.with.i", IN_LEG, []],
  ["jobs.call.secrets.s", [...IN_LEG, "secrets"], []],
  ["jobs.call.if", IN_PLAN, STATUS],
  ["jobs.call.name", IN_LEG, []],
  ["jobs.call.strategy.matrix", IN_PLAN, []],
  ["jobs.a.concurrency.group", IN_LEG, []],
  ["concurrency.group", BEFORE_RUN, []],
  ["jobs.a.defaults.run.working-directory", [...IN_LEG, "env"], []],
  ["jobs.a.strategy.fail-fast", IN_PLAN, []],
  // Not in the table: GitHub offers none there.
  ["name", [], []],
  ["jobs.a.steps.id", [], []],
  ["jobs.a.steps.shell", [], []],
  ["defaults.run.shell", [], []],
];

/** A workflow that holds `value` under `key`, all else as small as it can be; YAML is JSON too. */
function workflowWith(key: string, value: string): string {
  const step: Record<string, unknown> = key.includes(".with.") ? { uses: "actions/checkout@v4" } : { run: "x" };
  const job: Record<string, unknown> = { "runs-on": "x", steps: [step] };
  const call: Record<string, unknown> = { uses: "./.sandlot/workflows/called.yml" };
  const contract = { inputs: { i: { type: "string" } }, outputs: { o: { value: "x" } } };
  const on = key.startsWith("on.") ? { workflow_call: contract } : "push";
  const root: Record<string, unknown> = { on, jobs: { a: job, ...(key.startsWith("jobs.call.") && { call }) } };
  const [first, ...names] = owners(key);
  let owner: Record<string, unknown> = { root, job, step, call }[first];
  for (const name of names.slice(0, -1)) {
    owner[name] ??= {};
    owner = owner[name] as Record<string, unknown>;
  }
  owner[names.at(-1) ?? ""] = value;
  return JSON.stringify(root);
}

const CALLED = `on: {workflow_call: {inputs: {i: {type: string}}, secrets: {s: {}}}}
jobs: {a: {runs-on: x, steps: [{run: x}]}}`;

/** What the rest of the key is under, and that rest. */
function owners(key: string): ["root" | "job" | "step" | "call", ...string[]] {
  if (key.startsWith("jobs.a.steps.")) {
    return ["step", ...key.split(".").slice(3)];
  }
  if (key.startsWith("jobs.call.")) {
    return ["call", ...key.split(".").slice(2)];
  }
  return key.startsWith("jobs.a.") ? ["job", ...key.split(".").slice(2)] : ["root", ...key.split(".")];
}

async function refused(key: string, expression: string): Promise<boolean> {
  const text = workflowWith(key, `\${{ ${expression} }}`);
  const { problems } = await readWorkflow("w.yml", text, () => Promise.resolve(CALLED));
  expect(problems.length).toBeLessThanOrEqual(1);
  for (const { message } of problems) {
    expect(message).toMatch(/is not available here|not allowed in this context|identifier .* is invalid/);
  }
  return problems.length > 0;
}

describe("GitHub's table of context availability", () => {
  for (const [key, contexts, functions] of TABLE) {
    it(`offers ${[...contexts, ...functions].join(", ") || "nothing"} to ${key}`, async () => {
      const offered = [];
      for (const context of ALL) {
        if (!(await refused(key, `${context}.x`))) {
          offered.push(context);
        }
      }
      for (const call of [...STATUS, ...HASH]) {
        if (!(await refused(key, call))) {
          offered.push(call);
        }
      }
      expect(offered.sort()).toEqual([...contexts, ...functions].sort());
    });
  }
});
