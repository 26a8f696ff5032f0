/** Payloads of merge groups and releases, as GitHub sends them. */

import { repositoryJson, userJson } from "../../src/local/github-answers.ts";
import type { TestGitHub } from "./local-github.ts";
import type { TestRepository } from "./github-control.ts";

function common(github: TestGitHub, repository: TestRepository): Record<string, unknown> {
  const { url } = github;
  return {
    repository: repositoryJson(url, repository),
    sender: userJson(url, repository.owner),
    installation: { id: repository.installationId, node_id: "installation" },
  };
}

export interface GroupFacts {
  action: "checks_requested" | "destroyed";
  headSha: string;
  headRef: string;
  baseSha: string;
  baseRef: string;
}

export function mergeGroupPayload(github: TestGitHub, repository: TestRepository, facts: GroupFacts): unknown {
  return {
    action: facts.action,
    ...(facts.action === "destroyed" && { reason: "dequeued" }),
    merge_group: {
      head_sha: facts.headSha,
      head_ref: facts.headRef,
      base_sha: facts.baseSha,
      base_ref: facts.baseRef,
      head_commit: { id: facts.headSha, message: "Merge pull request #1 from ada/topic" },
    },
    ...common(github, repository),
  };
}

export function releasePayload(
  github: TestGitHub,
  repository: TestRepository,
  facts: { action: string; tag: string; draft?: boolean },
): unknown {
  return {
    action: facts.action,
    release: {
      id: 1,
      tag_name: facts.tag,
      target_commitish: repository.defaultBranch,
      name: `Release ${facts.tag}`,
      draft: facts.draft ?? false,
      prerelease: false,
    },
    ...common(github, repository),
  };
}
