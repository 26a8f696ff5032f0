/** What stands around every page and depends on who asks: made in one place from the request. */

import type { Child } from "hono/jsx";
import { readRepository } from "../../store/repositories.ts";
import { AccountMenu } from "../auth/menu.tsx";
import { mayAct } from "../auth/rights.ts";
import type { RightRooms } from "../auth/rights.ts";
import type { Rooms } from "../rooms.ts";
import { themeOf } from "./theme.ts";
import type { Theme } from "./theme.ts";

export interface Frame {
  theme: Theme;
  /** The page's own path and query: where a form leads back to. */
  path: string;
  /** Who is signed in, and the way out. */
  account: Child;
  /** The same in a word. */
  who: string;
  /** Whether buttons that change something are shown; what they send is checked again. */
  mayAct: boolean;
}

export function frameOf(request: Request): Frame {
  const { pathname, search } = new URL(request.url);
  return { theme: themeOf(request), path: `${pathname}${search}`, account: null, who: "", mayAct: false };
}

export type FrameRooms = RightRooms & Pick<Rooms, "db" | "viewer" | "actor" | "signIn">;

/** Around a page about a repository, or about none. */
export async function frameFor(rooms: FrameRooms, request: Request, repositoryId?: number): Promise<Frame> {
  const frame = frameOf(request);
  const repository = repositoryId === undefined ? null : await readRepository(rooms.db, repositoryId);
  return {
    ...frame,
    account: <AccountMenu viewer={rooms.viewer} canSignIn={rooms.signIn !== null} path={frame.path} />,
    who: rooms.actor,
    mayAct: repository !== null && (await mayAct(rooms, repository)),
  };
}
