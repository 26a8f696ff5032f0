/** Finds what GitHub accepts and Sandlot does not carry out: each such key is a problem with its place, never ignored. */

import { isBasicExpression, isMapping, isSequence } from "@actions/workflow-parser";
import { readReference } from "./action-reference.ts";
import type { ReadJob } from "./check-jobs.ts";
import { inputRefusal, isLocalAction, nativeAction } from "./native-actions.ts";
import { callRefusal } from "./read-call.ts";
import { checkServices } from "./services.ts";
import { eventPlace, inputPlace, refusal, type SupportedPlace } from "./support.ts";
import { checkExpression, child, entriesOf, itemsOf, Reading, stringsOf, type Token } from "./token.ts";

/** What one job cannot do goes to its `unsupported`: the others run. All else is a problem of the file. */
export function checkSupport(reading: Reading, root: Token, jobs: readonly ReadJob[]): void {
  checkKeys(reading, "workflow", root);
  checkKeys(reading, "defaults.run", child(child(root, "defaults"), "run"));
  checkKeys(reading, "concurrency", child(root, "concurrency"));
  checkEvents(reading, child(root, "on"));
  checkTree(reading, root, child(root, "jobs"));
  for (const { token, definition } of jobs) {
    const own = new Reading(reading.file);
    checkJob(own, token);
    checkTree(own, token);
    const unsupported = own.problems.filter(({ reason }) => reason === "unsupported");
    if (unsupported.length > 0) {
      definition.unsupported = unsupported;
    }
    for (const { reason, message, at } of own.problems) {
      if (reason === "workflow_invalid") {
        reading.reportAt(reason, message, at);
      }
    }
  }
}

export function checkKeys(reading: Reading, place: SupportedPlace, token: Token | undefined): void {
  for (const { key, keyToken } of entriesOf(token)) {
    const message = refusal(place, key);
    if (message !== null) {
      reading.report("unsupported", message, keyToken);
    }
  }
}

function checkEvents(reading: Reading, on: Token | undefined): void {
  for (const { key: event, value } of entriesOf(on)) {
    const place = eventPlace(event);
    if (place === null) {
      continue;
    }
    for (const item of isSequence(value) ? itemsOf(value) : [value]) {
      checkKeys(reading, place, item);
    }
    for (const { value: list, key } of entriesOf(value)) {
      const inner = inputPlace(event, key);
      if (inner !== null) {
        for (const { value: entry } of entriesOf(list)) {
          checkKeys(reading, inner, entry);
        }
      }
    }
  }
}

function checkJob(reading: Reading, job: Token): void {
  checkKeys(reading, "job", job);
  checkKeys(reading, "defaults.run", child(child(job, "defaults"), "run"));
  checkKeys(reading, "concurrency", child(job, "concurrency"));
  checkKeys(reading, "runs-on", child(job, "runs-on"));
  const strategy = child(job, "strategy");
  if (strategy !== undefined && isBasicExpression(strategy)) {
    reading.report(
      "unsupported",
      "a strategy that is computed as a whole is not carried out: compute its matrix",
      strategy,
    );
  }
  checkKeys(reading, "strategy", strategy);
  checkCall(reading, job);
  checkServices(reading, job);
  for (const step of itemsOf(child(job, "steps"))) {
    checkKeys(reading, "step", step);
    checkUses(reading, step);
  }
}

function checkCall(reading: Reading, job: Token): void {
  const uses = child(job, "uses");
  const message = uses === undefined ? null : callRefusal(stringsOf(uses)?.[0] ?? "");
  if (uses !== undefined && message !== null) {
    reading.report("unsupported", message, uses);
  }
  const concurrency = child(job, "concurrency");
  if (uses !== undefined && concurrency !== undefined) {
    reading.report("unsupported", "the 'concurrency' of a calling job is not carried out by Sandlot", concurrency);
  }
}

/** An action of the repository itself lies in the sandbox, and is read there. */
export function checkUses(reading: Reading, step: Token): void {
  const token = child(step, "uses");
  const uses = stringsOf(token)?.[0];
  if (token === undefined || uses === undefined) {
    return;
  }
  if (isLocalAction(uses)) {
    return;
  }
  const action = nativeAction(uses);
  if (action === null) {
    checkReference(reading, uses, token);
    return;
  }
  for (const { key, keyToken } of entriesOf(child(step, "with"))) {
    const message = inputRefusal(action, key);
    if (message !== null) {
      reading.report("unsupported", message, keyToken);
    }
  }
}

/** Whether it runs is known once it is fetched. */
function checkReference(reading: Reading, uses: string, token: Token): void {
  if (/^docker:/i.test(uses.trim())) {
    reading.report("unsupported", `'${uses}' is not carried out: there is no Docker in Sandlot's sandboxes`, token);
  } else if (uses.trim().startsWith("$/")) {
    reading.report("unsupported", `'${uses}' is not carried out: write ./folder, after a checkout`, token);
  } else if (readReference(uses) === null) {
    reading.report("workflow_invalid", `'${uses}' names no action: owner/repository@ref, or ./folder`, token);
  }
}

/** Keys that are expressions (`${{ insert }}`), and expressions that only our evaluator would refuse. `without` is left out. */
export function checkTree(reading: Reading, token: Token, without?: Token): void {
  if (isBasicExpression(token)) {
    checkExpression(reading, token.expression, token);
  } else if (isSequence(token)) {
    for (const item of token) {
      checkTree(reading, item);
    }
  } else if (isMapping(token)) {
    for (const { key, value } of token) {
      if (key.isExpression) {
        reading.report("unsupported", "a key that is an expression is not carried out by Sandlot", key);
      }
      if (value !== without) {
        checkTree(reading, value);
      }
    }
  }
}
