-- Who holds a concurrency group: at most one runs and one waits, which the key alone assures. A row counts as long as its
-- holder is not completed; a name belongs to builds and jobs alike, as on GitHub.

CREATE TABLE concurrency (
  repository_id INTEGER NOT NULL,
  -- In lower case.
  name TEXT NOT NULL,
  -- `running` or `pending`.
  place TEXT NOT NULL,
  build_id TEXT NOT NULL,
  -- Null where the build as a whole holds it.
  job_id TEXT,
  PRIMARY KEY (repository_id, name, place)
) WITHOUT ROWID;
