/** A browser on the running `sandlot dev`: pages opened as people have them. */

import { afterAll, beforeAll, expect, inject } from "vitest";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { BuildSummary, BuildView } from "../../src/model/api.ts";
import { api } from "./dev.ts";
import type { DevAddress } from "./dev.ts";

export const hasBrowser = inject("dev") !== null;

export function dev(): DevAddress {
  const found = inject("dev");
  if (found === null) throw new Error("There is no browser, so nothing was started.");
  return found;
}

let browser: Browser | null = null;

/** One browser for all tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (hasBrowser) browser = await chromium.launch({ executablePath: inject("chromium"), args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
  });
}

export interface Opened extends AsyncDisposable {
  page: Page;
  /** What scripts and the policy complained of. */
  complaints: string[];
}

/** Each in a context of its own: no cookie and no storage is shared. */
export async function open(path: string, options: BrowserContextOptions = {}): Promise<Opened> {
  if (browser === null) throw new Error("useBrowser() was not called.");
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`${dev().url}${path}`);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** The newest build of a workflow file. */
export async function newestBuild(file: string): Promise<BuildView> {
  const path = `/repositories/${dev().name}/builds?workflow=.sandlot/workflows/${file}&limit=1`;
  const { items } = await api<{ items: BuildSummary[] }>(dev(), path);
  const [first] = items;
  if (!first) throw new Error(`${file} was never built.`);
  return await api<BuildView>(dev(), `/builds/${first.id}`);
}

/** Waits for the page's own title, which follows the status. */
export async function expectTitle(page: Page, start: string): Promise<void> {
  await expect.poll(() => page.title(), { timeout: 30_000, interval: 100 }).toMatch(new RegExp(`^${start}`));
}
