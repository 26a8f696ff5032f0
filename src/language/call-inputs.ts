/** What a call hands to the jobs under it: inputs and secrets, evaluated where the call stands. */

import type { CallInput, PlannedCall, PlannedJob, Scalar } from "../model/workflow.ts";
import {
  type Contexts,
  evaluateData,
  evaluateTemplate,
  ExpressionError,
  isExpression,
  secretsNamedIn,
} from "./expression.ts";

/** The `inputs` context of a called workflow. `contexts` are the calling job's. Throws `ExpressionError`. */
export function callInputs({ caller, contract, path }: PlannedCall, contexts: Contexts): Record<string, Scalar> {
  const given = new Map(
    Object.entries(caller.definition.uses?.with ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return Object.fromEntries(
    contract.inputs.map((input) => {
      const value = given.get(input.name.toLowerCase());
      const evaluated =
        value === undefined ? defaultOf(input, contexts) : fit(input, evaluateData(value, contexts), path);
      return [input.name, evaluated];
    }),
  );
}

function defaultOf(input: CallInput, contexts: Contexts): Scalar {
  if (input.default !== null) {
    const { github, vars } = contexts;
    return fit(input, evaluateData(input.default, { github, vars }), "its default");
  }
  return { string: "", boolean: false, number: 0 }[input.type];
}

/** GitHub takes a boolean and a number as such alone; text is made of anything. */
function fit(input: CallInput, value: unknown, from: string): Scalar {
  if (input.type === "string") {
    return typeof value === "object" && value !== null
      ? mismatch(input, value, from)
      : evaluateTemplate(value as Scalar, {});
  }
  if (typeof value === "boolean" || typeof value === "number") {
    return typeof value === input.type ? value : mismatch(input, value, from);
  }
  return mismatch(input, value, from);
}

function mismatch({ name, type }: CallInput, value: unknown, from: string): never {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? "nothing";
  throw new ExpressionError(`the input '${name}' (${from}) must be a ${type}, got ${shown}`, name);
}

const TOKEN = "GITHUB_TOKEN";

/** The repository's secrets behind the names that a job uses, upper case; `all` where it cannot be told before. */
export function secretsBehind(job: PlannedJob, named: string[] | "all"): string[] | "all" {
  const secrets = job.call?.caller.definition.uses?.secrets;
  if (job.call === undefined) {
    return named;
  }
  const { caller } = job.call;
  if (secrets === undefined || secrets === "inherit") {
    return secrets === "inherit" ? secretsBehind(caller, named) : tokenAmong(named);
  }
  const wanted = Object.entries(secrets).filter(
    ([name]) => named === "all" || named.some((one) => one.toUpperCase() === name.toUpperCase()),
  );
  const asked = secretsNamedIn(wanted.map(([, value]) => value));
  const behind = secretsBehind(caller, asked);
  return behind === "all" ? "all" : [...new Set([...behind, ...tokenAmong(named)])].sort();
}

/** Every called workflow has the token, whatever it is given. */
function tokenAmong(named: string[] | "all"): string[] {
  return named === "all" || named.includes(TOKEN) ? [TOKEN] : [];
}

/**
 * The `secrets` context of a job, from the repository's own; `contextsOf` gives a calling job's contexts. Throws
 * `ExpressionError`.
 */
export function secretsSeen(
  job: PlannedJob,
  values: Record<string, string>,
  contextsOf: (caller: PlannedJob) => Contexts,
): Record<string, string> {
  const { call } = job;
  if (call === undefined) {
    return values;
  }
  const { caller } = call;
  const above = secretsSeen(caller, values, contextsOf);
  const secrets = caller.definition.uses?.secrets ?? {};
  if (secrets === "inherit") {
    return above;
  }
  const entries = Object.entries(secrets);
  const contexts = { ...contextsOf(caller), secrets: above };
  const passed = entries
    .filter(([, value]) => !isExpression(value) || isKnown(value, above))
    .map(([name, value]) => [name, evaluateTemplate(value, contexts)]);
  return { ...Object.fromEntries(passed), ...(above[TOKEN] !== undefined && { [TOKEN]: above[TOKEN] }) };
}

/** Only what the job names was unsealed: an entry that needs another one is left out. */
function isKnown(value: Parameters<typeof secretsNamedIn>[0], above: Record<string, string>): boolean {
  const named = secretsNamedIn(value);
  return named === "all" || named.length === 0 || named.some((name) => Object.hasOwn(above, name));
}
