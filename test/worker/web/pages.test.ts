import { env, exports } from "cloudflare:workers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { changeAttempt } from "../../../src/store/attempts.ts";
import { changeBuild } from "../../../src/store/builds.ts";
import { changeJob } from "../../../src/store/jobs.ts";
import { app } from "../../../src/web/app.ts";
import { logHtml } from "../../../src/web/pages/log-html.ts";
import { safeUrl } from "../../../src/web/http/safe-url.ts";
import { migrate, NO_BUILD, seedAttempt, seedBuild, seedJob, seedRepository, seedStep } from "./support.ts";

beforeAll(async () => {
  await migrate();
  await seedRepository(1, "app");
});

const open = { ...env, PAGES: "open" };
const get = async (path: string, given: Env = open): Promise<Response> =>
  await app.fetch(new Request(`http://127.0.0.1:8787${path}`), given);
const text = async (path: string): Promise<string> => await (await get(path)).text();

/** What our own pages load. */
const OWN_SCRIPT = /<script (type="module" )?src="\/assets\/\w+\.js\?v=[0-9a-f]+"( defer="")?><\/script>/g;

const HOSTILE = "</title></textarea><script>alert(1)</script>\"onmouseover='x' javascript:alert(1)";

describe("pages", () => {
  it("show the first failure at once: the step, its last lines, why and whose fault", async () => {
    const build = await seedBuild({ title: "Fix the thing", startedAt: 1000 });
    const fine = await seedJob(build.id, "lint");
    const job = await seedJob(build.id, "test", { position: 1 });
    const { id: attemptId, attempt } = await seedAttempt(job);
    const log = env.LOG_STREAM.get(env.LOG_STREAM.idFromName(attemptId));
    const lines = Array.from({ length: 100 }, (_, n) => `\u001b[31mline ${n}\u001b[0m\n`).join("");
    const bytes = new TextEncoder().encode(`${lines}1 test failed <b>\n`);
    await log.open(1, "Install\n", 1);
    const second = await log.open(2, "Run npm test\n", 1);
    await log.append({ step: 2, fromRaw: 0, toRaw: bytes.length, text: bytes, carry: null, at: 2 });
    const done = { exitCode: 1, reason: "step_failed", detail: "exit code 1", completedAt: 9000 } as const;
    const failed = { status: "completed", outcome: "failure", conclusion: "failure", ...done } as const;
    await seedStep({ attemptId, number: 1, name: "Install" });
    await seedStep({ attemptId, number: 2, name: "npm test", logFrom: second.logFrom, state: failed });
    const end = {
      to: "completed",
      conclusion: "failure",
      reason: "step_failed",
      detail: "npm test",
      at: 9000,
    } as const;
    await env.DB.batch([
      changeAttempt(env.DB, attemptId, end),
      changeJob(env.DB, { id: job.id, attempt }, end),
      changeJob(env.DB, fine, { ...end, conclusion: "success", reason: null, detail: null }),
      changeBuild(env.DB, build, end),
    ]);
    const page = await text(`/builds/${build.id}`);
    expect(page).toContain("test › npm test");
    expect(page).toContain("This is in the workflow or the code.");
    expect(page).toContain("1 test failed &#60;b&#62;");
    expect(page).toContain('<span class="ansi-fg-1">line 99</span>');
    expect(page).not.toContain("line 60<");
    expect(page).toMatch(/<title>✗ CI #\d+ · acme\/app<\/title>/);
    expect(page).toContain('href="/favicon/failure.svg"');
    expect(page).toMatch(/class="icon bad[^>]*>.*?<\/svg> ?<span>failure<\/span>/);
    expect(page).not.toContain("http-equiv");
    const jobPage = await text(`/builds/${build.id}/jobs/${job.id}`);
    expect(jobPage.indexOf('id="step-1"')).toBeLessThan(jobPage.indexOf("Run npm test"));
    expect(jobPage.indexOf('id="step-2"')).toBeLessThan(jobPage.indexOf("Run npm test"));
    expect(jobPage.match(/line 5</g)).toHaveLength(1);
    expect(jobPage.trimEnd().endsWith("</html>")).toBe(true);
    expect(jobPage).not.toContain("<template");
    expect(await text(`/builds/${build.id}/jobs/${job.id}/log`)).toContain("line 99");
  });

  it("show themselves again while a build runs", async () => {
    const build = await seedBuild({ state: { status: "queued", detail: "Waiting for a free sandbox" } });
    const job = await seedJob(build.id, "test");
    const page = await text(`/builds/${build.id}`);
    expect(page).toContain('<meta http-equiv="refresh" content="5"/>');
    expect(page).toContain("Waiting for a free sandbox");
    expect(await text(`/builds/${build.id}/jobs/${job.id}`)).toContain("It has not started.");
    expect(await text("/")).toContain(`/builds/${build.id}`);
    expect(await text("/repositories/acme/app")).toContain(`/builds/${build.id}`);
  });

  it("give a hostile name, title or message no more than its letters", async () => {
    await seedRepository(9, "x", "acme");
    const problem = { reason: "unsupported", message: HOSTILE, at: { file: HOSTILE, line: 3, column: 7 } } as const;
    const build = await seedBuild({
      repositoryId: 9,
      title: HOSTILE,
      workflowName: HOSTILE,
      ref: `refs/heads/${HOSTILE}`,
      actor: { id: 1, login: HOSTILE },
      problems: [problem],
      state: { status: "waiting", detail: HOSTILE },
    });
    const job = await seedJob(build.id, "test", { name: HOSTILE, repositoryId: 9 });
    const { id: attemptId } = await seedAttempt(job);
    const annotation = { level: "error", message: HOSTILE, title: HOSTILE, file: HOSTILE, line: 1 } as const;
    const nowhere = { endLine: null, column: null, endColumn: null };
    const cache = { key: HOSTILE, matchedKey: null, saved: false, bytes: null };
    const notes = { annotations: [{ ...annotation, ...nowhere }], cache };
    await seedStep({ attemptId, number: 1, name: HOSTILE, notes });
    const log = env.LOG_STREAM.get(env.LOG_STREAM.idFromName(attemptId));
    await log.open(1, `${HOSTILE}\n\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007\n<template id="log">`, 1);
    for (const path of ["/", "/repositories/acme/x", `/builds/${build.id}`, `/builds/${build.id}/jobs/${job.id}`]) {
      const page = await text(path);
      expect([path, page.includes("alert(1)")]).toEqual([path, true]);
      expect(page.replaceAll(OWN_SCRIPT, "")).not.toMatch(
        /<script|<\/textarea|<template|onmouseover=['"]|href="(?!\/|https?:|#)/,
      );
      expect(page.split("</head>", 1)[0]?.match(/<title>/g)).toHaveLength(1);
    }
    expect(await text(`/builds/${build.id}`)).toContain(":3:7");
  });

  it("say what is not there with 404", async () => {
    const build = await seedBuild();
    for (const path of [
      `/builds/${NO_BUILD}`,
      `/builds/${build.id}/jobs/none`,
      `/builds/${build.id}/artifacts/none`,
      `/builds/${build.id}?run_attempt=2`,
      "/repositories/acme/none",
      "/nothing",
    ]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    }
  });

  it("hold neither script nor style of their own, and say so to the browser", async () => {
    for (const path of ["/", `/builds/${(await seedBuild()).id}`, "/style.css", "/nothing", "/healthz"]) {
      const answer = await get(path);
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect([path, policy]).toEqual([path, expect.stringContaining("default-src 'none'")]);
      expect(policy).not.toMatch(/unsafe|\*/);
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("referrer-policy")).toBe("same-origin");
      expect((await answer.text()).replaceAll(OWN_SCRIPT, "")).not.toMatch(/<style|<script| style=| on\w+=/);
    }
    expect((await get("/style.css")).headers.get("content-type")).toBe("text/css; charset=utf-8");
  });
});

describe("who may see the pages", () => {
  const at = async (url: string, vars: Partial<Env>, headers: Record<string, string> = {}): Promise<Response> =>
    await app.fetch(new Request(url, { headers }), { ...env, ...vars });

  it("is whoever asks over loopback where the machine says so, and no site that leads there", async () => {
    for (const url of ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]:8787/"]) {
      expect([url, (await at(url, { PAGES: "open" })).status]).toEqual([url, 200]);
    }
    for (const url of ["http://evil.example:8787/", "http://127.0.0.1.evil.example/", "http://10.0.0.1/"]) {
      expect([url, (await at(url, { PAGES: "open" })).status]).toEqual([url, 403]);
    }
    expect((await at("http://127.0.0.1:1/", { PAGES: "open" }, { host: "evil.example:1" })).status).toBe(403);
  });

  it("is nobody in an account without Access, whatever host is named, and the page says how to open it", async () => {
    const build = await seedBuild();
    for (const path of ["/", `/builds/${build.id}`, `/builds/${build.id}/artifacts.zip`, `/builds/${NO_BUILD}`]) {
      const answer = await at(`http://127.0.0.1${path}`, {}, { host: "localhost" });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(await answer.text()).toContain("ACCESS_TEAM_DOMAIN");
    }
    expect((await exports.default.fetch("https://sandlot.example/")).status).toBe(403);
  });
});

describe("behind Cloudflare Access", () => {
  const vars = { ACCESS_TEAM_DOMAIN: "https://team.cloudflareaccess.com/", ACCESS_AUD: "our-aud" };
  const realFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  /** Answers as Access does where its keys are asked for; they are fetched over HTTP, which is where we stand in. */
  function serveKeys(keys: () => Response): { asked: number } {
    const seen = { asked: 0 };
    globalThis.fetch = async (input) => {
      expect(input instanceof Request ? input.url : input.toString()).toMatch(
        /^https:\/\/[a-z]+\.cloudflareaccess\.com\/cdn-cgi\/access\/certs$/,
      );
      seen.asked += 1;
      return keys();
    };
    return seen;
  }

  const visit = async (token: string | null, given: Partial<Env> = vars): Promise<Response> =>
    await app.fetch(
      new Request("https://sandlot.example/", {
        headers: token === null ? {} : { "cf-access-jwt-assertion": token },
      }),
      { ...env, ...given },
    );

  it("is whom it let through: by its key, for us, in time, and by RS256 alone", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const other = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
    const seen = serveKeys(() => Response.json({ keys: [jwk] }));
    const issuer = "https://team.cloudflareaccess.com";
    const token = (alg = "RS256") =>
      new SignJWT({ email: "a@b.c" })
        .setProtectedHeader({ alg, kid: "one" })
        .setIssuer(issuer)
        .setAudience("our-aud")
        .setExpirationTime("1h");
    const good = await token().sign(privateKey);
    expect((await visit(good)).status).toBe(200);
    expect((await visit(good)).status).toBe(200);
    expect(seen.asked).toBe(1);
    const none = `${btoa('{"alg":"none"}')}.${good.split(".")[1]}.`.replaceAll("=", "");
    const secret = new TextEncoder().encode(JSON.stringify(jwk));
    const refused = {
      missing: null,
      empty: "",
      garbage: "a.b.c",
      unsigned: none,
      "by a symmetric key": await token("HS256").sign(secret),
      "by another key": await token().sign(other.privateKey),
      "for another application": await token().setAudience("theirs").sign(privateKey),
      "by another team": await token().setIssuer("https://evil.cloudflareaccess.com").sign(privateKey),
      late: await token().setExpirationTime(1).sign(privateKey),
      early: await token().setNotBefore("1h").sign(privateKey),
      "for ever": await new SignJWT({})
        .setProtectedHeader({ alg: "RS256", kid: "one" })
        .setIssuer(issuer)
        .setAudience("our-aud")
        .sign(privateKey),
      changed: `${good.slice(0, -8)}AAAAAAAA`,
    };
    for (const [how, given] of Object.entries(refused)) {
      expect([how, (await visit(given)).status]).toEqual([how, 403]);
    }
    expect((await visit(good, { ...vars, ACCESS_AUD: "" })).status).toBe(403);
  });

  it("is nobody, by no fault of theirs, while its keys cannot be had", async () => {
    serveKeys(() => new Response("away", { status: 503 }));
    const { privateKey } = await generateKeyPair("RS256");
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: "RS256", kid: "k" })
      .setExpirationTime("1h")
      .sign(privateKey);
    const answer = await visit(token, { ...vars, ACCESS_TEAM_DOMAIN: "away.cloudflareaccess.com" });
    expect(answer.status).toBe(500);
  });
});

