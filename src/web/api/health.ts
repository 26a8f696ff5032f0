/** How Sandlot itself does, and whether it is set up right: for whoever keeps it, and for `sandlot doctor`. */

import { GitHubFault } from "../../github/client.ts";
import { listSentWebhooks } from "../../github/deliveries.ts";
import { readAppSetup } from "../../github/setup.ts";
import type { AppSetup } from "../../github/setup.ts";
import { bad, good, warn } from "../../model/health.ts";
import type { Check, HealthView, RateLimit, SetupView } from "../../model/health.ts";
import { STALE_HEARTBEAT_MS } from "../../model/limits.ts";
import { readMarks } from "../../store/marks.ts";
import { readDepth } from "../../store/open-work.ts";
import { json } from "../http/answer.ts";
import type { Rooms } from "../rooms.ts";

/** Of the limit: less left is said. */
const LOW_LIMIT = 0.1;

export async function getHealth({ db }: Pick<Rooms, "db">): Promise<Response> {
  const now = Date.now();
  const depth = await readDepth(db, now - STALE_HEARTBEAT_MS);
  const mark = (await readMarks(db)).get("github.limit");
  const rateLimit =
    mark === undefined ? null : { ...(JSON.parse(mark.value) as Omit<RateLimit, "seenAt">), seenAt: mark.at };
  const problems = [
    ...(depth.stale > 0
      ? [`${depth.stale} attempts are watched by nobody; the sweep looks after them each minute`]
      : []),
    ...(depth.untold > 0 ? [`GitHub was not told the end of ${depth.untold} builds: see "sandlot doctor"`] : []),
    ...(rateLimit && isLow(rateLimit, now)
      ? [`GitHub lets us ask ${rateLimit.remaining} more times until ${new Date(rateLimit.resetAt).toISOString()}`]
      : []),
  ];
  const view: HealthView = {
    ok: problems.length === 0,
    problems,
    queue: {
      deliveries: depth.deliveries,
      builds: depth.builds,
      jobs: depth.jobs,
      oldestWaitingMs: depth.oldestAt === null ? null : Math.max(0, now - depth.oldestAt),
    },
    attempts: { live: depth.live, stale: depth.stale },
    failingReports: depth.untold,
    lastDeliveryAt: depth.lastDeliveryAt,
    rateLimit,
  };
  return json(view);
}

function isLow({ limit, remaining, resetAt }: RateLimit, now: number): boolean {
  return resetAt > now && remaining < limit * LOW_LIMIT;
}

type SetupRooms = Pick<Rooms, "github" | "publicUrl" | "webhookSecrets" | "masterKey">;

/** Asks GitHub; so it is for a person who wants to know, not for a monitor. */
export async function getSetup(rooms: SetupRooms): Promise<Response> {
  const checks = [...checkSecrets(rooms), checkPublicUrl(rooms.publicUrl)];
  const { appId, privateKey } = rooms.github;
  if (appId && privateKey) checks.push(...(await checkApp(rooms)));
  const view: SetupView = { checks, now: Date.now() };
  return json(view);
}

function checkSecrets({ github, webhookSecrets, masterKey }: SetupRooms): Check[] {
  const wanted: [string, boolean][] = [
    ["GITHUB_APP_ID", Boolean(github.appId)],
    ["GITHUB_APP_PRIVATE_KEY", Boolean(github.privateKey)],
    ["GITHUB_WEBHOOK_SECRET", webhookSecrets.length > 0],
    ["SANDLOT_MASTER_KEY", Boolean(masterKey)],
  ];
  return wanted.map(([name, isSet]) =>
    isSet
      ? good(name, "is set")
      : bad(name, "is not set", `wrangler secret put ${name}   # docs/deploy.md says which value`),
  );
}

function checkPublicUrl(url: string): Check {
  const isWeb = /^https:\/\/[^/]+$/.test(url) || /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(url);
  return isWeb
    ? good("PUBLIC_URL", url)
    : bad(
        "PUBLIC_URL",
        `${url} is no https origin`,
        "set PUBLIC_URL in wrangler.jsonc to https://<your worker>, and deploy",
      );
}

