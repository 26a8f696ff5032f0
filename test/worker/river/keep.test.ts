import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ArtifactFileView, BuildView } from "../../../src/model/api.ts";
import { callsTo, commit, createRepository, openPullRequest, pruneRepository } from "../../support/github-control.ts";
import {
  api,
  buildsOf,
  call,
  closed,
  deliver,
  ended,
  github,
  logOf,
  migrate,
  pullRequestPayload,
  push,
  told,
  until,
} from "./river.ts";

beforeAll(migrate);

const CACHE = `name: CI
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: cache
        uses: actions/cache@v4
        with:
          path: |
            deps
            ~/.store
          key: deps-\${{ hashFiles('lock.txt') }}
          restore-keys: deps-
      - run: |
          echo "hit=\${{ steps.cache.outputs.cache-hit }}"
          test -f deps/one && echo "restored $(cat deps/one) $(cat ~/.store/two)"
          mkdir -p deps ~/.store; cat lock.txt > deps/one; echo two > ~/.store/two; ln -sf one deps/link
`;

describe("a cache", () => {
  it("is saved once and found by its key, then by restore-keys", async () => {
    const repository = await createRepository(github, { "lock.txt": "v1\n", ".sandlot/workflows/ci.yml": CACHE });
    const first = await ended((await buildsOf(await push(repository)))[0]!);
    expect(await logOf(first)).toContain("Cache saved with key: deps-");
    expect(first.jobs[0]?.caches).toMatchObject([
      { step: 2, matchedKey: null, saved: false },
      { step: 4, saved: true },
    ]);
    const second = await ended((await buildsOf(await push(repository)))[0]!);
    const log = await logOf(second);
    expect(log).toContain("hit=true");
    expect(log).toContain("restored v1 two");
    expect(log).toContain("not saved again");
    const next = await commit(github, repository, { files: { "lock.txt": "v2\n" } });
    const third = await ended((await buildsOf(await push(repository, { after: next.sha })))[0]!);
    expect(await logOf(third)).toContain("hit=false");
    expect(await logOf(third)).toContain("restored v1 two");
  });

  it("of a branch is not read by its siblings, the default branch's is read by all", async () => {
    const repository = await createRepository(github, { "lock.txt": "v1\n", ".sandlot/workflows/ci.yml": CACHE });
    const branch = await commit(github, repository, { branch: "one", files: { a: "1" } });
    await ended((await buildsOf(await push(repository, { ref: "refs/heads/one", after: branch.sha })))[0]!);
    const other = await ended(
      (await buildsOf(await push(repository, { ref: "refs/heads/two", after: branch.sha })))[0]!,
    );
    expect(await logOf(other)).toContain("Cache not found");
    const main = await ended((await buildsOf(await push(repository)))[0]!);
    expect(await logOf(main)).toContain("Cache not found");
    const again = await ended(
      (await buildsOf(await push(repository, { ref: "refs/heads/three", after: branch.sha })))[0]!,
    );
    expect(await logOf(again)).toContain("hit=true");
  });

  it("that lost its bytes, or has others, is a notice and not a failure", async () => {
    const repository = await createRepository(github, { "lock.txt": "v1\n", ".sandlot/workflows/ci.yml": CACHE });
    await ended((await buildsOf(await push(repository)))[0]!);
    await env.DB.prepare("UPDATE caches SET sha256 = ? WHERE repository_id = ?")
      .bind("0".repeat(64), repository.id)
      .run();
    const build = await ended((await buildsOf(await push(repository)))[0]!);
    expect(build.conclusion).toBe("success");
    expect(await logOf(build)).toContain("##[notice]The cache deps-");
    expect(await logOf(build)).toContain("its sha256 is not the recorded one");
  });
});

