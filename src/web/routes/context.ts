/** What every route starts from: the rooms it may touch, and the repository that its address names. */

import type { Context } from "hono";
import type { Viewer } from "../auth/viewer.ts";
import { preferredForm } from "../http/accept.ts";
import { roomsOf } from "../rooms.ts";
import type { RepositoryName, Rooms } from "../rooms.ts";

export type App = { Bindings: Env; Variables: { viewer?: Viewer } };

export const rooms = (c: Context<App>): Rooms => roomsOf(c.env, c.req.raw, c.get("viewer"));
export const asksJson = (c: Context<App>): boolean => preferredForm(c.req.raw) === "application/json";
export const repository = (c: Context<App, "/:owner/:repo">): RepositoryName => ({
  owner: c.req.param("owner"),
  repo: c.req.param("repo"),
});
