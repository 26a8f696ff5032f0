/** A process of its own that serves the Worker of this machine: workerd on loopback, with nothing between it and who asks. */

import { readFile } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

import type { ServeOptions } from "./worker-settings.ts";

type WorkerOptions = Parameters<typeof convertV4MiniflareOptions>[0];

async function serve(): Promise<void> {
  const { script, worker, persist, port } = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as ServeOptions;
  const vars = JSON.parse(process.env.SANDLOT_WORKER_VARS ?? "{}") as Record<string, string>;
  // workerd would inherit it.
  delete process.env.SANDLOT_WORKER_VARS;
  const options = {
    ...worker,
    bindings: { ...worker.bindings, ...vars },
    modules: [{ type: "ESModule", path: script, contents: await readFile(script, "utf8") }],
    host: "127.0.0.1",
    port,
    // Nothing is asked of Cloudflare.
    cf: false,
    logRequests: false,
    unsafeTriggerHandlers: true,
    resourcePersistencePath: persist,
    log: new Log(LogLevel.WARN, { prefix: "miniflare" }),
    handleStructuredLogs: ({ message }: { message: string }) => void process.stdout.write(`${message}\n`),
  } as WorkerOptions;
  await new Miniflare(convertV4MiniflareOptions(options)).ready;
}

try {
  await serve();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
