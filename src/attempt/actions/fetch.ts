/** Brings actions of other repositories into the sandbox: which commit a ref is, asked once per build, and the files of that commit. */

import { isFullSha, referenceKey } from "../../language/action-reference.ts";
import type { ActionReference } from "../../language/action-reference.ts";
import { digest } from "../../model/ids.ts";
import type { Reason } from "../../model/status.ts";
import { actionsOfBuild, keepActions } from "../../store/build-actions.ts";
import type { BuildAction } from "../../store/build-actions.ts";
import { writeJobState } from "../job-state.ts";
import type { Session } from "../session.ts";
import { runQuietly } from "../step/follow.ts";
import type { FollowOptions } from "../step/follow.ts";
import { keepAction, loadAction } from "./cache.ts";
import { FETCH_SCRIPT, FIELD, RESOLVE_SCRIPT, UNPACK_SCRIPT } from "./fetch-script.ts";
import { fetchingEnv, sourceOf } from "./source.ts";

/** Why it can't be used, and whose fault that is. */
export interface FetchProblem {
  reason: Reason;
  detail: string;
}

/** By `referenceKey`. */
export type Fetched = Map<string, BuildAction | FetchProblem>;

export interface FetchOptions {
  /** Put before the names of what runs in the sandbox. */
  id: string;
  follow: FollowOptions;
  timeoutMs: number;
  /** True where no code of a user ran in this sandbox yet: what is fetched is kept for other jobs. */
  keep: boolean;
}

/** Idempotent. What is there already is not fetched again. Null where the slice is over. */
export async function fetchActions(
  session: Session,
  references: readonly ActionReference[],
  options: FetchOptions,
): Promise<Fetched | null> {
  const resolved = await resolveAll(session, references, options);
  if (resolved === null) return null;
  const wanted = references.flatMap((reference) => {
    const action = resolved.get(referenceKey(reference));
    return action === undefined || "detail" in action
      ? []
      : [{ reference, action, ...placeOf(session, reference, action) }];
  });
  const missing = wanted.filter(({ reference }) => session.state.fetched[referenceKey(reference)] === undefined);
  const left = await unpackKept(session, missing, options);
  const fetched = left && (await fetchLeft(session, left, options));
  if (fetched === null || left === null) return null;
  for (const { reference, action, folder } of missing) {
    const key = referenceKey(reference);
    const problem = fetched.get(folder);
    if (problem !== undefined) resolved.set(key, problem);
    else session.state.fetched[key] = { sha: action.sha, folder };
  }
  if (missing.length > 0) await writeJobState(session.sandbox, session.booted, session.state);
  return resolved;
}

interface Wanted {
  reference: ActionReference;
  action: BuildAction;
  server: string;
  name: string;
  sha: string;
  folder: string;
}

/** As on GitHub's runner, beside the workspace. One folder for all spellings. */
function placeOf(session: Session, { name }: ActionReference, { sha }: BuildAction) {
  const { server } = sourceOf(session, name);
  return { server, name, sha, folder: `${session.booted.workspace}/_actions/${name.toLowerCase()}/${sha}` };
}

async function resolveAll(
  session: Session,
  references: readonly ActionReference[],
  options: FetchOptions,
): Promise<Fetched | null> {
  const { DB } = session.env;
  const { id } = session.facts.build;
  const find = (actions: readonly BuildAction[], reference: ActionReference) =>
    actions.find((one) => `${one.name}@${one.ref}` === referenceKey(reference));
  const known = await actionsOfBuild(DB, id);
  const unknown = references.filter((reference) => find(known, reference) === undefined);
  const answers = await askRefs(
    session,
    unknown.filter(({ ref }) => !isFullSha(ref)),
    options,
  );
  if (answers === null) return null;
  const fresh = unknown.flatMap((reference): BuildAction[] => {
    const name = reference.name.toLowerCase();
    if (isFullSha(reference.ref)) return [{ name, ref: reference.ref, sha: reference.ref, kind: "sha" }];
    const [kind, sha = ""] = answers.get(referenceKey(reference)) ?? [];
    return (kind === "tag" || kind === "branch") && isFullSha(sha) ? [{ name, ref: reference.ref, sha, kind }] : [];
  });
  const all = fresh.length > 0 ? await keepActions(DB, id, fresh) : known;
  return new Map(
    references.map((reference) => [
      referenceKey(reference),
      find(all, reference) ?? notThere(session, reference, answers.get(referenceKey(reference))),
    ]),
  );
}

