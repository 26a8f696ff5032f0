/** Who did what: reruns, cancels, dispatches, changes of secrets and the like, newest first. */

import { z } from "zod";
import type { Page } from "../../model/api.ts";
import { MAX_PAGE_ITEMS } from "../../model/limits.ts";
import type { AuditView } from "../../model/settings-api.ts";
import { listActs } from "../../store/audit.ts";
import { json, problem } from "../http/answer.ts";
import { readQuery } from "../http/query.ts";
import type { Rooms } from "../rooms.ts";
import { readKnownRepository } from "./scope.ts";

const auditQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(30),
  after: z.coerce.number().int().positive().optional(),
  /** `owner/name`. */
  repository: z.string().max(300).optional(),
});

export async function getAudit(rooms: Pick<Rooms, "db">, url: string): Promise<Response> {
  const query = readQuery(url, auditQuery);
  if (!query.ok) return query.answer;
  const { limit, after, repository: name } = query.value;
  const repository = await findNamed(rooms.db, name);
  if (!repository.ok) return repository.answer;
  const acts = await listActs(rooms.db, { repositoryId: repository.value, before: after ?? null, limit });
  const last = acts.at(-1);
  const page: Page<AuditView> = { items: acts, next: last && acts.length === limit ? String(last.id) : null };
  return json(page);
}

async function findNamed(db: D1Database, name: string | undefined) {
  if (name === undefined) return { ok: true, value: null } as const;
  const [owner, repo, ...rest] = name.split("/");
  if (!owner || !repo || rest.length > 0)
    return { ok: false, answer: problem(400, "repository is owner/name.") } as const;
  const found = await readKnownRepository(db, { owner, repo });
  return found.ok ? ({ ok: true, value: found.value.id } as const) : found;
}
