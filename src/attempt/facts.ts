/** What our rows say about an attempt; read once by a job runner, and again after it was restarted. */

import { eventPayload } from "../model/delivery.ts";
import type { AttemptId } from "../model/ids.ts";
import type { Attempt, Job } from "../model/job.ts";
import { readAttempt } from "../store/attempts.ts";
import { readBuild } from "../store/builds.ts";
import type { StoredBuild } from "../store/builds.ts";
import { readDeliveryBody } from "../store/deliveries.ts";
import { jobsOfBuild } from "../store/jobs.ts";
import { readRepository } from "../store/repositories.ts";
import type { StoredRepository } from "../store/repositories.ts";
import { scopesOf } from "../store/scopes.ts";
import { readVariables } from "../store/variables.ts";
import type { AttemptBindings } from "./bindings.ts";

export interface AttemptFacts {
  attempt: Attempt;
  job: Job;
  build: StoredBuild;
  repository: StoredRepository;
  /** All jobs of the build, for `needs`. */
  jobs: Job[];
  /** Of the owner and the repository: `vars` outside of an environment. None for forks. */
  vars: Record<string, string>;
  /** The event as GitHub sent it: `github.event`. */
  payload: unknown;
}

export async function readFacts(env: AttemptBindings, id: AttemptId): Promise<AttemptFacts> {
  const attempt = await readAttempt(env.DB, id);
  if (attempt === null) throw new Error(`there is no attempt ${id}`);
  const [build, jobs, repository] = await Promise.all([
    readBuild(env.DB, attempt.buildId),
    jobsOfBuild(env.DB, attempt.buildId),
    readRepository(env.DB, attempt.repositoryId),
  ]);
  const job = jobs.find((one) => one.id === attempt.jobId);
  if (!build || !job || !repository) throw new Error(`attempt ${id} lacks its build, job or repository`);
  const vars = build.fork ? {} : await readVariables(env.DB, scopesOf(repository));
  const payload = eventPayload(await readDeliveryBody(env.STORE, build.deliveryId), repository);
  return { attempt, job, build, repository, jobs, vars, payload };
}
