-- The cron times of each repository's default branch, so that nobody asks GitHub every minute.

CREATE TABLE schedules (
  repository_id INTEGER PRIMARY KEY,
  -- The branch that was read; another default branch makes the row stale.
  branch TEXT NOT NULL,
  -- JSON, src/store/schedules.ts ScheduleEntry[]; `[]` where no workflow names a time.
  entries TEXT NOT NULL,
  read_at INTEGER NOT NULL
);

-- One row: the last minute (since 1970, UTC) whose times were started.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  minute INTEGER NOT NULL
);
