/** Part h: the log as people see it: opened, followed and searched in Chromium. */

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

import type { BuildView } from "../src/model/api.ts";
import type { Bench } from "./bench.ts";
import { type Figure, median, type Part, percentile } from "./figures.ts";
import { BenchSandlot } from "./sandlot.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const LINES = 100_000;
const SEARCHED_BYTES = 100_000_000;
const TICKS = 150;
const LOOK_EVERY_MS = 100;
const FOLLOWED_WITHIN_MS = 120_000;

interface Measured {
  openMs: number[];
  seenMs: number[];
  searchMs: number[];
  /** Compressed: the page without its rows, its style and its scripts. */
  weightBytes: number;
}

export async function measureLogPage(bench: Bench, signal: AbortSignal): Promise<Part> {
  if (!existsSync(CHROMIUM)) throw new Error(`There is no Chromium at ${CHROMIUM}: set CHROMIUM`);
  await using sandlot = await BenchSandlot.start({ install: bench.install, maxSandboxes: 1 }, signal);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const long = await pageOf(sandlot, `seq -f 'line %.0f of a log that says something in each of its lines' ${LINES}`);
    await sandlot.succeeded(long.sha);
    const openMs = await openOften(browser, long.url, bench.rounds);
    bench.say("log page: opened");
    const ticks = await pageOf(sandlot, `for i in $(seq ${TICKS}); do echo "tick $(date +%s%3N)"; sleep 0.1; done`);
    const seenMs = await watchTicks(browser, ticks.url);
    bench.say("log page: followed");
    const words =
      "all work and no play makes a log of one hundred bytes in a line, all work and no play makes a log in";
    const large = await pageOf(sandlot, `yes '${words}' | head -c ${SEARCHED_BYTES}; echo; echo needle in it`);
    await sandlot.succeeded(large.sha);
    const searchMs = await searchOften(large.url, bench.rounds, signal);
    const measured = { openMs, seenMs, searchMs, weightBytes: await weigh(long.url) };
    return { figures: figuresOf(measured), broken: [], raw: measured };
  } finally {
    await browser.close();
  }
}

/** Starts a job of one step; the address of its page. */
async function pageOf(sandlot: BenchSandlot, run: string): Promise<{ url: string; sha: string }> {
  const workflow = `name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ${JSON.stringify(run)}\n`;
  const name = `page-${Math.random().toString(36).slice(2)}`;
  const repository = await sandlot.createRepository(name, { ".sandlot/workflows/ci.yml": workflow });
  const sha = await sandlot.commit(repository);
  const { deliveryId } = await sandlot.push(repository, sha);
  const started = (build: BuildView) => build.jobs.find(({ attempt, steps }) => attempt > 0 && steps.length > 0);
  for (;;) {
    const { workflows } = await sandlot.api.readDelivery(deliveryId);
    const id = workflows[0]?.buildId ?? null;
    const job = id === null ? undefined : started(await sandlot.api.readBuild(id));
    if (job) return { url: `${sandlot.facts.url}/builds/${id}/jobs/${job.id}`, sha };
    await sleep(LOOK_EVERY_MS);
  }
}

/** From the request to the browser's `load`, in a page of its own each. */
async function openOften(browser: Browser, url: string, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await browser.newPage();
    await page.goto(url);
    times.push(await page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventEnd"));
    await page.close();
  }
  return times;
}

/** Each line says when it was printed; the page notes when it came. */
async function watchTicks(browser: Browser, url: string): Promise<number[]> {
  const page = await browser.newPage();
  page.setDefaultTimeout(FOLLOWED_WITHIN_MS);
  await page.goto(url);
  await page.evaluate(`window.seen = []; window.known = document.querySelectorAll(".l").length;
    new MutationObserver(() => {
      const rows = document.querySelectorAll(".l > code");
      for (; known < rows.length; known++) {
        const at = /^tick (\\d+)$/.exec(rows[known].textContent)?.[1];
        if (at) seen.push(Date.now() - Number(at));
      }
    }).observe(document.getElementById("log-rows"), { childList: true, subtree: true });`);
  await page.locator("#log-follow").waitFor({ state: "hidden" });
  const seen = await page.evaluate<number[]>("window.seen");
  await page.close();
  return seen;
}

async function searchOften(url: string, rounds: number, signal: AbortSignal): Promise<number[]> {
  // What is archived is served in ranges.
  for (let status = 0; status !== 206; await sleep(LOOK_EVERY_MS, undefined, { signal })) {
    const answer = await fetch(`${url}/log?attempt=1`, { headers: { range: "bytes=0-0" }, signal });
    await answer.body?.cancel();
    ({ status } = answer);
  }
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const answer = await fetch(`${url}/log/hits?attempt=1&q=Needle`, { signal });
    const { count } = (await answer.json()) as { count: number };
    times.push(performance.now() - from);
    // The header shows the script, and so the word.
    if (count < 1) throw new Error(`The search found ${count} lines`);
  }
  return times;
}

/** What a browser that has nothing fetches, but for the rows. */
async function weigh(url: string): Promise<number> {
  const html = await (await fetch(url)).text();
  const page = html.replaceAll(/<div class="l[^\n]*\n/g, "");
  const assets = [...html.matchAll(/(?:href|src)="(\/(?:assets|style)[^"]+)"/g)].map(([, path]) => path ?? "");
  const texts = await Promise.all(assets.map(async (path) => await (await fetch(new URL(path, url))).text()));
  return [page, ...texts].reduce((sum, text) => sum + gzipSync(text).length, 0);
}

function figuresOf({ openMs, seenMs, searchMs, weightBytes }: Measured): Figure[] {
  return [
    {
      part: "h",
      what: `a job of ${LINES.toLocaleString("en-US")} lines opened`,
      aim: "≤ 1.5 s",
      value: median(openMs) / 1000,
      unit: "s",
      note: `to the browser's load, worst ${(Math.max(...openMs) / 1000).toFixed(2)} s; n = ${openMs.length}`,
    },
    {
      part: "h",
      what: "printed → seen on a page, p99",
      aim: "≤ 300 ms",
      value: percentile(seenMs, 99),
      unit: "ms",
      note: `median ${median(seenMs).toFixed(0)} ms; n = ${seenMs.length} lines, one each 100 ms`,
    },
    {
      part: "h",
      what: "a job's page, compressed, without its rows",
      aim: "≤ 60 kB",
      value: weightBytes / 1000,
      unit: "kB",
      note: "page, style and scripts",
    },
    {
      part: "h",
      what: "search over 100 MB of log",
      aim: "≤ 2 s",
      value: median(searchMs) / 1000,
      unit: "s",
      note: `no letter case, all of it read; n = ${searchMs.length}`,
    },
  ];
}
