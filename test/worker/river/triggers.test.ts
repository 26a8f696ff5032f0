import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { refreshSchedules } from "../../../src/intake/schedules.ts";
import { startDue } from "../../../src/sweep/start-due.ts";
import { commit, createRepository, openPullRequest } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { mergeGroupPayload, releasePayload } from "../../support/payloads.ts";
import { buildsOf, deliver, deliveryOf, ended, github, migrate, pullRequestPayload, push, told } from "./river.ts";

beforeAll(migrate);

const FILE = ".sandlot/workflows/ci.yml";

const on = (events: string, run = "true"): Record<string, string> => ({
  [FILE]: `name: CI
on: ${events}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ${run}
`,
});

/** The clock strikes: what the cron trigger of the Worker does each minute, but for the sweep, which would find all stale. */
async function strike(time: number): Promise<void> {
  await startDue(env, time);
  await refreshSchedules(env, time);
}

async function scheduled(repository: TestRepository): Promise<string[]> {
  const rows = await env.DB.prepare(
    "SELECT id FROM deliveries WHERE kind = 'schedule' AND repository_id = ? ORDER BY id",
  )
    .bind(repository.id)
    .all<{ id: string }>();
  return rows.results.map((row) => row.id);
}

const HOUR = 3_600_000;
let hours = 0;

/** Ms of this minute in an hour to come, later than all that were asked for: the Worker's clock never goes back. */
function soon(minute: number): number {
  hours += 1;
  return (Math.floor(Date.now() / HOUR) + hours) * HOUR + minute * 60_000;
}

describe("a schedule", () => {
  it("starts in its minute, once, on the default branch as it is then", async () => {
    const due = soon(7);
    const hour = new Date(due).getUTCHours();
    const cron = `7 ${[0, 1, 2, 3, 4].map((more) => (hour + more) % 24).join(",")} * * *`;
    const run = `test "\${{ github.event.schedule }}" = "${cron}" && test "$GITHUB_EVENT_NAME" = schedule`;
    const repository = await createRepository(github, on(`{ schedule: [{ cron: '${cron}' }] }`, run));
    await deliveryOf(await push(repository));
    const moved = await commit(github, repository, { files: { "later.txt": "x" } });
    await strike(due - 60_000);
    expect(await scheduled(repository)).toEqual([]);
    await Promise.all([strike(due), strike(due), strike(due + 20_000)]);
    const [delivery, ...others] = await scheduled(repository);
    expect(others).toEqual([]);
    const view = await ended((await buildsOf(delivery!))[0]!);
    expect(view).toMatchObject({
      event: "schedule",
      conclusion: "success",
      context: "sandlot / CI (schedule)",
      ref: "refs/heads/main",
      sha: moved.sha,
    });
    await strike(due + 60_000);
    expect(await scheduled(repository)).toEqual([delivery]);
    // After a gap of five hours the last time alone.
    hours += 5;
    await strike(due + 5 * HOUR);
    await strike(due + 5 * HOUR + 60_000);
    expect((await scheduled(repository)).length).toBe(2);
    for (const id of await scheduled(repository)) for (const build of await buildsOf(id)) await ended(build);
  });

  it("follows the default branch: what a push takes away starts no more, another branch counts for nothing", async () => {
    const repository = await createRepository(github, on("{ push: , schedule: [{ cron: '11 * * * *' }] }"));
    await deliveryOf(await push(repository));
    const topic = await commit(github, repository, {
      branch: "topic",
      files: on("{ schedule: [{ cron: '12 * * * *' }] }"),
    });
    await deliveryOf(await push(repository, { ref: "refs/heads/topic", after: topic.sha }));
    const gone = await commit(github, repository, { files: on("workflow_dispatch") });
    await deliveryOf(await push(repository, { before: repository.sha, after: gone.sha }));
    await strike(soon(11));
    await strike(soon(12));
    expect(await scheduled(repository)).toEqual([]);
  });

  it("that the default branch took away before anybody said so starts nothing and says why", async () => {
    const repository = await createRepository(github, on("{ schedule: [{ cron: '21 * * * *' }] }"));
    await deliveryOf(await push(repository));
    await commit(github, repository, { files: on("{ schedule: [{ cron: '22 * * * *' }] }") });
    await strike(soon(21));
    const [delivery] = await scheduled(repository);
    expect((await deliveryOf(delivery!)).workflows).toMatchObject([
      { buildId: null, why: "The default branch does not ask for 21 * * * * any more" },
    ]);
  });

  it("is learned of without a push where none was told", async () => {
    const repository = await createRepository(github, on("{ schedule: [{ cron: '31 * * * *' }] }"));
    await env.DB.prepare(
      "INSERT INTO repositories (id, owner, name, private, default_branch, installation_id) VALUES (?, ?, ?, 1, 'main', ?)",
    )
      .bind(repository.id, repository.owner, repository.name, repository.installationId)
      .run();
    const due = soon(31);
    await strike(due - 120_000);
    await strike(due);
    const [delivery] = await scheduled(repository);
    await ended((await buildsOf(delivery!))[0]!);
  });
});

