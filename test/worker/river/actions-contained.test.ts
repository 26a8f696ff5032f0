/** What an action may do to others: nothing that a step of the job could not. */

import { beforeAll, describe, expect, it } from "vitest";
import { env } from "cloudflare:workers";
import { buildSteps, script } from "./actions.ts";
import { migrate } from "./river.ts";

beforeAll(migrate);

describe("an action that", () => {
  it("writes outside its folders changes neither what is kept of it nor of others", async () => {
    const tool = await script(`
const fs = require("node:fs");
fs.writeFileSync(__dirname + "/main.js", "console.log('changed')");
for (const one of ["/etc/sandlot-test", "/usr/sandlot-test"]) try { fs.writeFileSync(one, "x"); fs.rmSync(one); } catch (error) { console.log(error.code); }
fs.writeFileSync("../../outside", "x");
console.log("as published");`);
    const uses = `      - uses: ${tool.fullName}@${tool.sha}\n`;
    const first = await buildSteps(uses);
    expect(first.view.conclusion, first.log).toBe("success");
    const second = await buildSteps(
      `${uses}      - run: test ! -e ../../outside && echo nothing outside || ls ../..\n`,
    );
    expect(second.log).toContain("as published");
    expect(second.log).not.toContain("changed");
    const { objects } = await env.STORE.list({ prefix: `actions/` });
    expect(objects.filter(({ key }) => key.includes(tool.sha))).toHaveLength(1);
  });

  it("prints its token, whole and in parts of commands, shows stars", async () => {
    const inputs = "inputs: { token: { default: '${{ github.token }}' } }\n";
    const leak = `const t = process.env.INPUT_TOKEN; console.log("it is " + t); console.log("::warning title=" + t + "::" + t); console.log(encodeURIComponent(t)); console.log(Buffer.from("x-access-token:" + t).toString("base64")); require("node:fs").appendFileSync(process.env.GITHUB_STEP_SUMMARY, t);`;
    const tool = await script(leak, { inputs });
    const { view, job, log } = await buildSteps(`
      - uses: ${tool.fullName}@main
      - run: env | grep -c "gh[s]_" || true
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("it is ***");
    expect(JSON.stringify(job) + log).not.toContain("ghs_");
    expect(log).not.toMatch(/eC1hY2Nlc3MtdG9rZW46/);
  });

  it("never ends is stopped when its time is over", async () => {
    const tool = await script("console.log('for ever'); setInterval(() => {}, 1000);");
    const { job, log } = await buildSteps(`      - { uses: ${tool.fullName}@main, timeout-minutes: 0.03 }\n`);
    expect(job, log).toMatchObject({ conclusion: "failure", reason: "step_timed_out" });
  });

  it("leaves daemons behind does not hold up the job, and they end with it", async () => {
    const tool = await script(`
const { spawn } = require("node:child_process");
spawn("sh", ["-c", "trap '' HUP TERM; while :; do sleep 1; done"], { detached: true, stdio: "inherit" }).unref();
console.log("left one");`);
    const { view, log } = await buildSteps(`      - uses: ${tool.fullName}@main\n      - run: echo went on\n`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toMatch(/left one[^]*went on/);
  });

  it("prints commands inside other commands sets nothing by them", async () => {
    const tool = await script(`
console.log("::set-output name=a::b");
console.log("::save-state name=a::b");
console.log("::set-env name=EVIL::1");
console.log("::warning::outer %0A::add-path::/evil%0A::error::inner");
console.log("text ::error::not a command");
console.log("::stop-commands::word\\n::error::stopped\\n::word::");`);
    const { view, job, log } = await buildSteps(`
      - { id: t, uses: ${tool.fullName}@main }
      - run: test -z "$EVIL" && test -z "\${{ steps.t.outputs.a }}" && case "$PATH" in *evil*) exit 1 ;; esac
`);
    expect(view.conclusion, log).toBe("success");
    expect(job.annotations.filter(({ level }) => level === "error")).toEqual([]);
    expect(job.annotations.map(({ message }) => message)).toContainEqual(expect.stringContaining("outer"));
  });

  it("names what it hands on __proto__ or constructor changes only its own", async () => {
    const tool = await script(
      `const fs = require("node:fs");
for (const file of ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV"]) fs.appendFileSync(process.env[file], "__proto__=p\\nconstructor=c\\ntoString<<E\\nt\\nE\\n");`,
      { "post.js": "console.log('state ' + process.env.STATE___proto__ + process.env.STATE_constructor)" },
      "  post: post.js\n",
    );
    const { view, log } = await buildSteps(`
      - { id: t, uses: ${tool.fullName}@main }
      - id: other
        run: echo "other '\${{ steps.other.outputs.toString }}' \${{ steps.t.outputs.__proto__ }}\${{ steps.t.outputs.constructor }}\${{ steps.t.outputs.toString }}"
`);
    expect(view.conclusion, log).toBe("success");
    expect(log).toContain("other '' pct");
    expect(log).toContain("state pc");
  });
});
