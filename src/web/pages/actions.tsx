/** Which commit each action of another repository was in a build. */

import type { BuildView } from "../../model/api.ts";
import { A } from "./parts.tsx";

const SHOWN_SHA_CHARS = 12;

export function Actions({ build, githubUrl }: { build: BuildView; githubUrl: string }) {
  if (build.actions.length === 0) return null;
  return (
    <section id="actions" class="card" aria-labelledby="actions-title">
      <h2 id="actions-title">Actions</h2>
      <ul>
        {build.actions.map(({ name, ref, sha, kind }) => (
          <li>
            <A href={`${githubUrl}/${name}/tree/${sha}`}>{name}</A> {kind === "sha" ? null : `@${ref} was `}
            <code title={sha}>{sha.slice(0, SHOWN_SHA_CHARS)}</code>
            {kind === "branch" ? " (a branch: what runs changes with it)" : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
