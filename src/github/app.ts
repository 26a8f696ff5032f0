/** Who we are to GitHub: the App's own key, and the short-lived tokens of its installations. */

import { createPrivateKey } from "node:crypto";
import { createAppAuth } from "@octokit/auth-app";
import type { Octokit } from "@octokit/rest";
import type { Permissions } from "../model/workflow.ts";
import { createClient, type FetchLike, GitHubFault } from "./client.ts";

export interface GitHubConfig {
  apiUrl: string;
  appId: string;
  /** PEM as downloaded (PKCS#1) or PKCS#8; `\n` may be escaped, the whole may be base64. */
  privateKey: string;
  fetch?: FetchLike;
}

/** The Worker's variables that say which App is ours. */
export interface AppVariables {
  GITHUB_API_URL: string;
  GITHUB_APP_ID: string;
  GITHUB_APP_PRIVATE_KEY: string;
}

export function githubConfig(env: AppVariables): GitHubConfig {
  return { apiUrl: env.GITHUB_API_URL, appId: env.GITHUB_APP_ID, privateKey: env.GITHUB_APP_PRIVATE_KEY };
}

export interface TokenScope {
  repositoryId: number;
  permissions: Permissions;
}

/** A client that speaks as the App itself (JWT). */
export function appOctokit(config: GitHubConfig): Octokit {
  return createClient({
    apiUrl: config.apiUrl,
    fetch: config.fetch,
    authorize: async () => `bearer ${await appJwt(config)}`,
  });
}

/**
 * A client that speaks as one installation; its token is renewed before it ends and once after a 401.
 * With `scope` the token reaches one repository and has these permissions alone.
 */
export function installationOctokit(config: GitHubConfig, installationId: number, scope?: TokenScope): Octokit {
  return createClient({
    apiUrl: config.apiUrl,
    fetch: config.fetch,
    authorize: async ({ renew }) => `token ${await installationToken(config, installationId, scope ?? null, renew)}`,
  });
}

/** A token for exactly one repository. `expiresAt` is in ms; GitHub gives it an hour. It is never shared or kept here. */
export async function mintToken(
  config: GitHubConfig,
  installationId: number,
  scope: TokenScope,
): Promise<{ token: string; expiresAt: number }> {
  return await createToken(config, installationId, scope);
}

/** Harmless for a token that is dead already. */
export async function revokeToken(config: GitHubConfig, token: string): Promise<void> {
  const octokit = createClient({
    apiUrl: config.apiUrl,
    fetch: config.fetch,
    authorize: async () => `token ${token}`,
  });
  try {
    await octokit.rest.apps.revokeInstallationAccessToken();
  } catch (error) {
    if (!(error instanceof GitHubFault && error.reason === "unauthorized")) throw error;
  }
}

/** Our App's slug: its bot is `{slug}[bot]`. */
export async function readAppSlug(config: GitHubConfig): Promise<string> {
  const { data } = await appOctokit(config).rest.apps.getAuthenticated();
  if (!data?.slug) throw new GitHubFault("invalid", "GitHub names no slug for this App");
  return data.slug;
}

/** Where the App is installed for this repository; null where it is not. */
export async function findInstallation(
  config: GitHubConfig,
  repository: { owner: string; repo: string },
): Promise<number | null> {
  try {
    return (await appOctokit(config).rest.apps.getRepoInstallation(repository)).data.id;
  } catch (error) {
    if (error instanceof GitHubFault && error.reason === "not_found") return null;
    throw error;
  }
}

export interface Granted {
  permissions: Permissions;
  /** Where a person changes it. */
  settingsUrl: string;
}

/** Long enough for the jobs of one build, short enough for a person who has just changed the setting. */
const GRANT_TTL_MS = 60_000;
const MAX_KEPT_GRANTS = 1000;
const grants = new Map<string, Granted & { at: number }>();

