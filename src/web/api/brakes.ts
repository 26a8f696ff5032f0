/** The brakes: pausing and resuming, and how much of the month is used. */

import { budgetState, monthOf, readBudget } from "../../model/budget.ts";
import { WAKE_ON_RESUME } from "../../model/limits.ts";
import type { UsageView } from "../../model/settings-api.ts";
import { recordAct } from "../../store/audit.ts";
import { buildsHeldBack, listPauses, measureMonth, removePause, savePause } from "../../store/brakes.ts";
import { json } from "../http/answer.ts";
import type { Read } from "../http/body.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";
import { readKnownRepository } from "./scope.ts";

type BrakeRooms = Pick<Rooms, "db" | "actor" | "jobs">;

/** Running jobs go on; no other one starts. `of` is null for all repositories. */
export async function pause(rooms: BrakeRooms, of: RepositoryName | null): Promise<Response> {
  const about = await readAbout(rooms, of);
  if (!about.ok) return about.answer;
  const { repositoryId, label } = about.value;
  const at = Date.now();
  const saved = await savePause(rooms.db, { repositoryId, pausedAt: at, pausedBy: rooms.actor }).run();
  if (saved.meta.changes > 0)
    await recordAct(rooms.db, { at, who: rooms.actor, what: "pause", repositoryId, detail: label }).run();
  await knock(rooms, repositoryId);
  return new Response(null, { status: 204 });
}

export async function resume(rooms: BrakeRooms, of: RepositoryName | null): Promise<Response> {
  const about = await readAbout(rooms, of);
  if (!about.ok) return about.answer;
  const { repositoryId, label } = about.value;
  const removed = await removePause(rooms.db, repositoryId).run();
  if (removed.meta.changes > 0)
    await recordAct(rooms.db, { at: Date.now(), who: rooms.actor, what: "resume", repositoryId, detail: label }).run();
  await knock(rooms, repositoryId);
  return new Response(null, { status: 204 });
}

/** What waits is looked at again, so that it says so, or starts; the sweep takes what is more. */
async function knock({ db, jobs }: BrakeRooms, repositoryId: number | null): Promise<void> {
  const builds = await buildsHeldBack(db, repositoryId, WAKE_ON_RESUME);
  if (builds.length > 0) await jobs.sendBatch(builds.map((buildId) => ({ body: { buildId } })));
}

interface About {
  repositoryId: number | null;
  label: string;
}

async function readAbout({ db }: BrakeRooms, of: RepositoryName | null): Promise<Read<About>> {
  if (of === null) return { ok: true, value: { repositoryId: null, label: "all repositories" } };
  const found = await readKnownRepository(db, of);
  if (!found.ok) return found;
  return { ok: true, value: { repositoryId: found.value.id, label: `${of.owner}/${of.repo}` } };
}

export async function getUsage({ db, monthlyMinutes }: Pick<Rooms, "db" | "monthlyMinutes">): Promise<Response> {
  const now = Date.now();
  const month = monthOf(now);
  const budget = readBudget(monthlyMinutes);
  const usedMs = await measureMonth(db, month, now);
  const view: UsageView = {
    month: month.name,
    usedMs,
    budgetMs: budget,
    state: budgetState(usedMs, budget),
    paused: await listPauses(db),
  };
  return json(view);
}
