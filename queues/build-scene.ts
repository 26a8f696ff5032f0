/** A build with its jobs as they stand, and the contexts in which a job's own keys are evaluated. */

import { githubContext } from "../src/language/contexts.ts";
import { containsExpression } from "../src/language/expression.ts";
import type { Contexts } from "../src/language/expression.ts";
import { eventPayload } from "../src/model/delivery.ts";
import type { BuildId } from "../src/model/ids.ts";
import type { Job } from "../src/model/job.ts";
import type { Concurrency, PlannedJob } from "../src/model/workflow.ts";
import { contextsIn } from "../src/schedule/job-contexts.ts";
import { readBuild } from "../src/store/builds.ts";
import type { StoredBuild } from "../src/store/builds.ts";
import { readDeliveryBody } from "../src/store/deliveries.ts";
import { jobsOfBuild } from "../src/store/jobs.ts";
import { scopesOf } from "../src/store/scopes.ts";
import { readVariables } from "../src/store/variables.ts";
import { readRepository } from "../src/store/repositories.ts";
import type { StoredRepository } from "../src/store/repositories.ts";

export interface BuildScene {
  build: StoredBuild;
  repository: StoredRepository;
  jobs: Job[];
  /** The `github` context; null where no job's keys ask for one, which saves reading the event. */
  github: Record<string, unknown> | null;
  vars: Record<string, string>;
  /** Why nothing may start; absent until it was asked. */
  brake?: { why: string | null };
}

export async function readScene(env: Env, id: BuildId): Promise<BuildScene | null> {
  const build = await readBuild(env.DB, id);
  if (build === null) return null;
  const jobs = await jobsOfBuild(env.DB, id);
  const repository = await readRepository(env.DB, build.repositoryId);
  if (repository === null) throw new Error(`build ${id} belongs to repository ${build.repositoryId}, which has no row`);
  const asked = jobs.some(asksForContexts);
  const vars = asked && !build.fork ? await readVariables(env.DB, scopesOf(repository)) : {};
  const github = asked
    ? githubContext(build, repository, eventPayload(await readDeliveryBody(env.STORE, build.deliveryId), repository), {
        serverUrl: env.GITHUB_SERVER_URL,
        apiUrl: env.GITHUB_API_URL,
      })
    : null;
  return { build, repository, jobs, github, vars };
}

function asksForContexts({ plan, state }: Job): boolean {
  if (state.status === "completed") return false;
  const { definition } = plan;
  return (
    definition.if !== "success()" ||
    plan.unexpanded ||
    plan.call !== undefined ||
    containsExpression(definition.runsOn) ||
    containsExpression(definition.strategy.failFast) ||
    containsExpression(definition.strategy.maxParallel) ||
    asksInGroup(definition.concurrency)
  );
}

function asksInGroup(concurrency: Concurrency | null): boolean {
  return (
    concurrency !== null && (containsExpression(concurrency.group) || containsExpression(concurrency.cancelInProgress))
  );
}

/** What the `if`, `runs-on` and `strategy` of a job, or of one that calls it, may look at. */
export function jobContexts({ build, github, jobs, vars }: BuildScene, { plan }: { plan: PlannedJob }): Contexts {
  return contextsIn({ jobs, github: github ?? {}, vars, inputs: build.inputs })(plan);
}
