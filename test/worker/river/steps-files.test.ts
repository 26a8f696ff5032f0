import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { commit, createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

/** https://docs.github.com/actions/reference/workflows-and-actions/expressions#hashfiles */
describe("hashFiles", () => {
  it("hashes what matches within the workspace, links of files too, and says what it can't read", async () => {
    const repository = await createRepository(github, {
      a: "one\n",
      "b/lock": "two\n",
      ".sandlot/workflows/ci.yml": `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: mkdir c; ln -s ../a c/lock; ln -s b folder; echo x > ~/lock; ln -s nowhere dead
      - run: echo "one is \${{ hashFiles('a') }}, none is '\${{ hashFiles('z*', '~/lock') }}'"
      - run: echo "links are \${{ hashFiles('**/lock', '!b/**') }}, changed is \${{ hashFiles('folder', 'c') }}"
      - { continue-on-error: true, run: "echo \${{ hashFiles('dead') }}" }
`,
    });
    const view = await ended((await buildsOf(await push(repository)))[0]!);
    const log = await logOf(view);
    expect(view.conclusion, log).toBe("success");
    const one = createHash("sha256").update(createHash("sha256").update("one\n").digest()).digest("hex");
    expect(log).toContain(`one is ${one}, none is ''`);
    expect(log).toContain(`links are ${one}, changed is ${one}`);
    expect(view.jobs[0]?.steps[4]?.detail).toContain("leads nowhere");
  });
});

/** https://github.com/actions/cache/blob/main/restore/README.md and save/README.md */
describe("a cache in two steps", () => {
  it("is restored by one and saved by the other, with GitHub's outputs", async () => {
    const text = (want: string) => `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - id: look
        uses: actions/cache/restore@v4
        with: { path: kept, key: k-1, restore-keys: "k-", lookup-only: true }
      - id: get
        uses: actions/cache/restore@v4
        with: { path: kept, key: k-2, restore-keys: "k-" }
      - run: test "\${{ steps.look.outputs.cache-hit }}/\${{ steps.get.outputs.cache-hit }}/\${{ steps.get.outputs.cache-matched-key }}/\${{ steps.get.outputs.cache-primary-key }}" = "${want}"
      - run: test "$(cat kept/x 2>/dev/null)" = "${want.startsWith("true") ? "1" : ""}"; mkdir -p kept; echo 1 > kept/x
      - { uses: actions/cache/save@v4, with: { path: kept, key: k-1 } }
      - { continue-on-error: true, uses: actions/cache/restore@v4, with: { path: kept, key: other, fail-on-cache-miss: true } }
      - { continue-on-error: true, uses: actions/cache/restore@v4, with: { path: kept, key: "a,b" } }
`;
    const path = ".sandlot/workflows/ci.yml";
    const repository = await createRepository(github, { [path]: text("///k-2") });
    const first = await ended((await buildsOf(await push(repository)))[0]!);
    expect(first.conclusion, await logOf(first)).toBe("success");
    expect(first.jobs[0]?.steps.slice(5).map((step) => [step.outcome, step.detail])).toEqual([
      ["failure", "No cache for key other, and fail-on-cache-miss is set"],
      ["failure", "key must not contain a comma: a,b"],
    ]);
    const next = await commit(github, repository, { files: { [path]: text("true/false/k-1/k-2") } });
    const second = await ended((await buildsOf(await push(repository, { after: next.sha })))[0]!);
    expect(second.conclusion, await logOf(second)).toBe("success");
    expect(await logOf(second)).toContain("k-1 was saved already");
  });
});

/** https://github.com/actions/download-artifact/blob/main/README.md */
describe("artifacts", () => {
  it("come back by name, by pattern, merged or all, and stay in their folder", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - run: mkdir -p one two 'three/~'; echo 1 > one/f1; echo 2 > two/f2; echo 3 > 'three/~/f3'
      - { uses: actions/upload-artifact@v4, with: { name: part-one, path: one } }
      - { uses: actions/upload-artifact@v4, with: { name: part-two, path: two } }
      - { uses: actions/upload-artifact@v4, with: { name: other, path: three } }
  take:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/download-artifact@v4, id: named, with: { name: other, path: named } }
      - { uses: actions/download-artifact@v4, with: { pattern: "part-*", path: parts } }
      - { uses: actions/download-artifact@v4, with: { pattern: "part-*", path: merged, merge-multiple: true } }
      - { uses: actions/download-artifact@v4, with: { path: all } }
      - { uses: actions/download-artifact@v4, with: { pattern: "nothing-*", path: none } }
      - run: |
          find . -type f | sort | tr '\\n' ' '
          test "\${{ steps.named.outputs.download-path }}" = "$PWD/named" && ! test -e ~/f3
      - { continue-on-error: true, uses: actions/download-artifact@v4, with: { name: missing } }
`,
    });
    const view = await ended((await buildsOf(await push(repository)))[0]!);
    const log = await logOf(view, 1);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain(
      "./all/other/~/f3 ./all/part-one/f1 ./all/part-two/f2 ./merged/f1 ./merged/f2 ./named/~/f3 ./parts/part-one/f1 ./parts/part-two/f2",
    );
    const last = view.jobs[1]?.steps.at(-1);
    expect(last?.detail).toBe("This build has no artifact called missing; it has: other, part-one, part-two");
  });
});
