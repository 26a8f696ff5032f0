/** `actions/checkout`: exactly one commit, by git in the sandbox. Its credential lives in the environment of this one process. */

import type { UsesStep } from "../model/workflow.ts";
import { START_WAIT_MS } from "../model/limits.ts";
import type { StepSpec } from "../sandbox/port.ts";
import { CHECKOUT_SCRIPT } from "./checkout-script.ts";
import { followStep } from "./follow.ts";
import { folderIn } from "./run.ts";
import { timeLeft } from "./step-environment.ts";
import { openLog, readBoolean, readInput } from "./work.ts";
import type { StepWork, WorkResult } from "./work.ts";

/** What the script exits with where trying again cannot help. */
const EXIT_COMMIT_GONE = 70;
const EXIT_BAD_INPUT = 64;

export async function checkout(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const { session } = work;
  const wanted = wantedCommit(work, step);
  const token = readInput(step, work, "token", "") || (await session.vault.token(Date.now()));
  await session.vault.learn([token]);
  const url = repositoryUrl(work);
  await openLog(work, [`##[group]Run ${step.uses}`, `${url} at ${nameOf(wanted)}`, "##[endgroup]"]);
  const spec = checkoutSpec(work, step, { url, token, wanted });
  const followed = await followStep(session, spec, work.follow);
  if (followed.exit === null && !followed.vanished)
    return { state: "running", memo: null, cancelled: followed.cancelled };
  if (followed.cancelled && work.follow.cancelled === null) return { state: "cancelled", cancel: followed.cancelled };
  const exitCode = followed.exit?.exitCode ?? null;
  if (exitCode !== 0) return failed(exitCode, nameOf(wanted));
  if (readBoolean(readInput(step, work, "persist-credentials", "true")) !== false)
    await session.sandbox.serveGitCredential(new URL(url).origin, token);
  return { state: "succeeded", exitCode, outputs: { ref: session.facts.build.ref, commit: wanted.SHA } };
}

interface Wanted {
  /** Empty where only a ref is known. */
  SHA: string;
  REF: string;
}

const nameOf = ({ SHA, REF }: Wanted): string => SHA || REF;

function checkoutSpec(
  work: StepWork,
  step: UsesStep,
  { url, token, wanted }: { url: string; token: string; wanted: Wanted },
): StepSpec {
  const { session } = work;
  const flag = (input: string, otherwise: string): string =>
    readBoolean(readInput(step, work, input, otherwise)) === true ? "1" : "";
  return {
    id: `step-${step.number}`,
    script: CHECKOUT_SCRIPT,
    extension: "sh",
    command: ["bash", "{0}"],
    env: {
      ...session.booted.env,
      ...gitConfig(url, token),
      URL: url,
      DEST: folderIn(session.workspace, readInput(step, work, "path", "")),
      SHA: wanted.SHA,
      REF: wanted.REF,
      DEPTH: readInput(step, work, "fetch-depth", "1"),
      TAGS: flag("fetch-tags", "false"),
      CLEAN: flag("clean", "true"),
    },
    cwd: session.booted.workspace,
    timeoutMs: timeLeft(session, step, work.values, Date.now()),
    waitMs: START_WAIT_MS,
  };
}

/** The build's own commit, unless `ref` asks for another. */
function wantedCommit(work: StepWork, step: UsesStep): Wanted {
  const { build } = work.session.facts;
  const asked = readInput(step, work, "ref", "");
  if (asked === "") return { SHA: build.sha, REF: build.ref };
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(asked) ? { SHA: asked, REF: "" } : { SHA: "", REF: asked };
}

function repositoryUrl({ session }: StepWork): string {
  const { owner, name } = session.facts.repository;
  return `${session.env.GITHUB_SERVER_URL}/${encodeURIComponent(owner)}/${encodeURIComponent(name)}.git`;
}

/** Settings that are in no file and in no command line. */
function gitConfig(url: string, token: string): Record<string, string> {
  const settings: [string, string][] = [
    [`http.${new URL(url).origin}/.extraheader`, `AUTHORIZATION: basic ${btoa(`x-access-token:${token}`)}`],
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["protocol.ext.allow", "never"],
    ["protocol.file.allow", "never"],
    ["protocol.version", "2"],
    ["http.lowSpeedLimit", "1024"],
    ["http.lowSpeedTime", "60"],
    ["advice.detachedHead", "false"],
    ["init.defaultBranch", "main"],
  ];
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length), GIT_TERMINAL_PROMPT: "0" };
  for (const [index, [key, value]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

function failed(exitCode: number | null, wanted: string): WorkResult {
  if (exitCode === EXIT_COMMIT_GONE)
    return {
      state: "failed",
      exitCode,
      reason: "commit_gone",
      detail: `${wanted} is gone from the repository: it was force-pushed away or deleted`,
    };
  if (exitCode === EXIT_BAD_INPUT)
    return { state: "failed", exitCode, reason: "step_failed", detail: "An input of actions/checkout can't be used" };
  return {
    state: "failed",
    exitCode,
    reason: "checkout_failed",
    detail: `git could not fetch ${wanted} after three tries (exit code ${exitCode ?? "none"})`,
  };
}
