/** Where a checkout fetches from, and with whose token. */

import type { UsesStep } from "../../model/workflow.ts";
import { readInput } from "../step/work.ts";
import type { StepWork } from "../step/work.ts";

export interface Source {
  /** `owner/name` */
  name: string;
  url: string;
  /** Empty to ask as nobody. */
  token: string;
  /** Whose it is: the job's own, one that the step was given, or one that reads this other repository alone. */
  credential: "job" | "given" | "other";
  /** The build's own repository. */
  own: boolean;
}

/** As GitHub allows them; nothing here can be an option, a path or another host. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

export async function findSource(work: StepWork, step: UsesStep): Promise<Source | { refused: string }> {
  const { session } = work;
  const { owner, name: repo } = session.facts.repository;
  const name = readInput(step, work, "repository", "") || `${owner}/${repo}`;
  if (!NAME.test(name)) return { refused: `repository must be owner/name, got: ${name}` };
  const own = name.toLowerCase() === `${owner}/${repo}`.toLowerCase();
  const [wantedOwner = "", wantedRepo = ""] = name.split("/");
  const path = `${encodeURIComponent(wantedOwner)}/${encodeURIComponent(wantedRepo)}`;
  const source = { name, own, url: `${session.env.GITHUB_SERVER_URL.replace(/\/+$/, "")}/${path}.git` };
  const given = readInput(step, work, "token", "");
  if (given !== "") return { ...source, token: given, credential: given === session.vault.held ? "job" : "given" };
  // The job's token reads this repository and what is public. A sibling that the App could read stays closed to it: whoever may
  // write here could read there. A step that may do so is given a token of its own.
  const other = own ? await tokenForFork(session) : null;
  if (other !== null) return { ...source, token: other, credential: "other" };
  return { ...source, token: await session.vault.token(Date.now()), credential: "job" };
}

/** A fork's build is given no token, and its checkout alone reads what is to be built. */
export async function tokenForFork(session: StepWork["session"]): Promise<string | null> {
  const { repository, build } = session.facts;
  if (!build.fork || repository.installationId === null) return null;
  const { installationId, id: repositoryId } = repository;
  return await session.vault.tokenFor({ installationId, repositoryId }, Date.now());
}
