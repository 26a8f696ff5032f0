/** One local GitHub for a whole test run, with an App of its own and a small repository in it. */

import { generateKeyPairSync } from "node:crypto";
import { startLocalGitHub } from "../../src/local/github.ts";

/** What tests know of the GitHub that they run beside. */
export interface TestGitHub {
  /** `GITHUB_API_URL` and `GITHUB_SERVER_URL`. */
  url: string;
  /** `Authorization: Bearer …` for `/_local/`. */
  controlToken: string;
  appId: string;
  appSlug: string;
  /** PKCS#1, as GitHub's settings page hands it out. */
  privateKey: string;
  webhookSecret: string;
  /** Only read it: all test files share it. */
  repository: { owner: string; name: string; repositoryId: number; installationId: number; sha: string };
}

const WEBHOOK_SECRET = "It's a Secret to Everybody";

const FILES = {
  "README.md": "# Hello\n",
  ".sandlot/workflows/hello.yml":
    "name: hello\non: push\njobs:\n  hello:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo hello\n",
};

export async function startTestGitHub(): Promise<{ facts: TestGitHub; close: () => Promise<void> }> {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const appId = "4711";
  const appSlug = "sandlot-test";
  const actionsDir = process.env["SANDLOT_ACTIONS_DIR"];
  const local = await startLocalGitHub({
    repositories: [],
    appId,
    appSlug,
    publicKeyPem: pair.publicKey,
    ...(actionsDir !== undefined && { actionsDir }),
  });
  const [owner, name] = ["ada", "hello"];
  const response = await fetch(`${local.url}/_local/repositories`, {
    method: "POST",
    headers: { authorization: `Bearer ${local.controlToken}` },
    body: JSON.stringify({ owner, name, files: FILES }),
  });
  if (!response.ok) throw new Error(`the local GitHub made no repository: ${await response.text()}`);
  const made = (await response.json()) as { repositoryId: number; installationId: number; sha: string };
  const facts: TestGitHub = {
    url: local.url,
    controlToken: local.controlToken,
    appId,
    appSlug,
    privateKey: pair.privateKey,
    webhookSecret: WEBHOOK_SECRET,
    repository: { owner, name, ...made },
  };
  return { facts, close: () => local.close() };
}
