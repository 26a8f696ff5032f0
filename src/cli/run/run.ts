/** `sandlot run`: one event, its builds to their end, a summary, and nothing left behind. */

import { setTimeout as sleep } from "node:timers/promises";

import type { BuildView, DeliveryView } from "../../model/api.ts";
import type { ReportedStatus, RunEvent, Summary } from "../events.ts";
import { followBuilds } from "../follow-builds.ts";
import type { LocalSandlot } from "./local-sandlot.ts";
import { saveArtifact } from "../save-artifacts.ts";
import { aborted, openSession, type Session, type SessionRequest } from "./session.ts";
import { stopBuilds } from "./settle.ts";
import { UsageError } from "../usage-error.ts";

/** Statuses are posted a moment after a build ends. */
const STATUS_WITHIN_MS = 5_000;
/** So are logs archived and sandboxes destroyed. */
const QUIET_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 50;

/** Returns the exit code: 0 passed, 1 failed, 2 could not be built. Throws `UsageError`, and the signal's reason when aborted. */
export async function run(request: SessionRequest): Promise<number> {
  const startedAt = Date.now();
  const { signal } = request;
  const session = await openSession(request);
  const builds: string[] = [];
  try {
    return await Promise.race([
      build(request, session, { startedAt, builds }),
      session.sandlot.failed,
      aborted(signal),
    ]);
  } finally {
    // So that the next run finds none that is half done.
    if (signal.aborted) await stopBuilds(session.sandlot.api, builds, STOP_WITHIN_MS).catch(() => {});
    await session.close();
  }
}

interface Course {
  startedAt: number;
  /** Filled in as soon as they are known. */
  builds: string[];
}

async function build(request: SessionRequest, session: Session, { startedAt, builds }: Course): Promise<number> {
  const { output, signal } = request;
  const { sandlot } = session;
  const delivery = await session.deliver();
  builds.push(...delivery.workflows.flatMap(({ buildId }) => buildId ?? []));
  if (builds.length === 0) throw nothingStarted(delivery, request, session);
  const show = (event: RunEvent) => output.show(event);
  const followed = await followBuilds({ api: sandlot.api, builds, show, signal });
  const statuses = await awaitStatuses(sandlot, followed.builds);
  const artifacts = await keepArtifacts(request, sandlot, followed.builds);
  await awaitQuiet(sandlot);
  const exitCode = exitCodeOf(followed.builds);
  const durationMs = Date.now() - startedAt;
  const summary: Summary = { exitCode, durationMs, ...followed, artifacts, statuses };
  output.show({ type: "summary", summary });
  return exitCode;
}

function nothingStarted(delivery: DeliveryView, { options }: SessionRequest, { source }: Session): UsageError {
  const reasons = delivery.workflows.map(({ path, why }) => `${path}: ${why}`);
  const message = [`Nothing starts on this ${options.event}: ${delivery.summary ?? "no reason is known"}.`, ...reasons];
  const ways = EVENT_WAYS.filter(({ event }) => event !== options.event && named(delivery, event)).map(
    ({ way }) => way,
  );
  const onDefault = source.branch === null || source.branch === source.defaultBranch;
  if (options.event === "push" && !onDefault && options.ref === null) {
    ways.unshift(`sandlot run --ref ${source.defaultBranch}   # builds that branch as it is committed`);
  }
  return new UsageError(message.join("\n  "), ways);
}

const EVENT_WAYS: readonly { event: string; way: string }[] = [
  { event: "push", way: "sandlot run --event push" },
  { event: "pull_request", way: "sandlot run --event pull_request" },
  { event: "workflow_dispatch", way: "sandlot run --event workflow_dispatch --workflow FILE" },
];

/** Whether a file said that it starts on this event. */
function named({ workflows }: DeliveryView, event: string): boolean {
  return workflows.some(({ why }) => new RegExp(`\\b${event}\\b(?!$)`).test(why.replace(/, not on .*/, " ")));
}

/** A build's own conclusion says what people are told; problems in its file are for the one who wrote it. */
function exitCodeOf(builds: readonly BuildView[]): number {
  if (builds.some((one) => one.reason === "workflow_invalid" || one.reason === "unsupported")) return 2;
  const passed = builds.every(
    ({ conclusion }) => conclusion === "success" || conclusion === "neutral" || conclusion === "skipped",
  );
  return passed ? 0 : 1;
}

/** The last status of each build's context, once it is final or the wait is over. */
async function awaitStatuses(sandlot: LocalSandlot, builds: readonly BuildView[]): Promise<ReportedStatus[]> {
  const last = () =>
    builds.flatMap((one) => {
      const found = sandlot.statuses().findLast(({ sha, context }) => sha === one.reportSha && context === one.context);
      return found === undefined
        ? []
        : [{ context: found.context, state: found.state, description: found.description }];
    });
  for (const until = Date.now() + STATUS_WITHIN_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
    const statuses = last();
    if (statuses.length === builds.length && statuses.every(({ state }) => state !== "pending")) return statuses;
  }
  return last();
}

async function keepArtifacts(
  { options }: SessionRequest,
  { api }: LocalSandlot,
  builds: readonly BuildView[],
): Promise<Summary["artifacts"]> {
  const kept: Summary["artifacts"] = [];
  for (const artifact of builds.flatMap((one) => one.artifacts)) {
    const savedTo = options.artifacts === null ? null : await saveArtifact(api, artifact, options.artifacts);
    kept.push({ ...artifact, savedTo });
  }
  return kept;
}

/** Until the last sandbox is gone: then nothing of the builds is left to do. */
async function awaitQuiet({ host }: LocalSandlot): Promise<void> {
  const until = Date.now() + QUIET_WITHIN_MS;
  while (Date.now() < until && host.destroyed < host.started) await sleep(LOOK_EVERY_MS);
}
