/** Runs the sandbox contract as tests: one name, one way of opening, all cases. */

import { describe, it } from "vitest";
import { sandboxCases } from "./all-cases.ts";
import type { Opened } from "./sandbox-case.ts";

export function sandboxContract(name: string, open: () => Promise<Opened>): void {
  describe.concurrent(name, () => {
    for (const { name, faulty, run } of sandboxCases) {
      it(name, async ({ skip }) => {
        const opened = await open();
        if (faulty && !opened.fault) skip("nobody can make that go wrong here");
        try {
          await run(opened);
        } finally {
          await opened.again().destroy();
        }
      });
    }
  });
}
