import { beforeAll, describe, expect, it } from "vitest";
import type { BuildView } from "../../../src/model/api.ts";
import { createRepository } from "../../support/github-control.ts";
import { api, buildsOf, call, deliveryOf, ended, github, logOf, migrate, push, told, until } from "./river.ts";

beforeAll(migrate);

async function build(files: Record<string, string>, ms?: number) {
  const repository = await createRepository(github, files);
  const [id] = await buildsOf(await push(repository));
  return { repository, view: await ended(id!, ms) };
}

describe("jobs", () => {
  it("run in the order of their needs and hand on outputs", async () => {
    const { view, repository } = await build({
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: { word: "\${{ steps.say.outputs.word }}" }
    steps:
      - id: say
        run: echo "word=hej" >> "$GITHUB_OUTPUT"
      - run: echo "A=1" >> "$GITHUB_ENV"; mkdir -p bin; printf '#!/bin/sh\\necho tool\\n' > bin/tool; chmod +x bin/tool; echo "$PWD/bin" >> "$GITHUB_PATH"
      - run: test "$A" = 1 && test "$(tool)" = tool
  second:
    needs: first
    runs-on: ubuntu-latest
    strategy:
      matrix: { n: [1, 2] }
    name: Leg \${{ matrix.n }}
    steps:
      - run: test "\${{ needs.first.outputs.word }}-\${{ matrix.n }}" = "hej-\${{ matrix.n }}"
  third:
    needs: second
    if: failure()
    runs-on: ubuntu-latest
    steps: [{ run: "false" }]
`,
    });
    expect(view.jobs.map((job) => [job.name, job.conclusion, job.detail])).toEqual([
      ["first", "success", null],
      ["Leg 1", "success", null],
      ["Leg 2", "success", null],
      ["third", "skipped", "Skipped: its condition is false (failure())"],
    ]);
    expect(view.conclusion).toBe("success");
    expect((await told(repository)).at(-1)).toMatch(/: success 3 jobs passed in .*, 1 skipped$/);
  });

  it("that fail stop those that need them and say which step broke", async () => {
    const { view, repository } = await build({
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - { name: Unit tests, run: "echo one; echo '::error file=a.js,line=3::broken' ; exit 7" }
      - run: echo not reached
      - { name: Clean up, if: always(), run: echo cleaned }
  deploy: { needs: test, runs-on: ubuntu-latest, steps: [{ run: echo deployed }] }
`,
    });
    const [test, deploy] = view.jobs;
    expect(test).toMatchObject({
      conclusion: "failure",
      reason: "step_failed",
      fault: "user",
      detail: '"Unit tests" failed with exit code 7',
    });
    expect(test?.steps.map((step) => [step.name, step.conclusion, step.exitCode])).toEqual([
      ["Unit tests", "failure", 7],
      ["Run echo not reached", "skipped", null],
      ["Clean up", "success", 0],
    ]);
    expect(test?.annotations).toMatchObject([{ level: "error", file: "a.js", line: 3, message: "broken", step: 1 }]);
    expect(deploy).toMatchObject({ conclusion: "skipped", reason: "needs_failed" });
    expect((await told(repository)).at(-1)).toBe('sandlot / CI: failure test: "Unit tests" failed with exit code 7');
    expect(await logOf(view)).toContain("##[error]Process completed with exit code 7.");
  });

  it("on other systems than Linux have no sandbox and say so", async () => {
    const { view } = await build({
      ".sandlot/workflows/ci.yml": `on: push
jobs: { win: { runs-on: windows-latest, steps: [{ run: dir }] } }
`,
    });
    expect(view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "no_sandbox" });
    expect(view.context).toBe("sandlot / .sandlot/workflows/ci.yml");
  });
});

