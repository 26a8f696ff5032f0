/** Holds `docs/workflows.md` to the code, and the code to the official schema. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { wellKnownFunctions } from "@actions/expressions";
import { getActionSchema } from "@actions/workflow-parser/actions/action-schema";
import type { TemplateSchema } from "@actions/workflow-parser/templates/schema/index";
import { MappingDefinition } from "@actions/workflow-parser/templates/schema/mapping-definition";
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";
import { describe, expect, it } from "vitest";
import { TABLES, writeTables } from "../../../scripts/workflow-tables.ts";
import {
  CONTEXTS,
  EVENTS,
  FUNCTIONS,
  refusal,
  type Support,
  SUPPORT,
  type SupportedPlace,
} from "../../../src/language/support.ts";
import {
  MAX_ACTION_LEVELS,
  MAX_BUILD_JOBS,
  MAX_CALL_LEVELS,
  MAX_CALLED_FILES,
  MAX_MATRIX_JOBS,
  MAX_WORKFLOW_BYTES,
  MAX_WORKFLOW_DEPTH,
  MAX_WORKFLOW_NODES,
} from "../../../src/model/limits.ts";

/** Definitions of the official schema whose properties a place takes. */
const SCHEMA: Record<SupportedPlace, string[]> = {
  workflow: ["workflow-root-strict"],
  "on.push": ["push-mapping"],
  "on.pull_request": ["pull-request-mapping"],
  "on.merge_group": ["merge-group-mapping"],
  "on.release": ["release-mapping"],
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
  service: ["service-container-mapping"],
  "runs-on": ["runs-on-mapping"],
  strategy: ["strategy"],
  step: ["run-step", "regular-step", "wait-step", "wait-all-step", "cancel-step", "parallel-step"],
  action: ["action-root-strict"],
  "action.inputs": ["input-strict"],
  "action.outputs": ["output-definition"],
  "action.runs": ["container-runs-strict", "node-runs-strict", "composite-runs-strict"],
  "action.step": ["run-step", "uses-step"],
};

describe("docs/workflows.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/workflows.md"), "utf8");

  it("has a row for every key, event, context, function and input, and says of each what the code does", () => {
    const found = page
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(found, "npm run docs writes the tables anew").toEqual(TABLES.flatMap(({ rows }) => rows));
  });

  it("keeps its words where its tables are written anew", () => {
    const wordsOf = (text: string): string[] => text.split("\n").filter((line) => !line.startsWith("|"));
    const lost = page.replaceAll(/^\| `.*\n/gm, "");
    expect(wordsOf(writeTables(lost))).toEqual(wordsOf(page));
    expect(() => writeTables("## Keys\n\nno table\n")).toThrow("the section Keys has no table");
  });

  it("names every bound that the code has", () => {
    const bounds = [
      `${MAX_WORKFLOW_BYTES / 1024} KiB`,
      `${MAX_WORKFLOW_DEPTH} levels`,
      `${MAX_WORKFLOW_NODES.toLocaleString("en")} values`,
      `a matrix at most ${MAX_MATRIX_JOBS} jobs`,
      `a build at most ${MAX_BUILD_JOBS}`,
      `to at most ${MAX_CALLED_FILES} others`,
    ];
    const text = page.replaceAll(/\s+/g, " ");
    expect(bounds.filter((bound) => !text.includes(bound))).toEqual([]);
    expect([MAX_CALL_LEVELS, MAX_ACTION_LEVELS]).toEqual([4, 10]);
    expect(text).toContain("at most four levels deep");
    expect(text).toContain("at most ten levels deep");
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

  it("names every context that some key of the official schema is offered, and no other", () => {
    const offered = Object.values(getWorkflowSchema().definitions).flatMap(({ readerContext }) => readerContext);
    const names = new Set(offered.filter((name) => !name.includes("(")));
    expect(Object.keys(CONTEXTS).sort()).toEqual([...names].sort());
  });

  it("names every function that the evaluator knows and those that a key is offered, and no other", () => {
    const offered = Object.values(getWorkflowSchema().definitions).flatMap(({ readerContext }) => readerContext);
    const functions = offered.filter((name) => name.includes("(")).map((name) => name.split("(", 1)[0] ?? "");
    const names = new Set([...Object.keys(wellKnownFunctions), ...functions].map((name) => name.toLowerCase()));
    expect(
      Object.keys(FUNCTIONS)
        .map((name) => name.toLowerCase())
        .sort(),
    ).toEqual([...names].sort());
  });

  it("says of each key that is refused what a file with it is told", () => {
    for (const [place, keys] of Object.entries(SUPPORT)) {
      for (const [key, support] of Object.entries(keys as Record<string, Support>)) {
        const reason = typeof support === "object" && "refused" in support ? support.refused : null;
        const message = reason === null ? null : `'${key}' is not carried out by Sandlot: ${reason}`;
        expect(refusal(place as SupportedPlace, key), `${place}.${key}`).toBe(message);
      }
    }
  });
});
