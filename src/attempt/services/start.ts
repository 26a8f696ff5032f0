/** Starts the services of a job before its steps: servers that run as processes of the sandbox, and end with it. */

import { CANCEL_GRACE_MS, FAILED_SERVICE_LINES, SERVICE_FIND_MS, START_WAIT_MS } from "../../model/limits.ts";
import type { UsesStep } from "../../model/workflow.ts";
import { writeJobState } from "../job-state.ts";
import type { Session } from "../session.ts";
import type { Cancel, StepTurn } from "../step/end.ts";
import { askCancelled, runQuietly } from "../step/follow.ts";
import { advanceStep } from "../step/step.ts";
import type { StepTurnRequest } from "../step/step.ts";
import { openLog } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { readFound } from "./found.ts";
import type { FoundService } from "./found.ts";
import { showServiceLog } from "./log.ts";
import { planServices, templatesOf } from "./plan.ts";
import type { ServiceProblem } from "./plan.ts";
import { FIND_SCRIPT, READY_SCRIPT, SERVICE_EXIT, START_SCRIPT } from "./scripts.ts";

/** Its place among the job's steps: before all that have one of their own. */
const SERVICES_NUMBER = -1;

export async function advanceServices(session: Session, request: Omit<StepTurnRequest, "step">): Promise<StepTurn> {
  const { at, services = [] } = session.facts.job.plan.definition;
  const step: UsesStep = {
    kind: "uses",
    number: SERVICES_NUMBER,
    id: null,
    name: "Start services",
    if: "success()",
    env: {},
    continueOnError: false,
    timeoutMinutes: null,
    uses: "services",
    with: templatesOf(services),
    at: services[0]?.at ?? at,
  };
  return await advanceStep(session, { ...request, step, carryOut: startServices });
}

/** Somebody cancelled the job while its servers came up. */
class Stopped extends Error {
  readonly cancel: Cancel;
  constructor(cancel: Cancel) {
    super(cancel.detail);
    this.cancel = cancel;
  }
}

async function startServices(work: StepWork): Promise<WorkResult> {
  const { session, follow, values } = work;
  const planned = planServices(session.facts.job.plan.definition.services ?? [], values);
  const asked = "detail" in planned ? [] : planned.map(({ id, image }) => `${id}: ${image}`);
  await openLog(work, ["##[group]Start services", ...asked, "##[endgroup]"]);
  if ("detail" in planned) return failed(planned);
  // It always takes a moment.
  await follow.outlasts();
  const watched: StepWork = { ...work, follow: { ...follow, outlasts: () => watch(work) } };
  try {
    const found = await findServers(watched, planned);
    if (found === null) return RUNNING;
    if ("detail" in found) return failed(found);
    return (await startAll(watched, found)) ?? RUNNING;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { state: "cancelled", cancel: error.cancel };
  }
}

const RUNNING: WorkResult = { state: "running", memo: null, cancelled: null };

async function watch({ session, follow }: StepWork): Promise<void> {
  await follow.outlasts();
  const cancel = follow.cancelled === null ? await askCancelled(session, Date.now()) : null;
  if (cancel !== null) throw new Stopped(cancel);
}

function failed({ reason, detail }: ServiceProblem, lines: string[] = []): WorkResult {
  return { state: "failed", exitCode: null, reason, detail, lines };
}

/** Null where the slice is over. */
async function findServers(
  { session, follow }: StepWork,
  planned: Exclude<ReturnType<typeof planServices>, ServiceProblem>,
): Promise<FoundService[] | ServiceProblem | null> {
  const { booted } = session;
  // The machine of one person is not ours to install on.
  const mayInstall = session.env.LOCAL_SANDBOX_URL === "";
  const services = planned.map(({ kind, major, port }) => `${kind} ${major ?? "-"} ${port ?? "-"}\n`).join("");
  const spec = {
    id: "services",
    script: FIND_SCRIPT,
    extension: "sh",
    command: ["bash", "{0}"],
    env: {
      ...booted.env,
      SERVICES: services,
      INSTALL: mayInstall ? "1" : "",
      LOG: `${booted.control}/services.log`,
    },
    cwd: booted.temp,
    timeoutMs: SERVICE_FIND_MS,
  };
  const result = await runQuietly(session, spec, follow);
  return result && readFound(planned, result.output, { mayInstall });
}

/** Null where the slice is over. */
async function startAll(work: StepWork, services: readonly FoundService[]): Promise<WorkResult | null> {
  const { session } = work;
  for (const service of services) await startServer(session, service);
  for (const service of services) {
    const problem = await becomeReady(work, service);
    if (problem === null) return null;
    if (problem === "ready") continue;
    return failed(
      { reason: "step_failed", detail: problem },
      await showServiceLog(session, service, FAILED_SERVICE_LINES),
    );
  }
  session.state.services = Object.fromEntries(
    services.map(({ id, process, shows, listens }) => {
      const ports = Object.fromEntries(shows.map((port) => [String(port), String(listens)]));
      return [id, { id: process, network: "host", ports }];
    }),
  );
  await writeJobState(session.sandbox, session.booted, session.state);
  const lines = services.flatMap(({ id, version, listens, warnings }) => [
    `${id}: ${version} is ready on localhost:${listens}`,
    ...warnings.map((warning) => `##[warning]${warning}`),
  ]);
  return { state: "succeeded", exitCode: null, lines };
}

/** Idempotent. The steps of `always()` may need it beyond the job's own time. */
async function startServer({ sandbox, booted, deadline }: Session, service: FoundService): Promise<void> {
  const { process, kind, server, listens, env } = service;
  await sandbox.startStep({
    id: process,
    script: START_SCRIPT,
    extension: "sh",
    command: ["bash", "{0}"],
    env: {
      ...booted.env,
      ...env,
      KIND: kind,
      SERVER: server,
      PORT: String(listens),
      DATA: `${booted.temp}/_${process}`,
    },
    cwd: booted.temp,
    timeoutMs: Math.max(START_WAIT_MS, deadline - Date.now()) + 2 * CANCEL_GRACE_MS,
    waitMs: 0,
  });
}

/** Why it did not; null where the slice is over. */
async function becomeReady({ session, follow }: StepWork, service: FoundService): Promise<string | null> {
  const { booted } = session;
  const { id, process, kind, server, listens, limitSeconds } = service;
  const result = await runQuietly(
    session,
    {
      id: `${process}-ready`,
      script: READY_SCRIPT,
      extension: "sh",
      command: ["bash", "{0}"],
      env: {
        ...booted.env,
        KIND: kind,
        SERVER: server,
        PORT: String(listens),
        ENDED: `${booted.control}/steps/${process}/exit`,
        LIMIT: String(limitSeconds),
      },
      cwd: booted.temp,
      timeoutMs: 2 * limitSeconds * 1000,
    },
    follow,
  );
  if (result === null) return null;
  if (result.exitCode === 0) return "ready";
  return result.exitCode === SERVICE_EXIT.ended
    ? `The service ${id} ended before it was ready`
    : `The service ${id} was not ready after ${limitSeconds} s`;
}
