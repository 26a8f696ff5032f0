/** Carries out one phase of a JavaScript action: its `pre`, `main` or `post` file, by Node, with inputs and state in its environment. */

import { START_WAIT_MS } from "../../model/limits.ts";
import type { JavaScriptRuns, UsesStep } from "../../model/workflow.ts";
import type { StepSpec } from "../../sandbox/port.ts";
import type { NodeRuntime } from "../job-state.ts";
import { registerPost } from "../posts.ts";
import { processEnv, timeLeft } from "../step/environment.ts";
import type { StepValues } from "../step/environment.ts";
import { followStep } from "../step/follow.ts";
import { readExit } from "../step/run.ts";
import { openLog } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { inputWarnings } from "./composite.ts";
import { openAction } from "./inputs.ts";
import type { OpenAction } from "./inputs.ts";
import type { LocatedAction } from "./locate.ts";
import { findNode } from "./node-runtime.ts";
import { runtimeEnvironment } from "./runtime-environment.ts";

export interface Phase {
  located: LocatedAction;
  javascript: JavaScriptRuns;
  stage: "pre" | "main" | "post";
}

export async function runJavaScript(work: StepWork, step: UsesStep, phase: Phase): Promise<WorkResult> {
  const { session } = work;
  const { located, javascript, stage } = phase;
  const key = work.trail.join("-");
  const file = javascript[stage];
  if (file === null) throw new Error(`${step.uses} has no ${stage} phase`);
  const node = await findNode(session, javascript.node);
  if (node === null) return noNode(step, javascript);
  const open = await openAction(work, step, located.action);
  const runtime = await runtimeEnvironment(session);
  if (stage !== "post" && javascript.post !== null)
    await registerPost(session, { kind: "javascript", trail: work.trail, id: work.id });
  const values = seen(work.values, located);
  const spec: StepSpec = {
    id: work.id,
    script: "",
    extension: "js",
    command: [node.path, `${located.folder}/${file}`],
    env: {
      ...processEnv(session, work.id, values),
      ...variables("INPUT_", inputNames({ ...open.inputs, ...open.extra })),
      ...variables("STATE_", session.state.phases[key] ?? {}),
      ...runtime.env,
    },
    cwd: session.workspace,
    timeoutMs: timeLeft(work, step, Date.now()),
    waitMs: START_WAIT_MS,
  };
  const warned = runtime.warning === null || stage !== "main" ? [] : [runtime.warning];
  await openLog(work, [...header(work, step, { phase, open, node }), ...located.lines, ...warned]);
  return await readExit(work, step, spec, await followStep(session, spec, work.follow), key);
}

/** `github` as this action sees it. */
function seen(values: StepValues, { folder, reference }: LocatedAction): StepValues {
  const github = {
    ...(values.contexts["github"] as object),
    action_path: folder,
    action_repository: reference?.name ?? "",
    action_ref: reference?.ref ?? "",
  };
  return { ...values, contexts: { ...values.contexts, github } };
}

/** As GitHub's toolkit looks for them. */
function inputNames(inputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name.replaceAll(" ", "_").toUpperCase(), value]),
  );
}

/** A name that no variable can have is left out. */
function variables(prefix: string, values: Record<string, string>): Record<string, string> {
  const named = Object.entries(values).filter(([name]) => !/[=\0]/.test(name));
  return Object.fromEntries(named.map(([name, value]) => [prefix + name, value]));
}

function header(
  { values }: StepWork,
  step: UsesStep,
  { phase, open, node }: { phase: Phase; open: OpenAction; node: NodeRuntime },
): string[] {
  const verb = { pre: "Run the pre phase of", main: "Run", post: "Post" }[phase.stage];
  const list = (title: string, pairs: [string, string][]): string[] =>
    pairs.length === 0 ? [] : [title, ...pairs.map(([name, value]) => `  ${name}: ${value}`)];
  const { node: asked } = phase.javascript;
  const runs = node.major === asked ? `Node ${node.version}` : `Node ${node.version}, since there is no Node ${asked}`;
  return [
    `##[group]${verb} ${step.uses}`,
    ...list("with:", Object.entries({ ...open.inputs, ...open.extra })),
    ...list("env:", Object.entries(values.env)),
    `runs: ${phase.javascript[phase.stage] ?? ""} (node${asked}, by ${runs})`,
    "##[endgroup]",
    ...(phase.stage === "main" ? inputWarnings(open) : []),
  ];
}

function noNode({ uses }: UsesStep, { node }: JavaScriptRuns): WorkResult {
  const detail = `${uses} runs using node${node}, and there is no Node in the sandbox`;
  return { state: "failed", exitCode: null, reason: "unsupported", detail };
}