describe("a merge group", () => {
  async function group(files: Record<string, string>) {
    const repository = await createRepository(github, files);
    const branch = `gh-readonly-queue/main/pr-1-${repository.sha}`;
    const made = await commit(github, repository, { branch, files: { "a.txt": "a" }, message: "Merge [skip ci]" });
    const facts = { headSha: made.sha, headRef: made.ref, baseSha: repository.sha, baseRef: "refs/heads/main" };
    const asks = (action: "checks_requested" | "destroyed") =>
      mergeGroupPayload(github, repository, { action, ...facts });
    return { repository, made, asks };
  }

  it("is built and reported at its own commit, and the push to its branch starts nothing twice", async () => {
    const { repository, made, asks } = await group(on("[push, merge_group]"));
    const pushed = await deliveryOf(await push(repository, { ref: made.ref, after: made.sha, message: "Merge" }));
    expect(pushed.workflows).toMatchObject(
      [{ buildId: null, why: /merge group itself/ }].map(({ buildId }) => ({ buildId })),
    );
    const view = await ended((await buildsOf(await deliver("merge_group", asks("checks_requested"))))[0]!);
    expect(view).toMatchObject({ event: "merge_group", conclusion: "success", sha: made.sha, context: "sandlot / CI" });
    expect((await told(repository, made.sha)).at(-1)).toMatch(/^sandlot \/ CI: success 1 job passed/);
  });

  it("is built by the push to its branch where the workflow names pushes alone, as on GitHub", async () => {
    const { repository, made, asks } = await group(on("push"));
    expect(await buildsOf(await deliver("merge_group", asks("checks_requested")))).toEqual([]);
    const [build] = await buildsOf(await push(repository, { ref: made.ref, after: made.sha, message: "Merge" }));
    expect(await ended(build!)).toMatchObject({ event: "push", conclusion: "success" });
  });

  it("that is destroyed cancels its builds", async () => {
    const { asks } = await group(on("merge_group", "sleep 300"));
    const [build] = await buildsOf(await deliver("merge_group", asks("checks_requested")));
    expect(await deliveryOf(await deliver("merge_group", asks("destroyed")))).toMatchObject({
      summary: "The merge group is gone",
      workflows: [{ buildId: build, why: "cancelled" }],
    });
    expect(await ended(build!)).toMatchObject({ conclusion: "cancelled" });
  });
});

describe("a release", () => {
  it("is built at its tag, for the types that the workflow names", async () => {
    const repository = await createRepository(
      github,
      on("{ release: { types: [published] } }", 'test "$GITHUB_REF_NAME" = v1'),
    );
    const tagged = await commit(github, repository, { files: { "a.txt": "a" }, tag: "v1", annotated: true });
    const created = await deliver("release", releasePayload(github, repository, { action: "created", tag: "v1" }));
    expect((await deliveryOf(created)).workflows).toMatchObject([{ buildId: null }]);
    const published = await deliver("release", releasePayload(github, repository, { action: "published", tag: "v1" }));
    const view = await ended((await buildsOf(published))[0]!);
    expect(view).toMatchObject({
      event: "release",
      conclusion: "success",
      sha: tagged.sha,
      ref: "refs/tags/v1",
      context: "sandlot / CI (release)",
    });
  });

  it("whose tag is gone starts nothing and says so", async () => {
    const repository = await createRepository(github, on("release"));
    const id = await deliver("release", releasePayload(github, repository, { action: "published", tag: "v9" }));
    expect(await deliveryOf(id)).toMatchObject({ summary: "There is no tag v9", workflows: [] });
  });
});

