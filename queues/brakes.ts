/** Why no job of a repository starts now: somebody paused it, or the month's minutes are used up. */

import { budgetState, monthOf, readBudget } from "../src/model/budget.ts";
import { readBrakes } from "../src/store/brakes.ts";

/** For people; null where nothing stands against a start. */
export async function brakeOf(
  env: Pick<Env, "DB" | "MONTHLY_MINUTES">,
  repositoryId: number,
  now: number,
): Promise<string | null> {
  const month = monthOf(now).name;
  const { pausedBy, pausedAll, usedMs } = await readBrakes(env.DB, { repositoryId, month });
  if (pausedBy !== null)
    return `Paused${pausedAll ? " with all builds" : ""} by ${pausedBy}: sandlot resume lets it start`;
  const budget = readBudget(env.MONTHLY_MINUTES);
  if (budget === null || budgetState(usedMs, budget) !== "spent") return null;
  return `Waiting: the ${budget / 60_000} sandbox minutes of ${month} are used up (MONTHLY_MINUTES)`;
}
