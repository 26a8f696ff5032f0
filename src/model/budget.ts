/** The month's sandbox minutes: how many there are, and how much of them is used. */

import { BUDGET_WARNING } from "./limits.ts";

/** Null where `MONTHLY_MINUTES` sets no budget. */
export function readBudget(text: string | undefined): number | null {
  const minutes = Number(text);
  return text?.trim() && Number.isFinite(minutes) && minutes >= 0 ? minutes * 60_000 : null;
}

/** The month that a moment is in, by UTC. */
export function monthOf(now: number): { name: string; from: number; to: number } {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    name: `${year}-${String(month + 1).padStart(2, "0")}`,
    from: Date.UTC(year, month, 1),
    to: Date.UTC(year, month + 1, 1),
  };
}

export type BudgetState = "open" | "warned" | "spent";

export function budgetState(usedMs: number, budgetMs: number | null): BudgetState {
  if (budgetMs === null) return "open";
  if (usedMs >= budgetMs) return "spent";
  return usedMs >= BUDGET_WARNING * budgetMs ? "warned" : "open";
}
