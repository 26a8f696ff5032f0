/** What takes too long for `npm test`: faults that kill real processes. Run by `npm run test:faults`. */

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "faults",
    root: `${import.meta.dirname}/../..`,
    include: ["test/faults/**/*.test.ts"],
    testTimeout: 240_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: ["default", "./test/support/closing-line.ts"],
  },
});
