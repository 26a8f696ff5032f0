/** The one table of what Sandlot carries out of GitHub's workflow syntax, and why it refuses the rest. */

/** `yes`: carried out as on GitHub. `differs`: carried out, but so. `refused`: why a file that has it is a problem. */
export type Support = "yes" | { differs: string } | { refused: string };

const BY_BRANCH_AND_PATH = {
  branches: "yes",
  "branches-ignore": "yes",
  paths: "yes",
  "paths-ignore": "yes",
} as const;

const BACKGROUND = { refused: "steps that run side by side are not carried out yet" } as const;

const NO_DOCKER = { refused: "there is no Docker in a sandbox" } as const;

export const SUPPORT = {
  workflow: {
    name: "yes",
    description: { differs: "shown nowhere" },
    "run-name": "yes",
    on: "yes",
    env: "yes",
    defaults: "yes",
    permissions: {
      differs:
        "`contents: read` where nothing is said; the token never writes statuses, checks or actions; `id-token` and `models` are never given",
    },
    concurrency: "yes",
    jobs: "yes",
  },
  "on.push": { ...BY_BRANCH_AND_PATH, tags: "yes", "tags-ignore": "yes" },
  "on.pull_request": { types: "yes", ...BY_BRANCH_AND_PATH },
  "on.merge_group": { types: "yes", branches: "yes", "branches-ignore": "yes" },
  "on.release": { types: "yes" },
  "on.workflow_dispatch": { inputs: "yes" },
  "on.schedule": { cron: "yes", timezone: { refused: "schedules are in UTC" } },
  "on.workflow_call": { inputs: "yes", secrets: "yes", outputs: "yes" },
  "on.workflow_call.inputs": { description: "yes", type: "yes", required: "yes", default: "yes" },
  "on.workflow_call.secrets": { description: "yes", required: "yes" },
  "on.workflow_call.outputs": { description: "yes", value: "yes" },
  "on.workflow_dispatch.inputs": {
    description: "yes",
    required: "yes",
    default: "yes",
    type: { differs: "any text is taken for an `environment`" },
    options: "yes",
  },
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
    "runs-on": {
      differs:
        "Linux labels name a size of sandbox; a job with another label fails with `no_sandbox`, or is skipped where `UNSUPPORTED_RUNNERS=skip`",
    },
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
    services: { differs: "postgres, mysql, mariadb, redis and memcached, as processes of the sandbox" },
    environment: {
      differs:
        "runs only where the environment was made in Sandlot (`sandlot environments create`), since on GitHub people may guard it; no deployment is made, `url` is shown nowhere",
    },
    snapshot: { refused: "images of a runner are not carried out" },
    uses: { differs: "workflows of the same repository only, neither call nor called file with `concurrency`" },
    with: "yes",
    secrets: "yes",
  },
  service: {
    image: {
      differs:
        "the server that the image of the sandbox has, or Debian; the version given is said in the log. `mysql` is MariaDB",
    },
    env: { differs: "what the official images document of users, passwords and databases; else a warning" },
    ports: { differs: "on loopback, TCP; the server's own port inside" },
    options: { differs: "`--health-*` say how long a server may take; any other is a warning" },
    credentials: { refused: "no image is pulled" },
    volumes: { refused: "a service is a process of the sandbox, which sees its files" },
    command: { refused: "servers are started in Sandlot's own way" },
    entrypoint: { refused: "servers are started in Sandlot's own way" },
  },
  "runs-on": { labels: "yes", group: { refused: "there are no runner groups" } },
  strategy: {
    matrix: { differs: "one that was computed from outputs keeps its legs when the build is run again" },
    "fail-fast": "yes",
    "max-parallel": "yes",
  },
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
  action: {
    name: "yes",
    description: { differs: "may be left out; shown nowhere" },
    author: { differs: "shown nowhere" },
    branding: { differs: "shown nowhere" },
    inputs: "yes",
    outputs: "yes",
    runs: "yes",
  },
  "action.inputs": {
    description: "yes",
    required: "yes",
    default: "yes",
    deprecationMessage: { differs: "shown nowhere" },
  },
  "action.outputs": { description: "yes", value: "yes" },
  "action.runs": {
    using: { differs: "`composite`, and `node12` to `node24` by the nearest Node that there is; `docker` is refused" },
    steps: "yes",
    main: "yes",
    pre: { differs: "not of an action of the repository itself, as on GitHub" },
    "pre-if": "yes",
    post: "yes",
    "post-if": "yes",
    image: NO_DOCKER,
    entrypoint: NO_DOCKER,
    args: NO_DOCKER,
    env: NO_DOCKER,
    "pre-entrypoint": NO_DOCKER,
    "post-entrypoint": NO_DOCKER,
  },
  "action.step": {
    id: "yes",
    name: "yes",
    if: "yes",
    run: "yes",
    uses: "yes",
    with: "yes",
    env: "yes",
    shell: "yes",
    "working-directory": "yes",
    "continue-on-error": "yes",
  },
} as const satisfies Record<string, Record<string, Support>>;

