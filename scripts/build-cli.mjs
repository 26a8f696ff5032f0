// Makes dist/: the command in one file, the Worker as Miniflare takes it, what serves it, and a database with all
// migrations applied. Runs when installed (`prepare`) and from bin/sandlot.mjs where dist is missing or out of date.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const DIST = join(ROOT, "dist");
const SHARED = ["package.json", "src/model", "src/language", "src/sandbox", "scripts/build-cli.mjs"];

/** Each part, what it is made from and how. */
const PARTS = {
  cli: { inputs: [...SHARED, "src/cli", "src/local"], build: buildCommand },
  worker: {
    inputs: [
      ...SHARED,
      "src/index.ts",
      "src/schedule",
      "src/intake",
      "src/github",
      "src/store",
      "src/logs",
      "src/attempt",
      "src/sweep",
      "src/web",
      "queues",
      "workflows",
      "wrangler.jsonc",
    ],
    build: buildWorker,
  },
  state: { inputs: ["migrations", "wrangler.jsonc", "package.json", "scripts/build-cli.mjs"], build: buildState },
};

/** Names of the parts of dist/ that are not made from the sources as they are now. */
export async function staleParts() {
  const stale = [];
  for (const name of Object.keys(PARTS)) {
    const built = await readFile(join(DIST, `${name}.stamp`), "utf8").catch(() => "");
    if (built !== (await stampOf(name))) stale.push(name);
  }
  return stale;
}

async function stampOf(name) {
  const hash = createHash("sha256");
  for (const input of PARTS[name].inputs) await addToHash(hash, join(ROOT, input));
  return hash.digest("hex");
}

async function addToHash(hash, path) {
  let names;
  try {
    names = await readdir(path);
  } catch (error) {
    if (error.code === "ENOENT") return;
    if (error.code !== "ENOTDIR") throw error;
    hash.update(`${relative(ROOT, path)}\0`).update(await readFile(path));
    return;
  }
  for (const name of names.sort()) await addToHash(hash, join(path, name));
}

async function buildCommand(out) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: { cli: join(ROOT, "src/cli/main.ts"), "serve-worker": join(ROOT, "src/local/serve-worker.ts") },
    outdir: out,
    outExtension: { ".js": ".mjs" },
    external: ["miniflare"],
    bundle: true,
    platform: "node",
    target: "node22.12",
    format: "esm",
    sourcemap: "linked",
    logLevel: "error",
    // CommonJS packages in the bundle ask for `require`.
    banner: {
      js: 'import { createRequire as $require } from "node:module"; const require = $require(import.meta.url);',
    },
  });
  return ["cli.mjs", "cli.mjs.map", "serve-worker.mjs", "serve-worker.mjs.map"];
}

async function buildWorker(out) {
  const { experimental_readRawConfig, unstable_getMiniflareWorkerOptions } = await import("wrangler");
  const config = join(ROOT, "wrangler.jsonc");
  await wrangler(["deploy", "--dry-run", "--containers-rollout=none", "--outdir", join(out, "worker"), "-c", config]);
  const { rawConfig } = experimental_readRawConfig({ config });
  const overrides = { enableContainers: false };
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config, undefined, { overrides });
  const { rootPath: _rootPath, modulesRules: _modulesRules, ...options } = workerOptions;
  // Of the file alone: what wrangler adds from .dev.vars are somebody's secrets.
  const worker = { ...options, name: rawConfig.name, bindings: rawConfig.vars };
  await writeFile(join(out, "worker", "miniflare.json"), JSON.stringify(worker, null, 2));
  return ["worker"];
}

/** Applying the migrations takes seconds, copying their result milliseconds. */
async function buildState(out) {
  const persist = join(out, "state");
  const config = join(ROOT, "wrangler.jsonc");
  await mkdir(persist, { recursive: true });
  await wrangler(["d1", "migrations", "apply", "sandlot", "--local", "--persist-to", persist, "-c", config]);
  return ["state"];
}

async function wrangler(args) {
  const { WRANGLER_LOG_PATH = join(DIST, "wrangler.log"), ...env } = process.env;
  await promisify(execFile)(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args], {
    cwd: ROOT,
    env: {
      ...env,
      WRANGLER_LOG_PATH,
      CI: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
  });
}

/** Builds beside dist and renames into it, so that two of us at once, or one that is stopped, leave nothing half-made. */
async function buildPart(name) {
  const stamp = await stampOf(name);
  await mkdir(DIST, { recursive: true });
  const out = await mkdtemp(join(DIST, `.${name}-`));
  try {
    for (const made of await PARTS[name].build(out)) {
      await replace(join(out, made), join(DIST, made), join(out, `${made}.old`));
    }
    await writeFile(join(out, "stamp"), stamp);
    await rename(join(out, "stamp"), join(DIST, `${name}.stamp`));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function replace(from, to, aside) {
  try {
    await rename(from, to);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    await rename(to, aside);
    await rename(from, to);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const fail = (name, error) => {
    process.stderr.write(`cannot build ${name}: ${error.stderr || error.stack || error}\n`);
    process.exitCode = 1;
  };
  const stale = await staleParts();
  await Promise.all(stale.map((name) => buildPart(name).catch((error) => fail(name, error))));
}