describe("a pull request", () => {
  async function pull(files: Record<string, string>, message = "Change") {
    const repository = await createRepository(github, files);
    const head = await commit(github, repository, { branch: "topic", files: { "a.txt": "a" }, message });
    const opened = await openPullRequest(github, repository, { head: "topic", base: "main" });
    const act = (action: string, extra: Record<string, unknown> = {}) =>
      deliver("pull_request", {
        ...pullRequestPayload({
          url: github.url,
          repository,
          action,
          number: opened.number,
          base: { ref: "main", sha: opened.baseSha },
          head: { ref: "topic", sha: head.sha },
          mergeSha: opened.mergeSha,
        }),
        ...extra,
      });
    return { repository, head, opened, act };
  }

  it("starts a workflow for the activity that it names, and says nothing for others", async () => {
    const { repository, head, act } = await pull(on("{ pull_request: { types: [labeled] } }"));
    expect((await deliveryOf(await act("opened"))).workflows).toMatchObject([
      { buildId: null, why: "pull_request opened does not match types: labeled" },
    ]);
    expect(await told(repository)).toEqual([]);
    const view = await ended((await buildsOf(await act("labeled")))[0]!);
    expect(view).toMatchObject({ conclusion: "success", reportSha: head.sha, context: "sandlot / CI" });
  });

  it("that is closed is built as it was last merged for testing", async () => {
    const { opened, act } = await pull(on("{ pull_request: { types: [closed] } }"));
    const view = await ended((await buildsOf(await act("closed")))[0]!);
    expect(view).toMatchObject({ conclusion: "success", sha: opened.mergeSha });
  });

  it("whose head commit says [skip ci] starts nothing and posts nothing", async () => {
    const { repository, act } = await pull(on("pull_request"), "Change [skip ci]");
    expect((await deliveryOf(await act("opened"))).workflows).toMatchObject([
      { buildId: null, why: "the commit message says [skip ci]" },
    ]);
    expect(await told(repository)).toEqual([]);
  });

  it("fails by a broken file once, not for every label", async () => {
    const { act } = await pull({ [FILE]: "name: CI\non: pull_request\njobs: { a: { steps: 1 } }\n" });
    expect((await buildsOf(await act("opened"))).length).toBe(1);
    expect(await buildsOf(await act("labeled"))).toEqual([]);
  });
});

describe("a path filter", () => {
  const files = on("{ push: { paths: ['docs/**'] } }");

  it("of a new branch counts what its commits brought", async () => {
    const repository = await createRepository(github, files);
    const code = await commit(github, repository, { branch: "code", files: { "src/a.txt": "a" } });
    const [one] = (await deliveryOf(await push(repository, { ref: code.ref, after: code.sha }))).workflows;
    expect(one).toMatchObject({ buildId: null, why: "no changed path matches paths: docs/**" });
    const docs = await commit(github, repository, { branch: "docs", files: { "docs/a.txt": "a" } });
    const [build] = await buildsOf(await push(repository, { ref: docs.ref, after: docs.sha }));
    await ended(build!);
  });

  it("is taken as matching, and says so, where more than 300 files changed or nothing can be compared", async () => {
    const repository = await createRepository(github, files);
    const many = Object.fromEntries(Array.from({ length: 301 }, (_, n) => [`src/${n}.txt`, `${n}`]));
    const wide = await commit(github, repository, { files: many });
    const delivery = await deliveryOf(await push(repository, { before: repository.sha, after: wide.sha }));
    expect(delivery.workflows[0]?.why).toBe(
      "more files changed than GitHub lists, so the path filter is taken as matching",
    );
    const gone = await deliveryOf(await push(repository, { before: "a".repeat(40), after: wide.sha }));
    expect(gone.workflows[0]?.why).toBe("GitHub can't compare the commits, so the path filter is taken as matching");
    const first = await deliveryOf(await push(repository));
    expect(first.workflows[0]?.why).toBe("what it changed can't be told, so the path filter is taken as matching");
    for (const { workflows } of [delivery, gone, first]) await ended(workflows[0]!.buildId!);
  });
});

describe("a workflow that only others call", () => {
  it("never starts by itself", async () => {
    const repository = await createRepository(github, on("workflow_call"));
    expect(await buildsOf(await push(repository))).toEqual([]);
    expect(await told(repository)).toEqual([]);
  });
});
