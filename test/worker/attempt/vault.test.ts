import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { AttemptFacts } from "../../../src/attempt/facts.ts";
import { Vault } from "../../../src/attempt/vault.ts";
import { createRepository } from "../../support/github-control.ts";

const github = inject("gitHubApp");
const MINUTE_MS = 60_000;

beforeAll(async () => await applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

async function openVault(permissions: Record<string, "read" | "write"> | null = null): Promise<Vault> {
  const repository = await createRepository(github, { a: "1" });
  const facts = {
    attempt: { id: `attempt-${repository.id}` },
    build: { fork: false, workflow: { permissions } },
    job: { plan: { definition: { permissions: null } } },
    repository,
  } as unknown as AttemptFacts;
  return await Vault.open(env, facts);
}

describe("the job's token", () => {
  it("is minted once, and anew a quarter of an hour before its end", async () => {
    const vault = await openVault();
    const now = Date.now();
    const first = await vault.token(now);
    expect(await vault.token(now + 44 * MINUTE_MS)).toBe(first);
    const second = await vault.token(now + 46 * MINUTE_MS);
    expect(second).not.toBe(first);
    expect(vault.mask.text(`${first} ${second} ${btoa(`x-access-token:${second}`)}`)).toBe("*** *** ***");
  });

  it("is handed on anew to git in the sandbox, where it was handed on before", async () => {
    const vault = await openVault();
    const now = Date.now();
    const late = now + 50 * MINUTE_MS;
    await vault.token(now);
    expect(await vault.renewed(late)).toBeNull();
    const served = await vault.serve("https://github.com", now);
    expect(await vault.renewed(now)).toBeNull();
    const renewed = await vault.renewed(late);
    expect(renewed).toMatchObject({ server: "https://github.com" });
    expect(renewed?.token).not.toBe(served);
  });
});
