import { beforeAll, describe, expect, it } from "vitest";
import { conditions } from "../../support/conditions.ts";
import { refusedCalls, commit, createRepository, openPullRequest } from "../../support/github-control.ts";
import { api, buildsOf, deliver, ended, github, migrate, pullRequestPayload, push, told } from "./river.ts";

beforeAll(async () => {
  await migrate();
  conditions.twice = true;
});

/** Green for a push, red for a pull request. */
const WORKFLOW = `name: CI
on: [push, pull_request, workflow_dispatch]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: test "$GITHUB_EVENT_NAME" != pull_request
`;

async function topic() {
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": WORKFLOW });
  const head = await commit(github, repository, { branch: "topic", files: { "a.txt": "a" } });
  const opened = await openPullRequest(github, repository, { head: "topic", base: "main" });
  const pushed = () => push(repository, { ref: head.ref, after: head.sha });
  const pulled = () =>
    deliver(
      "pull_request",
      pullRequestPayload({
        url: github.url,
        repository,
        action: "opened",
        number: opened.number,
        base: { ref: "main", sha: opened.baseSha },
        head: { ref: "topic", sha: head.sha },
      }),
    );
  return { repository, head, pushed, pulled };
}

async function end(delivery: string): Promise<string | null> {
  const [build] = await buildsOf(delivery);
  return (await ended(build ?? "")).conclusion;
}

const RED = /^sandlot \/ CI: failure test: /;
const GREEN = /^sandlot \/ CI: success /;

describe("a push that is green and a pull request that is red, of one commit", () => {
  it("are red in the end, whichever comes first", async () => {
    for (const order of ["push first", "pull request first"] as const) {
      const { repository, head, pushed, pulled } = await topic();
      const deliveries = order === "push first" ? [pushed, pulled] : [pulled, pushed];
      for (const happens of deliveries) await end(await happens());
      const words = await told(repository, head.sha);
      expect(words.at(-1)).toMatch(RED);
      // Green while only the push was known; once red, never green again.
      const firstRed = words.findIndex((word) => RED.test(word));
      expect(words.slice(firstRed).filter((word) => GREEN.test(word))).toEqual([]);
      expect(words.filter((word) => GREEN.test(word)).length).toBe(order === "push first" ? 1 : 0);
    }
  });

  it("are red in the end when both come at once, with one last word", async () => {
    const { repository, head, pushed, pulled } = await topic();
    const deliveries = await Promise.all([pushed(), pulled()]);
    for (const delivery of deliveries) await end(delivery);
    const words = await told(repository, head.sha);
    expect(words.at(-1)).toMatch(RED);
    expect(words.filter((word) => RED.test(word)).length).toBe(1);
  });
});

describe("a dispatch", () => {
  it("never changes the required context: it has its own, with one last word", async () => {
    const { repository, head, pushed, pulled } = await topic();
    for (const happens of [pushed, pulled]) await end(await happens());
    const before = (await told(repository, head.sha)).filter((word) => word.startsWith("sandlot / CI: "));
    const { deliveryId } = await api<{ deliveryId: string }>(`/repositories/${repository.fullName}/dispatch`, {
      method: "POST",
      body: JSON.stringify({ workflow: "ci.yml", ref: "topic" }),
    });
    expect(await end(deliveryId)).toBe("success");
    const words = await told(repository, head.sha);
    expect(words.filter((word) => word.startsWith("sandlot / CI: "))).toEqual(before);
    const own = words.filter((word) => word.startsWith("sandlot / CI (workflow_dispatch): "));
    expect(own.at(-1)).toMatch(/: success 1 job passed in /);
    expect(own.filter((word) => !word.includes(": pending ")).length).toBe(1);
    expect(await refusedCalls(github)).toEqual([]);
  });
});
