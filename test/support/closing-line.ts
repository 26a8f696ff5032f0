/** Ends a test run's output with one line for machines: `N passed, N failed, N skipped`. */

import type { Reporter, SerializedError, TestModule } from "vitest/node";

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default class ClosingLine implements Reporter {
  #counts = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    process.once("exit", () => {
      const { passed, failed, skipped } = this.#counts;
      process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
      // A run that tested nothing has shown nothing.
      if (passed + failed === 0) process.exitCode ||= 1;
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    // What failed outside of any test counts too: the line must not say less than the exit code.
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === "pending" ? "failed" : state] += 1;
      }
    }
    this.#counts = counts;
  }
}
