import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { attemptId, buildId, jobId, parseDeliveryId } from "../../../src/model/ids.ts";
import { createRepository } from "../../support/github-control.ts";
import { buildsOf, call, ended, github, logOf, migrate, push, until } from "./river.ts";

beforeAll(migrate);

const PATH = ".sandlot/workflows/ci.yml";

const WORKFLOW = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/slow
        id: slow
      - run: |
          echo "it gave \${{ steps.slow.outputs.word }}"
          sort "$RUNNER_TEMP/ledger" | uniq -c
`;

/** Each of its steps says in a file that it ran: nothing else knows how often one really did. */
const ACTION = `runs:
  using: composite
  steps:
    - run: echo first >> "$RUNNER_TEMP/ledger"; echo "word=kept" >> "$GITHUB_OUTPUT"
      id: one
      shell: bash
    - run: echo second >> "$RUNNER_TEMP/ledger"; echo "now asleep"; sleep 3; echo awake
      shell: bash
    - run: echo third >> "$RUNNER_TEMP/ledger"
      shell: bash
outputs:
  word: { value: "\${{ steps.one.outputs.word }}" }
`;

it("a job runner that is stopped within an action's steps runs none of them twice", async () => {
  const repository = await createRepository(github, { [PATH]: WORKFLOW, ".github/actions/slow/action.yml": ACTION });
  const delivery = parseDeliveryId(crypto.randomUUID())!;
  const build = buildId(delivery, PATH);
  const job = jobId(build, "a");
  await buildsOf(await push(repository, { id: delivery }));
  const log = async () => await (await call(`/builds/${build}/jobs/${job}/log`)).text();
  await until(log, (text) => text.includes("now asleep"), "the action's second step");
  const runner = await env.JOB_RUNNER.get(attemptId(job, 1));
  // Stops it at once and begins it anew, without what its durable steps gave: more than a deploy or a crash takes.
  await runner.restart();
  const view = await ended(build);
  const text = await logOf(view);
  expect(view.conclusion, text).toBe("success");
  expect(text).toContain("it gave kept");
  expect(text.match(/^ +\d+ (first|second|third)$/gm)?.map((line) => line.trim())).toEqual([
    "1 first",
    "1 second",
    "1 third",
  ]);
  expect(text.split("\n").filter((line) => line === "awake")).toHaveLength(1);
});
