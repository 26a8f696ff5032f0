/** Every limit, with its unit and its reason. */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** GitHub sends no larger webhook. */
export const MAX_WEBHOOK_BYTES = 25 * MIB;

/** A request to our own API. */
export const MAX_REQUEST_BYTES = 64 * KIB;
/** Items of one page of a list. */
export const MAX_PAGE_ITEMS = 100;
/** The list of repositories has one page. */
export const MAX_LISTED_REPOSITORIES = 1000;

/** A workflow file; GitHub's own limit. */
export const MAX_WORKFLOW_BYTES = 512 * KIB;
export const MAX_WORKFLOW_DEPTH = 100;
/** After aliases are followed: the official parser does not come back from an alias bomb. */
export const MAX_WORKFLOW_NODES = 10_000;
export const MAX_WORKFLOW_FILES = 100;
/** GitHub's own limit of a matrix. */
export const MAX_MATRIX_JOBS = 256;
/** Of one build, all matrices expanded and calls followed: each is a row, and D1 takes 1,000 statements of one invocation. */
export const MAX_BUILD_JOBS = 500;
/** GitHub's own limits: levels of workflows that call each other, the first included; and files that one leads to. */
export const MAX_CALL_LEVELS = 4;
export const MAX_CALLED_FILES = 20;
/** Composite actions within composite actions; GitHub's own limit. */
export const MAX_ACTION_LEVELS = 10;
/** Builds of one repository that are not completed: one more is refused, and its status says so. A day's work of the largest. */
export const MAX_OPEN_BUILDS = 2000;
/** A job's definition is one D1 row, which holds 1 MB. */
export const MAX_JOB_DEFINITION_BYTES = 800 * KIB;

/** GitHub cuts nothing itself: it answers 422. */
export const MAX_STATUS_DESCRIPTION = 140;

export const DEFAULT_JOB_TIMEOUT_MINUTES = 360;

/** `MAX_JOB_MINUTES`: no job runs longer. What is no number above 0 is read as GitHub's own limit of six hours. */
export function readMaxJobMinutes(text: string | undefined): number {
  const minutes = Number(text);
  return minutes > 0 ? minutes : DEFAULT_JOB_TIMEOUT_MINUTES;
}
/** How long `always()` steps may go on after a cancel. */
export const CANCEL_GRACE_MS = 5 * MINUTE;
/** How often a running slice reads whether it was cancelled. */
export const CANCEL_POLL_MS = 3 * SECOND;
/** One durable step of watching; its own timeout is three times that. */
export const WATCH_SLICE_MS = 5 * MINUTE;
/** How long the start of a step waits for its end: most steps of a fast job need one call. */
export const START_WAIT_MS = 1 * SECOND;
/** Inside the sandbox, with shell builtins. */
export const POLL_WAIT_MS = 3 * SECOND;
export const HEARTBEAT_MS = 30 * SECOND;
/** A heartbeat older than this is an attempt that nobody watches. */
export const STALE_HEARTBEAT_MS = 3 * MINUTE;
/** How long an attempt waits inside its instance for a free machine. */
export const CAPACITY_WAIT_MS = 24 * 60 * MINUTE;
/** New attempts that start by themselves after a lost machine. */
export const MAX_RECOVERIES = 2;

/** Looking for the servers of a job's services, and installing what is missing. */
export const SERVICE_FIND_MS = 5 * MINUTE;
/** How much of a service's log is shown where it does not come up; and where a step failed, which may have nothing to do with it. */
export const FAILED_SERVICE_LINES = 50;
export const OTHER_SERVICE_LINES = 15;

export const DEFAULT_MAX_LOG_BYTES = 256 * MIB;
/** Longest stretch without a line end that is held back to be read as a line. */
export const MAX_HELD_LINE_BYTES = 64 * KIB;
export const MAX_ANNOTATIONS_PER_STEP = 10;
export const MAX_SUMMARY_BYTES = 1 * MIB;
/** The worst Markdown of this length takes a quarter of a second to lay out; a page shows many summaries. */
export const MAX_RENDERED_SUMMARY_CHARS = 128 * KIB;
/** Outputs of one job, summed; GitHub's limit. */
export const MAX_JOB_OUTPUT_BYTES = 1 * MIB;

export const MAX_ARTIFACT_FILES = 10_000;
export const DEFAULT_ARTIFACT_RETENTION_DAYS = 90;

export const MAX_CACHE_KEY_CHARS = 512;

