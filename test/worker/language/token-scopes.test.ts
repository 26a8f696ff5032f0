import { expect, it } from "vitest";
import { planJobs } from "../../../src/language/plan.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import { sayMissingScopes } from "../../../src/language/token-scopes.ts";

const LACKING = {
  permissions: {},
  lacking: [
    { name: "contents", level: "write" },
    { name: "issues", level: "write" },
  ],
  withheld: [],
} as const;

async function missing(steps: string): Promise<string | null> {
  const text = `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n${steps}`;
  const { workflow } = await readWorkflow("ci.yml", text, () => Promise.resolve(null));
  const [job] = workflow === null ? [] : planJobs(workflow);
  if (workflow === null || job === undefined) throw new Error("the workflow can't be read");
  return sayMissingScopes(
    job,
    workflow.env,
    { ...LACKING, lacking: [...LACKING.lacking], withheld: [] },
    "https://x.test",
  );
}

it("a step that names the token misses every scope, and is told where to grant them", async () => {
  expect(await missing('      - run: echo "${{ github.token }}"\n')).toBe(
    "permissions asks for contents: write, issues: write, which Sandlot's GitHub App was not granted. Grant it in the App's settings under \"Permissions & events\", then accept it at https://x.test",
  );
  expect(await missing("      - uses: ./.github/actions/x\n")).toContain("issues: write");
  expect(await missing('      - { run: x, env: { T: "${{ secrets.GITHUB_TOKEN }}" } }\n')).toContain("issues: write");
});

it("a checkout misses contents alone, since git pushes with the token", async () => {
  const message = await missing("      - uses: actions/checkout@v4\n");
  expect(message).toContain("contents: write");
  expect(message).not.toContain("issues");
});

it("a job that is not given the token misses nothing", async () => {
  expect(await missing("      - run: echo no token\n")).toBe(null);
});