/** What Sandlot cannot do without, and what it goes without some builds lacking. */
const PERMISSIONS: Record<string, "read" | "write"> = {
  metadata: "read",
  contents: "read",
  statuses: "write",
  pull_requests: "read",
};
const EVENTS = { bad: ["push", "pull_request"], warning: ["merge_group", "release"] } as const;

async function checkApp(rooms: SetupRooms): Promise<Check[]> {
  try {
    const setup = await readAppSetup(rooms.github);
    return [
      good("GitHub App", `${setup.slug}, installed for ${setup.installations ?? "some"} accounts`),
      ...checkRights(setup),
      checkHook(setup, rooms.publicUrl),
      ...checkInstalled(setup),
      await checkSent(rooms),
      ...checkClock(setup),
    ];
  } catch (error) {
    if (!(error instanceof GitHubFault)) throw error;
    const mend =
      error.reason === "unauthorized"
        ? "GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY have to be of one App, and the key not revoked: make a new one in the App's settings"
        : "ask again in a minute; https://www.githubstatus.com says whether GitHub is well";
    return [bad("GitHub App", error.message, mend)];
  }
}

function checkRights({ permissions, events, settingsUrl }: AppSetup): Check[] {
  const where = `in the App's settings (${settingsUrl}), then accept it in each installation`;
  const rights = Object.entries(PERMISSIONS).flatMap(([name, level]) => {
    const given = permissions[name];
    if (given === level || given === "write" || given === "admin") return [];
    return [bad("permissions", `${name}: ${level} is missing`, `give it ${where}`)];
  });
  const heard = (["bad", "warning"] as const).flatMap((state) =>
    EVENTS[state]
      .filter((event) => !events.includes(event))
      .map((event): Check => ({
        name: "events",
        state,
        says: `${event} is not subscribed to`,
        mend: `tick it ${where}`,
      })),
  );
  const all = [...rights, ...heard];
  return all.length > 0 ? all : [good("permissions, events", "all that Sandlot needs")];
}

function checkHook({ hookUrl, settingsUrl }: AppSetup, publicUrl: string): Check {
  const wanted = `${publicUrl}/webhooks/github`;
  if (hookUrl === wanted) return good("webhook", wanted);
  return bad(
    "webhook",
    `GitHub sends to ${hookUrl || "nowhere"}, not to ${wanted}`,
    `set the webhook's address in ${settingsUrl}`,
  );
}

function checkInstalled({ installations, settingsUrl }: AppSetup): Check[] {
  if (installations !== 0) return [];
  return [bad("installations", "the App is installed nowhere", `install it: ${settingsUrl}/installations/new`)];
}

const DAY_MS = 86_400_000;

async function checkSent({ github }: SetupRooms): Promise<Check> {
  const sent = await listSentWebhooks(github, { since: Date.now() - DAY_MS, pages: 1 });
  const [newest] = sent;
  if (newest === undefined)
    return warn("deliveries", "GitHub sent nothing for a day", "push something, and look again");
  const failed = sent.filter((one) => !one.taken);
  if (failed.length === 0) return good("deliveries", `the last ${sent.length} were all taken`);
  const [last] = failed;
  return {
    name: "deliveries",
    state: newest.taken ? "warning" : "bad",
    says: `${failed.length} of the last ${sent.length} were not taken, the last with: ${last?.status}`,
    mend: "the sweep has them sent again for three days; 401 means that GITHUB_WEBHOOK_SECRET is not the App's",
  };
}

/** GitHub takes no word of an App whose clock is a minute ahead. */
const SKEW_MS = 30_000;

function checkClock({ now }: AppSetup): Check[] {
  if (now === null) return [];
  const skew = Date.now() - now;
  return Math.abs(skew) < SKEW_MS
    ? [good("clock", "agrees with GitHub's")]
    : [bad("clock", `differs from GitHub's by ${Math.round(skew / 1000)} s`, "set this machine's clock")];
}
