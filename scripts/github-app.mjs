// Prints a page with one button that creates the GitHub App of a Worker from docs/github-app-manifest.json:
// `node scripts/github-app.mjs https://sandlot.example.workers.dev [organization] > /tmp/sandlot-app.html`.

import { readFile } from "node:fs/promises";

const [worker, organization] = process.argv.slice(2);
if (!URL.canParse(worker ?? "") || new URL(worker).protocol !== "https:") {
  console.error(
    "Say where the Worker is: node scripts/github-app.mjs https://sandlot.example.workers.dev [organization]",
  );
  process.exit(2);
}
const text = await readFile(new URL("../docs/github-app-manifest.json", import.meta.url), "utf8");
const manifest = JSON.stringify(JSON.parse(text.replaceAll("https://WORKER", new URL(worker).origin)));
const owner = organization === undefined ? "settings" : `organizations/${encodeURIComponent(organization)}/settings`;
const escaped = manifest.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
console.log(`<!doctype html>
<meta charset="utf-8">
<title>Create the GitHub App of Sandlot</title>
<form method="post" action="https://github.com/${owner}/apps/new">
  <input type="hidden" name="manifest" value="${escaped}">
  <button>Create the GitHub App on GitHub</button>
</form>`);
