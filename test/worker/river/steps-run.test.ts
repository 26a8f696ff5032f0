import { beforeAll, describe, expect, it } from "vitest";
import { conditions } from "../../support/conditions.ts";
import { createRepository } from "../../support/github-control.ts";
import { buildsOf, call, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

async function build(
  text: string,
  { secrets = {}, crlf = false }: { secrets?: Record<string, string>; crlf?: boolean } = {},
) {
  const workflow = crlf ? text.replaceAll("\n", "\r\n") : text;
  const repository = await createRepository(github, { "a.txt": "a\n", ".sandlot/workflows/ci.yml": workflow });
  if (Object.keys(secrets).length > 0) {
    // A secret is given to a repository that Sandlot has seen.
    await ended((await buildsOf(await push(repository, { id: crypto.randomUUID() })))[0]!);
    for (const [name, value] of Object.entries(secrets)) {
      const path = `/repositories/${repository.fullName}/secrets/${name}`;
      const answer = await call(path, { method: "PUT", body: JSON.stringify({ value }) });
      if (!answer.ok) throw new Error(await answer.text());
    }
  }
  const view = await ended((await buildsOf(await push(repository)))[0]!);
  return { view, job: view.jobs[0], log: view.jobs[0] ? await logOf(view) : "" };
}

const job = (steps: string, more = "") =>
  `name: CI\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n${more}    steps:\n${steps}`;

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */
describe("a shell", () => {
  it("is GitHub's own: errexit, pipefail where bash is named, a script's file where one is custom", async () => {
    const { view, log } = await build(
      job(`      - { run: "false | true; echo no pipefail" }
      - { shell: bash, continue-on-error: true, run: "false | true; echo never" }
      - { shell: sh, run: "echo in sh $0" }
      - { shell: python, run: "import sys; print('python', sys.version_info[0])" }
      - { shell: node, run: "console.log('node', typeof process)" }
      - { shell: "perl -w {0}", run: "print 'perl ', 6 * 7, qq(\\\\n);" }
      - { shell: 'bash -c "echo quoted words; cat {0}" {0}', run: echo shown }
`),
    );
    expect(view.conclusion, log).toBe("success");
    for (const shown of ["no pipefail", "in sh /", "node object", "perl 42", "quoted words"])
      expect(log).toContain(shown);
    expect(log).toMatch(/^python 3$/m);
    expect(log).not.toMatch(/^never$/m);
  });

  it("that the sandbox lacks, or that is none, is said by its name", async () => {
    const { job: ran, log } = await build(
      job(
        ["pwsh", "no-such-shell {0}", "cmd", "bash -x"]
          .map((shell) => `      - { shell: "${shell}", continue-on-error: true, run: echo hi }\n`)
          .join("") + `      - { continue-on-error: true, run: no-such-command }\n`,
      ),
    );
    expect(
      ran?.steps.map((step) => [step.reason, step.detail]),
      log,
    ).toMatchObject([
      ["unsupported", "There is no pwsh in the sandbox"],
      ["unsupported", "There is no no-such-shell in the sandbox"],
      ["unsupported", "There is no cmd in the sandbox"],
      ["unsupported", expect.stringContaining("{0}")],
      ["step_failed", "Process completed with exit code 127."],
    ]);
  });

  it("runs a script of a file with Windows line ends, and names a working directory that is not there", async () => {
    const { job: ran, log } = await build(
      job(`      - run: |
          echo one
          echo two
      - { working-directory: no/where, run: pwd }
`),
      { crlf: true },
    );
    expect(log).toContain("one\ntwo\n");
    expect(ran?.detail).toMatch(/The working directory does not exist: .*\/no\/where/);
  });
});

describe("a step", () => {
  it("sees its own name, the outcome of those before, and functions of status and files", async () => {
    const { view, log } = await build(
      job(`      - { run: 'test "$GITHUB_ACTION" = __run && test -n "$GITHUB_STEP_SUMMARY" && test -z "$RUNNER_DEBUG"' }
      - { run: 'test "$GITHUB_ACTION" = __run_2' }
      - { id: own, continue-on-error: true, run: 'test "$GITHUB_ACTION" = own && exit 9' }
      - { if: steps.own.outcome == 'failure' && steps.own.conclusion == 'success' && success(), run: echo one }
      - { if: "hashFiles('nothing/**') == '' && !cancelled() && always()", run: echo two }
      - { if: failure() || cancelled(), run: exit 1 }
      - { timeout-minutes: "\${{ fromJSON('0.05') }}", continue-on-error: "\${{ github.event_name == 'push' }}", run: sleep 60 }
`),
    );
    expect(view.conclusion, log).toBe("success");
    expect(view.jobs[0]?.steps.map((step) => step.conclusion)).toEqual([
      "success",
      "success",
      "success",
      "success",
      "success",
      "skipped",
      "success",
    ]);
    expect(view.jobs[0]?.steps.at(-1)).toMatchObject({ outcome: "failure", reason: "step_timed_out" });
  });

  it("that ignores TERM at its timeout is killed, and a daemon that keeps the output holds up nobody", async () => {
    const { job: ran, log } = await build(
      job(`      - { run: "sleep 300 & echo daemon left" }
      - { continue-on-error: true, timeout-minutes: 0.02, run: "trap '' TERM INT; echo stubborn; while :; do sleep 1; done" }
      - { run: "printf 'bad \\\\377\\\\376 bytes\\\\n'" }
`),
    );
    expect(log).toContain("daemon left");
    expect(ran?.steps.map((step) => [step.outcome, step.reason])).toEqual([
      ["success", null],
      ["failure", "step_timed_out"],
      ["success", null],
    ]);
    expect(log).toContain("bad \uFFFD\uFFFD bytes");
  });

  it("keeps a masked summary, and leaves out one that is too long", async () => {
    const { view, log } = await build(
      job(`      - run: echo "::add-mask::hunter22" ; echo "# All good hunter22" >> "$GITHUB_STEP_SUMMARY"
      - run: head -c 1100000 /dev/zero | tr '\\\\0' 'x' >> "$GITHUB_STEP_SUMMARY"
`),
    );
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("##[warning]GITHUB_STEP_SUMMARY holds 1100000 bytes");
    expect(view.jobs[0]?.steps.map(({ summary }) => summary)).toEqual(["# All good ***\n", null]);
    expect(JSON.stringify(view)).not.toContain("hunter22");
  });

  it("that names a secret has it masked in log, annotations and names, and hands it to no other job", async () => {
    const { view, log } = await build(
      `name: CI
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: { open: "\${{ steps.s.outputs.open }}", closed: "\${{ steps.s.outputs.closed }}" }
    steps:
      - run: env | grep -c s3cr3[t]-value || true
      - id: s
        name: Deploy \${{ secrets.DEPLOY_KEY }}
        env: { KEY: "\${{ secrets.DEPLOY_KEY }}" }
        run: |
          echo "key $KEY"; echo "$KEY" | base64; echo "::error::broken $KEY"
          echo "open=1" >> "$GITHUB_OUTPUT"; echo "closed=x$KEY" >> "$GITHUB_OUTPUT"
  b:
    needs: a
    runs-on: ubuntu-latest
    steps: [{ run: "test '\${{ needs.a.outputs.open }}-\${{ needs.a.outputs.closed }}' = 1-" }]
`,
      { secrets: { DEPLOY_KEY: "s3cr3t-value" } },
    );
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("key ***");
    expect(view.jobs[0]?.steps[1]?.name).toBe("Deploy ***");
    expect(view.jobs[0]?.annotations).toMatchObject([{ message: "broken ***" }]);
    expect(`${JSON.stringify(view)}${log}`).not.toMatch(/s3cr3t-value|czNjcjN0/);
  });

  it("shows debug lines where the repository's secret asks for them", async () => {
    const text = job(`      - run: echo "::debug::deep"; test "$RUNNER_DEBUG-\${{ runner.debug }}" = 1-1\n`);
    const { view, log } = await build(text, { secrets: { ACTIONS_STEP_DEBUG: "true" } });
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("##[debug]deep");
  });
});

describe("a job", () => {
  it("that runs out of time is timed out here and cancelled to those that need it", async () => {
    const { view, log } = await build(`name: CI
on: push
jobs:
  slow:
    runs-on: ubuntu-latest
    timeout-minutes: \${{ fromJSON('0.05') }}
    steps:
      - run: sleep 120
      - { if: success(), run: echo never }
      - { if: always(), run: echo tidied }
  next:
    needs: slow
    if: always()
    runs-on: ubuntu-latest
    steps: [{ run: "test '\${{ needs.slow.result }}' = cancelled" }]
`);
    expect(view.jobs[0], log).toMatchObject({ conclusion: "timed_out", reason: "job_timed_out" });
    expect(log).toContain("tidied");
    expect(log).not.toMatch(/^never$/m);
    expect(view.jobs[1]?.conclusion).toBe("success");
  });

  it("with a log beyond the limit keeps its first and its last half, and says what is missing", async () => {
    conditions.maxLogBytes = "20000";
    try {
      const { view, log } = await build(job("      - run: echo the first; seq 1 20000; echo the last\n"));
      expect(view.conclusion).toBe("success");
      expect(log.length).toBeLessThan(21_000);
      expect(log).toMatch(/the first\n1\n2\n[^]*Sandlot cut [\d,]+ bytes here[^]*\n20000\nthe last\n/);
    } finally {
      conditions.maxLogBytes = null;
    }
  });

  it("with a long log keeps all of it, in order and unchanged", async () => {
    const lines = 40_000;
    const { view, log } = await build(job(`      - run: seq -f 'line %.0f of a long log' 1 ${lines}\n`));
    expect(view.conclusion).toBe("success");
    const numbers = [...log.matchAll(/^line (\d+) of a long log$/gm)].map(([, n]) => Number(n));
    expect(numbers).toEqual(Array.from({ length: lines }, (_, index) => index + 1));
  });
});
