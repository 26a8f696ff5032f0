/** The parts that GitHub's payloads share: only the fields that are used. */

import { z } from "zod";
import type { Repository, TriggerEvent } from "../model/event.ts";

export type EventReading =
  /**
   * `event` is what may start builds, or ends those of a merge group that is gone; where it is null, `ignored` says why
   * nothing starts.
   */
  { ok: true; event: TriggerEvent } | { ok: true; event: null; ignored: string } | { ok: false; error: string };

export const sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const name = z.string().regex(/^[\w.-]+$/);
export const user = z.object({ id: z.int(), login: z.string().min(1) });
export const repository = z.object({
  id: z.int(),
  name,
  owner: z.object({ login: name, id: z.int().optional() }),
  private: z.boolean(),
  default_branch: z.string().min(1),
});
export const installation = z.object({ id: z.int() }).nullish();

export function toRepository(given: z.infer<typeof repository>): Repository {
  return {
    id: given.id,
    owner: given.owner.login,
    ...(given.owner.id !== undefined && { ownerId: given.owner.id }),
    name: given.name,
    private: given.private,
    defaultBranch: given.default_branch,
  };
}

export function isDependabot(who: { login: string } | null): boolean {
  return who?.login === "dependabot[bot]";
}

export function firstLine(text: string): string {
  return (text.split(/\r?\n/, 1)[0] ?? "").trim();
}

export function wrongShape(event: string, error: z.ZodError): EventReading {
  const issue = error.issues[0];
  const path = issue?.path.join(".") ?? "";
  return {
    ok: false,
    error: `${event} payload: ${path === "" ? "the whole" : path}: ${issue?.message ?? "wrong shape"}`,
  };
}
