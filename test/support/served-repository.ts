/** A user's repository on disk and a local GitHub that serves it, for tests in Node. */

import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type GitHubConfig, mintToken } from "../../src/github/app.ts";
import { type LocalGitHub, startLocalGitHub } from "../../src/local/github.ts";
import type { LocalRepository, LocalStatus } from "../../src/local/github-state.ts";

const run = promisify(execFile);

/** Of the tests' own, so that nothing of this machine's settings counts. */
const ENV = {
  ...process.env,
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
};

/** What git printed; rejects with its `stderr` where it fails. */
export async function gitIn(dir: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run("git", args, { cwd: dir, env: { ...ENV, ...env } });
  return stdout.trim();
}

/** Git's own words where it fails, nothing where it does not. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => "",
    (error: unknown) => (error as { stderr: string }).stderr,
  );
}

/** Arguments that make git send this token. */
export function withToken(token: string): string[] {
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return ["-c", `http.extraHeader=Authorization: Basic ${basic}`];
}

export interface ServedRepository {
  github: LocalGitHub;
  config: GitHubConfig;
  /** `ada/work`: the user's own, with one commit of `a.txt` on `main`. */
  repository: LocalRepository;
  /** Its working folder. */
  work: string;
  sha: string;
  statuses: LocalStatus[];
  /** Removed by `close`. */
  folder: string;
  mint(permissions: Record<string, "read" | "write">): Promise<string>;
  control(method: string, path: string, body?: unknown, token?: string): Promise<unknown>;
  close(): Promise<void>;
}

export async function serveRepository(): Promise<ServedRepository> {
  const folder = await mkdtemp(join(tmpdir(), "sandlot-test-"));
  const work = join(folder, "work");
  await gitIn(folder, ["init", "-q", "-b", "main", work]);
  await writeFile(join(work, "a.txt"), "one\n");
  await gitIn(work, ["add", "."]);
  await gitIn(work, ["commit", "-q", "-m", "One"]);
  const sha = await gitIn(work, ["rev-parse", "HEAD"]);
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const statuses: LocalStatus[] = [];
  const github = await startLocalGitHub({
    repositories: [{ owner: "ada", name: "work", gitDir: join(work, ".git"), defaultBranch: "main" }],
    appId: "5",
    publicKeyPem: keys.publicKey,
    onStatus: (status) => statuses.push(status),
  });
  const repository = github.repository("ADA", "Work");
  if (repository === null) throw new Error("names are compared without case");
  const config = { apiUrl: github.url, appId: "5", privateKey: keys.privateKey };
  return {
    github,
    config,
    repository,
    work,
    sha,
    statuses,
    folder,
    mint: async (permissions) =>
      (await mintToken(config, repository.installationId, { repositoryId: repository.id, permissions })).token,
    control: (method, path, body, token) =>
      control(github, { method, path, body, token: token ?? github.controlToken }),
    close: async () => {
      await github.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function control(
  github: LocalGitHub,
  call: { method: string; path: string; body: unknown; token: string },
): Promise<unknown> {
  const response = await fetch(`${github.url}/_local/${call.path}`, {
    method: call.method,
    headers: { authorization: `Bearer ${call.token}` },
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
  });
  const text = await response.text();
  return text === "" ? response.status : JSON.parse(text);
}
