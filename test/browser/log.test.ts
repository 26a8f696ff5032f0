/** The log in Chromium: long, followed, searched, linked to, and with no script at all. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import type { BuildView, DeliveryView } from "../../src/model/api.ts";
import { dev, hasBrowser, open, useBrowser } from "./browser.ts";
import { api, until } from "./dev.ts";

useBrowser();

/** Starts the workflow and waits for its build to be planned. */
async function dispatch(inputs: Record<string, string>): Promise<string> {
  const body = JSON.stringify({ workflow: "log.yml", inputs });
  const { deliveryId } = await api<{ deliveryId: string }>(dev(), `/repositories/${dev().name}/dispatch`, {
    method: "POST",
    body,
  });
  const delivery = await until(
    () => api<DeliveryView>(dev(), `/deliveries/${deliveryId}`),
    ({ workflows }) => typeof workflows[0]?.buildId === "string",
  );
  return delivery.workflows[0]?.buildId ?? "";
}

/** Path of the page of the build's only job that is not skipped, once that holds. */
async function jobPath(
  build: string,
  key: string,
  holds: (job: BuildView["jobs"][number]) => boolean,
): Promise<string> {
  const find = (view: BuildView) => view.jobs.find((job) => job.key === key);
  const view = await until(
    () => api<BuildView>(dev(), `/builds/${build}`),
    (one) => {
      const job = find(one);
      return job !== undefined && holds(job);
    },
  );
  return `/builds/${build}/jobs/${find(view)?.id}`;
}

const numbers = (page: Page) =>
  page.evaluate<number[]>("Array.from(document.querySelectorAll('.l'), (row) => Number(row.id.slice(1)))");
const texts = (page: Page) =>
  page.evaluate<string[]>("Array.from(document.querySelectorAll('.l > code'), (code) => code.textContent)");
const isOnScreen = (page: Page, id: string) =>
  page.evaluate<boolean>(
    `(() => { const at = document.getElementById("${id}")?.getBoundingClientRect(); return at !== undefined && at.top >= 0 && at.bottom <= innerHeight; })()`,
  );