describe("a log as HTML", () => {
  it("is the same however it is cut, one tag at most per colour, and every line is there", async () => {
    const log = `${Array.from({ length: 1200 }, (_, n) => `line ${n} ünï`).join("\n")}\n##[error]bad <i>\n##[group]Run\n##[endgroup]\nlast`;
    const bytes = new TextEncoder().encode(log);
    const render = async (piece: number): Promise<string> => {
      async function* pieces() {
        for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
      }
      let out = "";
      for await (const html of logHtml(pieces())) out += html;
      return out;
    };
    const whole = await render(bytes.length);
    expect(await render(7)).toBe(whole);
    expect(whole.match(/<pre>/g)).toHaveLength(3);
    expect(whole).toContain('<span class="line-error">bad &#60;i&#62;</span>');
    expect(whole).toContain('<span class="line-group">Run</span>');
    expect(whole).not.toContain("endgroup");
    for (const line of ["line 0 ünï", "line 499 ünï", "line 500 ünï", "line 1199 ünï", "last"])
      expect(whole).toContain(line);
  });
});

it("an address that holds data leads to the web or to ourselves", () => {
  for (const url of ["/builds/1", "/", "https://github.com/a", "http://127.0.0.1/x"]) expect(safeUrl(url)).toBe(url);
  for (const url of [
    "javascript:alert(1)",
    "JaVaScRiPt:x",
    "data:text/html,x",
    "//evil.example",
    "/\\evil",
    "x",
    "",
    " javascript:x",
    "\tjavascript:x",
    "vbscript:x",
    "file:///etc/passwd",
  ]) {
    expect([url, safeUrl(url)]).toEqual([url, "#"]);
  }
});
