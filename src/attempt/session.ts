/** An attempt under way: everything its steps share, held in memory by the job runner and found again after a restart. */

import type { LogStream } from "../logs/log-stream.ts";
import type { AttemptId } from "../model/ids.ts";
import { openSandbox } from "../sandbox/open.ts";
import type { Booted, Sandbox } from "../sandbox/port.ts";
import type { OpenAction } from "./actions/inputs.ts";
import type { AttemptBindings } from "./bindings.ts";
import { environmentOf, stepVariables } from "./environment.ts";
import { readFacts } from "./facts.ts";
import type { AttemptFacts } from "./facts.ts";
import { emptyJobState, readJobState } from "./job-state.ts";
import type { JobState } from "./job-state.ts";
import { Vault } from "./vault.ts";

export interface Session {
  env: AttemptBindings;
  facts: AttemptFacts;
  sandbox: Sandbox;
  booted: Booted;
  state: JobState;
  vault: Vault;
  logs: DurableObjectStub<LogStream>;
  /** What the job names; null for none. */
  environment: string | null;
  /** `vars`, those of the environment among them. */
  vars: Record<string, string>;
  /** `GITHUB_WORKSPACE`. */
  workspace: string;
  /** `GITHUB_EVENT_PATH`. */
  eventPath: string;
  /** When the job has run long enough (ms, UTC). */
  deadline: number;
  /** When it was last asked whether the attempt still counts. */
  beatAt: number;
  /** Files of actions of other repositories, by path: what they run is what was fetched. */
  actionTexts: Map<string, string>;
  /** What actions of the repository were given, by the name in the sandbox of the step that uses one. */
  opened: Map<string, OpenAction>;
  /** Somebody asked for debug lines, as on GitHub by a secret. */
  debug: boolean;
}

export async function openSession(
  env: AttemptBindings,
  id: AttemptId,
  { booted, deadline, fresh }: { booted: Booted; deadline: number; fresh: boolean },
): Promise<Session> {
  const facts = await readFacts(env, id);
  const sandbox = openSandbox(env, facts.attempt.sandboxId, facts.attempt.sandboxSize);
  // Where no step can have run there is nothing to be found again.
  const state = fresh ? emptyJobState() : await readJobState(sandbox, booted);
  const vault = await Vault.open(env, facts);
  const environment = environmentOf(facts, env);
  return {
    env,
    facts,
    sandbox,
    booted,
    state,
    vault,
    environment,
    vars: environment === null ? facts.vars : await stepVariables(env, facts, environment),
    logs: logsOf(env, id),
    workspace: workspaceOf(booted, facts),
    eventPath: `${booted.control}/event.json`,
    deadline,
    beatAt: 0,
    actionTexts: new Map(),
    opened: new Map(),
    debug: await vault.debugAsked(),
  };
}

export function logsOf(env: Pick<AttemptBindings, "LOG_STREAM">, id: AttemptId): DurableObjectStub<LogStream> {
  return env.LOG_STREAM.get(env.LOG_STREAM.idFromName(id));
}

/** As on GitHub: the repository's name twice. */
export function workspaceOf(booted: Booted, facts: Pick<AttemptFacts, "repository">): string {
  return `${booted.workspace}/${facts.repository.name}/${facts.repository.name}`;
}

/** How much of a job's log is kept; the first to open the log says so. */
export function logLimit({ MAX_LOG_BYTES }: Pick<AttemptBindings, "MAX_LOG_BYTES">): { maxBytes?: number } {
  const asked = Number(MAX_LOG_BYTES);
  return Number.isSafeInteger(asked) && asked > 0 ? { maxBytes: asked } : {};
}
