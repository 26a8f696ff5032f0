/** Holds `docs/workflows.md` to the code, and the code to the official schema. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getActionSchema } from "@actions/workflow-parser/actions/action-schema";
import type { TemplateSchema } from "@actions/workflow-parser/templates/schema/index";
import { MappingDefinition } from "@actions/workflow-parser/templates/schema/mapping-definition";
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";
import { describe, expect, it } from "vitest";
import { type InputSupport, NATIVE_ACTIONS } from "../../../src/language/native-actions.ts";
import { CONTEXTS, EVENTS, FUNCTIONS, SUPPORT, type SupportedPlace } from "../../../src/language/support.ts";

/** Where each place of the table stands in a file. */
const PREFIX: Record<SupportedPlace, string> = {
  workflow: "",
  "on.push": "on.push.",
  "on.pull_request": "on.pull_request.",
  "on.workflow_dispatch": "on.workflow_dispatch.",
  "on.workflow_dispatch.inputs": "on.workflow_dispatch.inputs.<input>.",
  "on.workflow_call": "on.workflow_call.",
  "on.workflow_call.inputs": "on.workflow_call.inputs.<input>.",
  "on.workflow_call.secrets": "on.workflow_call.secrets.<secret>.",
  "on.workflow_call.outputs": "on.workflow_call.outputs.<output>.",
  "on.schedule": "on.schedule.",
  "defaults.run": "defaults.run.",
  concurrency: "concurrency.",
  job: "jobs.<job>.",
  "runs-on": "jobs.<job>.runs-on.",
  strategy: "jobs.<job>.strategy.",
  step: "jobs.<job>.steps[*].",
  action: "action.yml: ",
  "action.inputs": "action.yml: inputs.<input>.",
  "action.outputs": "action.yml: outputs.<output>.",
  "action.runs": "action.yml: runs.",
  "action.step": "action.yml: runs.steps[*].",
};

/** Definitions of the official schema whose properties a place takes. */
const SCHEMA: Record<SupportedPlace, string[]> = {
  workflow: ["workflow-root-strict"],
  "on.push": ["push-mapping"],
  "on.pull_request": ["pull-request-mapping"],
  "on.workflow_dispatch": ["workflow-dispatch-mapping"],
  "on.workflow_dispatch.inputs": ["workflow-dispatch-input"],
  "on.workflow_call": ["workflow-call-mapping"],
  "on.workflow_call.inputs": ["workflow-call-input-definition"],
  "on.workflow_call.secrets": ["workflow-call-secret-mapping-definition"],
  "on.workflow_call.outputs": ["workflow-call-output-definition"],
  "on.schedule": ["cron-mapping"],
  "defaults.run": ["workflow-defaults-run", "job-defaults-run"],
  concurrency: ["concurrency-mapping"],
  job: ["job-factory", "workflow-job"],
  "runs-on": ["runs-on-mapping"],
  strategy: ["strategy"],
  step: ["run-step", "regular-step", "wait-step", "wait-all-step", "cancel-step", "parallel-step"],
  action: ["action-root-strict"],
  "action.inputs": ["input-strict"],
  "action.outputs": ["output-definition"],
  "action.runs": ["container-runs-strict", "node-runs-strict", "composite-runs-strict"],
  "action.step": ["run-step", "uses-step"],
};

function words(support: InputSupport): string {
  if (support === "yes") {
    return "as on GitHub";
  }
  if ("differs" in support) {
    return `differs: ${support.differs}`;
  }
  return "refused" in support ? `refused: ${support.refused}` : `only ${support[0]}`;
}

function rows(table: Record<string, InputSupport>, prefix: string): string[][] {
  return Object.entries(table).map(([key, support]) => [`\`${prefix}${key}\``, words(support)]);
}

const EXPECTED = [
  ...Object.entries(SUPPORT).flatMap(([place, keys]) => rows(keys, PREFIX[place as SupportedPlace])),
  ...rows(EVENTS, ""),
  ...rows(CONTEXTS, ""),
  ...rows(FUNCTIONS, ""),
  ...Object.entries(NATIVE_ACTIONS).flatMap(([action, inputs]) => rows(inputs, `${action}: `)),
];

describe("docs/workflows.md", () => {
  it("has a row for every key, event, context, function and input, and says of each what the code does", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/workflows.md"), "utf8");
    const found = page
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(found).toEqual(EXPECTED);
  });
});

describe("the table of what is carried out", () => {
  function propertiesOf(name: string, { definitions }: TemplateSchema = getWorkflowSchema()): string[] {
    const definition = definitions[name];
    expect(definition, name).toBeInstanceOf(MappingDefinition);
    return Object.keys((definition as MappingDefinition).properties);
  }

  for (const place of Object.keys(SCHEMA) as SupportedPlace[]) {
    it(`names the keys that the official schema takes in ${place}, and no other`, () => {
      const schema = place.startsWith("action") ? getActionSchema() : getWorkflowSchema();
      const known = new Set(SCHEMA[place].flatMap((name) => propertiesOf(name, schema)));
      expect(Object.keys(SUPPORT[place]).sort()).toEqual([...known].sort());
    });
  }

  it("names every event that the official schema takes, and no other", () => {
    expect(Object.keys(EVENTS).sort()).toEqual(propertiesOf("on-mapping-strict").sort());
  });
});
