/// <reference types="@cloudflare/vitest-pool-workers/types" />

/** What vitest.config.ts binds besides what wrangler.jsonc does. */
declare namespace Cloudflare {
  interface Env {
    // oxlint-disable-next-line typescript/consistent-type-imports -- an import would make this file a module
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    TEST_SANDBOX_HOST: string;
    TEST_GITHUB: string;
    TEST_CORPUS: { name: string; text: string }[];
  }
}
