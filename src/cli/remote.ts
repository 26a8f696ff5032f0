/** Where the Sandlot is that a command speaks to, and which repository it is about. */

import { execFileSync } from "node:child_process";

import { UsageError } from "./usage-error.ts";

export interface Remote {
  url: string;
  token: string;
}

type Variables = Record<string, string | undefined>;

/** From `SANDLOT_URL` and `SANDLOT_API_TOKEN`. Throws `UsageError`. */
export function readRemote(variables: Variables): Remote {
  const { SANDLOT_URL: url = "", SANDLOT_API_TOKEN: token = "" } = variables;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(url === "" ? "SANDLOT_URL is not set." : "SANDLOT_URL is no http address.", [
      "export SANDLOT_URL=https://sandlot.<your subdomain>.workers.dev",
    ]);
  }
  if (token === "")
    throw new UsageError("SANDLOT_API_TOKEN is not set.", ["export SANDLOT_API_TOKEN=…   # as the Worker has it"]);
  return { url, token };
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
