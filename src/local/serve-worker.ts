/** A process of its own that serves the Worker of this machine: workerd, and before it a front that never drops a request. */

import { readFile } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

import { openFront } from "./front.ts";
import type { ServeOptions } from "./worker-settings.ts";

/** Ends us where workerd crashed and could not be started again: whoever started us does it anew. */
class FatalLog extends Log {
  override error(error: Error): void {
    super.error(error);
    if ("code" in error && error.code === "ERR_RUNTIME_FAILURE") process.exit(1);
  }
}

type WorkerOptions = Parameters<typeof convertV4MiniflareOptions>[0];

async function serve(): Promise<void> {
  const { script, worker, persist, port } = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as ServeOptions;
  const vars = JSON.parse(process.env.SANDLOT_WORKER_VARS ?? "{}") as Record<string, string>;
  // workerd would inherit it.
  delete process.env.SANDLOT_WORKER_VARS;
  const front = await openFront(port);
  const options = {
    ...worker,
    bindings: { ...worker.bindings, ...vars },
    modules: [{ type: "ESModule", path: script, contents: await readFile(script, "utf8") }],
    host: "127.0.0.1",
    port: 0,
    // Nothing is asked of Cloudflare.
    cf: false,
    logRequests: false,
    unsafeTriggerHandlers: true,
    resourcePersistencePath: persist,
    log: new FatalLog(LogLevel.WARN, { prefix: "miniflare" }),
    handleStructuredLogs: ({ message }: { message: string }) => void process.stdout.write(`${message}\n`),
    unsafeHandleRuntimeRestart: () => lead(),
  } as WorkerOptions;
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  const lead = async () => front.lead(Number((await miniflare.ready).port));
  await lead();
}

try {
  await serve();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
