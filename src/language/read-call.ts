/** Both ends of a call between workflow files: a job's `uses`, and what `on.workflow_call` asks of whoever calls. */

import { isMapping, isSequence } from "@actions/workflow-parser";
import type {
  CallContract,
  CallInput,
  JobDefinition,
  Permissions,
  Place,
  Templated,
  WorkflowCall,
} from "../model/workflow.ts";
import {
  child,
  entriesOf,
  itemsOf,
  type Reading,
  stringsOf,
  scalarOf,
  templatedMap,
  templatedScalar,
  templatedText,
  type Token,
} from "./token.ts";

/** A calling job, with the places of what it gives. */
export interface CallSite {
  /** Its `unsupported` is added to where the called file cannot be carried out. */
  definition: JobDefinition;
  call: WorkflowCall;
  inputs: { name: string; value: Templated; at: Place }[];
  /** Empty for `inherit`. */
  secrets: { name: string; at: Place }[];
  /** What the job allows in so many words, or else its file. */
  granted: Permissions | null;
}

/** Files of the same commit, the only ones that are called. */
const LOCAL = /^\.\/(\.(?:github|sandlot)\/workflows\/[^/]+\.ya?ml)$/;

/** Undefined where the job calls nothing, or nothing that Sandlot could read; `check-support.ts` says the latter. */
export function readCall(reading: Reading, job: Token): WorkflowCall | undefined {
  const uses = child(job, "uses");
  const path = calledPath(uses);
  if (uses === undefined || path === null) {
    return undefined;
  }
  const secrets = child(job, "secrets");
  return {
    path,
    with: templatedMap(child(job, "with")),
    secrets: stringsOf(secrets)?.[0] === "inherit" ? "inherit" : templatedMap(secrets),
    at: reading.place(uses),
  };
}

/** Null where it is no workflow of the same repository. */
function calledPath(uses: Token | undefined): string | null {
  return LOCAL.exec(stringsOf(uses)?.[0]?.trim() ?? "")?.[1] ?? null;
}

/** Why a job's `uses` cannot be followed, whatever lies there; null where it can. */
export function callRefusal(uses: string): string | null {
  if (LOCAL.test(uses.trim())) {
    return null;
  }
  return uses.startsWith("./")
    ? `'${uses}' is no workflow file: those are called as ./.sandlot/workflows/NAME.yml or ./.github/workflows/NAME.yml`
    : `the workflow '${uses}' is of another repository, and Sandlot calls those of the same repository only`;
}

export function readCallSite(
  reading: Reading,
  job: Token,
  definition: JobDefinition,
  ofFile: Permissions | null,
): CallSite | null {
  const { uses: call } = definition;
  if (call === undefined) {
    return null;
  }
  return {
    definition,
    call,
    inputs: entriesOf(child(job, "with")).map(({ key, value }) => ({
      name: key,
      value: templatedScalar(value),
      at: reading.place(value),
    })),
    secrets: entriesOf(child(job, "secrets")).map(({ key, keyToken }) => ({ name: key, at: reading.place(keyToken) })),
    granted: definition.permissions ?? ofFile,
  };
}

/** Undefined where the file is not there to be called. */
export function readContract(reading: Reading, on: Token | undefined): CallContract | undefined {
  const call = entriesOf(on).find(({ key }) => key === "workflow_call");
  if (call === undefined) {
    return namesCall(on) ? { inputs: [], secrets: [], outputs: {} } : undefined;
  }
  return {
    inputs: entriesOf(child(call.value, "inputs")).map(({ key, value }) => readInput(reading, key, value)),
    secrets: entriesOf(child(call.value, "secrets")).map(({ key, value }) => ({
      name: key,
      required: isTrue(child(value, "required")),
    })),
    outputs: Object.fromEntries(
      entriesOf(child(call.value, "outputs")).map(({ key, value }) => [
        key,
        templatedText(child(value, "value")) ?? "",
      ]),
    ),
  };
}

function namesCall(on: Token | undefined): boolean {
  if (on === undefined || isMapping(on)) {
    return false;
  }
  const names = isSequence(on) ? itemsOf(on) : [on];
  return names.some((name) => stringsOf(name)?.[0] === "workflow_call");
}

const TYPES = ["string", "boolean", "number"] as const;

function readInput(reading: Reading, name: string, value: Token): CallInput {
  const type = stringsOf(child(value, "type"))?.[0];
  const token = child(value, "default");
  const input: CallInput = {
    name,
    type: TYPES.find((known) => known === type) ?? "string",
    required: isTrue(child(value, "required")),
    default: token === undefined ? null : templatedScalar(token),
  };
  if (token !== undefined && !fitsInput(input, input.default)) {
    reading.report("workflow_invalid", `the default of the ${input.type} '${name}' is no ${input.type}`, token);
  }
  return input;
}

/** Whether a value can be given to an input; one that is still an expression may be. */
export function fitsInput({ type }: CallInput, value: Templated): boolean {
  if (typeof value === "object" && value !== null) {
    return true;
  }
  return type === "string" ? value !== null : typeof value === type;
}

function isTrue(token: Token | undefined): boolean {
  return token !== undefined && scalarOf(token) === true;
}
