-- What Sandlot remembers. Ids are derived (src/model/ids.ts): a job's id starts with its build's, an attempt's with its
-- job's, so ranges over the primary key replace indexes. Every index is one more row written per build: docs/architecture.md §6.
-- Times are ms since 1970, UTC. What GitHub owns is kept by its numeric id.

CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  private INTEGER NOT NULL,
  default_branch TEXT NOT NULL,
  installation_id INTEGER
);

CREATE INDEX repositories_by_name ON repositories (owner COLLATE NOCASE, name COLLATE NOCASE);

-- With a rowid, so that the sweep reads the newest without an index.
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  event TEXT,
  action TEXT,
  repository_id INTEGER,
  build_id TEXT,
  received_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  done_at INTEGER,
  outcome TEXT
);

CREATE TABLE workflow_numbers (
  repository_id INTEGER NOT NULL,
  workflow_path TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (repository_id, workflow_path)
) WITHOUT ROWID;

CREATE TABLE builds (
  id TEXT PRIMARY KEY,
  delivery_id TEXT NOT NULL,
  repository_id INTEGER NOT NULL,
  workflow_path TEXT NOT NULL,
  workflow_name TEXT,
  -- Workflow-level env, concurrency and the like: JSON, src/model/build.ts BuildWorkflow.
  workflow TEXT NOT NULL,
  number INTEGER NOT NULL,
  run_attempt INTEGER NOT NULL,
  event TEXT NOT NULL,
  action TEXT,
  sha TEXT NOT NULL,
  report_sha TEXT NOT NULL,
  ref TEXT NOT NULL,
  base_sha TEXT,
  head_ref TEXT,
  base_ref TEXT,
  pull_request INTEGER,
  fork INTEGER NOT NULL,
  title TEXT NOT NULL,
  actor_id INTEGER NOT NULL,
  actor_login TEXT NOT NULL,
  inputs TEXT,
  context TEXT NOT NULL,
  problems TEXT NOT NULL,
  concurrency_group TEXT,
  cancel_at INTEGER,
  cancel_by TEXT,
  cancel_force INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  status TEXT NOT NULL,
  conclusion TEXT,
  reason TEXT,
  detail TEXT,
  completed_at INTEGER,
  -- What GitHub was last told for this build's key, `state description`.
  reported TEXT,
  -- 1 once it is completed and that was told.
  settled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX builds_by_repository ON builds (repository_id, created_at);
CREATE INDEX builds_by_report ON builds (repository_id, report_sha, context);
CREATE INDEX builds_open ON builds (created_at) WHERE settled = 0;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  build_id TEXT NOT NULL,
  repository_id INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  plan TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  -- 1 from the making of an attempt on, until a rerun puts the job back.
  admitted INTEGER NOT NULL DEFAULT 0,
  run_attempt INTEGER NOT NULL,
  outputs TEXT NOT NULL,
  -- Why its running attempt is asked to stop (fail_fast, superseded); null to go on.
  stop_reason TEXT,
  started_at INTEGER,
  status TEXT NOT NULL,
  conclusion TEXT,
  reason TEXT,
  detail TEXT,
  completed_at INTEGER
) WITHOUT ROWID;

CREATE TABLE attempts (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL,
  build_id TEXT NOT NULL,
  repository_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  run_attempt INTEGER NOT NULL,
  sandbox_id TEXT NOT NULL,
  sandbox_size TEXT NOT NULL,
  -- How many attempts before it in this run attempt were lost.
  recoveries INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  heartbeat_at INTEGER,
  -- Masks and the live token, sealed; gone with the sandbox.
  sealed TEXT,
  status TEXT NOT NULL,
  conclusion TEXT,
  reason TEXT,
  detail TEXT,
  completed_at INTEGER,
  archived_at INTEGER,
  -- Set when its sandbox was seen destroyed and nothing is left to do for it.
  destroyed_at INTEGER
) WITHOUT ROWID;

CREATE INDEX attempts_live ON attempts (created_at) WHERE destroyed_at IS NULL;

CREATE TABLE steps (
  attempt_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  log_from INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  outcome TEXT,
  conclusion TEXT,
  exit_code INTEGER,
  reason TEXT,
  detail TEXT,
  completed_at INTEGER,
  -- Annotations, cache use, summary key: JSON, src/model/step.ts StepNotes.
  notes TEXT,
  PRIMARY KEY (attempt_id, number)
) WITHOUT ROWID;

CREATE TABLE artifacts (
  build_id TEXT NOT NULL,
  run_attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  repository_id INTEGER NOT NULL,
  job_id TEXT NOT NULL,
  attempt_id TEXT NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- R2 prefix of its files and manifest.
  prefix TEXT NOT NULL,
  PRIMARY KEY (build_id, run_attempt, name)
) WITHOUT ROWID;

CREATE TABLE caches (
  repository_id INTEGER NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  -- Hash of `path`: part of the identity.
  version TEXT NOT NULL,
  handle TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, scope, version, key)
) WITHOUT ROWID;

CREATE TABLE secrets (
  repository_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  sealed TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, name)
) WITHOUT ROWID;
