/** The JSON of settings, brakes and the audit log that leaves us. Times are ms since 1970, UTC. */

/** A secret: its value never leaves us. */
export interface SecretView {
  name: string;
  updatedAt: number;
}

export interface VariableView {
  name: string;
  value: string;
  updatedAt: number;
}

export interface EnvironmentView {
  name: string;
  createdAt: number;
}

/** What `POST /api/secrets/reseal` did. */
export interface Resealed {
  resealed: number;
  /** Those that neither master key opens, as `scope/NAME`: to be set anew. */
  lost: string[];
  /** Ask again. */
  more: boolean;
}

/** `GET /api/usage`. */
export interface UsageView {
  /** `2026-11`, UTC. */
  month: string;
  /** Sandbox time of the month until now. */
  usedMs: number;
  /** Null where `MONTHLY_MINUTES` sets none. */
  budgetMs: number | null;
  /** `warned` from 80 % on; `spent`: no job starts until the next month. */
  state: "open" | "warned" | "spent";
  /** `repository` is null for all of them. */
  paused: { repositoryId: number | null; repository: string | null; pausedAt: number; pausedBy: string }[];
}

/** One line of the audit log. */
export interface AuditView {
  id: number;
  at: number;
  /** `token` for whoever held the API's, `access:<email>` for whom Cloudflare Access let in. */
  who: string;
  what: string;
  repository: string | null;
  repositoryId: number | null;
  detail: string;
}
