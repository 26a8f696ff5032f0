/** What `sandlot run` and `sandlot dev` share: everything up, the folder's commit in the local GitHub, and everything down again. */

import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";

import { version } from "../../../package.json";
import { type LocalCommit, makeCommit } from "../../local/commit.ts";
import type { LocalRepository } from "../../local/github-state.ts";
import { runGit } from "../../local/user-git.ts";
import type { DeliveryView } from "../../model/api.ts";
import { askToRun, canAsk, NO_BOUNDARY, readSecrets } from "../ask.ts";
import { announce, deliverEvent } from "./deliver-event.ts";
import type { Output } from "../events.ts";
import { narrowRun } from "./narrow.ts";
import { type LocalSandlot, startLocalSandlot } from "./local-sandlot.ts";
import type { RunOptions } from "./options.ts";
import { findSource, type Source, WORKFLOW_DIRS } from "../source.ts";
import { defaultStateFolder, openState, type State } from "./state.ts";
import { UsageError } from "../usage-error.ts";

export interface SessionRequest {
  path: string;
  options: RunOptions;
  output: Output;
  /** Where Sandlot is installed. */
  install: string;
  signal: AbortSignal;
}

export interface Session {
  source: Source;
  state: State;
  sandlot: LocalSandlot;
  /** Makes the commit anew and delivers the event. */
  deliver(): Promise<DeliveryView>;
  close(): Promise<void>;
}

export async function openSession(request: SessionRequest): Promise<Session> {
  const { options, output, signal } = request;
  const source = await findSource(request.path);
  output.show({ type: "start", version, path: source.root });
  sayWhatIsUnusual(source, output);
  const { job: onlyJob, workflow: onlyWorkflow } = await narrowRun(source, options);
  const state = await openState(
    options.state === null ? defaultStateFolder(source.root, process.env) : resolve(options.state),
  );
  // Whatever makes a temporary folder from here on, makes it where it is removed with the rest, even after a SIGKILL.
  process.env["TMPDIR"] = state.scratch;
  try {
    await agree(source, state, request);
    const secrets = await readSecrets(options.secrets, signal);
    signal.throwIfAborted();
    if (state.isTemporary) {
      output.show({
        type: "notice",
        message: "Another run of this repository is going on: this one works on a copy of its caches.",
      });
    }
    const sandlot = await startLocalSandlot({
      install: request.install,
      source,
      state,
      signal,
      onlyJob,
      onlyWorkflow,
      ...(options.actions === null ? {} : { actionsDir: options.actions }),
      ...(options.native ? {} : { variables: { NATIVE_ACTIONS: "off" } }),
      onFault: (fault) =>
        output.show({ type: "notice", message: `Sandlot had a fault of its own and tries again: ${fault}` }),
      maxSandboxes: options.maxSandboxes ?? availableParallelism(),
      ...(options.verbose ? { onOutput: (text: string) => process.stderr.write(text) } : {}),
    });
    const close = async () => {
      const isFinished = await hasFinished(sandlot);
      await sandlot.close();
      await state.release({ isFinished });
    };
    output.show({ type: "machine", url: sandlot.url, startedInMs: sandlot.startedInMs });
    const deliver = () => deliverFolder({ ...request, source, state, sandlot, secrets });
    return { source, state, sandlot, deliver, close };
  } catch (error) {
    await state.release({ isFinished: true });
    throw error;
  }
}

/** False also where the Worker cannot be asked any more. */
async function hasFinished({ api, host }: LocalSandlot): Promise<boolean> {
  const unfinished = await api.listUnfinished().catch(() => null);
  return unfinished?.length === 0 && host.started === host.destroyed;
}

function sayWhatIsUnusual(source: Source, output: Output): void {
  if (source.workflowDir === WORKFLOW_DIRS[0]) return;
  output.show({
    type: "notice",
    message: `Building ${source.workflowDir}. A deployed Sandlot reads ${WORKFLOW_DIRS[0]} only: "sandlot init" copies them.`,
  });
}

