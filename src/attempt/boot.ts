/** Starts the sandbox of an attempt, or says that none is free yet. */

import { githubConfig } from "../github/app.ts";
import type { TokenPlan } from "../language/token-permissions.ts";
import type { AttemptId } from "../model/ids.ts";
import { CAPACITY_WAIT_MS, HEARTBEAT_MS } from "../model/limits.ts";
import { openSandbox } from "../sandbox/open.ts";
import { SandboxFault } from "../sandbox/port.ts";
import type { Booted } from "../sandbox/port.ts";
import { heartbeat } from "../store/attempts.ts";
import type { AttemptBindings } from "./bindings.ts";
import { cancelOf } from "./cancel.ts";
import { readFacts } from "./facts.ts";
import { logLimit, logsOf, workspaceOf } from "./session.ts";
import type { Cancel } from "./step/end.ts";
import { tokenPlan } from "./token-plan.ts";

/** A durable result; holds no secret. */
export type Boot =
  | { state: "booted"; booted: Booted }
  | { state: "cancelled"; cancel: Cancel }
  | { state: "no_capacity"; detail: string }
  | { state: "stale" };

/** Throws `SandboxFault` where it shall be tried again: capacity is waited for inside the job runner, up to a day. */
export async function bootSandbox(
  env: AttemptBindings,
  id: AttemptId,
  { startedAt, deadline }: { startedAt: number; deadline: number },
): Promise<Boot> {
  const now = Date.now();
  const beat = await heartbeat(env.DB, id, now, HEARTBEAT_MS);
  if (!beat.current) return { state: "stale" };
  const cancel = cancelOf(beat, deadline, now);
  if (cancel) return { state: "cancelled", cancel };
  const facts = await readFacts(env, id);
  const sandbox = openSandbox(env, facts.attempt.sandboxId, facts.attempt.sandboxSize);
  try {
    const booted = await sandbox.boot();
    await sandbox.writeFile(`${booted.control}/event.json`, JSON.stringify(facts.payload ?? {}));
    await sandbox.run({ script: 'mkdir -p "$FOLDER"', env: { FOLDER: workspaceOf(booted, facts) }, timeoutMs: 30_000 });
    const token = describeToken(await tokenPlan(githubConfig(env), facts, now));
    const machine = `Sandbox ${facts.attempt.sandboxId} (${facts.attempt.sandboxSize})`;
    await logsOf(env, id).open(0, [machine, ...token, ""].join("\n"), now, logLimit(env));
    return { state: "booted", booted };
  } catch (error) {
    if (!(error instanceof SandboxFault && error.kind === "capacity")) throw error;
    if (now - startedAt < CAPACITY_WAIT_MS) throw error;
    return { state: "no_capacity", detail: "No sandbox became free for a day" };
  }
}

/** What is asked for and not given is said, so that nobody looks for it in vain. */
function describeToken({ permissions, withheld }: TokenPlan): string[] {
  const given = Object.entries(permissions).map(([name, level]) => `${name}: ${level}`);
  const cut = withheld.map((asked) => `##[warning]permissions: Sandlot's token is never given ${asked}`);
  return [`GITHUB_TOKEN may: ${[...given, "metadata: read"].join(", ")}`, ...cut];
}
