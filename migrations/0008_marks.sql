-- Where work that goes on from round to round left off, and what was last seen: few rows, each written rarely.
CREATE TABLE marks (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
