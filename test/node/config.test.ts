/** Holds apart files to one truth: what wrangler.jsonc, the Dockerfile, the linter and the documents say twice. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { emitterEventNames } from "@octokit/webhooks";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readEvent } from "../../src/github/webhook.ts";
import { INSTANCES, sandboxCost } from "../../src/model/prices.ts";
import { DEFAULT_MAX_LOG_BYTES, DEFAULT_MAX_SANDBOXES } from "../../src/model/limits.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

interface Wrangler {
  containers: {
    class_name: string;
    instance_type: string;
    max_instances: number;
    rollout_active_grace_period: number;
    image: string;
  }[];
  durable_objects: { bindings: { class_name: string }[] };
  migrations: { new_sqlite_classes: string[] }[];
  queues: {
    producers: { queue: string }[];
    consumers: { queue: string; dead_letter_queue?: string }[];
  };
  r2_buckets: { binding: string; bucket_name: string }[];
  vars: Record<string, string>;
}

/** JSON with comments and trailing commas is YAML once the comments are gone. */
const wrangler = parse(read("wrangler.jsonc").replaceAll(/^\s*\/\/.*$/gm, "")) as Wrangler;

it("admits as many sandboxes at once as each container class may have instances", () => {
  expect(wrangler.containers.map((container) => container.max_instances)).toEqual([
    DEFAULT_MAX_SANDBOXES,
    DEFAULT_MAX_SANDBOXES,
  ]);
  expect(wrangler.vars["MAX_SANDBOXES"]).toBe(String(DEFAULT_MAX_SANDBOXES));
});

it("counts the cost of a sandbox by the instance types that are deployed", () => {
  expect(wrangler.containers.map((container) => container.instance_type)).toEqual([
    INSTANCES.standard.type,
    INSTANCES.large.type,
  ]);
  // One busy vCPU, 6 GiB and 12 GB for a minute: 60 × (0.00002 + 6 × 0.0000025 + 12 × 0.00000007).
  expect(sandboxCost("standard", 60_000)).toBeCloseTo(0.0021504, 10);
  expect(sandboxCost("large", -5)).toBe(0);
});

it("gives every container class a binding and a place in the migrations", () => {
  const classes = wrangler.containers.map((container) => container.class_name);
  expect(wrangler.durable_objects.bindings.map((binding) => binding.class_name)).toEqual([...classes, "LogStream"]);
  expect(wrangler.migrations.flatMap((migration) => migration.new_sqlite_classes)).toEqual([...classes, "LogStream"]);
});

it("consumes every queue that is written to, and every dead letter", () => {
  const consumed = wrangler.queues.consumers.map((consumer) => consumer.queue);
  const written = wrangler.queues.producers.map((producer) => producer.queue);
  const dead = wrangler.queues.consumers.flatMap((consumer) => consumer.dead_letter_queue ?? []);
  expect(new Set(consumed)).toEqual(new Set([...written, ...dead]));
  expect(dead).toHaveLength(written.length);
});

it("names the backup bucket to the SDK as it is bound", () => {
  const bound = wrangler.r2_buckets.find((bucket) => bucket.binding === "BACKUP_BUCKET");
  expect(wrangler.vars["BACKUP_BUCKET_NAME"]).toBe(bound?.bucket_name);
});

it("keeps as much log in an account as the code does by default", () => {
  expect(wrangler.vars["MAX_LOG_BYTES"]).toBe(String(DEFAULT_MAX_LOG_BYTES));
});

it("builds the image from the SDK's own of the same version", () => {
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const from = /^FROM docker\.io\/cloudflare\/sandbox:(\S+)$/m.exec(read("Dockerfile"));
  expect(from?.[1]).toBe(dependencies["@cloudflare/sandbox"]);
});

/** Names that the code takes from the bindings but wrangler.jsonc does not make. */
const SECRET = /\b(?:GITHUB_APP_[A-Z_]+|GITHUB_WEBHOOK_SECRET[A-Z_]*|SANDLOT_[A-Z_]+|(?:CLOUDFLARE_)?R2_[A-Z_]+)\b/g;
/** Without src/sandbox, whose shell has variables of its own; the keys for backups are passed on to it by src/attempt. */
const WORKER_FOLDERS = ["src/web", "src/github", "src/store", "src/intake", "src/attempt", "src/sweep", "queues"];

