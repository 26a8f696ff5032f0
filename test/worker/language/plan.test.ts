import { describe, expect, it } from "vitest";
import { defaultEnv, githubContext } from "../../../src/language/contexts.ts";
import { ExpressionError } from "../../../src/language/expression.ts";
import { dispatchInputs } from "../../../src/language/inputs.ts";
import { expandJob, jobName, planJobs } from "../../../src/language/plan.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import { runnerLabels, sandboxFor } from "../../../src/language/runs-on.ts";
import type { Build } from "../../../src/model/build.ts";
import { asBuildId, asDeliveryId } from "../../../src/model/ids.ts";
import type { PlannedJob, Workflow } from "../../../src/model/workflow.ts";

async function read(text: string): Promise<Workflow> {
  const file = await readWorkflow(".sandlot/workflows/ci.yml", text);
  expect(file.problems).toEqual([]);
  return file.workflow!;
}

async function plan(job: string): Promise<PlannedJob[]> {
  return planJobs(await read(`on: push\njobs:\n  test:\n    runs-on: x\n    steps: [{run: x}]\n    ${job}\n`));
}

describe("a plan", () => {
  it("has a job for each leg, with a key of its own and its place among the legs", async () => {
    const jobs = await plan("strategy: {matrix: {node: [20, 22], os: [ubuntu-latest]}}");
    expect(jobs).toMatchObject([
      { key: "test (20, ubuntu-latest)", matrix: { node: 20, os: "ubuntu-latest" }, leg: { index: 0, total: 2 } },
      { key: "test (22, ubuntu-latest)", matrix: { node: 22, os: "ubuntu-latest" }, leg: { index: 1, total: 2 } },
    ]);
  });

  it("has keys that differ where the values are written alike", async () => {
    const jobs = await plan("strategy: {matrix: {v: [1, '1', null], include: [{v: 2, x: {}}, {v: 2}]}}");
    expect(jobs.map(({ key }) => key)).toEqual(["test (1)", "test (1) #2", "test", "test (2)", "test (2) #2"]);
  });

  it("leaves a matrix that needs another job's output for later", async () => {
    const [job, ...rest] = await plan("strategy: {matrix: {node: '${{ fromJSON(needs.a.outputs.v) }}'}}");
    expect(rest).toEqual([]);
    expect(job).toMatchObject({ key: "test", matrix: null, unexpanded: true });
    const legs = expandJob(job!, { needs: { a: { outputs: { v: "[20, 22]" } } } });
    expect(legs.map(({ key, matrix, unexpanded }) => [key, matrix, unexpanded])).toEqual([
      ["test (20)", { node: 20 }, false],
      ["test (22)", { node: 22 }, false],
    ]);
    expect(expandJob(legs[0]!, {})).toEqual([legs[0]]);
  });

  it("fails a matrix that comes out wrong with an error of its own kind", async () => {
    const [whole] = await plan("strategy: {matrix: '${{ fromJSON(vars.M) }}'}");
    expect(expandJob(whole!, { vars: { M: '{"include":[{"a":1}]}' } })).toHaveLength(1);
    for (const M of ["", "{", "[]", "1", '{"a":[]}', '{"a":1}', "{}"]) {
      expect(() => expandJob(whole!, { vars: { M } }), M).toThrow(ExpressionError);
    }
  });

  it("names jobs as GitHub does: the values behind a plain name, a computed name as it is", async () => {
    const nameOf = async (name: string): Promise<string> => {
      const [job] = await plan(`${name}strategy: {matrix: {node: [20]}}`);
      return jobName(job!, ({ matrix }) => ({ matrix }));
    };
    expect(await nameOf("")).toBe("test (20)");
    expect(await nameOf("name: Tests\n    ")).toBe("Tests (20)");
    expect(await nameOf("name: Node ${{ matrix.node }}\n    ")).toBe("Node 20");
    expect(await nameOf("name: ${{ matrix.none }}\n    ")).toBe("test");
  });

  it("is plain JSON", async () => {
    const jobs = await plan("strategy: {matrix: {node: [20], include: [{node: 20, x: {y: [1]}}]}}");
    expect(JSON.parse(JSON.stringify(jobs))).toEqual(jobs);
  });
});

describe("labels", () => {
  const TABLE: [labels: string[], answer: unknown][] = [
    [["ubuntu-latest"], { size: "standard" }],
    [["Ubuntu-24.04"], { size: "standard" }],
    [["ubuntu-22.04"], { size: "standard" }],
    [["linux"], { size: "standard" }],
    [["sandlot"], { size: "standard" }],
    [["sandlot-large"], { size: "large" }],
    [["linux", "x64", "sandlot-large"], { size: "large" }],
    [["ubuntu-latest-8-cores"], { size: "large" }],
    [["acme-16-cores"], { size: "large" }],
    [["ubuntu-latest-4-cores"], { size: "large" }],
    [["windows-latest"], { unsupported: "windows-latest" }],
    [["windows-latest-8-cores"], { unsupported: "windows-latest-8-cores" }],
    [["macos-15"], { unsupported: "macos-15" }],
    [["ubuntu-24.04-arm"], { unsupported: "ubuntu-24.04-arm" }],
    [["self-hosted", "linux"], { unsupported: "self-hosted" }],
    [["constructor"], { unsupported: "constructor" }],
    [[], { unsupported: "no label" }],
  ];
  for (const [labels, answer] of TABLE) {
    it(`${labels.join(", ") || "none"} ask for ${JSON.stringify(answer)}`, () => {
      expect(sandboxFor(labels)).toEqual(answer);
    });
  }

  it("are read from every form of runs-on", () => {
    expect(runnerLabels("a")).toEqual(["a"]);
    expect(runnerLabels(["a", "b"])).toEqual(["a", "b"]);
    expect(runnerLabels({ labels: ["a"] })).toEqual(["a"]);
    expect(runnerLabels(null)).toEqual([]);
  });
});

