/** The environment and the values of one step: what its keys evaluate to, now. */

import { secretsBehind, secretsSeen } from "../../language/call-inputs.ts";
import { defaultEnv } from "../../language/contexts.ts";
import { evaluateBoolean, evaluateNumber, evaluateTemplate, secretsNamedIn } from "../../language/expression.ts";
import type { Contexts, StatusFunctions } from "../../language/expression.ts";
import type { StepDefinition, Templated, TemplatedData, TemplatedMap } from "../../model/workflow.ts";
import type { StepId } from "../../sandbox/port.ts";
import { scopesOfEnvironment } from "../../store/scopes.ts";
import { actionNames } from "../actions/names.ts";
import { callerContexts, stepContexts, workflowEnv } from "../contexts.ts";
import type { Past } from "../contexts.ts";
import type { Session } from "../session.ts";

/** What a step is started with. */
export interface StepValues {
  contexts: Contexts;
  /** `env` of workflow, job, `GITHUB_ENV` and step: the `env` context. */
  env: Record<string, string>;
  functions: StatusFunctions;
}

/** Everything of a step, job and workflow in which a secret may be named. */
function sources(session: Session, step: StepDefinition): TemplatedData {
  const own = step.kind === "run" ? [step.run, step.shell, step.workingDirectory] : [step.with];
  const { definition } = session.facts.job.plan;
  const { defaults } = definition;
  return [
    workflowEnv(session.facts),
    definition.env,
    defaults.shell,
    defaults.workingDirectory,
    step.env,
    step.name,
    step.timeoutMinutes,
    step.continueOnError,
    ...own,
  ];
}

/** Secrets are unsealed, and the token minted, only where the step names them. Throws ExpressionError. */
export async function readStepValues(
  session: Session,
  step: StepDefinition,
  past: Past,
  functions: StatusFunctions,
): Promise<StepValues> {
  const source = sources(session, step);
  const { plan } = session.facts.job;
  const wanted = secretsNamedIn(source);
  const named = secretsBehind(plan, wanted);
  const own = await session.vault.secrets(named);
  const wantsToken = named === "all" || named.includes("GITHUB_TOKEN");
  const token = wantsToken && !session.facts.build.fork ? await session.vault.token(Date.now()) : "";
  if (token !== "") own["GITHUB_TOKEN"] = token;
  const { facts, environment } = session;
  // Stronger than the repository's, and than what a caller passes on.
  const ofEnvironment = await session.vault.secrets(wanted, scopesOfEnvironment(facts.repository.id, environment));
  const seen = secretsSeen(plan, own, (caller) => callerContexts(session, caller, token));
  const secrets = { ...seen, ...ofEnvironment };
  if (plan.call !== undefined) await session.vault.learn(Object.values(secrets));
  const action = actionNames(plan.definition.steps)[step.number - 1] ?? "";
  const contexts = stepContexts(session, past, { secrets, token, action });
  const env: Record<string, string> = {};
  for (const layer of [workflowEnv(session.facts), session.facts.job.plan.definition.env])
    Object.assign(env, evaluateMap(layer, { ...contexts, env }, functions));
  Object.assign(env, session.state.env);
  Object.assign(env, evaluateMap(step.env, { ...contexts, env }, functions));
  return { contexts: { ...contexts, env }, env, functions };
}

export function evaluateMap(map: TemplatedMap, contexts: Contexts, functions: StatusFunctions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, evaluateTemplate(value, contexts, functions)]),
  );
}

/** What a condition sees: no secrets, no token, and not the step's own `env` where that names one. */
export function conditionContexts(session: Session, step: StepDefinition, past: Past): Contexts {
  const contexts = stepContexts(session, past, { secrets: {}, token: "", action: "" });
  const env: Record<string, string> = {};
  const layers = [workflowEnv(session.facts), session.facts.job.plan.definition.env, session.state.env, step.env];
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (secretsNamedIn(value).length === 0) env[name] = evaluateTemplate(value, { ...contexts, env });
    }
  }
  return { ...contexts, env };
}

/** The whole environment of a process of this step. Later words win: the machine's, GitHub's, then the workflow's. */
export function processEnv(session: Session, id: StepId, values: StepValues): Record<string, string> {
  const { booted, facts } = session;
  const runner = { name: facts.attempt.sandboxId, temp: booted.temp, toolCache: booted.toolCache };
  const github = values.contexts["github"] as Record<string, unknown>;
  const folder = `${booted.control}/steps/${id}`;
  const env = {
    ...booted.env,
    ...defaultEnv(github, runner),
    ...actionEnv(github),
    ...(session.debug && { RUNNER_DEBUG: "1" }),
    GITHUB_JOB: facts.job.plan.definition.id,
    GITHUB_OUTPUT: `${folder}/output`,
    GITHUB_ENV: `${folder}/env`,
    GITHUB_PATH: `${folder}/path`,
    GITHUB_STEP_SUMMARY: `${folder}/summary`,
    GITHUB_STATE: `${folder}/state`,
    ...values.env,
  };
  const path = [...session.state.path, values.env["PATH"] ?? booted.env["PATH"] ?? ""].filter((entry) => entry !== "");
  return { ...env, PATH: path.join(":") };
}

/** Of the step itself, and of the action that it stands in. */
function actionEnv(github: Record<string, unknown>): Record<string, string> {
  const { action, action_path: path, action_repository: repository, action_ref: ref } = github;
  return {
    GITHUB_ACTION: typeof action === "string" ? action : "",
    GITHUB_ACTION_REPOSITORY: typeof repository === "string" ? repository : "",
    GITHUB_ACTION_REF: typeof ref === "string" ? ref : "",
    ...(typeof path === "string" && path !== "" && { GITHUB_ACTION_PATH: path }),
  };
}

/** Throws ExpressionError. */
export function readText(value: Templated<string> | null, { contexts, functions }: StepValues): string | null {
  return value === null ? null : evaluateTemplate(value, contexts, functions);
}

/** Throws ExpressionError. */
export function mayFail(step: StepDefinition, values: StepValues): boolean {
  return evaluateBoolean(step.continueOnError, values.contexts, values.functions);
}

/** How long the step may run: its own limit or what there is left, whichever ends first (ms). 0 is no limit, as on GitHub. Throws ExpressionError. */
export function timeLeft(
  { deadline, values }: { deadline: number; values: StepValues },
  step: StepDefinition,
  now: number,
): number {
  const left = Math.max(1000, deadline - now);
  if (step.timeoutMinutes === null) return left;
  const own = evaluateNumber(step.timeoutMinutes, values.contexts, values.functions) * 60_000;
  return own > 0 ? Math.min(left, own) : left;
}
