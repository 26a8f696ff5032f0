import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { Vault } from "../../../src/attempt/vault.ts";
import type { AttemptFacts } from "../../../src/attempt/facts.ts";
import { readEvent } from "../../../src/github/webhook.ts";
import { evaluateTemplate } from "../../../src/language/expression.ts";
import { pushPayload, pullRequestPayload } from "../../../src/local/deliver.ts";
import { createRepository } from "../../support/github-control.ts";
import { saveSecret, secretContext } from "../../../src/store/secrets.ts";
import { readMasterKey, seal } from "../../../src/store/seal.ts";
import type { Scope } from "../../../src/store/scopes.ts";
import { api, buildsOf, deliver, github, migrate } from "../river/river.ts";
import type { BuildView } from "../../../src/model/api.ts";
import { commit } from "../../support/github-control.ts";

beforeAll(migrate);

describe("T1: a fork's build", () => {
  const scopes: Scope[] = [
    { kind: "owner", ownerId: 5 },
    { kind: "repository", repositoryId: 7 },
    { kind: "environment", repositoryId: 7, environment: "production" },
  ];

  it("is given no secret of any scope, whatever it names", async () => {
    const key = await readMasterKey(env.SANDLOT_MASTER_KEY);
    for (const scope of scopes) {
      const sealed = await seal(key, "long enough", secretContext(scope, "TOKEN"));
      await saveSecret(env.DB, scope, { name: "TOKEN", sealed, at: 1 }, 100).run();
    }
    const facts = (fork: boolean) =>
      ({ attempt: { id: "none" }, build: { fork }, repository: { id: 7, ownerId: 5 } }) as unknown as AttemptFacts;
    const [own, forks] = [await Vault.open(env, facts(false)), await Vault.open(env, facts(true))];
    for (const scope of scopes) {
      expect(await own.secrets(["TOKEN"], [scope])).toEqual({ TOKEN: "long enough" });
      expect(await forks.secrets(["TOKEN"], [scope])).toEqual({});
      expect(await forks.secrets("all", [scope])).toEqual({});
    }
  });
});

describe("T2: whoever pushed or opened a pull request", () => {
  it("is known by the ids that GitHub signed, not by names that a commit or a title claims", async () => {
    const repository = await createRepository(github, { a: "1" });
    const payload = pushPayload({
      url: github.url,
      repository,
      ref: "refs/heads/main",
      before: null,
      after: repository.sha,
      sender: "outsider",
    }) as Record<string, unknown>;
    const owner = { name: repository.owner, email: "owner@example.com", username: repository.owner };
    for (const commit of payload["commits"] as Record<string, unknown>[]) Object.assign(commit, { author: owner });
    const reading = readEvent("push", { ...payload, pusher: owner });
    const { sender } = payload as { sender: { id: number; login: string } };
    expect(reading).toMatchObject({ ok: true, event: { actor: { id: sender.id, login: "outsider" } } });
  });
});

describe("T3: a fork's own workflow file", () => {
  it("is not read: its base's says what there is, and nothing of it runs", async () => {
    const ci = (name: string) =>
      `name: ${name}\non: pull_request\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }\n`;
    const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": ci("Of the base") });
    const head = await commit(github, repository, {
      branch: "theirs",
      files: { ".sandlot/workflows/ci.yml": ci("Of the fork"), ".sandlot/workflows/evil.yml": ci("Evil") },
    });
    const id = await deliver(
      "pull_request",
      pullRequestPayload({
        url: github.url,
        repository,
        action: "opened",
        number: 1,
        base: { ref: "main", sha: repository.sha },
        head: { ref: "theirs", sha: head.sha, repositoryId: 4711 },
      }),
    );
    const builds = await Promise.all((await buildsOf(id)).map((build) => api<BuildView>(`/builds/${build}`)));
    expect(builds.map(({ workflow, conclusion, jobs }) => [workflow.name, conclusion, jobs])).toEqual([
      ["Of the base", "action_required", []],
    ]);
  });
});

describe("T9: an error about a text that cannot be read", () => {
  it("quotes no beginning of it, which a mask of the whole would not hide", () => {
    const secret = `hunter22-${"x".repeat(100)}`;
    const told = (expression: string): string => {
      try {
        return evaluateTemplate({ expression, line: 1, column: 1 }, { secrets: { A: secret } });
      } catch (error) {
        return String(error);
      }
    };
    expect(told("fromJSON(secrets.A)")).toMatch(/the text is not JSON/);
    expect(told("fromJSON(secrets.A)")).not.toContain("hunter");
  });
});
