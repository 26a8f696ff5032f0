/** Counts the month's sandbox minutes where they have a limit, and warns once when most of them are used. */

import { budgetState, monthOf, readBudget } from "../model/budget.ts";
import { BUDGET_WARNING } from "../model/limits.ts";
import { log } from "../model/log.ts";
import { recordAct } from "../store/audit.ts";
import { markWarned, measureMonth, saveUsage } from "../store/brakes.ts";

export type CountBindings = Pick<Env, "DB" | "MONTHLY_MINUTES">;

/** Once a minute, so that builds themselves write nothing for it. Returns the milliseconds; 0 where there is no limit. */
export async function countMinutes(env: CountBindings, now: number): Promise<number> {
  const budget = readBudget(env.MONTHLY_MINUTES);
  if (budget === null) return 0;
  const month = monthOf(now);
  const used = await measureMonth(env.DB, month, now);
  await saveUsage(env.DB, month.name, used).run();
  if (budgetState(used, budget) !== "open") await warn(env, { month: month.name, used, budget }, now);
  return used;
}

async function warn(
  { DB }: CountBindings,
  { month, used, budget }: { month: string; used: number; budget: number },
  now: number,
): Promise<void> {
  const { meta } = await markWarned(DB, month).run();
  if (meta.changes === 0) return;
  const minutes = { used: Math.floor(used / 60_000), budget: budget / 60_000 };
  log("budget.warned", { month, ...minutes });
  const detail = `${minutes.used} of ${minutes.budget} sandbox minutes of ${month} are used, more than ${BUDGET_WARNING * 100} %`;
  await recordAct(DB, { at: now, who: "sandlot", what: "budget.warn", repositoryId: null, detail }).run();
}
