import { beforeAll, describe, expect, it } from "vitest";
import { commit, createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

async function build(steps: string, options: { owner?: string; files?: Record<string, string> } = {}) {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
${steps}`;
  const files = { ".sandlot/workflows/ci.yml": text, "own.txt": "own\n", ...options.files };
  const repository = await createRepository(github, files, { owner: options.owner ?? "ada" });
  const second = await commit(github, repository, { files: { "second.txt": "2" }, tag: "v1", annotated: true });
  const view = await ended((await buildsOf(await push(repository, { after: second.sha })))[0]!);
  return { repository, second, view, log: await logOf(view) };
}

const detailOf = ({ view }: Awaited<ReturnType<typeof build>>) => view.jobs[0]?.detail;

describe("a checkout", () => {
  it("takes branches, tags and commits by ref, as deep as asked", async () => {
    const { view, log, second } = await build(`
      - { uses: actions/checkout@v4, id: one, with: { fetch-depth: 0 } }
      - run: test "$(git rev-list --count HEAD)" = 2 && git rev-parse v1 && git branch --show-current | grep -x main
      - { uses: actions/checkout@v4, with: { ref: v1, path: tagged } }
      - run: test -f second.txt && git describe --tags --exact-match && test -z "$(git branch --show-current)"
        working-directory: tagged
      - { uses: actions/checkout@v4, with: { ref: main, path: named, clean: false, persist-credentials: false } }
      - run: test "$(git branch --show-current)" = main && test "$(git rev-list --count HEAD)" = 1
        working-directory: named
      - run: echo "commit is \${{ steps.one.outputs.commit }}"
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain(`commit is ${second.sha}`);
  });

  it("of another repository reads public ones, and no private one, of the same owner either", async () => {
    const open = await createRepository(github, { "open.txt": "1" }, { owner: "stranger", private: false });
    const { view, log } = await build(`
      - { uses: actions/checkout@v4, with: { repository: ${open.fullName}, path: open } }
      - run: test -f open/open.txt && ! grep -r 'gh[s]_' .
`);
    expect(view.conclusion, log).toBe("success");
    for (const owner of ["stranger", "ada"]) {
      const closed = await createRepository(github, { "closed.txt": "1" }, { owner });
      const refused = await build(`      - { uses: actions/checkout@v4, with: { repository: ${closed.fullName} } }\n`);
      expect(detailOf(refused)).toContain(`${closed.fullName} can't be read with this token`);
    }
  });

  it("refuses inputs that git would take for something else", async () => {
    const steps = [
      { ref: "--upload-pack=touch /tmp/pwned" },
      { ref: "main:refs/heads/evil" },
      { ref: "nowhere" },
      { path: "../outside" },
      { path: "/tmp" },
      { repository: "--foo/bar" },
      { repository: "../../etc/passwd" },
      { "fetch-depth": "1; id" },
    ].map(
      (input) =>
        `      - uses: actions/checkout@v4\n        continue-on-error: true\n        with: ${JSON.stringify(input)}\n`,
    );
    const { view, log } = await build(steps.join(""));
    const details = view.jobs[0]?.steps.map((step) => step.detail);
    expect(
      view.jobs[0]?.steps.every((step) => step.outcome === "failure"),
      log,
    ).toBe(true);
    expect(details?.slice(0, 2)).toEqual(Array(2).fill("An input of actions/checkout can't be used: see the log"));
    expect(details?.[2]).toContain("nowhere");
    expect(log).toContain("path must lie in the workspace");
    expect(details?.slice(5, 7)).toEqual([
      "repository must be owner/name, got: --foo/bar",
      "repository must be owner/name, got: ../../etc/passwd",
    ]);
  });

  it("fetches submodules of the same server, nested where asked, and no hostile ones", async () => {
    const inner = await createRepository(github, { "inner.txt": "1" }, { owner: "subs", private: false });
    const middle = await createRepository(github, { "middle.txt": "1" }, { owner: "subs", private: false });
    const hostile: Record<string, [path: string, url: string]> = {
      ext: ["sub", "ext::sh -c 'touch /tmp/sandlot-pwned'"],
      file: ["sub", `file:///etc`],
      host: ["sub", "https://elsewhere.example/a/b.git"],
      option: ["sub", "-u./payload"],
      link: ["link/sub", "../x"],
      git: [".git/hooks", "../x"],
      line: ["sub\\r", "../x"],
    };
    const make = Object.entries(hostile).map(
      ([branch, [path, url]]) =>
        `git checkout -q --orphan ${branch}; git rm -rqf --cached .; ln -sfn .git link; printf '[submodule "s"]\\n\\tpath = "%b"\\n\\turl = "%s"\\n' '${path}' "${url}" > .gitmodules; git add .gitmodules link; git update-index --add --cacheinfo 160000,$sha,sub; git commit -qm x; git push -q origin ${branch}`,
    );
    const text = `on: push
permissions: { contents: write }
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a
          git submodule --quiet add ../${inner.name}.git in
          git submodule --quiet add ${github.url}/${middle.fullName}.git deep/middle
          git commit -qm "With submodules"; git push -q origin HEAD:with
          sha=$(git rev-parse HEAD)
${make.map((line) => `          ${line}\n`).join("")}
  take:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - { uses: actions/checkout@v4, with: { ref: with, submodules: recursive } }
      - run: test -f in/inner.txt && test -f deep/middle/middle.txt && ! grep -r 'gh[s]_' .
      - { uses: actions/checkout@v4, with: { ref: with, path: without } }
      - run: test -d without/in && ! test -e without/in/inner.txt
${Object.keys(hostile)
  .map(
    (ref) =>
      `      - { uses: actions/checkout@v4, continue-on-error: true, with: { ref: ${ref}, path: h, submodules: true } }\n`,
  )
  .join("")}
      - run: test ! -e /tmp/sandlot-pwned
`;
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": text }, { owner: "subs" });
    const view = await ended((await buildsOf(await push(repository)))[0]!);
    const log = await logOf(view, 1);
    expect(view.conclusion, (await logOf(view)) + log).toBe("success");
    const refused = view.jobs[1]?.steps.slice(4, -1).map((step) => step.detail);
    expect(refused, log).toEqual(
      Object.keys(hostile).map(() => "A submodule is refused, or can't be fetched: see the log"),
    );
  });
});
