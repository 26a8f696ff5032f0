import { beforeAll, expect, it } from "vitest";
import { callsTo, commit, createRepository, keepLarge } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

const WORKFLOW = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/checkout@v4, with: { lfs: true, path: large } }
      - run: grep -x 'a large file' large/data.bin && ! grep -r 'gh[s]_' large/.git
      - { uses: actions/checkout@v4, with: { path: small } }
      - run: grep -c '^oid sha256' small/data.bin
`;

async function build({ lost = false } = {}) {
  const repository = await createRepository(github, { "a.txt": "a" });
  const kept = lost ? await createRepository(github, { "b.txt": "b" }) : repository;
  const pointer = await keepLarge(github, kept, "a large file\n");
  const files = {
    ".sandlot/workflows/ci.yml": WORKFLOW,
    ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    "data.bin": pointer,
  };
  const { sha } = await commit(github, repository, { files });
  const view = await ended((await buildsOf(await push(repository, { after: sha })))[0]!);
  return { view, log: await logOf(view), calls: await callsTo(github, repository.fullName) };
}

/** Where there is no git-lfs a build says so, and this test with it. */
function isMissing(log: string): boolean {
  return log.includes("there is no git-lfs in the sandbox");
}

it("a private repository's large files come where lfs is asked for, and their pointers where not", async (context) => {
  const { view, log, calls } = await build();
  context.skip(isMissing(log), "git-lfs is not installed here");
  expect(view.conclusion, log).toBe("success");
  expect(calls.filter(({ operation }) => operation?.startsWith("lfs/")).map(({ status }) => status)).toEqual([
    200, 200,
  ]);
});

it("a large file that the server has not fails the checkout and is named", async (context) => {
  const { view, log } = await build({ lost: true });
  context.skip(isMissing(log), "git-lfs is not installed here");
  expect(view.conclusion).toBe("failure");
  expect(log).toContain("data.bin");
  expect(log).toContain("Object does not exist on this machine");
});
