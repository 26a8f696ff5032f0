/** What can be said of a workflow's jobs before anything runs: their order, their machines, which are skipped and why. */

import type { SandboxSize } from "../model/job.ts";
import type { PlannedJob, Scalar, TemplatedData, Workflow } from "../model/workflow.ts";
import { callInputs } from "./call-inputs.ts";
import { chainOf, legUnder } from "./chain.ts";
import {
  type Contexts,
  conditionAsWritten,
  evaluateCondition,
  evaluateData,
  ExpressionError,
  expressionsIn,
} from "./expression.ts";
import { parseExpression, propertiesNamed } from "./expression-tree.ts";
import { jobName, planJobs } from "./plan.ts";
import { runnerLabels, sandboxFor } from "./runs-on.ts";

/** `runs`: if what it needs succeeds. `depends`: its condition is known only then. `fails`: it cannot be carried out. */
type Fate = "runs" | "depends" | "skipped" | "fails";

export interface PreviewJob {
  key: string;
  name: string;
  /** From 1: jobs of one round wait for none of the same or a later one. */
  round: number;
  /** Keys of jobs that it waits for. */
  needs: string[];
  matrix: Record<string, unknown> | null;
  /** True where its matrix is computed from what other jobs give. */
  unexpanded: boolean;
  /** Null where they are known only when it starts. */
  labels: string[] | null;
  sandbox: SandboxSize | null;
  fate: Fate;
  /** Null for `runs`. */
  why: string | null;
}

export interface Foreknown {
  /** Only the properties that are known before the event happens. */
  github: Record<string, unknown>;
  inputs: Record<string, Scalar> | null;
}

/** In the order of the rounds. */
export function previewJobs(workflow: Workflow, known: Foreknown): PreviewJob[] {
  const plans = planJobs(workflow);
  const preview = new Preview(plans, known);
  return plans.map((plan) => preview.describe(plan)).sort((a, b) => a.round - b.round);
}

interface Outlook {
  fate: Fate;
  why: string | null;
}

const RUNS: Outlook = { fate: "runs", why: null };

class Preview {
  readonly #plans: readonly PlannedJob[];
  readonly #known: Foreknown;
  readonly #rounds = new Map<string, number>();
  readonly #outlooks = new Map<string, Outlook>();

  constructor(plans: readonly PlannedJob[], known: Foreknown) {
    this.#plans = plans;
    this.#known = known;
  }

  describe(plan: PlannedJob): PreviewJob {
    const outlook = this.#outlookOf(plan);
    const labels = outlook.fate === "skipped" ? null : this.#labelsOf(plan);
    const machine = labels === null ? null : sandboxFor(labels);
    const none = machine !== null && "unsupported" in machine ? machine.unsupported : null;
    const failed: Outlook | null = none === null ? null : { fate: "fails", why: `no sandbox for ${none}` };
    return {
      key: plan.key,
      name: this.#nameOf(plan),
      round: this.#roundOf(plan),
      needs: this.#neededBy(plan).map(({ key }) => key),
      matrix: plan.matrix,
      unexpanded: plan.unexpanded,
      labels,
      sandbox: machine !== null && "size" in machine ? machine.size : null,
      ...(outlook.fate === "fails" ? outlook : (failed ?? outlook)),
    };
  }

  /** All jobs that this one waits for, its callers' needs among them. */
  #neededBy(plan: PlannedJob): PlannedJob[] {
    return chainOf(plan).flatMap((one) =>
      one.definition.needs.flatMap((id) => this.#plans.filter((other) => legUnder(other, id, one) !== null)),
    );
  }