describe.skipIf(!hasBrowser)("a log of 100,000 lines", () => {
  let path = "";
  beforeAll(async () => {
    path = await jobPath(await dispatch({}), "long", ({ status }) => status === "completed");
  });

  it("opens with its last lines, and goes back in it by windows", async () => {
    await using opened = await open(path);
    const { page, complaints } = opened;
    const shown = await numbers(page);
    expect(shown).toHaveLength(5000);
    expect(await texts(page)).toContain("line 100000 of it");
    await page.locator("#log-error").click();
    await expect.poll(() => page.locator(".l.error.now").textContent()).toContain("it broke");
    const [first = 0] = shown;
    await page.locator("#log-earlier a").nth(1).click();
    await expect.poll(async () => (await numbers(page))[0]).toBe(first - 5000);
    expect(await numbers(page)).toEqual(Array.from({ length: 10_000 }, (_, n) => first - 5000 + n));
    await page.locator("#log-earlier a").first().click();
    await expect.poll(async () => (await numbers(page))[0]).toBe(1);
    expect(await texts(page)).toContain("100%");
    expect(await page.locator("details.g").first().getAttribute("open")).toBe(null);
    // However long one goes on, the page keeps some thousands.
    for (let last = 5000; last < 25_000; last += 5000) {
      await page.locator("#log-later a").first().click();
      await expect.poll(async () => (await numbers(page)).at(-1), { timeout: 10_000 }).toBeGreaterThan(last);
    }
    expect((await numbers(page)).length).toBeLessThanOrEqual(20_000);
    await page.keyboard.press("G");
    await expect.poll(() => page.getByText("line 100000 of it").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it("opens again at the lines that were picked by a click and a shift-click", async () => {
    await using opened = await open(path);
    const { page } = opened;
    const [first = 0] = await numbers(page);
    await page.locator(`#L${first + 10} > a`).click();
    await page.locator(`#L${first + 13} > a`).click({ modifiers: ["Shift"] });
    expect(new URL(page.url()).hash).toBe(`#L${first + 10}-L${first + 13}`);
    await using again = await open(`${path}#L50000-L50003`);
    await expect.poll(() => again.page.locator(".l.picked").count()).toBe(4);
    await expect.poll(() => isOnScreen(again.page, "L50000")).toBe(true);
    await again.page.keyboard.press("Escape");
    expect(await again.page.locator(".l.picked").count()).toBe(0);
  });

  it("is copied by the step or by picked lines, folds, and fills the page", async () => {
    await using opened = await open(path, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page, complaints } = opened;
    const clipboard = () => page.evaluate<string>("navigator.clipboard.readText()");
    await page.locator("#step-2 > .copy-step").click();
    await expect.poll(clipboard, { timeout: 15_000 }).toMatch(/^Run seq[^]*\nline 1 of it\nline 2 of it\n/);
    const copied = (await clipboard()).split("\n").filter((text) => text.startsWith("line "));
    expect(copied).toEqual(Array.from(copied, (_, n) => `line ${n + 1} of it`));
    expect(copied.length).toBeGreaterThan(19_900);
    expect(await page.locator("#step-2").getAttribute("open")).toBe("");
    await page.locator(".l", { hasText: "line 99999 of it" }).locator("> a").click();
    await page.keyboard.press("c");
    await expect.poll(clipboard).toBe("line 99999 of it\n");
    await page.getByRole("button", { name: "Collapse all" }).click();
    expect(await page.locator("#log-rows details[open]").count()).toBe(0);
    await page.getByRole("button", { name: "Expand all" }).click();
    expect(await page.locator("#log-rows details:not([open])").count()).toBe(0);
    await page.getByLabel("Full page").check();
    expect(await page.locator("#log-view").boundingBox()).toMatchObject({ x: 0, y: 0, height: 800 });
    await page.keyboard.press("Escape");
    expect((await page.locator("#log-view").boundingBox())?.x).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  it("is searched on the server, with counts and jumps", async () => {
    await using opened = await open(path);
    const { page, complaints } = opened;
    await page.keyboard.press("/");
    await page.keyboard.type("LINE 7777");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#log-count").textContent()).toContain("11 lines with “LINE 7777”, this is 1");
    await expect.poll(() => page.locator(".l.hit.now").textContent()).toContain("line 7777 of it");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".l.hit.now").textContent()).toContain("line 77770 of it");
    expect(new URL(page.url()).search).toBe("?q=LINE+7777");
    await page.locator("#log-found li a").nth(3).click();
    await expect.poll(() => page.locator(".l.hit.now").textContent()).toContain("line 77772 of it");
    expect(complaints).toEqual([]);
  });

  it("works without a script", async () => {
    await using opened = await open(path, { javaScriptEnabled: false });
    const { page } = opened;
    const first = Number(await page.locator("#log-view").getAttribute("data-first"));
    await page.locator("#log-earlier a").nth(1).click();
    await page.waitForURL(`**?from=${first - 5000}`);
    expect(await page.locator(`#L${first - 1}`).count()).toBe(1);
    await page.goto(`${dev().url}${path}#L100000`);
    const box = await page.locator("#L100000").boundingBox();
    expect(box?.y).toBeLessThan(800);
    await page.locator("#log-bar input[type=search]").fill("line 4321 ");
    await page.locator("#log-bar button:not([type])").click();
    expect(await page.locator("#log-found strong").textContent()).toBe("1 line");
    await page.locator("#log-found li a").click();
    await expect.poll(() => page.locator(".l:target").textContent()).toContain("line 4321 of it");
  });
});

describe.skipIf(!hasBrowser)("a log that grows", () => {
  let folder = "";
  let pipe: FileHandle | null = null;
  let path = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sandlot-pipe-"));
    const name = join(folder, "pipe");
    execFileSync("mkfifo", [name]);
    const build = await dispatch({ pipe: name });
    path = await jobPath(build, "fed", ({ status, steps }) => status === "in_progress" && steps.length > 0);
    // Opens when the job does.
    pipe = await openFile(name, "w");
  });
  afterAll(async () => {
    await pipe?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  let printed = 0;
  async function print(count: number): Promise<void> {
    const lines = Array.from({ length: count }, () => `printed ${++printed}\n`).join("");
    await pipe?.write(lines);
  }
  const lastText = (page: Page) => page.locator(".l > code").last().textContent();
  const top = (page: Page) => page.evaluate<number>("document.documentElement.scrollTop");

  it("follows, pauses when one scrolls up, and goes on at the end", async () => {
    await using opened = await open(path);
    const { page, complaints } = opened;
    await print(200);
    await expect.poll(() => lastText(page)).toBe(`printed ${printed}`);
    const follow = page.locator("#log-follow");
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("true");
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -900);
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
    const before = await top(page);
    await print(50);
    await expect.poll(() => lastText(page)).toBe(`printed ${printed}`);
    expect(await top(page)).toBe(before);
    await page.mouse.wheel(0, 100_000);
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("true");
    await print(50);
    await expect.poll(() => lastText(page)).toBe(`printed ${printed}`);
    await expect
      .poll(() =>
        page
          .locator(".l")
          .last()
          .boundingBox()
          .then((box) => (box?.y ?? 9999) < 800),
      )
      .toBe(true);
    expect(complaints).toEqual([]);
  });

  it("has no gap and no line twice when its connection breaks, and ends with the job", async () => {
    await using opened = await open("/");
    const { page } = opened;
    let connections = 0;
    await page.routeWebSocket(/\/log\/live/, (socket) => {
      connections += 1;
      const server = socket.connectToServer();
      let heard = 0;
      server.onMessage((message) => {
        heard += 1;
        // Every other connection breaks before its answer arrives, the rest soon after.
        if (connections % 2 === 1 || heard > 3) void socket.close({ code: 1001 });
        else socket.send(message);
      });
    });
    await page.goto(`${dev().url}${path}`);
    for (let at = 0; at < 12; at++) {
      await print(7);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await pipe?.close();
    pipe = null;
    await expect.poll(() => lastText(page), { timeout: 30_000 }).toBe("over");
    expect(connections).toBeGreaterThan(1);
    const shown = await numbers(page);
    expect(shown).toEqual([...new Set(shown)].toSorted((a, b) => a - b));
    const lines = (await texts(page)).filter((text) => text.startsWith("printed"));
    expect(lines).toEqual(Array.from({ length: printed }, (_, n) => `printed ${n + 1}`));
    await expect.poll(() => page.locator(".step-title .success").count(), { timeout: 10_000 }).toBe(2);
    expect(await page.locator("#log-follow").isHidden()).toBe(true);
  });
});
