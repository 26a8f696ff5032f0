/** The rest of a build's page: what it keeps, what it cost, where it comes from. */

import type { ActionView, BuildView, CacheUse } from "../../model/api.ts";
import { CONTAINER_PRICES } from "../../model/prices.ts";
import { artifactPagePath, buildPagePath } from "../../model/urls.ts";
import { A, Time } from "./parts.tsx";
import { count, size } from "./words.ts";

export function Artifacts({ build }: { build: BuildView }) {
  const { artifacts } = build;
  if (artifacts.length === 0) return null;
  const query = build.runAttempt === build.newestRunAttempt ? "" : `?run_attempt=${build.runAttempt}`;
  return (
    <section id="artifacts" class="card" aria-labelledby="artifacts-title">
      <h2 id="artifacts-title">Artifacts</h2>
      <ul class="files">
        {artifacts.map(({ name, files, bytes, expiresAt }) => (
          <li>
            <A href={`${artifactPagePath(build.id, name)}${query}`}>{name}</A>
            <span class="size">
              {`${count(files, "file")}, ${size(bytes)}, expires `}
              <Time at={expiresAt} />{" "}
              <A href={`${artifactPagePath(build.id, name)}/zip${query}`} label={`Download ${name} as zip`}>
                zip
              </A>
            </span>
          </li>
        ))}
      </ul>
      {artifacts.length === 1 ? null : (
        <p>
          <A href={`${buildPagePath(build.id)}/artifacts.zip${query}`}>All as one zip</A>
        </p>
      )}
    </section>
  );
}

export function AboutBuild({ build, githubUrl }: { build: BuildView; githubUrl: string }) {
  const { path } = build.workflow;
  const file = `${githubUrl}/${build.repository}/blob/${build.sha}/${path.split("/").map(encodeURIComponent).join("/")}`;
  const caches = mergeCaches(build.jobs.flatMap((job) => job.caches));
  return (
    <section id="about" class="card" aria-labelledby="about-title">
      <h2 id="about-title">About this build</h2>
      <dl class="about-build">
        <dt>Workflow</dt>
        <dd>
          <A href={file}>
            <code>{path}</code>
          </A>{" "}
          as it is in <code>{build.sha.slice(0, 7)}</code>
        </dd>
        <dt>Status on GitHub</dt>
        <dd>{build.context}</dd>
        <dt>Sandboxes</dt>
        <dd>
          <Cost cost={build.cost} />
        </dd>
        <Actions build={build} githubUrl={githubUrl} />
        {caches.length === 0 ? null : (
          <>
            <dt>Caches</dt>
            <dd>
              {caches.map((use) => (
                <div>
                  <code>{use.key}</code> {cacheWord(use)}
                </div>
              ))}
            </dd>
          </>
        )}
        <dt>Started by</dt>
        <dd>
          <A href={`/deliveries/${encodeURIComponent(build.deliveryId)}`}>the delivery {build.deliveryId}</A>
        </dd>
      </dl>
    </section>
  );
}

function Actions({ build, githubUrl }: { build: BuildView; githubUrl: string }) {
  if (build.actions.length === 0) return null;
  return (
    <>
      <dt>Actions</dt>
      <dd>
        {build.actions.map((one) => (
          <Pinned action={one} githubUrl={githubUrl} />
        ))}
      </dd>
    </>
  );
}

/** What was carried out, whatever the ref means by now. */
function Pinned({ action, githubUrl }: { action: ActionView; githubUrl: string }) {
  const { name, ref, sha, kind } = action;
  return (
    <div>
      <code>{`${name}@${ref}`}</code> {kind === "sha" ? "by its commit" : `${kind}, which was `}
      {kind === "sha" ? null : (
        <A href={`${githubUrl}/${name}/tree/${sha}`}>
          <code>{sha.slice(0, 12)}</code>
        </A>
      )}
    </div>
  );
}

function Cost({ cost }: { cost: BuildView["cost"] }) {
  if (cost.sandboxMs === 0) return <>none was started</>;
  const minutes = cost.sandboxMs / 60_000;
  return (
    <>
      {`${minutes.toFixed(minutes < 10 ? 1 : 0)} minutes, at most ${dollars(cost.atMostUsd)} `}
      <small>
        (<A href={CONTAINER_PRICES.source}>Cloudflare's prices</A> of {CONTAINER_PRICES.readOn}, the CPU taken as busy
        all the time, nothing taken as included in the plan)
      </small>
    </>
  );
}

/** Two digits that say something. */
function dollars(usd: number): string {
  if (usd === 0) return "$0";
  if (usd < 0.0001) return "$0.0001";
  return `$${usd >= 0.1 ? usd.toFixed(2) : usd.toPrecision(2)}`;
}

/** What a step found and what its post step saved are one line. */
function mergeCaches(caches: CacheUse[]): CacheUse[] {
  const byKey = new Map<string, CacheUse>();
  for (const use of caches) {
    const known = byKey.get(use.key);
    if (!known || use.saved) byKey.set(use.key, { ...use, matchedKey: known?.matchedKey ?? use.matchedKey });
  }
  return [...byKey.values()];
}

function cacheWord({ matchedKey, saved, bytes }: CacheUse): string {
  const found = matchedKey === null ? "was not there" : "was found";
  if (!saved) return found;
  return `${found}, saved${bytes === null ? "" : ` ${size(bytes)}`}`;
}
