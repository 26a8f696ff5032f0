/** Four projects: `unit` and `worker` run in workerd (rooms alone; river, contract), `node` in Node (CLI, local host, local GitHub), `browser` in Node with a Chromium on a running `sandlot dev`. */

import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const bundled = [
  "@octokit/rest",
  "@octokit/webhooks",
  "@octokit/auth-app",
  "@actions/workflow-parser",
  "@actions/workflow-parser/actions/action-schema",
  "@actions/workflow-parser/model/convert",
  "@actions/workflow-parser/model/converter/if-condition",
  "@actions/workflow-parser/templates/template-context",
  "@actions/workflow-parser/templates/template-reader",
  "@actions/workflow-parser/templates/tokens/index",
  "@actions/workflow-parser/workflows/workflow-constants",
  "@actions/workflow-parser/workflows/workflow-schema",
  "@actions/expressions",
  "@actions/expressions/ast",
  "@actions/expressions/features",
  "@actions/expressions/lexer",
  "@actions/expressions/result",
  "hono",
  "zod",
  "yaml",
  "picomatch",
  "client-zip",
  "jose",
  "croner",
];

/** Where `npm run test:faults -- --report FILE` reads what was run already. */
function reportTo(outputFile: string | undefined): ["json", { outputFile: string }][] {
  return outputFile ? [["json", { outputFile }]] : [];
}

/** The Worker's runtime, with the real Worker in it, reaching the local GitHub and the sandbox host over loopback. */
function workerd(): ReturnType<typeof cloudflareTest> {
  return cloudflareTest(async ({ inject }) => ({
    main: "./test/worker.ts",
    wrangler: { configPath: "./wrangler.jsonc" },
    miniflare: {
      bindings: {
        TEST_MIGRATIONS: await readD1Migrations("./migrations"),
        TEST_SANDBOX_HOST: inject("sandboxHost"),
        TEST_GITHUB: inject("github"),
        GITHUB_API_URL: inject("github"),
        GITHUB_SERVER_URL: inject("github"),
        GITHUB_APP_ID: inject("gitHubApp").appId,
        GITHUB_APP_PRIVATE_KEY: inject("gitHubApp").privateKey,
        TEST_CORPUS: inject("corpus"),
        GITHUB_WEBHOOK_SECRET: "It's a Secret to Everybody",
        GITHUB_WEBHOOK_SECRET_PREVIOUS: "the one before",
        SANDLOT_API_TOKEN: "the token of the tests",
        SANDLOT_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
      },
    },
  }));
}

const inWorkerd = {
  globalSetup: ["./test/support/global.ts"],
  testTimeout: 60_000,
  deps: { optimizer: { ssr: { enabled: true, include: bundled } } },
};

/**
 * Rooms whose tests call no Worker: they share one runtime, which saves each file the seconds that starting one takes. What goes
 * on in the background after a file's end, such as a queue's consumer, would break the next one, and the run would never end.
 */
const PURE = ["test/worker/{github,language,logs,model,sandbox,schedule}/**/*.test.ts", "test/worker/*.test.ts"];

export default defineConfig({
  test: {
    silent: "passed-only",
    maxWorkers: 2,
    reporters: ["default", "./test/support/closing-line.ts", ...reportTo(process.env["SANDLOT_TEST_REPORT"])],
    projects: [
      { plugins: [workerd()], test: { ...inWorkerd, name: "unit", include: PURE, isolate: false } },
      {
        plugins: [workerd()],
        test: { ...inWorkerd, name: "worker", include: ["test/worker/**/*.test.ts"], exclude: PURE },
      },
      {
        test: {
          name: "node",
          include: ["test/node/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          server: { deps: { inline: [/@actions\//] } },
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["./test/browser/global.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
