/** The pages in front of the pages: sign in, not for you, not there. */

import { frameOf } from "../pages/frame.tsx";
import type { Frame } from "../pages/frame.tsx";
import { html, Notice } from "../pages/layout.tsx";
import { AccountMenu, signInUrl } from "./menu.tsx";
import { actorOf } from "./viewer.ts";
import type { Viewer } from "./viewer.ts";

export interface Door {
  viewer: Viewer;
  canSignIn: boolean;
  request: Request;
}

export function showSignIn(door: Door, status: 200 | 401, problem?: string): Response {
  return html(
    <Notice title="Sign in" frame={frame(door)}>
      {problem === undefined ? null : <p role="alert">{problem}</p>}
      <p>Sandlot shows you the builds of the repositories that GitHub lets you see.</p>
      <SignInLink door={door} />
    </Notice>,
    status,
  );
}

/** One and the same for what is not there and for what is not theirs to see. */
export function showHidden(door: Door): Response {
  return html(
    <Notice title="There is no such page" frame={frame(door)}>
      <p>Or it is not yours to see: what you see here is what GitHub lets you see.</p>
      {door.viewer.kind === "anonymous" ? <SignInLink door={door} /> : null}
    </Notice>,
    404,
  );
}

export function showForbidden(door: Door, why: string): Response {
  return html(
    <Notice title="You may not do this" frame={frame(door)}>
      <p>{why}</p>
    </Notice>,
    403,
  );
}

function SignInLink({ door }: { door: Door }) {
  if (!door.canSignIn) return null;
  return (
    <p>
      <a class="button" href={signInUrl(nextOf(door.request))}>
        Sign in with GitHub
      </a>
    </p>
  );
}

/** What a form sent is not sent again: from there it goes back to the start. */
function nextOf(request: Request): string {
  const { pathname, search, searchParams } = new URL(request.url);
  if (pathname === "/login") return searchParams.get("next") ?? "/";
  return request.method === "GET" ? `${pathname}${search}` : "/";
}

export function frame(door: Door): Frame {
  const { viewer, canSignIn, request } = door;
  return {
    ...frameOf(request),
    account: <AccountMenu viewer={viewer} canSignIn={canSignIn} path={nextOf(request)} />,
    who: actorOf(viewer),
  };
}
