-- Which commit each action of another repository is in a build: asked once, kept by its reruns.

CREATE TABLE build_actions (
  build_id TEXT NOT NULL,
  -- `owner/repository`, in lower case.
  name TEXT NOT NULL,
  -- As the workflow or another action writes it.
  ref TEXT NOT NULL,
  sha TEXT NOT NULL,
  -- What the ref named then: `sha`, `tag` or `branch`.
  kind TEXT NOT NULL,
  PRIMARY KEY (build_id, name, ref)
) WITHOUT ROWID;
