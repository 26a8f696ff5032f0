import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openSealed, readMasterKey, seal } from "../../../src/store/seal.ts";
import { sessionContext } from "../../../src/store/sessions.ts";
import type { Session } from "../../../src/store/sessions.ts";
import { endPersonsTokens, letPerson } from "../../support/github-control.ts";
import { migrate } from "../web/support.ts";
import { cookieOf, github, goToGitHub, knownRepository, signIn, visit } from "./visitors.ts";

beforeAll(migrate);

const rows = async (): Promise<Session[]> => (await env.DB.prepare("SELECT * FROM sessions").all<Session>()).results;

describe("signing in with GitHub", () => {
  it("goes there with state and PKCE, and comes back to the page that it began on", async () => {
    const start = await visit("/login/github?next=%2Fbuilds%3Fref%3Dmain");
    expect(start.status).toBe(303);
    const to = new URL(start.headers.get("location") ?? "");
    expect(`${to.origin}${to.pathname}`).toBe(`${github.url}/login/oauth/authorize`);
    expect(to.searchParams.get("code_challenge_method")).toBe("S256");
    expect(to.searchParams.get("redirect_uri")).toBe("https://sandlot.example/login/callback");
    expect((to.searchParams.get("state") ?? "").length).toBeGreaterThan(40);
    const [cookie = ""] = start.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-login=v1\..*; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    const trip = await goToGitHub("ada", "/builds?ref=main");
    const back = await visit(trip.callback, { cookie: trip.cookie });
    expect([back.status, back.headers.get("location")]).toEqual([303, "/builds?ref=main"]);
    expect(back.headers.getSetCookie()[0]).toMatch(
      /^__Host-session=[\w-]{43}; Max-Age=28800; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect(cookieOf(back, "__Host-login")).toBe("");
  });

  it("keeps neither the cookie nor GitHub's tokens as they are", async () => {
    const cookie = await signIn("ada");
    const all = JSON.stringify(await rows());
    expect(all).not.toContain(cookie.split("=")[1]);
    expect(all).not.toContain("ghu_");
    expect(all).toContain('"login":"ada"');
  });

  it("is refused without the cookie, with another's state, after its time, twice, and where GitHub said no", async () => {
    const before = (await rows()).length;
    const mine = await goToGitHub("ada");
    const theirs = await goToGitHub("eve");
    const state = new URLSearchParams(mine.callback.split("?")[1]).get("state");
    const refused: [string, string | undefined][] = [
      [mine.callback, undefined],
      [mine.callback, theirs.cookie],
      [mine.callback, "__Host-login=v1.made.up.cookie"],
      [mine.callback.replace(/state=[^&]*/, "state="), mine.cookie],
      [mine.callback.replace(/code=[^&]*/, "code=guessed"), mine.cookie],
      [`/login/callback?error=access_denied&state=${state}`, mine.cookie],
    ];
    for (const [path, cookie] of refused) {
      const answer = await visit(path, cookie === undefined ? {} : { cookie });
      expect([path, cookie, answer.status]).toEqual([path, cookie, 401]);
      expect(cookieOf(answer, "__Host-session")).toBeNull();
      expect(cookieOf(answer, "__Host-login")).toBe("");
    }
    expect((await visit(mine.callback, { cookie: mine.cookie })).status).toBe(303);
    expect((await visit(mine.callback, { cookie: mine.cookie })).status).toBe(401);
    expect((await rows()).length).toBe(before + 1);
  });

  it("of somebody else's code into one's own browser does nothing: the verifier is not theirs", async () => {
    const mine = await goToGitHub("ada");
    const theirs = await goToGitHub("eve");
    const code = /code=([^&]*)/.exec(theirs.callback)?.[1] ?? "";
    const answer = await visit(mine.callback.replace(/code=[^&]*/, `code=${code}`), { cookie: mine.cookie });
    expect(answer.status).toBe(401);
  });

  it("cannot be had where the App's client is not set", async () => {
    const vars = { GITHUB_APP_CLIENT_SECRET: "" };
    expect((await visit("/login/github", { vars })).status).toBe(401);
    expect((await visit("/", { vars })).status).toBe(403);
  });
});

describe("a session", () => {
  it("ends by signing out, here or everywhere, and by its time", async () => {
    const [one, two, three] = [await signIn("grace"), await signIn("grace"), await signIn("grace")];
    const sees = async (cookie: string) => (await visit("/", { cookie })).status;
    expect(await sees(one)).toBe(200);
    const out = await visit("/logout", { cookie: one, method: "POST", own: true });
    expect([out.status, cookieOf(out, "__Host-session")]).toEqual([303, ""]);
    expect([await sees(one), await sees(two)]).toEqual([401, 200]);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    await visit("/logout", { cookie: two, method: "POST", own: true, headers: form, body: "everywhere=1" });
    expect([await sees(two), await sees(three)]).toEqual([401, 401]);
    const late = await signIn("grace");
    await env.DB.prepare("UPDATE sessions SET expires_at = ? WHERE login = 'grace'").bind(Date.now()).run();
    expect(await sees(late)).toBe(401);
    const acts = await env.DB.prepare("SELECT what, detail FROM audit WHERE who = 'github:grace' ORDER BY id").all();
    expect(acts.results.map(({ what, detail }) => `${String(what)} ${String(detail)}`)).toEqual([
      ...Array.from({ length: 3 }, () => "session.start browser"),
      "session.end browser",
      "session.end all sessions",
      "session.start browser",
    ]);
  });

  it("of a browser opens nothing as a token, nor the other way round", async () => {
    const cookie = await signIn("grace");
    const secret = cookie.split("=")[1] ?? "";
    expect((await visit("/api/builds", { token: secret })).status).toBe(401);
    expect((await visit("/api/builds", { cookie })).status).toBe(200);
    await env.DB.prepare("UPDATE sessions SET kind = 'cli' WHERE login = 'grace'").run();
    expect((await visit("/api/builds", { token: secret })).status).toBe(200);
    expect((await visit("/api/builds", { cookie })).status).toBe(401);
  });

  it("renews GitHub's token when it is about to end, also when two requests want to at once", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "joan", "read");
    const cookie = await signIn("joan");
    const page = `/repositories/${repository.fullName}`;
    await expireTokens("joan");
    await endPersonsTokens(github, "joan", "refresh");
    const answers = await Promise.all([visit(page, { cookie }), visit(page, { cookie })]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await visit(page, { cookie })).status).toBe(200);
  });

  it("ends when GitHub takes the person's token no longer", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "mary", "read");
    const cookie = await signIn("mary");
    await endPersonsTokens(github, "mary");
    expect((await visit(`/repositories/${repository.fullName}`, { cookie })).status).toBe(404);
    expect((await visit("/", { cookie })).status).toBe(401);
  });

  it("that was sealed under a master key that is gone ends, and is nobody's fault", async () => {
    const repository = await knownRepository();
    await letPerson(github, repository, "edith", "read");
    const cookie = await signIn("edith");
    const vars = { SANDLOT_MASTER_KEY: btoa("another key of thirty-two bytes!") };
    expect((await visit(`/repositories/${repository.fullName}`, { cookie, vars })).status).toBe(404);
  });
});

/** As if it were five to eight hours later: sealed, so that only the Worker could have written it. */
async function expireTokens(login: string): Promise<void> {
  const key = await readMasterKey(env.SANDLOT_MASTER_KEY);
  const row = await env.DB.prepare("SELECT * FROM sessions WHERE login = ?").bind(login).first<Session>();
  if (!row) throw new Error(`${login} is not signed in`);
  const tokens = JSON.parse(await openSealed(key, row.sealed, sessionContext(row.id))) as object;
  const ended = JSON.stringify({ ...tokens, expiresAt: Date.now() - 1 });
  const sealed = await seal(key, ended, sessionContext(row.id));
  await env.DB.prepare("UPDATE sessions SET sealed = ? WHERE id = ?").bind(sealed, row.id).run();
}
