/** What an action (never a `run:` step) is given to reach the cache and artifact services: docs/actions-services.md. */

import type { Attempt } from "../../model/job.ts";
import { CANCEL_GRACE_MS, DEFAULT_ARTIFACT_RETENTION_DAYS } from "../../model/limits.ts";
import { issueRuntimeToken } from "../../store/runtime-token.ts";
import type { AttemptBindings } from "../bindings.ts";
import type { Vault } from "../vault.ts";

/** Of a session. */
interface Running {
  env: Pick<AttemptBindings, "PUBLIC_URL" | "SANDLOT_MASTER_KEY" | "GITHUB_SERVER_URL">;
  facts: { attempt: Attempt };
  deadline: number;
  vault: Pick<Vault, "learn">;
}

export interface RuntimeEnvironment {
  /** To be laid over the process's environment after the workflow's own `env`, so that nothing there turns the token elsewhere. */
  env: Record<string, string>;
  /** Why actions cannot cache or keep artifacts here, for the log; null where they can. */
  warning: string | null;
}

/**
 * The token is masked from here on. `ACTIONS_ID_TOKEN_REQUEST_URL` is never set: `core.getIDToken()` fails and names it. Nor is
 * `ACTIONS_CACHE_URL`: it is the service of before 2025, whose clients then say that there is no cache, and go on.
 */
export async function runtimeEnvironment(session: Running): Promise<RuntimeEnvironment> {
  const { env, facts, deadline, vault } = session;
  if (env.PUBLIC_URL === "") return { env: {}, warning: NO_ADDRESS };
  const { id: attemptId, buildId, jobId, startedAt, createdAt } = facts.attempt;
  const valid = { from: startedAt ?? createdAt, until: deadline + CANCEL_GRACE_MS };
  const token = await issueRuntimeToken(env.SANDLOT_MASTER_KEY, { attemptId, buildId, jobId }, valid);
  await vault.learn([token]);
  const url = `${env.PUBLIC_URL.replace(/\/+$/, "")}/`;
  return {
    env: {
      ACTIONS_RESULTS_URL: url,
      ACTIONS_RUNTIME_URL: url,
      ACTIONS_RUNTIME_TOKEN: token,
      ACTIONS_CACHE_SERVICE_V2: "true",
      GITHUB_RETENTION_DAYS: String(DEFAULT_ARTIFACT_RETENTION_DAYS),
      ...serverOnOneMachine(env.GITHUB_SERVER_URL),
    },
    warning: null,
  };
}

/**
 * Clients take a server for GitHub Enterprise, which has none of these services, unless it is github.com or its name ends in
 * `.localhost`, which is the same machine to git and curl.
 */
function serverOnOneMachine(address: string): Record<string, string> {
  const { hostname, port, protocol } = new URL(address);
  if (hostname !== "127.0.0.1" && hostname !== "localhost") return {};
  return { GITHUB_SERVER_URL: `${protocol}//github.localhost${port === "" ? "" : `:${port}`}` };
}

const NO_ADDRESS =
  "Actions can neither cache nor keep artifacts by themselves: PUBLIC_URL is not set on this Worker. " +
  "Set it in wrangler.jsonc (vars) to the address where the Worker is reached, and deploy again.";
