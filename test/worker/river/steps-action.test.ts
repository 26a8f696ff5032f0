import { beforeAll, describe, expect, it } from "vitest";
import { createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, migrate, push } from "./river.ts";

beforeAll(migrate);

async function build(steps: string, files: Record<string, string>) {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    env: { LEVEL: job }
    steps:
      - uses: actions/checkout@v4
${steps}`;
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": text, ...files });
  const view = await ended((await buildsOf(await push(repository)))[0]!);
  return { view, job: view.jobs[0], log: await logOf(view) };
}

const GREET = `name: Greet
inputs:
  who: { required: true }
  how: { default: "hello \${{ github.ref_name }}" }
outputs:
  said: { value: "\${{ steps.say.outputs.word }}!" }
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      working-directory: \${{ github.action_path }}
      run: |
        test -f action.yml && test "$GITHUB_ACTION_PATH" = "$PWD" && test "$GITHUB_ACTION" = say
        echo "word=\${{ inputs.how }} \${{ inputs.WHO }} $LEVEL $STEP" >> "$GITHUB_OUTPUT"
        echo "FROM_ACTION=1" >> "$GITHUB_ENV"; mkdir -p "$HOME/tools"; echo "$HOME/tools" >> "$GITHUB_PATH"
        echo "### summary of \${{ inputs.who }}" >> "$GITHUB_STEP_SUMMARY"
        printf 'no line end'
    - { shell: sh, run: 'echo "::warning::mind $FROM_ACTION"; test -z "\${{ steps.earlier.outcome }}"' }
    - { shell: bash, if: "env.FROM_ACTION != '1'", run: exit 1 }
    - { id: bad, shell: bash, continue-on-error: true, run: exit 3 }
    - { shell: bash, run: 'test "\${{ steps.bad.outcome }}-\${{ steps.bad.conclusion }}" = failure-success' }
    - uses: ./.github/actions/inner
      with: { x: "\${{ inputs.who }}" }
`;
const INNER = `inputs: { x: { default: none } }
runs:
  using: composite
  steps:
    - { shell: bash, run: 'echo "inner got \${{ inputs.x }} as $GITHUB_ACTION"' }
    - { uses: actions/cache@v4, with: { path: kept, key: "k-\${{ hashFiles('**/action.yml') }}" } }
    - { shell: bash, run: mkdir -p kept && echo 1 > kept/one }
`;

describe("an action of the repository", () => {
  it("runs its steps with inputs, outputs, environment and actions of its own, as one step", async () => {
    const { view, job, log } = await build(
      `
      - { id: earlier, run: "true" }
      - id: greet
        uses: ./greet
        env: { STEP: step }
        with: { who: world, unknown: 1 }
      - run: echo "it said \${{ steps.greet.outputs.said }}"; test "$FROM_ACTION" = 1; case "$PATH" in "$HOME/tools:"*) ;; *) exit 1 ;; esac
      - run: test -z "\${{ steps.say.outcome }}"
`,
      { "greet/action.yml": GREET, ".github/actions/inner/action.yaml": INNER },
    );
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("it said hello main world job step!");
    expect(log).toContain("##[warning]Unexpected input: unknown");
    expect(log).toContain("no line end\n##[group]› Run echo");
    expect(log).toContain("##[warning]mind 1");
    expect(log).toContain("inner got world as __run");
    expect(log).toContain("Cache saved with key: k-");
    expect(job?.steps.map((step) => step.name).slice(2, 3)).toEqual(["Run ./greet"]);
    expect(job?.steps.at(-1)?.name).toBe("Post ./greet");
    expect(job?.annotations).toMatchObject([{ level: "warning", message: "mind 1", step: 3 }]);
  });

  it("that fails names the step that broke, and runs those that ask for it", async () => {
    const { view, job, log } = await build("      - { name: Set up, uses: ./x }\n", {
      "x/action.yml": `runs:
  using: composite
  steps:
    - { name: Compile, shell: bash, run: exit 4 }
    - { shell: bash, run: echo not reached }
    - { shell: bash, if: failure(), run: echo tidied }
`,
    });
    expect(view).toMatchObject({ conclusion: "failure", reason: "step_failed" });
    expect(job?.detail).toBe('"Set up": "Compile" failed with exit code 4');
    expect(log).toContain("tidied");
    expect(log).not.toContain("not reached");
  });

  it("that is missing, wrong or without end says so with its place", async () => {
    const loop = "runs: { using: composite, steps: [{ uses: ./loop }] }\n";
    const { job, log } = await build(
      ["missing", "../out", "docker", "loop"]
        .map((name) => `      - { continue-on-error: true, uses: ./${name} }\n`)
        .join(""),
      { "docker/action.yml": "runs: { using: docker, image: Dockerfile }\n", "loop/action.yml": loop },
    );
    const details = job?.steps.slice(1).map((step) => step.detail);
    expect(details?.[0], log).toContain("There is no missing/action.yml or missing/action.yaml in the workspace");
    expect(details?.[1]).toContain("lies outside of the workspace");
    expect(details?.[2]).toMatch(/^docker\/action\.yml:1:\d+: .*docker/);
    expect(details?.[3]).toContain("they go no deeper");
  });

  it("is given the token only where it names it, and no secrets", async () => {
    const { view, log } = await build("      - { uses: ./t }\n", {
      "t/action.yml": `inputs: { token: { default: "\${{ github.token }}" } }
runs:
  using: composite
  steps:
    - shell: bash
      env: { T: "\${{ inputs.token }}" }
      run: test -n "$T" && echo "token is $T"
    - { shell: bash, run: "env | grep -c 'gh[s]_' || true" }
`,
    });
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("token is ***");
    expect(log).not.toContain("ghs_");
  });
});