describe("an artifact", () => {
  it("is kept file by file; hidden files, .git and links that leave are left out", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          mkdir -p out/sub out/.hidden
          echo one > out/a.txt; echo two > 'out/sub/b c"d.txt'; echo no > out/.hidden/x; echo no > out/skip.log
          ln -s /etc/passwd out/passwd; ln -s a.txt out/link.txt; mkfifo out/pipe
      - uses: actions/upload-artifact@v4
        with: { name: result, path: "out\\n!out/*.log", retention-days: 3 }
      - uses: actions/upload-artifact@v4
        with: { name: none, path: nothing/here }
  take:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: { name: result, path: got }
      - run: cat got/a.txt 'got/sub/b c"d.txt' && ls -A got
`,
    });
    const build = await ended((await buildsOf(await push(repository)))[0]!);
    const log = await logOf(build);
    expect(build.conclusion, log + (await logOf(build, 1))).toBe("success");
    expect(build.artifacts).toMatchObject([{ name: "result", files: 3, bytes: 12 }]);
    const { items } = await api<{ items: ArtifactFileView[] }>(`/builds/${build.id}/artifacts/result`);
    expect(items.map((file) => [file.path, file.bytes])).toEqual([
      ["a.txt", 4],
      ["link.txt", 4],
      ['sub/b c"d.txt', 4],
    ]);
    expect(log).toContain("out/passwd is a link to outside the workspace and is left out");
    expect(log).toContain("out/pipe is no plain file and is left out");
    expect(log).toContain("No files were found with the path: nothing/here");
    expect(await (await call(new URL(items[2]!.url).pathname.replace(/^\/api/, ""))).text()).toBe("two\n");
    const zip = await call(`/builds/${build.id}/artifacts.zip`);
    expect(new Uint8Array(await zip.arrayBuffer()).subarray(0, 2)).toEqual(new Uint8Array([0x50, 0x4b]));
  });

  it("of a name that is taken is refused", async () => {
    const repository = await createRepository(github, {
      "a.txt": "a",
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - { uses: actions/upload-artifact@v4, with: { path: a.txt } }
      - { uses: actions/upload-artifact@v4, with: { path: a.txt, overwrite: true } }
      - { uses: actions/upload-artifact@v4, with: { path: a.txt } }
`,
    });
    const build = await ended((await buildsOf(await push(repository)))[0]!);
    expect(build.jobs[0]?.steps.map((step) => step.conclusion)).toEqual(["success", "success", "success", "failure"]);
    expect(build.jobs[0]?.detail).toContain("already has an artifact called artifact");
  });
});

describe("a checkout", () => {
  it("leaves no credential behind, and git reads the repository in later steps", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          cat .git/config; env | grep -i -e 'gh[s]_' -e authorization && exit 1
          grep -rlE 'gh[s]_' "$HOME" "$RUNNER_TEMP" .git && exit 1
          git fetch --depth=1 origin main && git rev-parse FETCH_HEAD
          if git push origin HEAD:refs/heads/evil; then exit 1; fi
          git branch --show-current
`,
    });
    const build = await ended((await buildsOf(await push(repository)))[0]!);
    const log = await logOf(build);
    expect(build.conclusion, log).toBe("success");
    expect(log).toContain(repository.sha);
    expect(log).not.toContain("ghs_");
  });

  it("of a commit that is gone says so", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml":
        "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v4 }] } }\n",
    });
    const first = await ended((await buildsOf(await push(repository)))[0]!);
    await commit(github, repository, { files: { b: "1" }, parent: null });
    await pruneRepository(github, repository);
    await api(`/builds/${first.id}/rerun`, { method: "POST", body: "{}" });
    const again = await until(
      () => api<BuildView>(`/builds/${first.id}`),
      (one) => one.runAttempt === 2 && one.status === "completed",
      "the rerun",
    );
    expect(again).toMatchObject({ conclusion: "failure", reason: "commit_gone" });
    expect(again.jobs[0]?.detail).toContain(`${repository.sha} is gone from the repository`);
    await closed();
  });
});

describe("a pull request", () => {
  const CI =
    "name: CI\non: [push, pull_request]\njobs: { a: { runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v4 }, { run: 'test -f b && test -f a && git log -1 --format=%P' }] } }\n";

  it("is built as it would be merged and reported on its head", async () => {
    const repository = await createRepository(github, { a: "1", ".sandlot/workflows/ci.yml": CI });
    const head = await commit(github, repository, { branch: "topic", files: { b: "2" } });
    const pull = await openPullRequest(github, repository, { base: "main", head: "topic" });
    const id = await deliver(
      "pull_request",
      pullRequestPayload({
        url: github.url,
        repository,
        action: "opened",
        number: pull.number,
        base: { ref: "main", sha: pull.baseSha },
        head: { ref: "topic", sha: head.sha },
      }),
    );
    const build = await ended((await buildsOf(id))[0]!);
    expect(build.conclusion, await logOf(build)).toBe("success");
    expect(build).toMatchObject({ sha: pull.mergeSha, reportSha: head.sha, ref: `refs/pull/${pull.number}/merge` });
    expect((await told(repository, head.sha)).at(-1)).toMatch(/^sandlot \/ CI: success/);
  });

  it("of a fork, or of one that is gone, is held and not run", async () => {
    const repository = await createRepository(github, { a: "1", ".sandlot/workflows/ci.yml": CI });
    for (const [number, repositoryId] of [
      [1, 4711],
      [2, null],
    ] as const) {
      const id = await deliver(
        "pull_request",
        pullRequestPayload({
          url: github.url,
          repository,
          action: "opened",
          number,
          base: { ref: "main", sha: repository.sha },
          head: { ref: "topic", sha: repository.sha, repositoryId },
        }),
      );
      const build = await ended((await buildsOf(id))[0]!);
      expect(build).toMatchObject({ conclusion: "action_required", reason: "fork_builds_off", jobs: [] });
    }
    expect((await told(repository)).at(-1)).toBe("sandlot / CI: pending Builds of forks are off");
    expect((await callsTo(github, repository.fullName)).filter((one) => !one.valid)).toEqual([]);
  });
});
