/** REPORTS: tells GitHub what our rows say now. The latest wins; nobody else posts statuses. */

import { githubConfig, installationOctokit } from "../src/github/app.ts";
import { GitHubFault, lastLimit } from "../src/github/client.ts";
import { postStatus } from "../src/github/statuses.ts";
import { log, logFault } from "../src/model/log.ts";
import type { ReportMessage } from "../src/model/messages.ts";
import { projectReport } from "../src/model/report.ts";
import type { Report } from "../src/model/report.ts";
import { buildPageUrl } from "../src/model/urls.ts";
import { buildsBehindReport, markReported } from "../src/store/builds.ts";
import { setMark } from "../src/store/marks.ts";
import { readRepository } from "../src/store/repositories.ts";

export async function consumeReport(env: Env, message: Message<ReportMessage>): Promise<void> {
  const { repositoryId, sha, context } = message.body;
  try {
    const told = await report(env, message.body);
    await keepLimit(env.DB, Date.now());
    message.ack();
    log("report.sent", { repositoryId, sha, context, told });
  } catch (error) {
    const asked = error instanceof GitHubFault ? error.retryAfterMs : null;
    message.retry({ delaySeconds: asked === null ? Math.min(2 ** message.attempts, 600) : Math.ceil(asked / 1000) });
    logFault("report.failed", error, { repositoryId, sha, context, attempts: message.attempts });
  }
}

/** How often GitHub's limit is written down: it is for a person who looks. */
const LIMIT_EVERY_MS = 5 * 60_000;
let limitKeptAt = 0;

async function keepLimit(db: D1Database, now: number): Promise<void> {
  const limit = lastLimit();
  if (limit === null || now - limitKeptAt < LIMIT_EVERY_MS) return;
  limitKeptAt = now;
  await setMark(db, "github.limit", JSON.stringify(limit), now).run();
}

/** Until when GitHub asked us to wait, by installation: another report must not ask in between. One consumer works at a time. */
const waits = new Map<number, number>();

function throwWhileWaiting(installationId: number): void {
  const leftMs = (waits.get(installationId) ?? 0) - Date.now();
  if (leftMs > 0) throw new GitHubFault("rate_limited", "GitHub asked us to wait", { retryAfterMs: leftMs });
}

/** What was posted, or why nothing was. */
async function report(env: Env, key: ReportMessage): Promise<string> {
  const builds = await buildsBehindReport(env.DB, key);
  const projected = projectReport(builds);
  if (projected === null) return "nothing to say";
  const { state, description, build, final } = projected;
  const words = `${state} ${description}`;
  const repeated = builds.find((one) => one.id === build.id)?.reported === words;
  const told = repeated ? "already said" : await post(env, key, projected);
  // Older words must not look like the last ones: only the deciding build remembers them.
  await env.DB.batch(
    builds.map((one) =>
      markReported(env.DB, one.id, one.id === build.id ? words : "", final && one.state.status === "completed"),
    ),
  );
  return told;
}

/** A commit, repository or installation that is gone can be told nothing more; anything else that GitHub refuses is tried again. */
async function post(env: Env, key: ReportMessage, { state, description, build }: Report): Promise<string> {
  const repository = await readRepository(env.DB, key.repositoryId);
  if (!repository?.installationId) throw new Error(`repository ${key.repositoryId} has no installation`);
  throwWhileWaiting(repository.installationId);
  try {
    await postStatus(installationOctokit(githubConfig(env), repository.installationId), {
      owner: repository.owner,
      repo: repository.name,
      sha: key.sha,
      state,
      context: key.context,
      description,
      targetUrl: buildPageUrl(env.PUBLIC_URL, build.id),
    });
    return `${state} ${description}`;
  } catch (error) {
    if (error instanceof GitHubFault && error.reason === "rate_limited")
      waits.set(repository.installationId, Date.now() + (error.retryAfterMs ?? 0));
    if (!(error instanceof GitHubFault && isForGood(error))) throw error;
    return `GitHub refuses it: ${error.message}`;
  }
}

/** An installation that is gone is no wrong key: GitHub says so with 404. */
function isForGood({ reason, status }: GitHubFault): boolean {
  return reason === "invalid" || reason === "not_found" || (reason === "unauthorized" && status === 404);
}
