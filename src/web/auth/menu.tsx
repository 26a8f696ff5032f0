/** The corner of every page that says who is looking, with the way in or out. */

import { SIGN_IN_PATH } from "./paths.ts";
import { actorOf } from "./viewer.ts";
import type { Viewer } from "./viewer.ts";

/** `path` is the page's own, to come back to. `canSignIn` is false where there is no way to. */
export function AccountMenu({ viewer, canSignIn, path }: { viewer: Viewer; canSignIn: boolean; path: string }) {
  if (viewer.kind === "anonymous") {
    return canSignIn ? (
      <a class="account" href={signInUrl(path)}>
        Sign in
      </a>
    ) : null;
  }
  if (viewer.kind !== "person")
    return (
      <a class="account" href="/audit" title="Who did what">
        {NAMES[viewer.kind] ?? actorOf(viewer)}
      </a>
    );
  const { login, userId } = viewer.session;
  return (
    <form class="account" method="post" action="/logout">
      <img src={avatarUrl(userId)} alt="" width="20" height="20" referrerpolicy="no-referrer" />
      <a href="/audit" title="Who did what">
        {login}
      </a>
      <button>Sign out</button>
    </form>
  );
}

/** Whoever sits at the machine has no name here. */
const NAMES: Partial<Record<Viewer["kind"], string>> = { machine: "Audit" };

/** By the id alone: a login may hold what an address must not. */
function avatarUrl(userId: number): string {
  return `https://avatars.githubusercontent.com/u/${userId}?s=40`;
}

export function signInUrl(path: string): string {
  return `${SIGN_IN_PATH}?next=${encodeURIComponent(path)}`;
}