/** What an action sends by itself as one cache or artifact; GitHub's own limit of a cache. */
export const MAX_UPLOAD_BYTES = 10 * 1024 * MIB;
/** One request of an upload. Actions send blocks of 8 and 64 MiB, and up to 128 MiB at once. */
export const MAX_BLOCK_BYTES = 128 * MIB;
/** Of one upload: 10 GiB in blocks of 8 MiB are 1,280. Their list is held in memory. */
export const MAX_BLOCKS = 10_000;
/** Uploads of one attempt that are not done or swept; GitHub's own limit of artifacts per job. */
export const MAX_UPLOADS_PER_ATTEMPT = 500;
/** A call of the cache and artifact services, and a list of blocks of 64 bytes each. */
export const MAX_SERVICE_REQUEST_BYTES = 64 * KIB;
export const MAX_BLOCK_LIST_BYTES = 2 * MIB;
/** What an archive says that its files come to: a bomb is refused before anybody unpacks it. */
export const MAX_UNPACKED_BYTES = 50 * 1024 * MIB;
/** The directory of a zip of 10,000 files with long names; held in memory. */
export const MAX_ZIP_DIRECTORY_BYTES = 16 * MIB;
/** How long the address of an upload or download is good. */
export const UPLOAD_ADDRESS_MS = 120 * MINUTE;
export const DOWNLOAD_ADDRESS_MS = 30 * MINUTE;

/** Of the month's budget (`MONTHLY_MINUTES`): from here on it is warned. */
export const BUDGET_WARNING = 0.8;
/** Builds looked at at once when a pause ends: one batch of a queue. The sweep looks at what is more. */
export const WAKE_ON_RESUME = 100;
/** Sandboxes at once; the same number as `max_instances` of each container class in wrangler.jsonc. */
export const DEFAULT_MAX_SANDBOXES = 20;

/** Shorter values would mask half the log. */
export const MIN_SECRET_CHARS = 4;
/** Of a secret or a variable; GitHub's own limit. */
export const MAX_SECRET_BYTES = 48 * KIB;
/** Of one scope; GitHub's own limits. */
export const MAX_SETTINGS = {
  owner: { secrets: 1000, variables: 1000 },
  repository: { secrets: 100, variables: 500 },
  environment: { secrets: 100, variables: 100 },
} as const;
/** Of one repository; GitHub's own limit. */
export const MAX_ENVIRONMENTS = 100;
/** Secrets sealed anew by one request: each is an update of D1, which takes 1,000 statements of one invocation. */
export const RESEAL_AT_ONCE = 200;

/** Somebody signed in: in a browser a working day, by the command as long as a person would not want to be asked again. */
export const BROWSER_SESSION_MS = 8 * 60 * MINUTE;
export const CLI_SESSION_MS = 30 * 24 * 60 * MINUTE;
/** From leaving for GitHub to coming back; GitHub's code lives as long. */
export const SIGN_IN_MS = 10 * MINUTE;
/** How long what GitHub lets somebody see is remembered; doing something always asks anew. */
export const RIGHT_TTL_MS = 5 * MINUTE;
/** Whoever was just let in shall not wait that long. */
export const NO_RIGHT_TTL_MS = 20 * SECOND;
/** GitHub's tokens of people live eight hours. */
export const TOKEN_RENEW_BEFORE_MS = 5 * MINUTE;
/** Named tokens of machines. */
export const MAX_API_TOKENS = 500;

/** GitHub sends a webhook again for three days; a rerun reads its event as long as this. */
export const DELIVERY_RETENTION_MS = 90 * 24 * 60 * MINUTE;
/** Since it was last read: a cache may vanish, and the next build saves it anew. */
export const CACHE_RETENTION_MS = 30 * 24 * 60 * MINUTE;
/** When a cache was read is written down once in this time (ms): a day is nothing to the month that it is kept, and rows written are paid. */
export const CACHE_USED_EVERY_MS = 24 * 60 * MINUTE;
/** Files of an artifact that no row names after this are of an upload that was never finished: no job runs so long. */
export const UNFINISHED_UPLOAD_MS = 24 * 60 * MINUTE;
/** One page of each kind: a day's work for a busy organisation, a few operations for a quiet one. */
export const RETENTION_EVERY_MS = 60 * MINUTE;
/** A status that GitHub refused for so long is given up: somebody who looks finds the build. */
export const REPORT_PATIENCE_MS = 3 * 24 * 60 * MINUTE;

/** ms. Of this machine's own servers: workerd uses a connection for 5 s, and later where it is busy; ours outlast that. */
export const LOCAL_KEEP_ALIVE_MS = 600_000;
