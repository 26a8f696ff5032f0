/** The REST operations of the local GitHub: each asks the real git directory or the state, and answers in GitHub's shape. */

import { APP_PERMISSIONS, appJson, installationJson, type Json, repositoryJson } from "./github-answers.ts";
import { createToken } from "./github-auth.ts";
import { hookConfig, listDeliveries, redeliver } from "./github-deliveries.ts";
import {
  compareCommits,
  gitText,
  toBase64,
  isSha,
  listTree,
  readBlob,
  readCommitObject,
  readObject,
} from "./github-git.ts";
import { comparisonJson, entryJson, gitCommitJson, pullJson } from "./github-git-answers.ts";
import { fullName } from "./github-names.ts";
import { type Answer, type Ask, notFound, problem, type RepositoryAsk, resolveCommit } from "./github-ask.ts";
import { combineStatuses, createStatus, listStatuses } from "./github-statuses.ts";
import { findRepository, type LocalRepository, type LocalState, readPull, readRef } from "./github-state.ts";

/** What the App does as itself. */
export const APP_OPERATIONS: Record<string, (ask: Ask) => Answer> = {
  "apps/get-authenticated": ({ state, url }) => ({ status: 200, body: appJson(url, app(state)) }),
  "apps/create-installation-access-token": createInstallationToken,
  "apps/get-installation": getInstallation,
  "apps/get-webhook-config-for-app": hookConfig,
  "apps/list-webhook-deliveries": listDeliveries,
  "apps/redeliver-webhook-delivery": redeliver,
  "apps/get-repo-installation": ({ state, url, params }) => {
    const repository = findRepository(state, params["owner"] ?? "", params["repo"] ?? "");
    return repository
      ? {
          status: 200,
          body: installationJson(url, repository, app(state), grantedTo(state, repository.installationId)),
        }
      : notFound();
  },
};

const app = (state: LocalState) => ({ id: state.appId, slug: state.appSlug, installations: installationsOf(state) });

const installationsOf = ({ repositories }: LocalState): number =>
  new Set([...repositories.values()].map((one) => one.installationId)).size;

function getInstallation({ state, url, params }: Ask): Answer {
  const id = Number(params["installation_id"]);
  const repository = [...state.repositories.values()].find((one) => one.installationId === id);
  if (repository === undefined) return notFound();
  return { status: 200, body: installationJson(url, repository, app(state), grantedTo(state, id)) };
}

/** What the App may do in this installation. */
function grantedTo(state: LocalState, installationId: number): Record<string, string> {
  return state.granted.get(installationId) ?? APP_PERMISSIONS;
}

