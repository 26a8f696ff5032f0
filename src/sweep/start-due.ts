/** Starts what a schedule asks for: a delivery for each cron line that became due since the last minute looked at. */

import type { Delivery, DeliveryBody } from "../model/delivery.ts";
import { scheduleDeliveryId } from "../model/ids.ts";
import { log, logFault } from "../model/log.ts";
import { dueMinute, minuteOf } from "../schedule/cron.ts";
import { recordDelivery } from "../store/deliveries.ts";
import { listSchedules, readClock, setClock } from "../store/schedules.ts";
import type { RepositorySchedule } from "../store/schedules.ts";

export type StartDueBindings = Pick<Env, "DB" | "STORE" | "DELIVERIES" | "LOCAL_SANDBOX_URL">;

/** How many deliveries it recorded. May run twice for one minute, late, or after a pause: each time starts once. */
export async function startDue(env: StartDueBindings, now: number): Promise<number> {
  // On one machine a nightly is nobody's wish: what `sandlot run` builds is what it was asked for.
  if (env.LOCAL_SANDBOX_URL !== "") return 0;
  const schedules = await listSchedules(env.DB);
  if (schedules.length === 0) return 0;
  const minute = minuteOf(now);
  const looked = (await readClock(env.DB)) ?? 0;
  let started = 0;
  let failed = 0;
  for (const { due, ...asked } of schedules.flatMap((schedule) => dueOf(schedule, looked, minute))) {
    // One that can't be recorded must not hold up the others.
    try {
      if (await start(env, asked, due, now)) started += 1;
    } catch (error) {
      failed += 1;
      logFault("schedule.not_started", error, { repositoryId: asked.repositoryId });
    }
  }
  // The clock goes on only when all is recorded: else the same minutes are looked at again, and what was recorded is found so.
  if (failed === 0) await setClock(env.DB, minute).run();
  if (started > 0) log("schedules.started", { started });
  return started;
}

interface Asked {
  repositoryId: number;
  path: string;
  cron: string;
}

function dueOf(schedule: RepositorySchedule, looked: number, minute: number): (Asked & { due: number })[] {
  return schedule.entries.flatMap(({ path, cron, since }) => {
    const due = dueMinute(cron, Math.max(since, looked), minute);
    return due === null ? [] : [{ repositoryId: schedule.repositoryId, path, cron, due }];
  });
}

async function start(
  env: StartDueBindings,
  { repositoryId, path, cron }: Asked,
  due: number,
  now: number,
): Promise<boolean> {
  const body: DeliveryBody = { kind: "schedule", repositoryId, workflowPath: path, cron, dueAt: due * 60_000 };
  const delivery: Omit<Delivery, "state"> = {
    id: scheduleDeliveryId(repositoryId, path, due, cron),
    kind: "schedule",
    event: "schedule",
    action: null,
    repositoryId,
    buildId: null,
    receivedAt: now,
  };
  const { first } = await recordDelivery({ db: env.DB, blobs: env.STORE }, delivery, body);
  if (first) await env.DELIVERIES.send({ deliveryId: delivery.id });
  return first;
}
