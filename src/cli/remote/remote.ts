/** Where the Sandlot is that a command speaks to, and which repository it is about. */

import { execFileSync } from "node:child_process";

import { hostKey, readHosts } from "./hosts.ts";
import { UsageError } from "../usage-error.ts";

export interface Remote {
  url: string;
  token: string;
}

type Variables = Record<string, string | undefined>;

/** `SANDLOT_URL`, else where one signed in last. Throws `UsageError`. */
export function readUrl(variables: Variables): string {
  const url = variables["SANDLOT_URL"] || readHosts(variables).standard;
  if (url === null) throw new UsageError("Which Sandlot? SANDLOT_URL is not set, and nobody is signed in.", WAYS_IN);
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new UsageError("SANDLOT_URL is no http address.", WAYS_IN);
}

const WAYS_IN = [
  "sandlot login https://sandlot.<your subdomain>.workers.dev",
  "export SANDLOT_URL=https://sandlot.<your subdomain>.workers.dev SANDLOT_TOKEN=…",
];

/** The token is `SANDLOT_TOKEN` or `SANDLOT_API_TOKEN`, else what `sandlot login` was given there. Throws `UsageError`. */
export function readRemote(variables: Variables): Remote {
  const url = readUrl(variables);
  const given = variables["SANDLOT_TOKEN"] || variables["SANDLOT_API_TOKEN"];
  if (given) return { url, token: given };
  const host = readHosts(variables).byUrl[hostKey(url)];
  if (host === undefined) throw new UsageError(`You are not signed in at ${url}.`, [`sandlot login ${url}`]);
  if (host.expiresAt > Date.now()) return { url, token: host.token };
  throw new UsageError(`Your sign-in at ${url} has ended.`, [`sandlot login ${url}`]);
}

export interface RepositoryName {
  owner: string;
  repo: string;
}

/** `owner/name`. Throws `UsageError`. */
export function readRepositoryName(text: string): RepositoryName {
  const [owner = "", repo = "", ...rest] = text.split("/");
  const isName = (part: string) => /^(?!\.{1,2}$)[\w.-]{1,100}$/.test(part);
  if (isName(owner) && isName(repo) && rest.length === 0) return { owner, repo };
  throw new UsageError(`${text} is not owner/name.`);
}

/** The repository that `origin` of the folder leads to. Throws `UsageError`. */
export function repositoryOfFolder(folder: string): RepositoryName {
  const found = /[:/]([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(originOf(folder));
  if (found?.[1] !== undefined && found[2] !== undefined) return { owner: found[1], repo: found[2] };
  throw new UsageError("Which repository? This folder has no remote named origin.", ["-R owner/name"]);
}

function originOf(folder: string): string {
  try {
    return execFileSync("git", ["remote", "get-url", "origin"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    // No git, no repository or no remote: each is said in the same words.
    return "";
  }
}
