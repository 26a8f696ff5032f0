/** GitHub never repeats a webhook by itself: what nobody took is asked for again. */

import { githubConfig } from "../github/app.ts";
import type { AppVariables } from "../github/app.ts";
import { listSentWebhooks, redeliverWebhook } from "../github/deliveries.ts";
import type { SentWebhook } from "../github/deliveries.ts";
import { log, logFault } from "../model/log.ts";
import { knownDeliveries } from "../store/deliveries.ts";
import { setMark } from "../store/marks.ts";
import type { Mark } from "../store/marks.ts";

type RedeliverBindings = Pick<Env, "DB" | "LOCAL_SANDBOX_URL"> & AppVariables;

/** One call to GitHub each time. */
const EVERY_MS = 5 * 60_000;
/** As long as GitHub can send it again. */
const REACH_MS = 3 * 24 * 3_600_000;
/** Said of the last round too: a try may have been under way then. */
const OVERLAP_MS = 10 * 60_000;
const MAX_PAGES = 10;
/** The next round takes the rest. */
const ROUND = 50;
/** Tries of one webhook, GitHub's own the first: a webhook that we refuse each time is not asked for for ever. */
const MAX_TRIES = 5;

/** How many webhooks it had sent again. */
export async function redeliver(env: RedeliverBindings, now: number, last: Mark | undefined): Promise<number> {
  // The GitHub of one machine sends nothing by itself, and an App that is not set up cannot ask.
  if (env.LOCAL_SANDBOX_URL !== "" || !env.GITHUB_APP_ID) return 0;
  if (last !== undefined && now - last.at < EVERY_MS) return 0;
  const config = githubConfig(env);
  const since = Math.max(now - REACH_MS, last === undefined ? 0 : Number(last.value) - OVERLAP_MS);
  const missed = missedIn(await listSentWebhooks(config, { since, pages: MAX_PAGES }));
  const known = await knownDeliveries(
    env.DB,
    missed.map((one) => one.guid),
  );
  const asked = missed.filter((one) => !known.has(one.guid));
  let again = 0;
  for (const one of asked.slice(0, ROUND)) {
    // One that GitHub no longer has must not hold up the others.
    try {
      await redeliverWebhook(config, one.id);
      again += 1;
    } catch (error) {
      logFault("webhook.not_redelivered", error, { guid: one.guid });
    }
  }
  // What was not taken this time is looked for from where it stands.
  const left = asked.slice(ROUND).concat(asked.slice(0, ROUND));
  const goOn = Math.min(now, ...left.map((one) => one.at));
  await setMark(env.DB, "webhooks.missed", goOn, now).run();
  if (again > 0) log("webhooks.redelivered", { again, missed: missed.length });
  return again;
}

/** The last try of each webhook that none of its tries brought here, oldest first. */
function missedIn(sent: readonly SentWebhook[]): SentWebhook[] {
  const tries = new Map<string, SentWebhook[]>();
  for (const one of sent) tries.set(one.guid, [...(tries.get(one.guid) ?? []), one]);
  return [...tries.values()]
    .filter((all) => all.length < MAX_TRIES && !all.some((one) => one.taken))
    .flatMap((all) => all.toSorted((a, b) => b.at - a.at).slice(0, 1))
    .toSorted((a, b) => a.at - b.at);
}