/** What an installation was granted, in the words of a workflow: `pull-requests`. Asks again after a minute, or at once where told to. */
export async function readGranted(
  config: GitHubConfig,
  installationId: number,
  { now, fresh }: { now: number; fresh: boolean },
): Promise<Granted> {
  const key = JSON.stringify([config.apiUrl, config.appId, installationId]);
  const known = grants.get(key);
  if (!fresh && known !== undefined && now - known.at < GRANT_TTL_MS) return known;
  const { data } = await appOctokit(config).rest.apps.getInstallation({ installation_id: installationId });
  const permissions: Permissions = {};
  for (const [name, level] of Object.entries(data.permissions)) {
    permissions[name.replaceAll("_", "-")] = level === "read" ? "read" : "write";
  }
  const granted = { permissions, settingsUrl: data.html_url, at: now };
  if (grants.size >= MAX_KEPT_GRANTS) grants.clear();
  grants.set(key, granted);
  return granted;
}

/** WebCrypto takes PKCS#8 only; GitHub hands out PKCS#1. */
export function readPrivateKey(given: string): string {
  const unquoted = given.trim().replaceAll(/^["']|["']$/g, "");
  const pem = unquoted.includes("-----BEGIN") ? unquoted : new TextDecoder().decode(fromBase64(unquoted));
  try {
    const key = createPrivateKey(pem.replaceAll(String.raw`\r`, "").replaceAll(String.raw`\n`, "\n"));
    return key.export({ type: "pkcs8", format: "pem" }).toString();
  } catch (error) {
    // Node's message may quote the input.
    const why = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new GitHubFault("unauthorized", `GITHUB_APP_PRIVATE_KEY is no private key in PEM${why}`);
  }
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

async function appJwt(config: GitHubConfig): Promise<string> {
  const auth = createAppAuth({ appId: config.appId, privateKey: readPrivateKey(config.privateKey) });
  return (await auth({ type: "app" })).token;
}

/** A token with less left than this is not handed out again. */
const RENEW_BEFORE_MS = 5 * 60_000;
const MAX_KEPT_TOKENS = 1000;

/**
 * Kept for the life of the isolate: finished tokens only. auth-app's own installation tokens are not used, since it shares
 * one pending promise between all that ask at once, and in workerd one request may not wait on another's I/O.
 */
const kept = new Map<string, { token: string; expiresAt: number }>();

async function installationToken(
  config: GitHubConfig,
  installationId: number,
  scope: TokenScope | null,
  renew: boolean,
): Promise<string> {
  const key = JSON.stringify([config.apiUrl, config.appId, installationId, scope]);
  const found = kept.get(key);
  if (!renew && found !== undefined && found.expiresAt - Date.now() > RENEW_BEFORE_MS) return found.token;
  const fresh = await createToken(config, installationId, scope);
  kept.delete(key);
  kept.set(key, fresh);
  const oldest = kept.keys().next();
  if (kept.size > MAX_KEPT_TOKENS && !oldest.done) kept.delete(oldest.value);
  return fresh.token;
}

async function createToken(
  config: GitHubConfig,
  installationId: number,
  scope: TokenScope | null,
): Promise<{ token: string; expiresAt: number }> {
  const asked = scope && { repository_ids: [scope.repositoryId], permissions: appPermissions(scope.permissions) };
  try {
    const parameters = { installation_id: installationId, ...asked };
    const { data } = await appOctokit(config).rest.apps.createInstallationAccessToken(parameters);
    return { token: data.token, expiresAt: Date.parse(data.expires_at) };
  } catch (error) {
    if (!(error instanceof GitHubFault && error.reason === "not_found")) throw error;
    // Else "not installed" would read like "no such file" to whoever made the call that this token is for.
    throw new GitHubFault("unauthorized", `the App's installation ${installationId} is gone`, {
      cause: error,
      status: error.status,
    });
  }
}

/**
 * A workflow writes `pull-requests: read`, the App's API `pull_requests`; what is `none` is left out. Never empty: GitHub would take
 * that for "all that the App was granted", and every token reads metadata.
 */
function appPermissions(permissions: Permissions): Record<string, "read" | "write"> {
  const asked: Record<string, "read" | "write"> = {};
  for (const [name, level] of Object.entries(permissions)) {
    if (level !== "none") asked[name.replaceAll("-", "_")] = level;
  }
  return Object.keys(asked).length === 0 ? { metadata: "read" } : asked;
}
