/** The App's key in every form that people paste, and tokens that reach no further than they must. */

import { createPrivateKey } from "node:crypto";
import { describe, expect, inject, it } from "vitest";
import {
  findInstallation,
  type GitHubConfig,
  installationOctokit,
  mintToken,
  readAppSlug,
  readPrivateKey,
  revokeToken,
} from "../../../src/github/app.ts";
import { GitHubFault } from "../../../src/github/client.ts";
import { readRepository } from "../../../src/github/contents.ts";
import { callsTo, createRepository, deleteRepository, endTokens } from "../../support/github-control.ts";

const github = inject("gitHubApp");
const config: GitHubConfig = { apiUrl: github.url, appId: github.appId, privateKey: github.privateKey };

async function faultOf(call: Promise<unknown>): Promise<GitHubFault> {
  try {
    await call;
  } catch (error) {
    if (error instanceof GitHubFault) return error;
    throw error;
  }
  throw new Error("there was no fault");
}

const mints = async () =>
  (await callsTo(github)).filter((call) => call.operation === "apps/create-installation-access-token");

describe("the private key", () => {
  const pkcs1 = github.privateKey;
  const pkcs8 = createPrivateKey(pkcs1).export({ type: "pkcs8", format: "pem" }).toString();
  const forms: Record<string, string> = {
    "as GitHub hands it out": pkcs1,
    "as PKCS#8": pkcs8,
    "with escaped line ends": pkcs1.replaceAll("\n", String.raw`\n`),
    "with Windows line ends": pkcs1.replaceAll("\n", "\r\n"),
    "in quotes": `"${pkcs1.replaceAll("\n", String.raw`\n`)}"`,
    "in base64": btoa(pkcs1),
    "in base64 with line breaks": btoa(pkcs1).replaceAll(/.{76}/g, "$&\n"),
  };

  for (const [how, privateKey] of Object.entries(forms)) {
    it(`works ${how}`, async () => {
      expect(readPrivateKey(privateKey)).toBe(pkcs8);
      expect(await readAppSlug({ ...config, privateKey })).toBe("sandlot-test");
    });
  }

  it("that is none says so without repeating it", async () => {
    for (const privateKey of ["", "hunter2-hunter2", pkcs1.slice(0, 200), pkcs1.replaceAll("A", "B")]) {
      const fault = await faultOf(readAppSlug({ ...config, privateKey }));
      expect(fault.reason).toBe("unauthorized");
      if (privateKey !== "") expect(fault.message).not.toContain(privateKey.slice(0, 12));
    }
  });

  it("of another App is refused as unauthorized", async () => {
    expect((await faultOf(readAppSlug({ ...config, appId: "1" }))).reason).toBe("unauthorized");
  });
});

describe("an installation token", () => {
  it("is asked for exactly one repository and exactly these permissions", async () => {
    const one = await createRepository(github, { a: "1" });
    const before = (await mints()).length;
    const minted = await mintToken(config, one.installationId, {
      repositoryId: one.id,
      permissions: { contents: "read", "pull-requests": "read", issues: "none" },
    });
    expect(minted.token).toMatch(/^ghs_/);
    expect(minted.expiresAt).toBeGreaterThan(Date.now());
    const asked = (await mints()).slice(before);
    expect(asked.map((call) => call.body)).toEqual([
      { repository_ids: [one.id], permissions: { contents: "read", pull_requests: "read" } },
    ]);
  });

  it("for one repository never reaches another, also when both are asked at once", async () => {
    const [one, two] = await Promise.all([createRepository(github, { a: "1" }), createRepository(github, { a: "2" })]);
    const permissions = { metadata: "read" } as const;
    const [first, second] = [one, two].map((repository) =>
      installationOctokit(config, repository.installationId, { repositoryId: repository.id, permissions }),
    );
    if (first === undefined || second === undefined) throw new Error("two were asked");
    const read = (octokit: typeof first, repository: typeof one) =>
      readRepository(octokit, { owner: repository.owner, repo: repository.name });
    const answers = await Promise.all([read(first, one), read(second, two), read(first, two), read(second, one)]);
    expect(answers.map((answer) => answer?.id ?? null)).toEqual([one.id, two.id, null, null]);
  });

  it("is kept for the next call, and renewed once when GitHub refuses it", async () => {
    const one = await createRepository(github, { a: "1" }, { owner: "renewal" });
    const read = () =>
      readRepository(installationOctokit(config, one.installationId), { owner: one.owner, repo: one.name });
    const before = (await mints()).length;
    await read();
    await read();
    expect((await mints()).length - before).toBe(1);
    await endTokens(github, one.installationId);
    expect((await read())?.id).toBe(one.id);
    expect((await mints()).length - before).toBe(2);
  });

  it("of an installation that is gone is unauthorized, not a missing file", async () => {
    const one = await createRepository(github, { a: "1" }, { owner: "leaver" });
    await deleteRepository(github, one);
    const octokit = installationOctokit(config, one.installationId);
    const fault = await faultOf(readRepository(octokit, { owner: one.owner, repo: one.name }));
    expect(fault).toMatchObject({ reason: "unauthorized", status: 404 });
  });

  it("that was revoked is dead, and may be revoked again", async () => {
    const one = await createRepository(github, { a: "1" });
    const scope = { repositoryId: one.id, permissions: { contents: "read" } } as const;
    const { token } = await mintToken(config, one.installationId, scope);
    const ask = async () =>
      (
        await fetch(`${github.url}/repos/${one.fullName}`, {
          headers: { authorization: `token ${token}`, "user-agent": "test" },
        })
      ).status;
    expect(await ask()).toBe(200);
    await revokeToken(config, token);
    expect(await ask()).toBe(401);
    await revokeToken(config, token);
  });
});

it("finds where the App is installed, and null where it is not", async () => {
  const one = await createRepository(github, { a: "1" });
  expect(await findInstallation(config, { owner: one.owner, repo: one.name })).toBe(one.installationId);
  expect(await findInstallation(config, { owner: "nobody", repo: "nothing" })).toBeNull();
});
