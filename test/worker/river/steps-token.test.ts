import { beforeAll, describe, expect, it } from "vitest";
import type { TestRepository } from "../../support/github-control.ts";
import { callsTo, createRepository, grant } from "../../support/github-control.ts";
import type { Accepted } from "../../../src/model/api.ts";
import { api, buildsOf, deliveryOf, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

async function build(steps: string, { permissions = "", owner = "ada" } = {}) {
  const text = `on: push
${permissions}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
${steps}`;
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": text }, { owner });
  return { repository, ...(await run(repository)) };
}

async function run(repository: TestRepository) {
  const view = await ended((await buildsOf(await push(repository)))[0]!);
  return { view, log: await logOf(view) };
}

/** The permissions of each token that was minted for this repository alone. */
async function minted({ id }: TestRepository) {
  const calls = await callsTo(github);
  return calls
    .filter((call) => call.operation === "apps/create-installation-access-token")
    .map((call) => (call.body ?? {}) as { repository_ids?: number[]; permissions?: Record<string, string> })
    .filter((body) => body.repository_ids?.length === 1 && body.repository_ids[0] === id)
    .map((body) => body.permissions);
}

const ASK = `curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $T"`;

describe("a job's token", () => {
  it("reads contents by default, is masked, and is given only to steps that name it", async () => {
    const { view, log, repository } = await build(`
      - run: env | grep -c 'gh[s]_' || true
      - env: { T: "\${{ github.token }}", S: "\${{ secrets.GITHUB_TOKEN }}" }
        run: |
          test "$T" = "$S" && echo "it is $T"
          ${ASK} "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/contents/.sandlot"
          ${ASK} -X POST -d '{"state":"success"}' "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/statuses/$GITHUB_SHA"
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("it is ***");
    expect(log).toContain("200403");
    expect(log).not.toContain("ghs_");
    expect(log).toContain("GITHUB_TOKEN may: contents: read, metadata: read");
    expect(await minted(repository)).toEqual([{ contents: "read" }]);
  });

  it("pushes where contents: write was given", async () => {
    const { view, log, repository } = await build(
      `
      - uses: actions/checkout@v4
      - run: |
          git config user.name ada && git config user.email ada@example.com
          echo new > new.txt && git add new.txt && git commit -q -m New
          git push -q origin HEAD:main HEAD:refs/heads/topic
          git ls-remote origin refs/heads/topic
`,
      { permissions: "permissions: { contents: write, checks: write }" },
    );
    expect(view.conclusion, log).toBe("success");
    expect(log).toMatch(/[0-9a-f]{40}\trefs\/heads\/topic/);
    expect(log).toContain("##[warning]permissions: Sandlot's token is never given checks: write");
    expect(await minted(repository)).toEqual([{ contents: "write", checks: "read" }]);
  });

  it("of read-all or write-all is what the App was granted, without what could forge a check", async () => {
    const { log, repository } = await build(`      - run: echo "\${{ github.token }}"\n`, {
      permissions: "permissions: write-all",
    });
    expect(log).toContain("***");
    expect(await minted(repository)).toEqual([
      { checks: "read", contents: "write", pull_requests: "read", statuses: "read" },
    ]);
  });

  it("of a job with no permissions reads nothing but metadata", async () => {
    const { view, log, repository } = await build(
      `
      - env: { T: "\${{ github.token }}" }
        run: |
          ${ASK} "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY"
          ${ASK} "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/contents/.sandlot"
      - uses: actions/checkout@v4
`,
      { permissions: "permissions: {}" },
    );
    expect(log).toContain("200403");
    expect(await minted(repository)).toEqual([{ metadata: "read" }]);
    expect(view).toMatchObject({ conclusion: "failure" });
    expect(view.jobs[0]?.detail).toContain("contents: read");
  });

  it("that lacks a scope is a problem of the plan that names the setting, and fails the job before its first step", async () => {
    const steps = `      - run: echo "\${{ github.token }}"\n`;
    const permissions = "permissions: { contents: read, issues: write }";
    const { view, repository } = await build(steps, { permissions, owner: "issueless" });
    expect(view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "workflow_invalid", steps: [] });
    expect(view.jobs[0]?.detail).toContain("issues: write");
    expect(view.jobs[0]?.detail).toContain(`${github.url}/settings/installations/${repository.installationId}`);
    expect(view.problems).toEqual([
      {
        reason: "workflow_invalid",
        message: view.jobs[0]?.detail,
        at: { file: ".sandlot/workflows/ci.yml", line: 4, column: 3 },
      },
    ]);
    await grant(github, repository, { metadata: "read", contents: "read", statuses: "write", issues: "write" });
    const { deliveryId } = await api<Accepted>(`/builds/${view.id}/rerun`, { method: "POST", body: "{}" });
    await deliveryOf(deliveryId);
    const again = await ended(view.id);
    expect(again).toMatchObject({ runAttempt: 2, conclusion: "success", problems: [] });
    expect(await minted(repository)).toEqual([{ contents: "read", issues: "write" }]);
  });

  it("is asked for nothing by a job that does not use it", async () => {
    const { view, repository } = await build("      - run: echo no token\n", {
      permissions: "permissions: { issues: write }",
      owner: "unused",
    });
    expect(view.conclusion).toBe("success");
    expect(await minted(repository)).toEqual([]);
  });
});
