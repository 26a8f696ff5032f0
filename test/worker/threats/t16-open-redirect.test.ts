import { beforeAll, expect, it } from "vitest";
import { localPath } from "../../../src/web/http/safe-url.ts";
import { goToGitHub, visit } from "../auth/visitors.ts";
import { migrate } from "../web/support.ts";

beforeAll(migrate);

const EVIL = [
  "//evil.example",
  "\\\\evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "https://evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "evil.example",
  " //evil.example",
  "///evil.example",
  "/%5c/../\\evil.example",
  "",
];

it("T16: after signing in one comes back to a page of ours, whatever `next` names", async () => {
  for (const next of EVIL) {
    const { callback, cookie } = await goToGitHub("ada", next);
    const answer = await visit(callback, { cookie });
    const location = new URL(answer.headers.get("location") ?? "x", "https://sandlot.example/login/callback");
    expect([next, answer.status, location.origin]).toEqual([next, 303, "https://sandlot.example"]);
  }
});

it("T16: paths of ours stay what they are", () => {
  for (const path of ["/", "/builds/abc?run_attempt=2", "/repositories/a/b?branch=%2F%2Fx", "/builds/a%5Cb"]) {
    expect(localPath(path)).toBe(path);
  }
});
