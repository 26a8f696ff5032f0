/** What people ask for: run again, stop, start by hand. Each is a delivery, as a push is. */

import { z } from "zod";
import type { DispatchRequest, RerunRequest } from "../../model/api.ts";
import type { Delivery, DeliveryBody } from "../../model/delivery.ts";
import { asBuildId, cancelDeliveryId, dispatchDeliveryId, rerunDeliveryId } from "../../model/ids.ts";
import type { DeliveryId } from "../../model/ids.ts";
import type { Job } from "../../model/job.ts";
import { recordAct } from "../../store/audit.ts";
import type { AuditEntry } from "../../store/audit.ts";
import { readBuild } from "../../store/builds.ts";
import { jobsOfBuild } from "../../store/jobs.ts";
import { findRepository } from "../../store/repositories.ts";
import { notFound, problem } from "../http/answer.ts";
import { describeIssues, readJson } from "../http/body.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { startDelivery } from "../start.ts";
import type { StartRooms } from "../start.ts";

type ActRooms = StartRooms & Pick<Rooms, "viewer" | "actor">;

/** Who asked, as builds and deliveries say it: a token stands for no person. */
function starterOf({ viewer }: ActRooms): string {
  switch (viewer.kind) {
    case "person":
      return viewer.session.login;
    case "access":
      return viewer.email;
    case "token":
      return viewer.name ?? "api";
    case "machine":
    case "anonymous":
      return "you";
  }
}

const rerunRequest = z.strictObject({
  jobs: z.enum(["all", "failed"] satisfies RerunRequest["jobs"][]).default("all"),
});

export async function rerunBuild(rooms: ActRooms, id: string, request: Request): Promise<Response> {
  const asked = await readJson(request, rerunRequest);
  return asked.ok ? await startRerun(rooms, id, asked.value.jobs) : asked.answer;
}

/** Refuses with a problem, or answers 202. */
export async function startRerun(rooms: ActRooms, id: string, jobs: "all" | "failed"): Promise<Response> {
  const build = await readBuild(rooms.db, asBuildId(id));
  if (!build) return notFound("build", id);
  if (build.state.status !== "completed") return problem(409, "This build still runs: cancel it, or wait for its end.");
  const nothing = whyNothingReruns(await jobsOfBuild(rooms.db, build.id), jobs);
  if (nothing !== null) return problem(409, nothing);
  const runAttempt = build.runAttempt + 1;
  const body: DeliveryBody = { kind: "rerun", buildId: build.id, runAttempt, jobs, actor: starterOf(rooms) };
  const detail = `build ${build.id}, run attempt ${runAttempt}, ${jobs} jobs`;
  await record(rooms, { what: "build.rerun", repositoryId: build.repositoryId, detail });
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

export async function cancelBuild(rooms: ActRooms, id: string, request: Request): Promise<Response> {
  const asked = await readJson(request, cancelRequest);
  return asked.ok ? await startCancel(rooms, id) : asked.answer;
}

/** Refuses with a problem, or answers 202. */
export async function startCancel(rooms: ActRooms, id: string): Promise<Response> {
  const build = await readBuild(rooms.db, asBuildId(id));
  if (!build) return notFound("build", id);
  if (build.state.status === "completed") return problem(409, "This build has ended already.");
  // Once the first was carried out, the next one forces; until then it is the first said again.
  const nth = build.cancelRequested ? 2 : 1;
  const body: DeliveryBody = {
    kind: "cancel",
    buildId: build.id,
    runAttempt: build.runAttempt,
    actor: starterOf(rooms),
  };
  const detail = `build ${build.id}${nth === 2 ? ", by force" : ""}`;
  await record(rooms, { what: "build.cancel", repositoryId: build.repositoryId, detail });
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
export async function dispatchWorkflow(rooms: ActRooms, name: RepositoryName, request: Request): Promise<Response> {
  if (!NAME.test(name.owner) || !NAME.test(name.repo)) return notFound("repository", `${name.owner}/${name.repo}`);
  const asked = await readJson(request, dispatchRequest);
  return asked.ok ? await startDispatch(rooms, name, asked.value) : asked.answer;
}

/** What a form sent, held against the same rules. */
export async function dispatchForm(rooms: ActRooms, name: RepositoryName, asked: DispatchRequest): Promise<Response> {
  const parsed = dispatchRequest.safeParse(asked);
  return parsed.success ? await startDispatch(rooms, name, parsed.data) : problem(400, describeIssues(parsed.error));
}

async function startDispatch(
  rooms: ActRooms,
  { owner, repo }: RepositoryName,
  { workflow, ref = "", inputs = {} }: z.infer<typeof dispatchRequest>,
): Promise<Response> {
  const known = await findRepository(rooms.db, owner, repo);
  const body: DeliveryBody = { kind: "dispatch", owner, repo, workflow, ref, inputs, actor: starterOf(rooms) };
  const detail = `${workflow} of ${owner}/${repo}${ref === "" ? "" : ` at ${ref}`}`;
  await record(rooms, { what: "build.dispatch", repositoryId: known?.id ?? null, detail });
  return startDelivery(
    rooms,
    ask(dispatchDeliveryId(crypto.randomUUID()), { id: null, repositoryId: known?.id ?? null }, body),
    body,
  );
}

async function record({ db, actor }: ActRooms, act: Omit<AuditEntry, "at" | "who">): Promise<void> {
  await recordAct(db, { at: Date.now(), who: actor, ...act }).run();
}

function ask(
  id: DeliveryId,
  about: Pick<Delivery, "repositoryId"> & { id: Delivery["buildId"] },
  body: Exclude<DeliveryBody, { kind: "webhook" }>,
): Omit<Delivery, "state"> {
  return {
    id,
    kind: body.kind,
    event: body.kind === "dispatch" ? "workflow_dispatch" : null,
    action: null,
    repositoryId: about.repositoryId,
    buildId: about.id,
    receivedAt: Date.now(),
  };
}
