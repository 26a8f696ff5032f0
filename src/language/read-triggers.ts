/** The `on:` of a workflow: which events it names, with which filters. */

import { isMapping, isSequence, isString } from "@actions/workflow-parser";
import type { DispatchInput, Filters, Trigger } from "../model/workflow.ts";
import { child, entriesOf, itemsOf, type Reading, scalarOf, stringsOf, type Token } from "./token.ts";

const NO_FILTERS: Filters = {
  branches: null,
  branchesIgnore: null,
  tags: null,
  tagsIgnore: null,
  paths: null,
  pathsIgnore: null,
  types: null,
};

export function readTriggers(reading: Reading, on: Token): Trigger[] {
  if (isMapping(on)) {
    return entriesOf(on).map(({ key, keyToken, value }) => readTrigger(reading, key, value, keyToken));
  }
  const names = isSequence(on) ? itemsOf(on) : [on];
  return names.filter(isString).map((name) => ({
    event: name.value,
    filters: NO_FILTERS,
    inputs: [],
    crons: [],
    at: reading.place(name),
  }));
}

function readTrigger(reading: Reading, event: string, value: Token, keyToken: Token): Trigger {
  return {
    event,
    filters: readFilters(value),
    inputs: event === "workflow_dispatch" ? readInputs(reading, child(value, "inputs")) : [],
    crons: event === "schedule" ? itemsOf(value).flatMap((item) => stringsOf(child(item, "cron")) ?? []) : [],
    at: reading.place(keyToken),
  };
}

function readFilters(value: Token): Filters {
  return {
    branches: stringsOf(child(value, "branches")),
    branchesIgnore: stringsOf(child(value, "branches-ignore")),
    tags: stringsOf(child(value, "tags")),
    tagsIgnore: stringsOf(child(value, "tags-ignore")),
    paths: stringsOf(child(value, "paths")),
    pathsIgnore: stringsOf(child(value, "paths-ignore")),
    types: stringsOf(child(value, "types")),
  };
}

const INPUT_TYPES = ["string", "boolean", "number", "choice", "environment"] as const;

/** A workflow with an `environment` input can be read; whoever dispatches it gets the problem (`inputs.ts`). */
function readInputs(reading: Reading, inputs: Token | undefined): DispatchInput[] {
  return entriesOf(inputs).map(({ key, keyToken, value }) => {
    const type = stringsOf(child(value, "type"))?.[0];
    const input: DispatchInput = {
      name: key,
      type: INPUT_TYPES.find((known) => known === type) ?? "string",
      description: stringsOf(child(value, "description"))?.[0] ?? "",
      required: scalarAt(value, "required") === true,
      default: scalarAt(value, "default"),
      options: stringsOf(child(value, "options")) ?? [],
    };
    checkInput(reading, input, child(value, "default") ?? keyToken);
    return input;
  });
}

function scalarAt(value: Token, key: string): DispatchInput["default"] {
  const token = child(value, key);
  return token === undefined ? null : scalarOf(token);
}

function checkInput(reading: Reading, input: DispatchInput, at: Token): void {
  if (input.default === null) {
    return;
  }
  if (input.type === "choice" && input.options.length > 0 && !input.options.includes(String(input.default))) {
    reading.report("workflow_invalid", `'${String(input.default)}' is none of the options of '${input.name}'`, at);
  }
  if (input.type === "number" && Number.isNaN(Number(input.default))) {
    reading.report("workflow_invalid", `the default of the number '${input.name}' is no number`, at);
  }
}

/** Both of a pair of filters, or only refusals: GitHub takes neither. */
export function checkFilters(reading: Reading, on: Token): void {
  for (const { value } of entriesOf(on)) {
    for (const name of ["branches", "tags", "paths"]) {
      const ignored = child(value, `${name}-ignore`);
      if (child(value, name) !== undefined && ignored !== undefined) {
        reading.report("workflow_invalid", `'${name}' and '${name}-ignore' cannot be used for one event`, ignored);
      }
    }
  }
}
