-- Secrets and variables of a repository, an owner or an environment; who did what; and the brakes.

-- `scope` is `owner/5`, `repository/7` or `repository/7/environment/production` (src/store/scopes.ts), by GitHub's numeric ids.
CREATE TABLE scoped_secrets (
  scope TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (scope, name)
) WITHOUT ROWID;

INSERT INTO scoped_secrets (scope, name, sealed, updated_at)
SELECT 'repository/' || repository_id, name, sealed, updated_at FROM secrets;

DROP TABLE secrets;

ALTER TABLE scoped_secrets RENAME TO secrets;

CREATE TABLE variables (
  scope TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (scope, name)
) WITHOUT ROWID;

CREATE TABLE environments (
  repository_id INTEGER NOT NULL,
  -- In lower case: on GitHub its letter case does not matter.
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, name)
) WITHOUT ROWID;

-- Whose it is, by GitHub's id: a name may be given up and taken by somebody else.
ALTER TABLE repositories ADD COLUMN owner_id INTEGER;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  repository_id INTEGER,
  detail TEXT NOT NULL
);

-- Whose jobs do not start; repository 0 stands for all.
CREATE TABLE pauses (
  repository_id INTEGER PRIMARY KEY,
  paused_at INTEGER NOT NULL,
  paused_by TEXT NOT NULL
);

-- Sandbox time of each month (`2026-11`, UTC) that is over and counted.
CREATE TABLE usage (
  month TEXT PRIMARY KEY,
  used_ms INTEGER NOT NULL,
  -- 1 once it was said that most of the budget is used.
  warned INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
