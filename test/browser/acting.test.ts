/** Starting, watching, rerunning and cancelling builds in Chromium. */

import { describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import type { BuildView } from "../../src/model/api.ts";
import { api, until } from "./dev.ts";
import { dev, expectTitle, hasBrowser, newestBuild, open, useBrowser } from "./browser.ts";

useBrowser();

const FORM = "/repositories/local/short-links/dispatch?workflow=.sandlot/workflows/manual.yml";

async function start(page: Page, given: { word: string; seconds: string; ending?: string }): Promise<void> {
  await page.getByLabel("word").fill(given.word);
  await page.getByLabel("seconds").fill(given.seconds);
  if (given.ending) await page.getByLabel("ending").selectOption(given.ending);
  await page.getByRole("button", { name: "Start it" }).click();
  await page.waitForURL(/\/builds\//);
}

/** A page that was not loaded again still has it. */
const mark = (page: Page) => page.evaluate("window.stayed = true");
const stayed = (page: Page) => page.evaluate("window.stayed === true");

describe.skipIf(!hasBrowser)("acting", () => {
  it("starts a build from a form with typed inputs, and watches it turn green without being loaded again", async () => {
    await using opened = await open(FORM);
    const { page, complaints } = opened;
    expect(await page.getByLabel("loud").isChecked()).toBe(true);
    await page.getByLabel("loud").uncheck();
    await start(page, { word: "green", seconds: "4" });
    await mark(page);
    await expectTitle(page, "[●○]");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("Say green");
    await expectTitle(page, "✓");
    expect(await stayed(page)).toBe(true);
    expect(await page.locator("#told").textContent()).toBe("success");
    expect(await page.locator('link[rel="icon"]').getAttribute("href")).toBe("/favicon/success.svg");
    expect(await page.locator("#verdict").textContent()).toContain("1 job passed");
    const build = await newestBuild("manual.yml");
    const log = await fetch(`${dev().url}/builds/${build.id}/jobs/${build.jobs[0]?.id}/log`);
    expect(await log.text()).toContain("loud=false green");
    expect(complaints).toEqual([]);
  });

  it("shows the failing step with its last lines as soon as it fails, and reruns what failed", async () => {
    await using opened = await open(FORM);
    const { page, complaints } = opened;
    await start(page, { word: "red", seconds: "2", ending: "badly" });
    await mark(page);
    await expectTitle(page, "✗");
    expect(await stayed(page)).toBe(true);
    await expect.poll(() => page.locator("#failure").textContent()).toContain("say › Say it");
    expect(await page.locator("#failure pre").textContent()).toContain("loud=true red");
    expect(await page.locator("#verdict").textContent()).toContain("This is in the workflow or the code.");
    await page.getByRole("button", { name: "Rerun failed jobs" }).click();
    await page.waitForURL(/asked=rerun-/);
    expect(await page.locator("#asked").textContent()).toContain("Run attempt 2");
    await expectTitle(page, "✗");
    await page.getByRole("link", { name: "Run attempt 1" }).click();
    await page.waitForURL(/run_attempt=1/);
    expect(await page.locator("#verdict").textContent()).toContain("Run attempt 1 of 2.");
    expect(complaints).toEqual([]);
  });

  it("cancels after asking, and works without script", async () => {
    await using opened = await open(FORM, { javaScriptEnabled: false });
    const { page } = opened;
    await start(page, { word: "long", seconds: "50" });
    expect(await page.locator('meta[http-equiv="refresh"]').count()).toBe(1);
    const id = /builds\/(\w+)/.exec(page.url())?.[1] ?? "";
    const running = () => api<BuildView>(dev(), `/builds/${id}`);
    await until(running, ({ jobs }) => jobs[0]?.steps.length === 1);
    await page.getByText("Cancel…").click();
    await page.getByRole("button", { name: "Cancel this build" }).click();
    await page.waitForURL(/asked=cancel-/);
    expect(await page.locator("#asked").textContent()).toContain("Cancel asked for by you");
    await until(running, ({ status }) => status === "completed");
    await page.goto(`${dev().url}/builds/${id}`);
    expect(await page.title()).toMatch(/^⊘/);
    expect(await page.locator("#verdict").textContent()).toContain("Nobody's fault.");
  });

  it("says what was wrong with a start that led to nothing", async () => {
    await using opened = await open("/repositories/local/short-links/dispatch?workflow=.sandlot/workflows/manual.yml");
    const { page } = opened;
    await page.getByLabel("Branch or tag").fill("no-such-branch");
    await page.getByRole("button", { name: "Start it" }).click();
    await page.waitForURL(/\/deliveries\//);
    await expect.poll(() => page.locator("#outcome").textContent()).toContain("has no branch or tag no-such-branch");
  });

  it("T18: a form of another site changes nothing, whatever its type", async () => {
    const build = await newestBuild("ci.yml");
    const to = `${dev().url}/builds/${build.id}/rerun`;
    const types = ["application/x-www-form-urlencoded", "text/plain", "application/json"];
    const foreign = [{ origin: "https://evil.example" }, { origin: "null" }, {}, { "sec-fetch-site": "cross-site" }];
    for (const type of types) {
      for (const from of foreign) {
        const headers = { ...from, "content-type": type };
        const answer = await fetch(to, { method: "POST", headers, body: "jobs=all", redirect: "manual" });
        expect([type, from, answer.status]).toEqual([type, from, 403]);
      }
    }
    expect((await newestBuild("ci.yml")).runAttempt).toBe(1);
    expect((await fetch(to)).status).toBe(405);
  });
});