  #roundOf(plan: PlannedJob): number {
    const known = this.#rounds.get(plan.key);
    if (known !== undefined) {
      return known;
    }
    const round = 1 + this.#neededBy(plan).reduce((last, need) => Math.max(last, this.#roundOf(need)), 0);
    this.#rounds.set(plan.key, round);
    return round;
  }

  #outlookOf(plan: PlannedJob): Outlook {
    const known = this.#outlooks.get(plan.key);
    if (known !== undefined) {
      return known;
    }
    const outlook = this.#judge(plan);
    this.#outlooks.set(plan.key, outlook);
    return outlook;
  }

  /** The outermost caller is asked first. */
  #judge(plan: PlannedJob): Outlook {
    let outlook = RUNS;
    for (const one of chainOf(plan).reverse()) {
      const own = this.#judgeOne(one);
      if (own.fate === "skipped") {
        return own;
      }
      outlook = own.fate === "depends" ? own : outlook;
    }
    const [unsupported] = plan.definition.unsupported ?? [];
    return unsupported === undefined ? outlook : { fate: "fails", why: unsupported.message };
  }

  #judgeOne(plan: PlannedJob): Outlook {
    const { if: condition, needs } = plan.definition;
    const contexts = this.#contextsOf(plan);
    const legs = needs.map((id) => ({ id, jobs: this.#plans.filter((other) => legUnder(other, id, plan) !== null) }));
    const all = (jobs: PlannedJob[], fate: Fate): boolean => jobs.every((job) => this.#outlookOf(job).fate === fate);
    const skipped = legs.filter(({ jobs }) => all(jobs, "skipped"));
    const failing = legs.filter(({ jobs }) => jobs.some((job) => this.#fails(job)));
    const [bad] = [...failing.map(({ id }) => `${id} fails`), ...skipped.map(({ id }) => `${id} is skipped`)];
    if (contexts === null || !isKnown([asExpression(condition)], contexts)) {
      return { fate: "depends", why: `if ${condition}` };
    }
    try {
      const functions = { success: bad === undefined, failure: failing.length > 0, cancelled: false };
      if (evaluateCondition(condition, contexts, functions)) {
        return RUNS;
      }
      if (bad !== undefined) {
        return { fate: "skipped", why: bad };
      }
      const otherwise = { success: false, failure: true, cancelled: true };
      return evaluateCondition(condition, contexts, otherwise)
        ? { fate: "depends", why: `if ${condition}` }
        : { fate: "skipped", why: `its condition is false: ${conditionAsWritten(condition)}` };
    } catch (error) {
      return { fate: "fails", why: messageOf(error) };
    }
  }

  #fails(plan: PlannedJob): boolean {
    const labels = this.#labelsOf(plan);
    const { fate } = this.#outlookOf(plan);
    return fate === "fails" || (fate === "runs" && labels !== null && "unsupported" in sandboxFor(labels));
  }

  #labelsOf(plan: PlannedJob): string[] | null {
    const contexts = this.#contextsOf(plan);
    const { runsOn, uses } = plan.definition;
    if (uses !== undefined || contexts === null || !isKnown(runsOn, contexts)) {
      return null;
    }
    try {
      return runnerLabels(evaluateData(runsOn, contexts));
    } catch (error) {
      messageOf(error);
      return null;
    }
  }

  #nameOf(plan: PlannedJob): string {
    const known = chainOf(plan).every((one) => {
      const contexts = this.#contextsOf(one);
      return contexts !== null && isKnown(one.definition.name, contexts);
    });
    try {
      return known ? jobName(plan, (one) => this.#contextsOf(one) ?? {}) : plan.key;
    } catch (error) {
      messageOf(error);
      return plan.key;
    }
  }

  /** What is known of a job's contexts; null where it is in a call whose inputs are not. */
  #contextsOf(plan: PlannedJob): Contexts | null {
    const { github } = this.#known;
    const inputs = plan.call === undefined ? (this.#known.inputs ?? {}) : this.#inputsOf(plan);
    return inputs === null ? null : { github, inputs, ...(!plan.unexpanded && { matrix: plan.matrix ?? {} }) };
  }

  #inputsOf({ call }: PlannedJob): Record<string, Scalar> | null {
    const contexts = call === undefined ? null : this.#contextsOf(call.caller);
    if (call === undefined || contexts === null) {
      return null;
    }
    const given = [call.caller.definition.uses?.with ?? {}, ...call.contract.inputs.map((input) => input.default)];
    try {
      return isKnown(given, contexts) ? callInputs(call, contexts) : null;
    } catch (error) {
      messageOf(error);
      return null;
    }
  }
}

/** Only an `ExpressionError` is the workflow's own. */
function messageOf(error: unknown): string {
  if (error instanceof ExpressionError) {
    return error.message;
  }
  throw error;
}

function asExpression(expression: string): TemplatedData {
  return { expression, line: 1, column: 1 };
}

/** Contexts that are known only once something ran, or in the account. */
const LATER = ["needs", "vars", "secrets", "env", "steps", "job", "jobs", "runner", "strategy", "matrix"] as const;

/** Whether the value depends on nothing but what `contexts` hold. */
function isKnown(value: TemplatedData, contexts: Contexts): boolean {
  const github = contexts["github"] as Record<string, unknown>;
  return [...expressionsIn(value)].every(({ expression }) => {
    const tree = parseExpression(expression);
    const later = LATER.some((name) => contexts[name] === undefined && used(propertiesNamed(tree, name)));
    const named = propertiesNamed(tree, "github");
    return !later && named !== "all" && [...named].every((name) => Object.hasOwn(github, name.toLowerCase()));
  });
}

function used(named: Set<string> | "all"): boolean {
  return named === "all" || named.size > 0;
}
