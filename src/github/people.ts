/** What GitHub lets a person do, asked with that person's own token. */

import type { Octokit } from "@octokit/rest";
import type { Repository } from "../model/event.ts";
import type { Right } from "../model/right.ts";
import { createClient, GitHubFault } from "./client.ts";
import type { FetchLike } from "./client.ts";

export interface PersonConfig {
  apiUrl: string;
  fetch?: FetchLike;
}

export function personOctokit(config: PersonConfig, token: string): Octokit {
  return createClient({ apiUrl: config.apiUrl, fetch: config.fetch, authorize: async () => `token ${token}` });
}

export async function readPerson(octokit: Octokit): Promise<{ id: number; login: string }> {
  const { data } = await octokit.rest.users.getAuthenticated();
  return { id: data.id, login: data.login };
}

interface Permissions {
  admin?: boolean;
  maintain?: boolean;
  push?: boolean;
}

function rightOf(permissions: Permissions | undefined): Right {
  if (permissions?.admin) return "admin";
  return permissions?.push || permissions?.maintain ? "act" : "read";
}

/** Null where GitHub shows it not to this person, or something else has its name now. */
export async function readPersonsRight(
  octokit: Octokit,
  { id, owner, name }: Pick<Repository, "id" | "owner" | "name">,
): Promise<Right | null> {
  try {
    const { data } = await octokit.rest.repos.get({ owner, repo: name });
    return data.id === id ? rightOf(data.permissions) : null;
  } catch (error) {
    // 403 stands for an organisation that asks for another kind of sign-in, or that blocked the repository.
    if (error instanceof GitHubFault && (error.reason === "not_found" || error.reason === "forbidden")) return null;
    throw error;
  }
}

/** GitHub's largest page. */
const PER_PAGE = 100;

/** Of all repositories where the App is installed and this person may look. */
export async function listPersonsRights(octokit: Octokit): Promise<Map<number, Right>> {
  const rights = new Map<number, Right>();
  const { apps } = octokit.rest;
  const installations = await octokit.paginate(apps.listInstallationsForAuthenticatedUser, { per_page: PER_PAGE });
  for (const { id } of installations) {
    const asked = { installation_id: id, per_page: PER_PAGE };
    for (const one of await octokit.paginate(apps.listInstallationReposForAuthenticatedUser, asked)) {
      rights.set(one.id, rightOf(one.permissions));
    }
  }
  return rights;
}