/** Once for each repository, where there is somebody to ask. */
async function agree(source: Source, state: State, { options, signal }: SessionRequest): Promise<void> {
  if (state.isAgreed) return;
  if (!options.yes && canAsk() && !(await askToRun(source, signal))) throw new UsageError("Nothing was run.");
  if (options.yes || !canAsk()) process.stderr.write(`${NO_BOUNDARY}\n`);
  await state.agree();
}

interface Delivering extends SessionRequest {
  source: Source;
  state: State;
  sandlot: LocalSandlot;
  secrets: ReadonlyMap<string, string>;
}

async function deliverFolder(request: Delivering): Promise<DeliveryView> {
  const { options, source, sandlot, output } = request;
  const ref = await chooseRef(source, options);
  const commit = await commitFolder(request, ref);
  const repository = register(sandlot, source, commit);
  await announce(sandlot, repository);
  await giveSecrets(request, repository);
  output.show({
    type: "source",
    repository: `${source.owner}/${source.name}`,
    path: source.root,
    event: options.event,
    ref,
    sha: commit.sha,
    changedFiles: commit.isNew && options.ref === null ? commit.changed : null,
  });
  for (const path of commit.leftOut) {
    output.show({ type: "notice", message: `${path} is a repository of its own: its files are left out.` });
  }
  const { event, inputs } = options;
  const delivery = await deliverEvent(sandlot, { event, commit, ref, repository, workflow: options.workflow, inputs });
  output.show({ type: "delivery", delivery });
  return delivery;
}

/** The branch that is pushed; for a pull request on the default branch one beside it. */
async function chooseRef(source: Source, options: RunOptions): Promise<string> {
  const named = options.ref === null || source.gitDir === null ? null : await findRef(source, options.ref);
  const branch = source.branch ?? "main";
  const ref = named ?? `refs/heads/${branch}`;
  if (options.event !== "pull_request") return ref;
  return ref === `refs/heads/${source.defaultBranch}` ? `${ref}-changes` : ref;
}

/** Null where the revision is neither a branch nor a tag. */
async function findRef({ top }: Source, revision: string): Promise<string | null> {
  const args = ["rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", revision];
  const name = (await runGit({ cwd: top, env: {} }, args).catch(() => "")).trim();
  if (/^refs\/(heads|tags)\//.test(name)) return name;
  return name.startsWith("refs/remotes/origin/") ? name.replace("refs/remotes/origin/", "refs/heads/") : null;
}

async function commitFolder({ options, source, state }: Delivering, ref: string): Promise<LocalCommit> {
  const into = join(state.scratch, "git");
  const { gitDir, prefix, top } = source;
  if (options.ref !== null && gitDir === null) throw new UsageError(`--ref needs a repository, and ${top} is in none.`);
  try {
    return await makeCommit({ folder: top, gitDir, prefix, revision: options.ref, into, ref });
  } catch (error) {
    if (options.ref === null || !(error instanceof Error)) throw error;
    throw new UsageError(error.message, ["git branch --all   # shows what there is"]);
  }
}

function register({ github }: LocalSandlot, source: Source, commit: LocalCommit): LocalRepository {
  const { owner, name, defaultBranch, repositoryId: id } = source;
  return (
    github.repository(owner, name) ?? github.addRepository({ owner, name, defaultBranch, id, gitDir: commit.gitDir })
  );
}

/** What an earlier run was given is not this one's. */
async function giveSecrets({ sandlot, secrets }: Delivering, { owner, name }: LocalRepository): Promise<void> {
  for (const known of await sandlot.api.listSecrets(owner, name)) {
    if (!secrets.has(known)) await sandlot.api.removeSecret(owner, name, known);
  }
  for (const [secret, value] of secrets) await sandlot.api.putSecret(owner, name, secret, value);
}

/** Rejects with the signal's reason once it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
