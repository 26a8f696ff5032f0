/** Runs one case of the sandbox contract in a Worker: `/` names them, `/{number}` runs one and says how it went. */

import type { SandboxId } from "../../src/model/ids.ts";
import { openCloudflareSandbox, type CloudflareBindings } from "../../src/sandbox/cloudflare.ts";
import { sandboxCases } from "../contract/all-cases.ts";
import type { Opened } from "../contract/sandbox-case.ts";

export interface CaseResult {
  name: string;
  result: "passed" | "failed" | "skipped";
  detail: string;
}

/** `faultOf` where somebody can make things go wrong behind a sandbox. */
export async function runCase(
  request: Request,
  bindings: CloudflareBindings,
  faultOf: ((id: SandboxId) => Opened["fault"]) | null,
): Promise<Response> {
  const number = new URL(request.url).pathname.slice(1);
  if (number === "") return Response.json(sandboxCases.map(({ name }) => name));
  const one = sandboxCases[Number(number)];
  if (!one) return Response.json({ detail: "no such case" }, { status: 404 });
  if (one.faulty && !faultOf)
    return answer(one.name, "skipped", "nobody can make that go wrong behind a real container");
  const id = `build-contract-${crypto.randomUUID()}` as SandboxId;
  const open = (limits = {}) => openCloudflareSandbox(bindings, id, "standard", limits);
  try {
    await one.run({
      sandbox: open(),
      again: () => open(),
      impatient: () => open({ destroyMs: 500 }),
      fault: faultOf?.(id) ?? null,
    });
    return answer(one.name, "passed", "");
  } catch (error) {
    return answer(one.name, "failed", error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await open().destroy();
  }
}

function answer(name: string, result: CaseResult["result"], detail: string): Response {
  return Response.json({ name, result, detail } satisfies CaseResult);
}
