/**
 * Cuts GitHub's OpenAPI description to the operations that Sandlot calls: what the local GitHub validates against.
 *
 * `@octokit/openapi` weighs 385 MB installed, so it is no dependency. In a folder outside the tree:
 *
 *     npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
 *     node scripts/cut-openapi.mjs package/generated/api.github.com.json
 */

import { readFileSync, writeFileSync } from "node:fs";

const OPERATIONS = new Set([
  "apps/get-authenticated",
  "apps/create-installation-access-token",
  "apps/get-installation",
  "apps/get-repo-installation",
  "apps/revoke-installation-access-token",
  "apps/list-webhook-deliveries",
  "apps/redeliver-webhook-delivery",
  "apps/get-webhook-config-for-app",
  "users/get-authenticated",
  "apps/list-installations-for-authenticated-user",
  "apps/list-installation-repos-for-authenticated-user",
  "repos/get",
  "repos/get-content",
  "repos/compare-commits-with-basehead",
  "repos/create-commit-status",
  "repos/list-commit-statuses-for-ref",
  "repos/get-combined-status-for-ref",
  "git/get-blob",
  "git/get-commit",
  "git/get-ref",
  "git/get-tag",
  "pulls/get",
]);

/** Prose and pictures: nothing is validated by them. */
const DROPPED = new Set(["description", "summary", "example", "examples", "externalDocs", "tags", "title"]);
/** Below these, keys are names that somebody chose (`properties.description`), not keywords. */
const NAMED = new Set(["properties", "patternProperties", "schemas", "parameters", "responses", "headers", "paths"]);

const source = process.argv[2];
if (source === undefined) {
  console.error("usage: node scripts/cut-openapi.mjs PATH/TO/api.github.com.json");
  process.exit(2);
}
const whole = JSON.parse(readFileSync(source, "utf8"));

function strip(node, { named }) {
  if (Array.isArray(node)) return node.map((item) => strip(item, { named: false }));
  if (node === null || typeof node !== "object") return node;
  const kept = {};
  for (const [key, value] of Object.entries(node)) {
    if (!named && (DROPPED.has(key) || key.startsWith("x-"))) continue;
    kept[key] = strip(value, { named: !named && NAMED.has(key) && !Array.isArray(value) });
  }
  if (!named && kept.nullable === true && kept.type === undefined) {
    // `nullable` stands beside `anyOf`: the validator knows it only beside `type`.
    delete kept.nullable;
    return { anyOf: [kept, { enum: [null] }] };
  }
  return kept;
}

const paths = {};
for (const [path, item] of Object.entries(whole.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (!OPERATIONS.has(operation?.operationId)) continue;
    paths[path] ??= item.parameters ? { parameters: item.parameters } : {};
    paths[path][method] = operation;
    OPERATIONS.delete(operation.operationId);
  }
}
if (OPERATIONS.size > 0) throw new Error(`not in ${source}: ${[...OPERATIONS].join(", ")}`);

const stripped = strip({ paths }, { named: false }).paths;
const components = {};

/** Follows every `$ref` and brings what it names along. */
function collect(node) {
  if (node === null || typeof node !== "object") return;
  const ref = typeof node.$ref === "string" ? /^#\/components\/([^/]+)\/([^/]+)$/.exec(node.$ref) : null;
  if (ref !== null) {
    const [, kind, name] = ref;
    components[kind] ??= {};
    if (components[kind][name] === undefined) {
      components[kind][name] = strip(whole.components[kind][name], { named: false });
      collect(components[kind][name]);
    }
  }
  for (const value of Object.values(node)) collect(value);
}
collect(stripped);
// Examples are the only things that mention these.
delete components.examples;

const cut = {
  openapi: whole.openapi,
  info: { title: whole.info.title, version: whole.info.version, license: whole.info.license },
  paths: stripped,
  components,
};
const target = new URL("../src/local/github-openapi.json", import.meta.url);
writeFileSync(target, `${JSON.stringify(cut)}\n`);
console.log(
  `now: npx oxfmt src/local/github-openapi.json; ${Object.keys(stripped).length} paths, ${JSON.stringify(cut).length} bytes`,
);
