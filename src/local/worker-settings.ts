/** What `serve-worker.ts` is told, by a file; secrets reach it by its environment alone. */

export interface ServeOptions {
  /** The Worker's bundle. */
  script: string;
  /** Of wrangler.jsonc, as Miniflare takes it. */
  worker: { bindings?: Record<string, string> };
  /** Where databases, objects and queues are kept. */
  persist: string;
  port: number;
}