export type SupportedPlace = keyof typeof SUPPORT;

/** Why a key that GitHub accepts is not carried out at this place; null where it is. */
export function refusal(place: SupportedPlace, key: string): string | null {
  const keys: Record<string, Support> = SUPPORT[place];
  const name = Object.keys(keys).find((known) => known.toLowerCase() === key.toLowerCase());
  const support = name === undefined ? undefined : keys[name];
  if (support === undefined) {
    return `'${key}' is not carried out by Sandlot`;
  }
  return typeof support === "object" && "refused" in support
    ? `'${key}' is not carried out by Sandlot: ${support.refused}`
    : null;
}

const NEVER_COMES = { refused: "never starts a build; naming it is no problem" } as const;

/** Every event that GitHub knows. A workflow may name any: on GitHub the others would start it, here they never come. */
export const EVENTS = {
  push: "yes",
  pull_request: { differs: "not from forks, and not by dependabot" },
  workflow_dispatch: { differs: "through Sandlot's API" },
  schedule: { differs: "within a minute of its time; what was missed starts once" },
  merge_group: { differs: "a group that is destroyed cancels its builds" },
  release: "yes",
  workflow_call: { differs: "from workflows of the same repository" },
  branch_protection_rule: NEVER_COMES,
  check_run: NEVER_COMES,
  check_suite: NEVER_COMES,
  create: NEVER_COMES,
  delete: NEVER_COMES,
  deployment: NEVER_COMES,
  deployment_status: NEVER_COMES,
  discussion: NEVER_COMES,
  discussion_comment: NEVER_COMES,
  fork: NEVER_COMES,
  gollum: NEVER_COMES,
  image_version: NEVER_COMES,
  issue_comment: NEVER_COMES,
  issues: NEVER_COMES,
  label: NEVER_COMES,
  milestone: NEVER_COMES,
  page_build: NEVER_COMES,
  project: NEVER_COMES,
  project_card: NEVER_COMES,
  project_column: NEVER_COMES,
  public: NEVER_COMES,
  pull_request_comment: NEVER_COMES,
  pull_request_review: NEVER_COMES,
  pull_request_review_comment: NEVER_COMES,
  pull_request_target: NEVER_COMES,
  registry_package: NEVER_COMES,
  repository_dispatch: NEVER_COMES,
  status: NEVER_COMES,
  watch: NEVER_COMES,
  workflow_run: NEVER_COMES,
} as const satisfies Record<string, Support>;

export const CONTEXTS = {
  github: {
    differs: "`run_id` is a word; `ref_protected` is always false",
  },
  env: "yes",
  vars: "yes",
  job: { differs: "`status` and `services`" },
  jobs: "yes",
  steps: "yes",
  runner: { differs: "`environment` is `self-hosted`" },
  secrets: "yes",
  strategy: "yes",
  matrix: "yes",
  needs: "yes",
  inputs: "yes",
} as const satisfies Record<string, Support>;

export const FUNCTIONS = {
  contains: "yes",
  startsWith: "yes",
  endsWith: "yes",
  format: "yes",
  join: "yes",
  toJSON: "yes",
  fromJSON: "yes",
  case: "yes",
  hashFiles: "yes",
  success: { differs: "takes no job names" },
  failure: { differs: "takes no job names" },
  cancelled: "yes",
  always: "yes",
} as const satisfies Record<string, Support>;

/** Event keys whose contents are checked: the other events never come, so their filters cannot matter. */
export function eventPlace(event: string): SupportedPlace | null {
  const place = `on.${event}`;
  return carriesOut(event) && Object.hasOwn(SUPPORT, place) ? (place as SupportedPlace) : null;
}

/** Where the entries of a list under an event stand in the table, if they do. */
export function inputPlace(event: string, list: string): SupportedPlace | null {
  const place = `on.${event}.${list}`;
  return Object.hasOwn(SUPPORT, place) ? (place as SupportedPlace) : null;
}

/** Whether Sandlot acts on this event. */
function carriesOut(event: string): boolean {
  const events: Record<string, Support> = EVENTS;
  const support = Object.hasOwn(events, event) ? events[event] : undefined;
  return support === "yes" || (support !== undefined && "differs" in support);
}
