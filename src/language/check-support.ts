/** Finds what GitHub accepts and Sandlot does not carry out: each such key is a problem with its place, never ignored. */

import { isBasicExpression, isMapping, isSequence } from "@actions/workflow-parser";
import { inputRefusal, nativeAction } from "./native-actions.ts";
import { eventPlace, refusal, type SupportedPlace } from "./support.ts";
import { checkExpression, child, entriesOf, itemsOf, type Reading, scalarOf, stringsOf, type Token } from "./token.ts";

export function checkSupport(reading: Reading, root: Token): void {
  checkKeys(reading, "workflow", root);
  checkKeys(reading, "defaults.run", child(child(root, "defaults"), "run"));
  checkKeys(reading, "concurrency", child(root, "concurrency"));
  checkEvents(reading, child(root, "on"));
  for (const { value: job } of entriesOf(child(root, "jobs"))) {
    checkJob(reading, job);
  }
  checkTree(reading, root);
}

function checkKeys(reading: Reading, place: SupportedPlace, token: Token | undefined): void {
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
    for (const { value: input } of entriesOf(child(value, "inputs"))) {
      checkKeys(reading, "on.workflow_dispatch.inputs", input);
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
  for (const step of itemsOf(child(job, "steps"))) {
    checkKeys(reading, "step", step);
    checkUses(reading, step);
  }
}

function checkUses(reading: Reading, step: Token): void {
  const token = child(step, "uses");
  const uses = stringsOf(token)?.[0];
  if (token === undefined || uses === undefined) {
    return;
  }
  const action = nativeAction(uses);
  if (action === null) {
    reading.report("unsupported", `the action '${uses}' is not carried out by Sandlot yet`, token);
    return;
  }
  for (const { key, keyToken, value } of entriesOf(child(step, "with"))) {
    const message = inputRefusal(action, key, isBasicExpression(value) ? null : String(scalarOf(value) ?? ""));
    if (message !== null) {
      reading.report("unsupported", message, keyToken);
    }
  }
}

/** Keys that are expressions (`${{ insert }}`), and expressions that only our evaluator would refuse. */
function checkTree(reading: Reading, token: Token): void {
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
      checkTree(reading, value);
    }
  }
}