async function askRefs(
  session: Session,
  references: readonly ActionReference[],
  options: FetchOptions,
): Promise<Answers | null> {
  const lines = references.map((reference) => {
    const { ref } = reference;
    const [tag, branch] = ref.startsWith("refs/") ? [ref, ref] : [`refs/tags/${ref}`, `refs/heads/${ref}`];
    const isBranch = ref.startsWith("refs/heads/");
    return [referenceKey(reference), sourceOf(session, reference.name).url, isBranch ? "refs/tags/" : tag, branch];
  });
  return await runAll(session, { script: RESOLVE_SCRIPT, verb: "ask", lines, pack: false }, references, options);
}

/** Those that are not kept, or not as they were. Null where the slice is over. */
async function unpackKept(session: Session, wanted: Wanted[], options: FetchOptions): Promise<Wanted[] | null> {
  const lines: string[][] = [];
  for (const one of uniqueFolders(wanted)) {
    const sum = isShared(session, one) ? await loadAction(session, one) : null;
    if (sum !== null) lines.push([one.folder, sum, one.folder]);
  }
  const references = wanted.map(({ reference }) => reference);
  const answers = await runAll(
    session,
    { script: UNPACK_SCRIPT, verb: "old", lines, pack: false },
    references,
    options,
  );
  return answers && wanted.filter(({ folder }) => answers.get(folder)?.[0] !== "done");
}

/** What goes wrong, by folder. Null where the slice is over. */
async function fetchLeft(
  session: Session,
  wanted: Wanted[],
  options: FetchOptions,
): Promise<Map<string, FetchProblem> | null> {
  const ones = uniqueFolders(wanted);
  const lines = ones.map(({ name, sha, folder }) => [folder, sourceOf(session, name).url, sha, folder]);
  const references = wanted.map(({ reference }) => reference);
  const asked = { script: FETCH_SCRIPT, verb: "get", lines, pack: options.keep };
  const answers = await runAll(session, asked, references, options);
  if (answers === null) return null;
  const problems = new Map<string, FetchProblem>();
  for (const one of ones) {
    const answer = answers.get(one.folder);
    const [word, sha256 = "", bytes = ""] = answer ?? [];
    if (word !== "done") problems.set(one.folder, notThere(session, one.reference, answer));
    else if (options.keep && isShared(session, one)) await keepAction(session, one, { sha256, bytes: Number(bytes) });
  }
  return problems;
}

/** What is fetched with a token is nobody else's, and a folder of this machine may be changed by hand. */
function isShared(session: Session, { name }: Wanted): boolean {
  const { own, server } = sourceOf(session, name);
  return !own && (session.env.LOCAL_SANDBOX_URL === "" || server.startsWith("https:"));
}

function uniqueFolders(wanted: readonly Wanted[]): Wanted[] {
  return [...new Map(wanted.map((one) => [one.folder, one])).values()];
}

function notThere(session: Session, reference: ActionReference, answer: string[] | undefined): FetchProblem {
  const { name, ref } = reference;
  const { server } = sourceOf(session, name);
  const [word, why = ""] = answer ?? [];
  if (word === "missing")
    return {
      reason: "action_not_found",
      detail: `there is no ${name}@${ref} at ${server} that can be read without a token${howTo(session)}`,
    };
  const said = why === "" ? "" : `: ${session.vault.mask.text(why)}`;
  return {
    reason: "checkout_failed",
    detail: `${name}@${ref} could not be fetched from ${server}${said}${howTo(session)}`,
  };
}

/** On one machine, what there is to be done about it. */
function howTo({ env }: Session): string {
  return env.LOCAL_SANDBOX_URL === ""
    ? ""
    : ". On one machine actions come from a folder, --actions DIR (with owner/repository in it), or from github.com where there is a network";
}

/** The words behind each name. */
type Answers = Map<string, string[]>;

/** Null where the slice is over. */
async function runAll(
  session: Session,
  asked: { script: string; verb: string; lines: string[][]; pack: boolean },
  references: readonly ActionReference[],
  { id, follow, timeoutMs }: FetchOptions,
): Promise<Answers | null> {
  if (asked.lines.length === 0) return new Map();
  const list = asked.lines.map((fields) => fields.join(FIELD)).join("\n");
  const result = await runQuietly(
    session,
    {
      // Another list is another run: what an earlier one was asked, it alone answers.
      id: `${id}-${asked.verb}-${digest(list, 6)}`,
      script: asked.script,
      extension: "sh",
      command: ["bash", "{0}"],
      env: { ...(await fetchingEnv(session, references)), LIST: list, PACK: asked.pack ? "1" : "" },
      cwd: session.booted.workspace,
      timeoutMs,
    },
    follow,
  );
  if (result === null) return null;
  const lines = result.output.split("\n").map((line) => line.split(FIELD));
  return new Map(lines.flatMap(([name = "", ...words]) => (words.length === 0 ? [] : [[name, words]])));
}
