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
/** A job's definition is one D1 row, which holds 1 MB. */
export const MAX_JOB_DEFINITION_BYTES = 800 * KIB;

/** GitHub cuts nothing itself: it answers 422. */
export const MAX_STATUS_DESCRIPTION = 140;

export const DEFAULT_JOB_TIMEOUT_MINUTES = 360;
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

/** Sandboxes at once; the same number as `max_instances` of each container class in wrangler.jsonc. */
export const DEFAULT_MAX_SANDBOXES = 20;

/** Shorter values would mask half the log. */
export const MIN_SECRET_CHARS = 4;
/** GitHub's own limit is 48 KB. */
export const MAX_SECRET_CHARS = 48 * KIB;
