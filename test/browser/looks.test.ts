/** Every page in Chromium: for those who do not see, on a phone, in the dark, by keyboard, and with strangers' words in it. */

import { gzipSync } from "node:zlib";
import axe from "axe-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { dev, hasBrowser, newestBuild, open, useBrowser } from "./browser.ts";

useBrowser();

/** Where the functions below run. */
declare function getComputedStyle(element: unknown): { backgroundColor: string };

const REPOSITORY = "/repositories/local/short-links";

/** One of each, with its name. */
async function pages(): Promise<[string, string][]> {
  const ci = await newestBuild("ci.yml");
  const evil = await newestBuild("evil.yml");
  const failed = ci.jobs.find(({ conclusion }) => conclusion === "failure");
  return [
    ["home", "/"],
    ["builds", REPOSITORY],
    ["filtered to none", `${REPOSITORY}?status=cancelled&branch=nowhere`],
    ["dispatch", `${REPOSITORY}/dispatch?workflow=.sandlot/workflows/manual.yml`],
    ["build", `/builds/${ci.id}`],
    ["job", `/builds/${ci.id}/jobs/${failed?.id}`],
    ["artifact", `/builds/${ci.id}/artifacts/site`],
    ["hostile build", `/builds/${evil.id}`],
    ["hostile job", `/builds/${evil.id}/jobs/${evil.jobs[0]?.id}`],
    ["delivery", `/deliveries/${ci.deliveryId}`],
    ["missing", "/builds/none"],
  ];
}

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** By id, with what they are about. */
async function findings(page: Page, options: string): Promise<unknown[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ violations: Finding[] }>(`axe.run(${options})`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))]);
}

const ALL_RULES = '{ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }';
const CONTRAST = '{ runOnly: { type: "rule", values: ["color-contrast"] } }';
/** What only strangers' words could have brought. */
const FOREIGN =
  "img[src=x], script:not([src]), [onerror], [onload], [style]:not(#log *), a[href^='javascript:'], a[href^='data:']";

/** The texts and elements that reach over the edge, of those that no box cuts or scrolls. */
const TOO_WIDE = `(() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  while (walk.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    if (range.getBoundingClientRect().right > 320) {
      const one = walk.currentNode;
      if (!(one.closest ? one : one.parentElement).closest(".graph, .bars-list, .summary pre")) found.push((one.outerHTML ?? one.data).slice(0, 120));
    }
  }
  return found.slice(0, 12);
})()`;

/** What each page was found to be, looked at once for all tests. */
const visits: { name: string; hacked: unknown; foreign: unknown[]; axe: unknown[]; width: unknown }[] = [];

/** The browser says so of a page that answers 404. */
const isNotFound = (complaint: string): boolean => complaint.includes("status of 404");

async function visit(name: string, path: string): Promise<(typeof visits)[number]> {
  await using opened = await open(path);
  const { page, complaints } = opened;
  const made = await page.evaluate<string[]>(
    `Array.from(document.querySelectorAll(${JSON.stringify(FOREIGN)}), (one) => one.outerHTML)`,
  );
  const found = await findings(page, ALL_RULES);
  const hacked = await page.evaluate("window.hacked ?? null");
  const foreign = [...made, ...complaints.filter((one) => !isNotFound(one))];
  await page.emulateMedia({ colorScheme: "dark" });
  found.push(...(await findings(page, CONTRAST)));
  await page.setViewportSize({ width: 320, height: 700 });
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  const wide = width > 320 ? await page.evaluate<string[]>(TOO_WIDE) : [];
  return { name, hacked, foreign, axe: found, width: wide.length === 0 ? width : [width, ...wide] };
}

beforeAll(async () => {
  if (hasBrowser) for (const [name, path] of await pages()) visits.push(await visit(name, path));
});

