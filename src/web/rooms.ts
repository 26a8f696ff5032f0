/** What the web may touch; each handler takes the few of these that it names. */

import { githubConfig } from "../github/app.ts";
import type { GitHubConfig } from "../github/app.ts";
import { workflowDirs } from "../github/contents.ts";
import type { SignInConfig } from "../github/sign-in.ts";
import type { LogStream } from "../logs/log-stream.ts";
import type { DeliveryMessage, JobsMessage } from "../model/messages.ts";
import { isBehindAccess } from "./auth/access.ts";
import { actorOf } from "./auth/viewer.ts";
import type { Viewer } from "./auth/viewer.ts";

export interface Rooms {
  db: D1Database;
  blobs: R2Bucket;
  deliveries: Queue<DeliveryMessage>;
  jobs: Queue<JobsMessage>;
  /** `MONTHLY_MINUTES`. */
  monthlyMinutes: string;
  logs: DurableObjectNamespace<LogStream>;
  /** Those that may have signed a webhook: one, or two while it changes; none where the Worker is not set up. */
  webhookSecrets: string[];
  masterKey: string;
  /** The one before, while it changes. */
  previousMasterKey: string;
  /** Who asks. What it may do is decided in auth/gate.ts before a handler runs, and for lists by auth/rights.ts `visibleTo`. */
  viewer: Viewer;
  /** The same, for the audit log. */
  actor: string;
  /** Null where nobody can sign in with GitHub. */
  signIn: SignInConfig | null;
  /** Whether repositories that are public on GitHub are shown to everybody. */
  publicPages: boolean;
  /** Why whoever comes without a word of who they are sees no page at all; null where there is a page to sign in at, or public ones. */
  closed: string | null;
  /** Our App. */
  github: GitHubConfig;
  /** Origin of absolute addresses. */
  publicUrl: string;
  /** Where GitHub's own pages are. */
  githubUrl: string;
  /** Where workflow files are looked for, in this order. */
  workflowDirs: string[];
}

/** As an address names it. */
export interface RepositoryName {
  owner: string;
  repo: string;
}

/** Where nobody was asked who they are: a webhook proves itself. */
const NOBODY: Viewer = { kind: "anonymous", why: "" };

export function roomsOf(env: Env, request: Request, viewer: Viewer = NOBODY): Rooms {
  const isBehind = isBehindAccess(env);
  const publicPages = env.PUBLIC_PAGES === "on" && !isBehind;
  const signIn = signInOf(env);
  const isOpen = !isBehind && env.PAGES !== "open" && (publicPages || signIn !== null);
  return {
    db: env.DB,
    blobs: env.STORE,
    deliveries: env.DELIVERIES,
    jobs: env.JOBS,
    monthlyMinutes: env.MONTHLY_MINUTES,
    logs: env.LOG_STREAM,
    // A secret that was never set is absent at runtime, whatever the generated type says.
    webhookSecrets: [env.GITHUB_WEBHOOK_SECRET, env.GITHUB_WEBHOOK_SECRET_PREVIOUS].filter(Boolean),
    masterKey: env.SANDLOT_MASTER_KEY,
    previousMasterKey: env.SANDLOT_MASTER_KEY_PREVIOUS,
    viewer,
    actor: actorOf(viewer),
    signIn,
    publicPages,
    closed: isOpen || viewer.kind !== "anonymous" ? null : viewer.why,
    github: githubConfig(env),
    publicUrl: env.PUBLIC_URL || new URL(request.url).origin,
    githubUrl: env.GITHUB_SERVER_URL,
    workflowDirs: workflowDirs(env),
  };
}

function signInOf(env: Env): SignInConfig | null {
  const { GITHUB_APP_CLIENT_ID: clientId, GITHUB_APP_CLIENT_SECRET: clientSecret } = env;
  if (!clientId || !clientSecret) return null;
  return { apiUrl: env.GITHUB_API_URL, serverUrl: reachable(env.GITHUB_SERVER_URL), clientId, clientSecret };
}

/** A name beneath `localhost` means this machine (RFC 6761), which browsers know and workerd does not. */
function reachable(url: string): string {
  return url.replace(/^(https?:\/\/)[\w-]+\.localhost\b/, "$1127.0.0.1");
}
