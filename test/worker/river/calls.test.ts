/** Workflows that call workflows of the same commit, through the whole river. */

import { beforeAll, describe, expect, it } from "vitest";
import { createRepository } from "../../support/github-control.ts";
import { buildsOf, call, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

const OUTER = `name: CI
on: push
env: { FROM: outer }
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: { flag: "\${{ steps.s.outputs.flag }}" }
    steps:
      - id: s
        run: echo "flag=true" >> "$GITHUB_OUTPUT"
  build:
    needs: plan
    strategy: { matrix: { n: [1, 2] } }
    uses: ./.github/workflows/build.yml
    with:
      n: \${{ matrix.n }}
      loud: \${{ fromJSON(needs.plan.outputs.flag) }}
    secrets:
      key: \${{ secrets.OUTER_KEY }}
  after:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: test "\${{ needs.build.outputs.said }}" = "inner-2-true" && test "\${{ needs.build.result }}" = success
`;

const INNER = `on:
  workflow_call:
    inputs:
      n: { type: number, required: true }
      loud: { type: boolean }
      word: { type: string, default: inner }
    secrets:
      key: { required: true }
    outputs:
      said: { value: "\${{ jobs.say.outputs.said }}" }
env: { FROM: inner }
jobs:
  say:
    runs-on: ubuntu-latest
    outputs: { said: "\${{ steps.s.outputs.said }}" }
    steps:
      - id: s
        run: echo "said=\${{ inputs.word }}-\${{ inputs.n }}-\${{ inputs.loud }}" >> "$GITHUB_OUTPUT"
      - run: test "$FROM" = inner && test "\${{ secrets.key }}" = opened-key && test -z "\${{ secrets.OUTER_KEY }}"
  more:
    needs: say
    if: inputs.loud
    uses: ./.sandlot/workflows/deep.yml
    secrets: inherit
`;

const DEEP = `on: workflow_call
jobs:
  last:
    runs-on: ubuntu-latest
    steps:
      - run: echo "the key is \${{ secrets.KEY }}"; test "\${{ secrets.key }}" = opened-key
`;

describe("a called workflow", () => {
  it("has its own inputs, secrets and env, and hands on its outputs", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": OUTER,
      ".sandlot/workflows/deep.yml": DEEP,
      ".github/workflows/build.yml": INNER,
    });
    await buildsOf(await push(repository, { message: "[skip ci] so that the repository is known" }));
    const path = `/repositories/${repository.fullName}/secrets/OUTER_KEY`;
    const put = await call(path, { method: "PUT", body: JSON.stringify({ value: "opened-key" }) });
    expect(put.ok, await put.text()).toBe(true);
    const [id] = await buildsOf(await push(repository));
    const view = await ended(id!);
    expect(view.jobs.map((job) => [job.name, job.conclusion, job.detail])).toEqual([
      ["plan", "success", null],
      ["build (1) / say", "success", null],
      ["build (1) / more / last", "success", null],
      ["build (2) / say", "success", null],
      ["build (2) / more / last", "success", null],
      ["after", "success", null],
    ]);
    expect(await logOf(view, 2)).toContain("the key is ***");
  });

  it("is gated by the job that calls it, and what it cannot take fails it", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `on: push
jobs:
  skipped:
    if: github.ref == 'refs/heads/other'
    uses: ./.sandlot/workflows/called.yml
  wrong:
    uses: ./.sandlot/workflows/called.yml
    with: { flag: "\${{ github.ref }}" }
  after:
    needs: wrong
    runs-on: ubuntu-latest
    steps: [{ run: "true" }]
  always:
    needs: [wrong, skipped]
    if: always() && needs.skipped.result == 'skipped' && needs.wrong.result == 'failure'
    uses: ./.sandlot/workflows/called.yml
    with: { flag: true }
`,
      ".sandlot/workflows/called.yml": `on:
  workflow_call:
    inputs: { flag: { type: boolean } }
jobs:
  a: { runs-on: ubuntu-latest, steps: [{ run: "test \${{ inputs.flag }} = true" }] }
`,
    });
    const [id] = await buildsOf(await push(repository));
    const view = await ended(id!);
    expect(view.jobs.map((job) => [job.name, job.conclusion, job.reason])).toEqual([
      ["skipped / a", "skipped", "condition_false"],
      ["wrong / a", "failure", "workflow_invalid"],
      ["after", "skipped", "needs_failed"],
      ["always / a", "success", null],
    ]);
    expect(view.jobs[1]?.detail).toContain("the input 'flag' (.sandlot/workflows/called.yml) must be a boolean");
  });

  it("is expanded when the matrix of its call is known", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: { list: "\${{ steps.s.outputs.list }}" }
    steps: [{ id: s, run: 'echo "list=[1,2]" >> "$GITHUB_OUTPUT"' }]
  each:
    needs: plan
    strategy: { matrix: { n: "\${{ fromJSON(needs.plan.outputs.list) }}" } }
    uses: ./.sandlot/workflows/called.yml
    with: { n: "\${{ matrix.n }}" }
`,
      ".sandlot/workflows/called.yml": `on:
  workflow_call:
    inputs: { n: { type: number } }
jobs:
  a: { name: "Leg \${{ inputs.n }}", runs-on: ubuntu-latest, steps: [{ run: "true" }] }
  b: { runs-on: ubuntu-latest, steps: [{ uses: "docker://alpine" }] }
`,
    });
    const [id] = await buildsOf(await push(repository));
    const view = await ended(id!);
    expect(view.jobs.map((job) => `${job.name}: ${job.conclusion} ${job.reason}`).sort()).toEqual([
      "each (1) / Leg 1: success null",
      "each (1) / b: failure unsupported",
      "each (2) / Leg 2: cancelled fail_fast",
      "each (2) / b: cancelled fail_fast",
      "plan: success null",
    ]);
  });
});