function secretsRead(): Set<string> {
  const files = WORKER_FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  return new Set(files.flatMap((file) => read(file).match(SECRET) ?? []));
}

it("asks in .dev.vars.example for exactly the secrets that the code reads", () => {
  const asked = [...read(".dev.vars.example").matchAll(/^([A-Z0-9_]+)=/gm)].map((match) => match[1]);
  expect(new Set(asked)).toEqual(secretsRead());
});

it("says in docs/deploy.md where every secret comes from", () => {
  const guide = read("docs/deploy.md");
  for (const name of secretsRead()) expect(guide, name).toContain(`\`${name}\``);
});

it("says in docs/deploy.md which queues, buckets and database there are", () => {
  const guide = read("docs/deploy.md");
  for (const { queue } of wrangler.queues.consumers) expect(guide).toContain(queue);
  for (const { bucket_name: bucket } of wrangler.r2_buckets) expect(guide).toContain(bucket);
});

interface LintOverride {
  files: string[];
  rules: { "no-restricted-imports"?: ["error", { patterns: { group: string[]; message: string }[] }] };
}

/** Each room and what the linter lets it import: all rooms but itself and those that its groups name whole. */
function roomsOfLinter(): Map<string, Set<string>> {
  const { overrides } = JSON.parse(read(".oxlintrc.json")) as { overrides: LintOverride[] };
  const rules = overrides.flatMap(({ files, rules: { "no-restricted-imports": rule } }) =>
    rule
      ? [{ folder: files[0]?.replace(/\/\*.*$/, "") ?? "", groups: rule[1].patterns.map(({ group }) => group) }]
      : [],
  );
  const all = rules.map(({ folder }) => nameOf(folder));
  const table = new Map<string, Set<string>>();
  for (const { folder, groups } of rules) {
    const closed = new Set(
      groups
        // A group with exceptions closes a room but for them.
        .filter((group) => !group.some((pattern) => pattern.startsWith("!")))
        .flat()
        .map((pattern) => /^\*\*\/([a-z]+)\/\*\*$/.exec(pattern)?.[1]),
    );
    const open = new Set(all.filter((room) => room !== nameOf(folder) && !closed.has(room)));
    const other = table.get(folder);
    // Two overrides of one folder say the same: the last one wins for a file.
    if (other) expect(open, folder).toEqual(other);
    table.set(folder, open);
  }
  return table;
}

const nameOf = (folder: string): string => folder.replace(/^src\//, "");

function roomsOfPlan(): Map<string, Set<string>> {
  const table = new Map<string, Set<string>>();
  for (const [, folders = "", open = ""] of read("docs/architecture.md").matchAll(/^\| (`[^|]+`) +\| ([^|]+?) +\|/gm)) {
    const rooms = open === "itself" ? [] : open.replace(/ \(.*\)/, "").split(", ");
    for (const [, folder = ""] of folders.matchAll(/`([a-z/]+)`/g)) table.set(folder, new Set(rooms));
  }
  return table;
}

it("lets each room import what the plan of the house says", () => {
  const plan = roomsOfPlan();
  const linter = roomsOfLinter();
  expect([...linter.keys()].toSorted()).toEqual([...plan.keys()].toSorted());
  for (const [folder, open] of plan) expect(linter.get(folder), folder).toEqual(open);
});

it("asks GitHub for every event that starts something", () => {
  const { default_events: asked } = JSON.parse(read("docs/github-app-manifest.json")) as { default_events: string[] };
  const known = new Set(emitterEventNames.map((name) => name.split(".")[0] ?? ""));
  const starting = [...known].filter((event) => {
    const reading = readEvent(event, {});
    return !(reading.ok && reading.event === null);
  });
  expect(starting).toContain("push");
  expect(asked).toEqual(expect.arrayContaining(starting));
  expect([...known]).toEqual(expect.arrayContaining(asked));
});

it("starts the Worker of this machine by the Miniflare that wrangler has", () => {
  const { dependencies } = JSON.parse(read("node_modules/wrangler/package.json")) as {
    dependencies: Record<string, string>;
  };
  const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: Record<string, string> };
  expect(devDependencies["miniflare"]).toBe(dependencies["miniflare"]);
});
