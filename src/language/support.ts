/** The one table of what Sandlot carries out of GitHub's workflow syntax, and why it refuses the rest. */

/** `yes`: carried out. `ignored`: changes nothing on GitHub's runners either. Any other text: why it is refused. */
type Support = "yes" | "ignored" | { refused: string };

const FILTERS = {
  branches: "yes",
  "branches-ignore": "yes",
  tags: "yes",
  "tags-ignore": "yes",
  paths: "yes",
  "paths-ignore": "yes",
  types: "yes",
} as const;

const BACKGROUND = { refused: "steps that run side by side are not carried out yet" } as const;

export const SUPPORT = {
  workflow: {
    name: "yes",
    description: "ignored",
    "run-name": "yes",
    on: "yes",
    env: "yes",
    defaults: "yes",
    permissions: "yes",
    concurrency: "yes",
    jobs: "yes",
  },
  "on.push": FILTERS,
  "on.pull_request": FILTERS,
  "on.workflow_dispatch": { inputs: "yes" },
  "on.schedule": { cron: "yes", timezone: { refused: "schedules are in UTC" } },
  "defaults.run": { shell: "yes", "working-directory": "yes" },
  concurrency: {
    group: "yes",
    "cancel-in-progress": "yes",
    queue: { refused: "one build waits per concurrency group" },
  },
  job: {
    name: "yes",
    needs: "yes",
    if: "yes",
    "runs-on": "yes",
    env: "yes",
    defaults: "yes",
    strategy: "yes",
    "timeout-minutes": "yes",
    "cancel-timeout-minutes": { refused: "after a cancel, steps have five minutes" },
    "continue-on-error": "yes",
    concurrency: "yes",
    permissions: "yes",
    outputs: "yes",
    steps: "yes",
    container: { refused: "a job runs in Sandlot's own image" },
    services: { refused: "service containers are not carried out yet" },
    environment: { refused: "on GitHub an environment may be guarded by people, and Sandlot has no such guard yet" },
    snapshot: { refused: "images of a runner are not carried out" },
    uses: { refused: "reusable workflows are not carried out yet" },
    with: { refused: "reusable workflows are not carried out yet" },
    secrets: { refused: "reusable workflows are not carried out yet" },
  },
  "runs-on": { labels: "yes", group: { refused: "there are no runner groups" } },
  strategy: { matrix: "yes", "fail-fast": "yes", "max-parallel": "yes" },
  step: {
    id: "yes",
    name: "yes",
    if: "yes",
    run: "yes",
    uses: "yes",
    with: "yes",
    env: "yes",
    shell: "yes",
    "working-directory": "yes",
    "timeout-minutes": "yes",
    "continue-on-error": "yes",
    background: BACKGROUND,
    parallel: BACKGROUND,
    wait: BACKGROUND,
    "wait-all": BACKGROUND,
    cancel: BACKGROUND,
  },
} as const satisfies Record<string, Record<string, Support>>;

export type SupportedPlace = keyof typeof SUPPORT;

/** Why a key that GitHub accepts is not carried out at this place; null where it is. */
export function refusal(place: SupportedPlace, key: string): string | null {
  const keys: Record<string, Support> = SUPPORT[place];
  const support = Object.hasOwn(keys, key.toLowerCase()) ? keys[key.toLowerCase()] : undefined;
  if (support === undefined) {
    return `'${key}' is not carried out by Sandlot`;
  }
  return typeof support === "string" ? null : `'${key}' is not carried out by Sandlot: ${support.refused}`;
}

/** Events that can start a build. A workflow may name others: on GitHub they would start it, here they never come. */
export const CARRIED_EVENTS: readonly string[] = ["push", "pull_request", "workflow_dispatch", "schedule"];

/** Event keys whose contents are checked: the others never come, so their filters cannot matter. */
export function eventPlace(event: string): SupportedPlace | null {
  const place = `on.${event}`;
  return Object.hasOwn(SUPPORT, place) ? (place as SupportedPlace) : null;
}
