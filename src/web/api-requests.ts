/** What people ask for: run again, stop, start by hand. Each is a delivery, as a push is. */

import { z } from "zod";
import type { DispatchRequest, RerunRequest } from "../model/api.ts";
import type { Delivery, DeliveryBody } from "../model/delivery.ts";
import { asBuildId, cancelDeliveryId, dispatchDeliveryId, rerunDeliveryId } from "../model/ids.ts";
import type { DeliveryId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { readBuild } from "../store/builds.ts";
import { jobsOfBuild } from "../store/jobs.ts";
import { notFound, problem } from "./answer.ts";
import { readJson } from "./body.ts";
import type { RepositoryName } from "./rooms.ts";
import { startDelivery } from "./start.ts";
import type { StartRooms } from "./start.ts";

/** Who asked, as builds and deliveries say it: the API's token stands for no person. */
const ACTOR = "api";

const rerunRequest = z.strictObject({
  jobs: z.enum(["all", "failed"] satisfies RerunRequest["jobs"][]).default("all"),
});

export async function rerunBuild(rooms: StartRooms, id: string, request: Request): Promise<Response> {
  const asked = await readJson(request, rerunRequest);
  if (!asked.ok) return asked.answer;
  const build = await readBuild(rooms.db, asBuildId(id));
  if (!build) return notFound("build", id);
  if (build.state.status !== "completed") return problem(409, "This build still runs: cancel it, or wait for its end.");
  const { jobs } = asked.value;
  const nothing = whyNothingReruns(await jobsOfBuild(rooms.db, build.id), jobs);
  if (nothing !== null) return problem(409, nothing);
  const runAttempt = build.runAttempt + 1;
  const body: DeliveryBody = { kind: "rerun", buildId: build.id, runAttempt, jobs, actor: ACTOR };
  return startDelivery(rooms, ask(rerunDeliveryId(build.id, runAttempt), build, body), body);
}

/** A request that can do nothing is refused here: once recorded, its id is taken for the run attempt. */
function whyNothingReruns(jobs: Job[], asked: "all" | "failed"): string | null {
  if (jobs.length === 0) return "This build has no jobs: mend its workflow and push.";
  const failed = jobs.some(
    ({ state }) => state.status === "completed" && ["failure", "cancelled", "timed_out"].includes(state.conclusion),
  );
  return failed || asked === "all" ? null : "No job of this build failed.";
}

const cancelRequest = z.strictObject({});

export async function cancelBuild(rooms: StartRooms, id: string, request: Request): Promise<Response> {
  const asked = await readJson(request, cancelRequest);
  if (!asked.ok) return asked.answer;
  const build = await readBuild(rooms.db, asBuildId(id));
  if (!build) return notFound("build", id);
  if (build.state.status === "completed") return problem(409, "This build has ended already.");
  // Once the first was carried out, the next one forces; until then it is the first said again.
  const nth = build.cancelRequested ? 2 : 1;
  const body: DeliveryBody = { kind: "cancel", buildId: build.id, runAttempt: build.runAttempt, actor: ACTOR };
  return startDelivery(rooms, ask(cancelDeliveryId(build.id, build.runAttempt, nth), build, body), body);
}

const MAX_INPUTS = 25;
const dispatchRequest = z.strictObject({
  workflow: z.string().min(1).max(500),
  ref: z.string().min(1).max(500).optional(),
  inputs: z
    .record(z.string().max(200), z.string())
    .refine((inputs) => Object.keys(inputs).length <= MAX_INPUTS, `at most ${MAX_INPUTS}`)
    .optional(),
} satisfies Record<keyof DispatchRequest, z.ZodType>);

/** GitHub's own rule for a name in a path. */
const NAME = /^(?!\.{1,2}$)[\w.-]{1,100}$/;

/** The repository need not be known yet: whether the App is installed there is found when the delivery is carried out. */
export async function dispatchWorkflow(
  rooms: StartRooms,
  { owner, repo }: RepositoryName,
  request: Request,
): Promise<Response> {
  if (!NAME.test(owner) || !NAME.test(repo)) return notFound("repository", `${owner}/${repo}`);
  const asked = await readJson(request, dispatchRequest);
  if (!asked.ok) return asked.answer;
  const { workflow, ref = "", inputs = {} } = asked.value;
  const body: DeliveryBody = { kind: "dispatch", owner, repo, workflow, ref, inputs, actor: ACTOR };
  return startDelivery(rooms, ask(dispatchDeliveryId(crypto.randomUUID()), null, body), body);
}

function ask(
  id: DeliveryId,
  build: (Pick<Delivery, "repositoryId"> & { id: Delivery["buildId"] }) | null,
  body: Exclude<DeliveryBody, { kind: "webhook" }>,
): Omit<Delivery, "state"> {
  return {
    id,
    kind: body.kind,
    event: body.kind === "dispatch" ? "workflow_dispatch" : null,
    action: null,
    repositoryId: build?.repositoryId ?? null,
    buildId: build?.id ?? null,
    receivedAt: Date.now(),
  };
}
