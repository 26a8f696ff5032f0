/** An action of our own over GitHub's real toolkit, bundled by the tests as authors of actions do: `main` and `post` are this one file. */

import * as core from "@actions/core";
import * as exec from "@actions/exec";
import * as tools from "@actions/tool-cache";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

async function main(): Promise<void> {
  core.saveState("began", "yes");
  const name = core.getInput("name", { required: true });
  core.info(
    `name ${name}, list ${core.getMultilineInput("list").join("+")}, flag ${String(core.getBooleanInput("flag"))}`,
  );
  core.setSecret("a secret word");
  core.info("this is a secret word");
  core.exportVariable("EXPORTED", "one\ntwo");
  core.addPath(join(process.env["RUNNER_TEMP"] ?? "", "bin"));
  core.setOutput("greeting", { hello: name });
  core.warning("mind the step", { file: "a.ts", startLine: 3 });
  await core.group("a group", async () => {
    const ran = await exec.getExecOutput("bash", ["-c", "echo from a program; pwd"], { silent: true });
    core.info(ran.stdout);
  });
  const from = join(process.env["RUNNER_TEMP"] ?? "", "made");
  mkdirSync(from, { recursive: true });
  writeFileSync(join(from, "tool.txt"), "a tool");
  await tools.cacheDir(from, "our-tool", "1.2.3");
  core.info(`found ${tools.find("our-tool", "1.x") === "" ? "nothing" : "the tool"}`);
  await core.summary.addHeading("Of the toolkit").write();
  core.info(await core.getIDToken().catch((error: unknown) => `no id token: ${String(error)}`));
}

/** What the toolkit itself does where an action fails. */
async function run(): Promise<void> {
  try {
    if (core.getState("began") === "") await main();
    else core.info(`post, found ${tools.find("our-tool", "1.2.3") === "" ? "nothing" : "the tool"}`);
  } catch (error) {
    core.setFailed(error instanceof Error ? error : String(error));
  }
}

void run();
