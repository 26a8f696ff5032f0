/** A build with its jobs as they stand, and the contexts in which a job's own keys are evaluated. */

import { githubContext } from "../src/language/contexts.ts";
import { containsExpression } from "../src/language/expression.ts";
import type { Contexts } from "../src/language/expression.ts";
import type { BuildId } from "../src/model/ids.ts";
import type { Job } from "../src/model/job.ts";
import { needsContext } from "../src/schedule/needs.ts";
import { legContexts } from "../src/schedule/strategy.ts";
import { readBuild } from "../src/store/builds.ts";
import type { StoredBuild } from "../src/store/builds.ts";
import { readDeliveryBody } from "../src/store/deliveries.ts";
import { jobsOfBuild } from "../src/store/jobs.ts";
import { readRepository } from "../src/store/repositories.ts";
import type { StoredRepository } from "../src/store/repositories.ts";

export interface BuildScene {
  build: StoredBuild;
  repository: StoredRepository;
  jobs: Job[];
  /** The `github` context; null where no job's keys ask for one, which saves reading the event. */
  github: Record<string, unknown> | null;
}

export async function readScene(env: Env, id: BuildId): Promise<BuildScene | null> {
  const build = await readBuild(env.DB, id);
  if (build === null) return null;
  const jobs = await jobsOfBuild(env.DB, id);
  const repository = await readRepository(env.DB, build.repositoryId);
  if (repository === null) throw new Error(`build ${id} belongs to repository ${build.repositoryId}, which has no row`);
  const github = jobs.some(asksForContexts)
    ? githubContext(build, repository, await readDeliveryBody(env.STORE, build.deliveryId), {
        serverUrl: env.GITHUB_SERVER_URL,
        apiUrl: env.GITHUB_API_URL,
      })
    : null;
  return { build, repository, jobs, github };
}

function asksForContexts({ plan, state }: Job): boolean {
  if (state.status === "completed") return false;
  const { definition } = plan;
  return (
    definition.if !== "success()" ||
    plan.unexpanded ||
    containsExpression(definition.runsOn) ||
    containsExpression(definition.strategy.failFast) ||
    containsExpression(definition.strategy.maxParallel)
  );
}

/** What a job's `if`, `runs-on` and `strategy` may look at. */
export function jobContexts(scene: BuildScene, job: Job): Contexts {
  return {
    github: scene.github ?? {},
    needs: needsContext(job, scene.jobs),
    vars: {},
    inputs: scene.build.inputs ?? {},
    ...legContexts(job),
  };
}
