/** Who did what, for those it concerns: all of it for whoever has the whole instance, else one's own and that of one's repositories. */

import { MAX_PAGE_ITEMS } from "../../model/limits.ts";
import { hasRight } from "../../model/right.ts";
import { listActs } from "../../store/audit.ts";
import type { StoredAct } from "../../store/audit.ts";
import { readRepository } from "../../store/repositories.ts";
import { readCount } from "../http/query.ts";
import { html, Layout } from "../pages/layout.tsx";
import { A, Time } from "../pages/parts.tsx";
import type { Rooms } from "../rooms.ts";
import { frame } from "./doors.tsx";
import { rightOn, rightOnAll } from "./rights.ts";
import type { RightRooms } from "./rights.ts";
import { actorOf } from "./viewer.ts";

type AuditRooms = RightRooms & Pick<Rooms, "viewer">;

export async function showAudit(rooms: AuditRooms, request: Request): Promise<Response> {
  const before = readCount(new URL(request.url).searchParams.get("before") ?? undefined, "before");
  if (!before.ok) return before.answer;
  const acts = await listActs(rooms.db, { repositoryId: null, before: before.value, limit: MAX_PAGE_ITEMS });
  const shown = await keepOwn(rooms, acts);
  const older = acts.length === MAX_PAGE_ITEMS ? acts.at(-1)?.id : undefined;
  const door = { viewer: rooms.viewer, canSignIn: rooms.signIn !== null, request };
  return html(
    <Layout title="Audit" frame={frame(door)}>
      <h1>Who did what</h1>
      {rooms.viewer.kind === "person" ? <Sessions /> : null}
      {shown.length === 0 ? <p>Nothing here concerns you.</p> : <Acts acts={shown} />}
      {older === undefined ? null : (
        <p>
          <A href={`/audit?before=${older}`}>Older</A>
        </p>
      )}
    </Layout>,
  );
}

/** For whoever lost a laptop, or trusts a browser no more. */
function Sessions() {
  return (
    <form method="post" action="/logout" class="told card">
      Signed in elsewhere too?{" "}
      <button name="everywhere" value="1">
        Sign out everywhere
      </button>
    </form>
  );
}

async function keepOwn(rooms: AuditRooms, acts: StoredAct[]): Promise<StoredAct[]> {
  if (rightOnAll(rooms.viewer) !== null) return acts;
  const me = actorOf(rooms.viewer);
  const ids = new Set(acts.flatMap(({ repositoryId }) => repositoryId ?? []));
  const mine = new Set<number>();
  for (const id of ids) if (await concerns(rooms, id)) mine.add(id);
  return acts.filter(({ who, repositoryId }) => who === me || (repositoryId !== null && mine.has(repositoryId)));
}

/** Whoever may act in a repository may know who did. */
async function concerns(rooms: AuditRooms, id: number): Promise<boolean> {
  const repository = await readRepository(rooms.db, id);
  return repository !== null && hasRight(await rightOn(rooms, rooms.viewer, repository, { fresh: false }), "act");
}

function Acts({ acts }: { acts: StoredAct[] }) {
  return (
    <table class="acts-table">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">Where</th>
          <th scope="col">Details</th>
        </tr>
      </thead>
      <tbody>
        {acts.map(({ at, who, what, repository, detail }) => (
          <tr>
            <td>
              <Time at={at} />
            </td>
            <td>{who}</td>
            <td>{what}</td>
            <td>{repository === null ? null : <A href={`/repositories/${repository}`}>{repository}</A>}</td>
            <td>{detail}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