describe("a workflow file", () => {
  it("with a problem fails the build it asks for, with its place", async () => {
    const { view, repository } = await build({
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - runn: x
`,
    });
    expect(view).toMatchObject({ conclusion: "failure", reason: "workflow_invalid" });
    expect(view.problems[0]?.at).toEqual({ file: ".sandlot/workflows/ci.yml", line: 7, column: 9 });
    expect((await told(repository)).at(-1)).toContain("failure The workflow file has a problem");
  });

  it("that starts on other events starts nothing and says why", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml":
        "on: workflow_dispatch\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }\n",
    });
    const delivery = await deliveryOf(await push(repository));
    expect(delivery.summary).toBe("No workflow starts for this event");
    expect(delivery.workflows[0]?.why).toBe("It starts on workflow_dispatch, not on push");
    expect(await told(repository)).toEqual([]);
  });
});

describe("a build", () => {
  it("is made once, however often its delivery arrives", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }\n",
    });
    const id = crypto.randomUUID();
    await Promise.all(Array.from({ length: 20 }, () => push(repository, { id })));
    const [build] = await buildsOf(id);
    await ended(build!);
    const { items } = await api<{ items: BuildView[] }>(`/repositories/${repository.fullName}/builds`);
    expect(items.map((one) => one.id)).toEqual([build]);
  });

  it("can be rerun: all of it, or what failed", async () => {
    const { view } = await build({
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  good: { runs-on: ubuntu-latest, outputs: { x: "\${{ steps.s.outputs.x }}" }, steps: [{ id: s, run: 'echo "x=$GITHUB_RUN_ATTEMPT" >> "$GITHUB_OUTPUT"' }] }
  bad: { needs: good, runs-on: ubuntu-latest, steps: [{ run: 'echo "x is \${{ needs.good.outputs.x }}"; test "$GITHUB_RUN_ATTEMPT" != 1' }] }
  after: { needs: bad, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`,
    });
    expect(view.conclusion).toBe("failure");
    const refused = await call(`/builds/nope/rerun`, { method: "POST", body: "{}" });
    expect(refused.status).toBe(404);
    await api(`/builds/${view.id}/rerun`, { method: "POST", body: JSON.stringify({ jobs: "failed" }) });
    const again = await until(
      () => api<BuildView>(`/builds/${view.id}`),
      (one) => one.runAttempt === 2 && one.status === "completed",
      "rerun",
    );
    expect(again.conclusion).toBe("success");
    expect(again.jobs.map((job) => [job.key, job.runAttempt, job.attempt])).toEqual([
      ["good", 1, 1],
      ["bad", 2, 2],
      ["after", 2, 1],
    ]);
    expect(await logOf(again, 1)).toContain("x is 1");
    await ended(view.id);
  });

  it("can be cancelled: running steps stop, always() steps run", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  slow:
    runs-on: ubuntu-latest
    steps:
      - run: echo started; sleep 300
      - { if: always(), run: echo cleaned up }
  later: { needs: slow, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`,
    });
    const [id] = await buildsOf(await push(repository));
    await until(
      async () =>
        await (await call(`/builds/${id}/jobs/${(await api<BuildView>(`/builds/${id}`)).jobs[0]?.id}/log`)).text(),
      (log) => log.includes("started"),
      "the step to start",
    );
    const accepted = await call(`/builds/${id}/cancel`, { method: "POST", body: "{}" });
    expect(accepted.status).toBe(202);
    const view = await ended(id!);
    expect(view).toMatchObject({ conclusion: "cancelled" });
    expect(view.jobs.map((job) => [job.key, job.conclusion])).toEqual([
      ["slow", "cancelled"],
      ["later", "cancelled"],
    ]);
    expect(view.jobs[0]?.steps.map((step) => step.conclusion)).toEqual(["cancelled", "success"]);
    expect((await told(repository)).at(-1)).toContain("error Cancelled by");
  });
});

describe("a dispatch", () => {
  it("starts the workflow it names, under a context of its own", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `name: CI
on: { workflow_dispatch: { inputs: { who: { type: string, required: true } } } }
jobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'test "\${{ inputs.who }}" = ada' }] } }
`,
    });
    const { deliveryId } = await api<{ deliveryId: string }>(`/repositories/${repository.fullName}/dispatch`, {
      method: "POST",
      body: JSON.stringify({ workflow: "ci.yml", inputs: { who: "ada" } }),
    });
    const [id] = await buildsOf(deliveryId);
    const view = await ended(id!);
    expect(view).toMatchObject({ conclusion: "success", context: "sandlot / CI (workflow_dispatch)" });
  });
});