describe("what is given to workflow_dispatch", () => {
  const DISPATCH = `on:
  workflow_dispatch:
    inputs:
      name: {required: true, type: string}
      dry: {type: boolean}
      count: {type: number, default: 3}
      level: {type: choice, options: [info, debug]}
      note: {}
jobs: {a: {runs-on: x, steps: [{run: x}]}}
`;

  it("is typed, and has defaults where it is silent", async () => {
    expect(dispatchInputs(await read(DISPATCH), { Name: "x", dry: "true" })).toEqual({
      ok: true,
      inputs: { name: "x", dry: true, count: 3, level: "info", note: "" },
    });
  });

  it("is refused with every reason at once", async () => {
    expect(dispatchInputs(await read(DISPATCH), { dry: "yes", count: "x", level: "loud", nope: "1" })).toEqual({
      ok: false,
      problems: [
        "the input 'name' is required",
        "the input 'dry' must be true or false",
        "the input 'count' must be a number",
        "the input 'level' must be one of: info, debug",
        "the workflow has no input 'nope'",
      ],
    });
  });
});

describe("the github context", () => {
  const build: Build = {
    id: asBuildId("b1"),
    deliveryId: asDeliveryId("d1"),
    repositoryId: 7,
    workflowPath: ".sandlot/workflows/ci.yml",
    workflowName: "CI",
    workflow: { env: {}, concurrency: null, permissions: null },
    number: 12,
    runAttempt: 2,
    event: "pull_request",
    action: "opened",
    sha: "a".repeat(40),
    reportSha: "b".repeat(40),
    ref: "refs/pull/7/merge",
    baseSha: null,
    headRef: "topic",
    baseRef: "main",
    pullRequest: 7,
    fork: false,
    title: "T",
    actor: { id: 5, login: "mona" },
    inputs: null,
    context: "sandlot / CI",
    problems: [],
    concurrencyGroup: null,
    cancelRequested: null,
    createdAt: 0,
    startedAt: null,
    state: { status: "queued", detail: null },
  };
  const repository = { id: 7, owner: "octo", name: "app", private: false, defaultBranch: "main" };
  const github = githubContext(
    build,
    repository,
    { repository: { owner: { id: 99 } }, number: 7 },
    {
      serverUrl: "https://github.com",
      apiUrl: "https://api.github.com",
      job: "test",
      workspace: "/w/app",
    },
  );

  it("says who, what and where, with GitHub's names", () => {
    expect(github).toMatchObject({
      ref_name: "7/merge",
      ref_type: "branch",
      head_ref: "topic",
      base_ref: "main",
      repository: "octo/app",
      repository_owner_id: "99",
      run_attempt: "2",
      workflow: "CI",
      workflow_ref: "octo/app/.sandlot/workflows/ci.yml@refs/pull/7/merge",
      graphql_url: "https://api.github.com/graphql",
      event: { number: 7 },
    });
  });

  it("becomes the environment that every step starts from, without the token", () => {
    const env = defaultEnv({ ...github, token: "secret" }, { name: "build-1", temp: "/t", toolCache: "/tools" });
    expect(env).toMatchObject({
      CI: "true",
      SANDLOT: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_SHA: "a".repeat(40),
      GITHUB_REF: "refs/pull/7/merge",
      GITHUB_REF_NAME: "7/merge",
      GITHUB_REF_TYPE: "branch",
      GITHUB_REF_PROTECTED: "false",
      GITHUB_REPOSITORY: "octo/app",
      GITHUB_REPOSITORY_ID: "7",
      GITHUB_REPOSITORY_OWNER: "octo",
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_RUN_ID: "b1",
      GITHUB_RUN_NUMBER: "12",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_WORKFLOW: "CI",
      GITHUB_JOB: "test",
      GITHUB_ACTOR: "mona",
      GITHUB_HEAD_REF: "topic",
      GITHUB_BASE_REF: "main",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_API_URL: "https://api.github.com",
      GITHUB_GRAPHQL_URL: "https://api.github.com/graphql",
      GITHUB_WORKSPACE: "/w/app",
      RUNNER_OS: "Linux",
      RUNNER_ARCH: "X64",
      RUNNER_NAME: "build-1",
      RUNNER_TEMP: "/t",
      RUNNER_TOOL_CACHE: "/tools",
    });
    expect(Object.values(env)).not.toContain("secret");
    expect(env).not.toHaveProperty("GITHUB_EVENT");
    expect(Object.values(env).every((value) => typeof value === "string")).toBe(true);
  });
});