function createInstallationToken({ state, params, body, url }: Ask): Answer {
  const installationId = Number(params["installation_id"]);
  const all = [...state.repositories.values()].filter((repository) => repository.installationId === installationId);
  if (all.length === 0) return notFound();
  const ids = body["repository_ids"] as number[] | undefined;
  if (ids?.some((id) => !all.some((repository) => repository.id === id))) {
    return problem(
      422,
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  const granted = grantedTo(state, installationId);
  const permissions = (body["permissions"] as Record<string, string> | undefined) ?? granted;
  if (!Object.entries(permissions).every(([name, level]) => isGranted(granted, name, level))) {
    return problem(422, "The permissions requested are not granted to this installation.");
  }
  const expiresAt = Date.now() + state.tokenLifeMs;
  const token = createToken(state, { installationId, repositoryIds: ids ?? null, permissions, expiresAt });
  const repositories = all.filter((repository) => ids?.includes(repository.id) === true);
  return {
    status: 201,
    body: {
      token,
      expires_at: new Date(expiresAt).toISOString(),
      permissions,
      repository_selection: ids === undefined ? "all" : "selected",
      ...(ids !== undefined && { repositories: repositories.map((repository) => repositoryJson(url, repository)) }),
    },
  };
}

function isGranted(granted: Record<string, string>, permission: string, level: string): boolean {
  const given = granted[permission];
  return given !== undefined && (level === "read" || given === level);
}

interface RepositoryOperation {
  permission: string;
  level: "read" | "write";
  answer: (ask: RepositoryAsk) => Promise<Answer> | Answer;
}

/** What an installation token may do, and the right that it needs for it. */
export const REPOSITORY_OPERATIONS: Record<string, RepositoryOperation> = {
  "repos/get": { permission: "metadata", level: "read", answer: getRepository },
  "repos/get-content": { permission: "contents", level: "read", answer: getContent },
  "repos/compare-commits-with-basehead": { permission: "contents", level: "read", answer: compare },
  "repos/create-commit-status": { permission: "statuses", level: "write", answer: createStatus },
  "repos/list-commit-statuses-for-ref": { permission: "statuses", level: "read", answer: listStatuses },
  "repos/get-combined-status-for-ref": { permission: "statuses", level: "read", answer: combineStatuses },
  "git/get-blob": { permission: "contents", level: "read", answer: getBlob },
  "git/get-commit": { permission: "contents", level: "read", answer: getCommit },
  "git/get-ref": { permission: "contents", level: "read", answer: getRef },
  "git/get-tag": { permission: "contents", level: "read", answer: getTag },
  "pulls/get": { permission: "pull_requests", level: "read", answer: getPull },
};

function getRepository({ url, repository }: RepositoryAsk): Answer {
  return { status: 200, body: repositoryJson(url, repository) };
}

async function getContent({ url, repository, params, query }: RepositoryAsk): Promise<Answer> {
  const path = (params["path"] ?? "").replaceAll(/^\/+|\/+$/g, "");
  const ref = query["ref"] ?? repository.defaultBranch;
  const commit = await resolveCommit(repository, ref);
  if (commit === null) return problem(404, `No commit found for the ref ${ref}`);
  const object = await readObject(repository, `${commit}:${path}`);
  if (object === null) return notFound();
  if (object.type === "tree") {
    const entries = await listTree(repository, object.sha);
    const at = (name: string) => (path === "" ? name : `${path}/${name}`);
    return {
      status: 200,
      body: entries.map((entry) => entryJson(url, repository, { path: at(entry.name), ref, entry })),
    };
  }
  const bytes = await readBlob(repository, object.sha);
  if (bytes === null) return notFound();
  const content = toBase64(bytes);
  const entry = { mode: "100644", type: "blob", sha: object.sha, size: object.size } as const;
  return { status: 200, body: { ...entryJson(url, repository, { path, ref, entry }), encoding: "base64", content } };
}

async function compare({ url, repository, params, query }: RepositoryAsk): Promise<Answer> {
  const basehead = params["basehead"] ?? "";
  const [baseName = "", headName = ""] = basehead.split("...", 2);
  const base = await resolveCommit(repository, baseName);
  const head = await resolveCommit(repository, headName);
  if (base === null || head === null) return notFound();
  const comparison = await compareCommits(repository, base, head);
  if (comparison === null) return problem(404, "No common ancestor between the two commits.");
  const perPage = Math.min(Number(query["per_page"] ?? 100), 100);
  const from = (Number(query["page"] ?? 1) - 1) * perPage;
  const read = async (sha: string) => {
    const commit = await readCommitObject(repository, sha);
    if (commit === null) throw new Error(`${sha} was there a moment ago`);
    return commit;
  };
  const commits = await Promise.all(comparison.commits.slice(from, from + perPage).map(read));
  const ends = { base: await read(base), mergeBase: await read(comparison.mergeBase) };
  return { status: 200, body: comparisonJson(url, repository, { basehead, comparison, commits, ...ends }) };
}

async function getBlob({ url, repository, params }: RepositoryAsk): Promise<Answer> {
  const sha = params["file_sha"] ?? "";
  const bytes = await readBlob(repository, sha);
  if (bytes === null) return notFound();
  const content = toBase64(bytes);
  const at = `${url}/repos/${fullName(repository)}/git/blobs/${sha}`;
  return { status: 200, body: { sha, node_id: sha, size: bytes.length, url: at, content, encoding: "base64" } };
}

async function getCommit({ url, repository, params }: RepositoryAsk): Promise<Answer> {
  const commit = await readCommitObject(repository, params["commit_sha"] ?? "");
  return commit === null ? notFound() : { status: 200, body: gitCommitJson(url, repository, commit) };
}

async function getRef({ url, repository, params }: RepositoryAsk): Promise<Answer> {
  const ref = `refs/${params["ref"] ?? ""}`;
  const sha = await readRef(repository, ref);
  const object = sha === null ? null : await readObject(repository, sha);
  if (object === null) return notFound();
  const api = `${url}/repos/${fullName(repository)}/git`;
  const target = { type: object.type, sha: object.sha, url: `${api}/${object.type}s/${object.sha}` };
  return { status: 200, body: { ref, node_id: ref, url: `${api}/${ref}`, object: target } };
}

async function getTag({ url, repository, params }: RepositoryAsk): Promise<Answer> {
  const sha = params["tag_sha"] ?? "";
  if (!isSha(sha) || (await readObject(repository, sha))?.type !== "tag") return notFound();
  const text = await gitText(repository, ["cat-file", "tag", sha]);
  const [head = "", ...message] = text.split("\n\n");
  const field = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(head)?.[1] ?? "";
  const [, name = "", email = "", at = "0"] = /^(.*) <(.*)> (\d+)/.exec(field("tagger")) ?? [];
  const api = `${url}/repos/${fullName(repository)}/git`;
  const target = { type: field("type"), sha: field("object") };
  return {
    status: 200,
    body: {
      sha,
      node_id: sha,
      tag: field("tag"),
      message: message.join("\n\n").trim(),
      url: `${api}/tags/${sha}`,
      tagger: { name, email, date: new Date(Number(at) * 1000).toISOString() },
      object: { ...target, url: `${api}/${target.type}s/${target.sha}` },
    },
  };
}

async function getPull({ state, url, repository, params }: RepositoryAsk): Promise<Answer> {
  const pull = repository.pulls.get(Number(params["pull_number"]));
  if (pull === undefined) return notFound();
  const now = await readPull(repository, pull);
  const comparison = await compareCommits(repository, now.baseSha, now.headSha);
  const headRepository = pull.headRepositoryId === null ? null : headOf(state, url, repository, pull.headRepositoryId);
  const known = pull.unknownFor === 0;
  if (!known) pull.unknownFor -= 1;
  const counts = { commits: comparison?.aheadBy ?? 0, files: comparison?.files ?? [] };
  return { status: 200, body: pullJson(url, repository, { pull, now, known, headRepository, counts }) };
}

/** A fork need not be here: it has the base's shape under another id. */
function headOf(state: LocalState, url: string, base: LocalRepository, id: number): Json {
  return repositoryJson(url, state.repositories.get(id) ?? { ...base, id, owner: "fork" });
}
