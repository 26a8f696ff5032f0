/** GitHub's real payloads, a fresh copy each time, with the fields that tests look at or change. */

import { readEvent } from "../../../src/github/webhook.ts";
import examples from "@octokit/webhooks-examples";

interface User {
  id: number;
  login: string;
  type: string;
}

interface Common {
  installation?: { id: number };
  sender: User;
  repository: { id: number; name: string; owner: { login: string } };
}

export interface PushExample extends Common {
  ref: string;
  before: string;
  after: string;
  created: boolean;
  deleted: boolean;
  head_commit: { id: string; message: string };
}

export interface PullRequestExample extends Common {
  action: string;
  number: number;
  pull_request: {
    title: string;
    user: User;
    merge_commit_sha: string | null;
    head: { sha?: string; ref: string; repo: { id: number } | null };
    base: { sha: string; ref: string };
  };
}

function copy(name: string): unknown[] {
  return structuredClone<unknown[]>(examples.find((example) => example.name === name)?.examples ?? []);
}

export const pushes = () => copy("push") as PushExample[];
export const pullRequests = () => copy("pull_request") as PullRequestExample[];
export const repositoryEvents = () => copy("repository") as (Common & { action: string })[];

export function otherEvents(): { name: string; payload: unknown }[] {
  const others = examples.filter(({ name }) => name !== "push" && name !== "pull_request");
  return others.flatMap(({ name }) => copy(name).map((payload) => ({ name: name as string, payload })));
}

export function only<T>(all: T[], is: (one: T) => boolean): T {
  const found = all.find(is);
  if (found === undefined) throw new Error("there is no such example");
  return found;
}

export const opened = () => only(pullRequests(), (one) => one.action === "opened" && one.installation !== undefined);
export const branchPush = () =>
  only(pushes(), (one) => one.ref === "refs/heads/master" && one.installation !== undefined);

/** The event that a payload is read as; fails where it starts nothing. */
export function eventOf(name: string, given: unknown) {
  const reading = readEvent(name, given);
  if (!reading.ok || reading.event === null) throw new Error(`no event: ${JSON.stringify(reading)}`);
  return reading.event;
}
