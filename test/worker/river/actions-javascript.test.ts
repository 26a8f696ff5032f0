import { beforeAll, describe, expect, it } from "vitest";
import { buildSteps, script } from "./actions.ts";
import { migrate } from "./river.ts";

beforeAll(migrate);

const FULL = `
const fs = require("node:fs");
const put = (file, text) => fs.appendFileSync(process.env[file], text + "\\n");
console.log("hello " + process.env.INPUT_WHO_IS_IT + " with " + process.env.INPUT_TOKEN + " in " + process.cwd());
console.log("path " + (process.env.GITHUB_ACTION_PATH === __dirname), process.env.GITHUB_ACTION, process.env.GITHUB_ACTION_REPOSITORY, process.env.GITHUB_ACTION_REF);
console.log("::warning::mind");
put("GITHUB_OUTPUT", "word=said");
put("GITHUB_ENV", "FROM_ACTION=1");
put("GITHUB_STEP_SUMMARY", "### summary");
`;

describe("a JavaScript action of another repository", () => {
  it("is fetched at its commit and run with inputs, and hands on what it writes", async () => {
    const inputs =
      "inputs: { who is it: { default: nobody }, token: { default: '${{ github.token }}' }, must: { required: true } }\n";
    const { fullName, sha } = await script(FULL, { inputs });
    const { view, job, log, repository } = await buildSteps(`
      - id: say
        uses: ${fullName}@main
        with: { Who Is It: world, more: 1 }
      - run: echo "it \${{ steps.say.outputs.word }} $FROM_ACTION"
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain(`Download action repository '${fullName}@main' (SHA:${sha})`);
    expect(log).toContain(`##[warning]${fullName}@main is a branch`);
    expect(log).toContain(`hello world with *** in `);
    expect(log).toContain(`/${repository.name}/${repository.name}\n`);
    expect(log).toContain(`path true say ${fullName} main`);
    expect(log).toContain("##[warning]Unexpected input: more");
    expect(log).toContain("##[warning]Input required and not supplied: must");
    expect(log).toContain("it said 1");
    expect(job.steps.map(({ name }) => name).slice(0, 2)).toEqual(["Set up job", `Run ${fullName}@main`]);
    expect(job.steps[1]?.summary).toContain("### summary");
    expect(job.annotations).toMatchObject([
      { step: 0, level: "warning", line: 8 },
      { step: 1, message: "mind" },
    ]);
  });
});
