/**
 * `npm run screenshots -- FOLDER`: writes each page and state of a running `sandlot dev`, light and dark, wide and narrow,
 * to be looked at by people.
 */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

import type { BuildSummary, BuildView, Page } from "../src/model/api.ts";
import { api, push, startDev, until } from "../test/browser/dev.ts";
import type { Dev } from "../test/browser/dev.ts";
import { FRIENDLY } from "../test/browser/workflows.ts";

const SIZES = { wide: { width: 1200, height: 800 }, narrow: { width: 320, height: 700 } };
const SCHEMES = ["light", "dark"] as const;

async function main(): Promise<void> {
  const folder = resolve(process.argv[2] ?? "screenshots");
  mkdirSync(folder, { recursive: true });
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const dev = await startDev({ files: FRIENDLY, branch: "main", title: "Redirect with 308 so that methods are kept" });
  try {
    await shoot(browser, dev, folder, { empty: "/" });
    await shoot(browser, dev, folder, await builtPages(dev));
    await shoot(browser, dev, folder, await runningPages(dev));
  } finally {
    await browser.close();
    await dev.close();
  }
}

async function shoot(browser: Browser, dev: Dev, folder: string, pages: Record<string, string>): Promise<void> {
  for (const [name, path] of Object.entries(pages)) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of SCHEMES) {
        const context = await browser.newContext({ viewport, colorScheme });
        const page = await context.newPage();
        await page.goto(dev.url + path, { waitUntil: "load" });
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true });
        await context.close();
      }
    }
    console.log(`${name}: ${path}`);
  }
}

async function builtPages(dev: Dev): Promise<Record<string, string>> {
  await push(dev);
  const repository = `/repositories/${dev.name}`;
  const ci = await finished(dev, "ci.yml");
  const failed = ci.jobs.find(({ conclusion }) => conclusion === "failure");
  const broken = await dispatch(dev, "broken.yml", {});
  const green = await dispatch(dev, "manual.yml", { word: "hello" });
  await finished(dev, "manual.yml");
  return {
    home: "/",
    builds: repository,
    "builds-none": `${repository}?status=timed_out`,
    dispatch: `${repository}/dispatch?workflow=.sandlot/workflows/manual.yml`,
    "build-failed": `/builds/${ci.id}`,
    "build-green": `/builds/${green}`,
    "build-invalid": `/builds/${broken}`,
    job: `/builds/${ci.id}/jobs/${failed?.id}`,
    artifact: `/builds/${ci.id}/artifacts/site`,
    "artifact-folder": `/builds/${ci.id}/artifacts/site?path=img`,
    delivery: `/deliveries/${ci.deliveryId}`,
    missing: "/builds/none",
    audit: "/audit",
  };
}

/** A build under way, and one that was cancelled. */
async function runningPages(dev: Dev): Promise<Record<string, string>> {
  const stopped = await dispatch(dev, "manual.yml", { seconds: "300" });
  await api(dev, `/builds/${stopped}/cancel`, { method: "POST", body: "{}" });
  const cancelled = await finished(dev, "manual.yml");
  const running = await dispatch(dev, "manual.yml", { seconds: "300", word: "a long story" });
  const view = await until(
    () => api<BuildView>(dev, `/builds/${running}`),
    ({ jobs }) => (jobs[0]?.steps.length ?? 0) > 0,
  );
  return {
    "build-cancelled": `/builds/${cancelled.id}`,
    "build-running": `/builds/${running}`,
    "job-running": `/builds/${running}/jobs/${view.jobs[0]?.id}`,
  };
}

async function dispatch(dev: Dev, workflow: string, inputs: Record<string, string>): Promise<string> {
  const body = JSON.stringify({ workflow, inputs });
  const { deliveryId } = await api<{ deliveryId: string }>(dev, `/repositories/${dev.name}/dispatch`, {
    method: "POST",
    body,
  });
  const { workflows } = await until(
    () => api<{ status: string; workflows: { buildId: string | null }[] }>(dev, `/deliveries/${deliveryId}`),
    ({ status }) => status !== "recorded",
  );
  return workflows.find(({ buildId }) => buildId !== null)?.buildId ?? "none";
}

/** The newest build of a file, once it is over. */
async function finished(dev: Dev, file: string): Promise<BuildView> {
  const path = `/repositories/${dev.name}/builds?workflow=.sandlot/workflows/${file}&limit=1`;
  const { items } = await until(
    () => api<Page<BuildSummary>>(dev, path),
    ({ items }) => items[0]?.status === "completed",
  );
  return await api<BuildView>(dev, `/builds/${items[0]?.id}`);
}

await main();