describe.skipIf(!hasBrowser)("each page", () => {
  it("has nothing serious for axe, and contrast in the dark too", () => {
    expect(visits.map(({ name, axe }) => [name, axe])).toEqual(visits.map(({ name }) => [name, []]));
  });

  it("fits 320 pixels", () => {
    expect(visits.map(({ name, width }) => [name, width])).toEqual(visits.map(({ name }) => [name, 320]));
  });

  it("T15: runs nothing of what strangers named or wrote, with the policy in force", async () => {
    expect(visits).toHaveLength(11);
    for (const { name, hacked, foreign } of visits) expect([name, hacked, foreign]).toEqual([name, null, []]);
    const evil = await newestBuild("evil.yml");
    await using opened = await open(`/builds/${evil.id}`);
    const title = await opened.page.getByRole("heading", { level: 1 }).textContent();
    expect(title).toContain("<script>window.hacked=1</script>");
    expect(await opened.page.locator("#head .branch").textContent()).toContain("<img/src=x/onerror");
    expect(await opened.page.locator("#summaries").textContent()).toContain("<script>window.hacked=1</script>");
  });

  it("T13: an artifact's HTML and SVG are saved, not shown, and could do nothing if they were", async () => {
    const evil = await newestBuild("evil.yml");
    await using opened = await open(`/builds/${evil.id}/artifacts/out%20of%20it`);
    for (const file of ["index.html", "x.svg"]) {
      const download = opened.page.waitForEvent("download");
      await opened.page.getByRole("link", { name: file }).click();
      expect((await download).suggestedFilename()).toBe(file);
      const answer = await fetch(`${dev().url}/builds/${evil.id}/artifacts/out%20of%20it/files/${file}`);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("content-security-policy")).toContain("sandbox");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    }
    for (const path of ["../../x", "%2e%2e%2f%2e%2e%2fx", "..%5Cx"]) {
      const answer = await fetch(`${dev().url}/builds/${evil.id}/artifacts/out%20of%20it/files/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });
});

describe.skipIf(!hasBrowser)("a page", () => {
  it("is dark where somebody chose so, without script and for all pages", async () => {
    await using opened = await open("/", { javaScriptEnabled: false });
    const { page } = opened;
    const background = () => page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
    const light = await background();
    await page.getByRole("button", { name: "dark" }).click();
    expect(await background()).not.toBe(light);
    await page.goto(`${dev().url}${REPOSITORY}`);
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.getByRole("button", { name: "auto" }).click();
    expect(new URL(page.url()).pathname).toBe(REPOSITORY);
    expect(await background()).toBe(light);
  });

  it("is gone through by keyboard: down, up, open, and past the head", async () => {
    await using opened = await open(REPOSITORY);
    const { page } = opened;
    const focused = () => page.evaluate<string | null>("document.activeElement?.getAttribute('href') ?? null");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("#main");
    await page.keyboard.press("j");
    const first = await focused();
    expect(first).toMatch(/^\/builds\//);
    await page.keyboard.press("j");
    expect(await focused()).not.toBe(first);
    await page.keyboard.press("k");
    expect(await focused()).toBe(first);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${first}`);
  });

  it("is filtered by its address, and says so in the form", async () => {
    await using opened = await open(REPOSITORY);
    const { page } = opened;
    await page.locator("select[name=workflow]").selectOption("CI");
    await page.getByLabel("status").selectOption("failure");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL(/workflow=.*status=failure/);
    expect(await page.locator(".rows > li").count()).toBe(1);
    expect(await page.getByLabel("status").inputValue()).toBe("failure");
    await page.getByRole("link", { name: "Show all" }).click();
    expect(await page.locator(".rows > li").count()).toBeGreaterThan(1);
  });

  it("unfolds a job, and leads from an annotation to its line on GitHub", async () => {
    const build = await newestBuild("ci.yml");
    await using opened = await open(`/builds/${build.id}`);
    const { page } = opened;
    const lint = page.locator("#jobs details", { hasText: "Lint the sources" });
    expect(await lint.getAttribute("open")).toBeNull();
    await lint.locator("summary").click({ position: { x: 5, y: 10 } });
    expect(await lint.textContent()).toContain("continue-on-error lets the job go on");
    const place = page.getByRole("link", { name: "test/links.test.js:42" });
    expect(await place.getAttribute("href")).toMatch(new RegExp(`/blob/${build.sha}/test/links.test.js#L42$`));
    expect(await page.locator(".graph").textContent()).toContain("test · 2 jobs");
    const bar = page.locator("#timing svg[role=img]").first();
    expect(await bar.getAttribute("aria-label")).toMatch(/queued .*boot .*checkout@v4/);
  });

  it("of a build weighs less than 60 kB compressed, all that it loads counted", async () => {
    const build = await newestBuild("ci.yml");
    await using opened = await open("/builds/none");
    const { page } = opened;
    const loaded = new Set<string>();
    page.on("request", (request) => loaded.add(request.url()));
    await page.goto(`${dev().url}/builds/${build.id}`, { waitUntil: "networkidle" });
    const texts = await Promise.all([...loaded].map(async (url) => await (await fetch(url)).text()));
    const total = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
    console.log(`a build's page: ${total} bytes compressed in ${loaded.size} answers`);
    expect(total).toBeGreaterThan(1000);
    expect(total).toBeLessThan(60_000);
  });

  it("has its JSON at the same address, and a job its log as text", async () => {
    const build = await newestBuild("ci.yml");
    const ask = async (path: string, accept: string) => await fetch(`${dev().url}${path}`, { headers: { accept } });
    for (const path of ["/", REPOSITORY, `/builds/${build.id}`, `/deliveries/${build.deliveryId}`]) {
      const answer = await ask(path, "application/json");
      expect([path, answer.headers.get("content-type")]).toEqual([path, "application/json; charset=utf-8"]);
      expect((await ask(path, "text/html,*/*;q=0.8")).headers.get("content-type")).toContain("text/html");
    }
    const [job] = build.jobs;
    const log = await ask(`/builds/${build.id}/jobs/${job?.id}`, "text/plain");
    expect(await log.text()).toContain("Unexpected console statement");
  });
});
