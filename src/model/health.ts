/** How Sandlot itself does, as JSON: what waits, what fails, and what is wrong with its set-up. */

/** `GET /api/health` */
export interface HealthView {
  /** False where something needs a person: see `problems`. */
  ok: boolean;
  problems: string[];
  queue: {
    /** Webhooks and requests not yet carried out. */
    deliveries: number;
    builds: number;
    jobs: number;
    /** ms; null where nothing waits. */
    oldestWaitingMs: number | null;
  };
  attempts: {
    /** Whose sandbox may live. */
    live: number;
    /** Of these, those that nobody has watched for minutes. */
    stale: number;
  };
  /** Builds whose end GitHub was not told for minutes. */
  failingReports: number;
  /** ms, UTC; null before the first webhook. */
  lastDeliveryAt: number | null;
  /** As GitHub's headers last said it; null before they did. */
  rateLimit: RateLimit | null;
}

export interface RateLimit {
  limit: number;
  remaining: number;
  /** ms, UTC */
  resetAt: number;
  /** ms, UTC */
  seenAt: number;
}

/** One thing that was looked at. */
export interface Check {
  /** A few words: `GitHub App`, `webhook`. */
  name: string;
  state: "good" | "warning" | "bad";
  says: string;
  /** How to put it right; null where nothing is wrong. */
  mend: string | null;
}

/** `GET /api/health/setup` */
export interface SetupView {
  checks: Check[];
  /** The Worker's clock (ms, UTC). */
  now: number;
}

export const good = (name: string, says: string): Check => ({ name, state: "good", says, mend: null });
export const bad = (name: string, says: string, mend: string): Check => ({ name, state: "bad", says, mend });
export const warn = (name: string, says: string, mend: string): Check => ({ name, state: "warning", says, mend });
