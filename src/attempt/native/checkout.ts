/** `actions/checkout`: exactly one commit, by git in the sandbox. Its credential lives in the environment of this one process. */

import { readAssignments } from "../../logs/environment-files.ts";
import { START_WAIT_MS } from "../../model/limits.ts";
import type { UsesStep } from "../../model/workflow.ts";
import type { StepSpec } from "../../sandbox/port.ts";
import { gitSettings, tokenHeader } from "../git-settings.ts";
import type { Session } from "../session.ts";
import { timeLeft } from "../step/environment.ts";
import { followStep } from "../step/follow.ts";
import type { Followed } from "../step/follow.ts";
import { folderIn } from "../step/run.ts";
import { openLog, readBoolean, readInput } from "../step/work.ts";
import type { StepWork, WorkResult } from "../step/work.ts";
import { CHECKOUT_EXIT, CHECKOUT_SCRIPT } from "./checkout-script.ts";
import { findSource } from "./checkout-source.ts";
import type { Source } from "./checkout-source.ts";

export async function checkout(work: StepWork, step: UsesStep): Promise<WorkResult> {
  const { session } = work;
  const source = await findSource(work, step);
  if ("refused" in source) return { state: "failed", exitCode: null, reason: "step_failed", detail: source.refused };
  await session.vault.learn([source.token]);
  const wanted = wantedCommit(work, step, source);
  await openLog(work, [`##[group]Run ${step.uses}`, `${source.url} at ${nameOf(wanted)}`, "##[endgroup]"]);
  const followed = await followStep(session, checkoutSpec(work, step, { source, wanted }), work.follow);
  if (followed.exit === null && !followed.vanished)
    return { state: "running", memo: null, cancelled: followed.cancelled };
  if (followed.cancelled && work.follow.cancelled === null) return { state: "cancelled", cancel: followed.cancelled };
  return await readEnd(work, step, { source, wanted }, followed.exit);
}

interface Asked {
  source: Source;
  wanted: Wanted;
}

async function readEnd(
  work: StepWork,
  step: UsesStep,
  { source, wanted }: Asked,
  exit: Followed["exit"],
): Promise<WorkResult> {
  const exitCode = exit?.exitCode ?? null;
  if (exitCode !== 0) return failed(exitCode, nameOf(wanted), source);
  if (readBoolean(readInput(step, work, "persist-credentials", "true")) !== false)
    await persist(work.session, source, Date.now());
  return { state: "succeeded", exitCode, outputs: { ref: wanted.REF || wanted.SHA, commit: commitOf(exit) } };
}

/** Later `git` in steps is answered with what was fetched with. Only the job's own token is renewed. */
async function persist({ sandbox, vault, facts }: Session, source: Source, now: number): Promise<void> {
  const server = new URL(source.url).origin;
  if (source.credential === "given") await sandbox.serveGitCredential(server, source.token);
  if (source.credential === "job" && !facts.build.fork)
    await sandbox.serveGitCredential(server, await vault.serve(server, now));
}

function commitOf(exit: Followed["exit"]): string {
  const read = readAssignments(exit?.files.output?.text ?? "");
  return (read.ok && read.value.get("commit")) || "";
}

interface Wanted {
  /** Empty where only a ref is known. */
  SHA: string;
  REF: string;
}

const nameOf = ({ SHA, REF }: Wanted): string => SHA || REF || "the default branch";

/** The build's own commit, unless `ref` or `repository` asks for another. */
function wantedCommit(work: StepWork, step: UsesStep, source: Source): Wanted {
  const { build } = work.session.facts;
  const asked = readInput(step, work, "ref", "");
  if (asked === "") return source.own ? { SHA: build.sha, REF: build.ref } : { SHA: "", REF: "" };
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(asked) ? { SHA: asked, REF: "" } : { SHA: "", REF: asked };
}

function checkoutSpec(work: StepWork, step: UsesStep, { source, wanted }: Asked): StepSpec {
  const { session } = work;
  const flag = (input: string, otherwise: string): string =>
    readBoolean(readInput(step, work, input, otherwise)) === true ? "1" : "";
  const { id } = work;
  const server = new URL(source.url);
  const submodules = readInput(step, work, "submodules", "false").toLowerCase();
  return {
    id,
    script: CHECKOUT_SCRIPT,
    extension: "sh",
    command: ["bash", "{0}"],
    env: {
      ...session.booted.env,
      ...gitConfig(server, source.token),
      ...wanted,
      URL: source.url,
      SERVER: server.origin,
      HOST: server.hostname,
      WORKSPACE: session.workspace,
      DEST: folderIn(session.workspace, readInput(step, work, "path", "")),
      DEPTH: readInput(step, work, "fetch-depth", "1"),
      TAGS: flag("fetch-tags", "false"),
      CLEAN: flag("clean", "true"),
      LFS: flag("lfs", "false"),
      SUBMODULES: submodules === "recursive" || submodules === "true" ? submodules : "",
      OUTPUT: `${session.booted.control}/steps/${id}/output`,
    },
    cwd: session.booted.workspace,
    timeoutMs: timeLeft(work, step, Date.now()),
    waitMs: START_WAIT_MS,
  };
}

/** An empty token asks as nobody. */
function gitConfig(server: URL, token: string): Record<string, string> {
  return gitSettings([
    ...(token === "" ? [] : [tokenHeader(`${server.origin}/`, token)]),
    // A submodule named by its SSH address comes the same way as all else.
    [`url.${server.origin}/.insteadOf`, `git@${server.hostname}:`],
    [`url.${server.origin}/.insteadOf`, `ssh://git@${server.hostname}/`],
  ]);
}

function failed(exitCode: number | null, wanted: string, { name, token }: Source): WorkResult {
  if (exitCode === CHECKOUT_EXIT.commitGone) {
    const detail = `${wanted} is gone from the repository ${name}: it was force-pushed away or deleted, or was never there`;
    return { state: "failed", exitCode: null, reason: "commit_gone", detail };
  }
  const why: Record<number, string> = {
    [CHECKOUT_EXIT.badInput]: "An input of actions/checkout can't be used: see the log",
    [CHECKOUT_EXIT.noLfs]: "There is no git-lfs in the sandbox, which `lfs: true` needs",
    [CHECKOUT_EXIT.badSubmodule]: "A submodule is refused, or can't be fetched: see the log",
    [CHECKOUT_EXIT.notReadable]:
      token === ""
        ? `${name} can't be read without a token: it does not exist, or is private`
        : `${name} can't be read with this token: the job needs \`permissions: contents: read\`, and reads other private repositories only by the input \`token\``,
  };
  const detail = exitCode === null ? undefined : why[exitCode];
  if (detail !== undefined) return { state: "failed", exitCode: null, reason: "step_failed", detail };
  return {
    state: "failed",
    exitCode,
    reason: "checkout_failed",
    detail: `git could not fetch ${wanted} of ${name} after three tries (exit code ${exitCode ?? "none"})`,
  };
}
