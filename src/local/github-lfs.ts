/** Git LFS of the local GitHub: what a checkout with `lfs: true` asks for, out of the repository's own store. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { refuseGit } from "./github-smart-http.ts";
import { findRepository, type LocalState } from "./github-state.ts";

export interface LfsRequest {
  operation: "lfs/batch" | "lfs/object";
  owner: string;
  name: string;
  /** Null for a batch. */
  oid: string | null;
}

const JSON_TYPE = "application/vnd.git-lfs+json";
/** GitHub takes no larger batch; git-lfs asks for a hundred at once. */
const MAX_BATCH = 1000;

/** Null for what is no request of git-lfs. https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md */
export function readLfsRequest(method: string, url: URL): LfsRequest | null {
  const [, owner = "", name = "", tail = ""] =
    /^\/([^/]+)\/([^/]+?)\.git\/info\/lfs\/objects\/(batch|[0-9a-f]{64})$/.exec(url.pathname) ?? [];
  if (tail === "batch") return method === "POST" ? { operation: "lfs/batch", owner, name, oid: null } : null;
  return tail === "" || method !== "GET" ? null : { operation: "lfs/object", owner, name, oid: tail };
}

/** Answers and says with which status. `body` is a batch's. */
export async function serveLfs(
  { state, url }: { state: LocalState; url: string },
  asked: LfsRequest,
  { headers, body }: { headers: IncomingMessage["headers"]; body: string },
  response: ServerResponse,
): Promise<number> {
  const repository = findRepository(state, asked.owner, asked.name);
  const refusal = refuseGit(state, { push: false }, headers.authorization, repository);
  if (refusal !== null || repository === null) {
    const challenge = refusal === 401 ? { "lfs-authenticate": 'Basic realm="GitHub"' } : {};
    return answer(response, refusal ?? 404, { message: "Repository not found" }, challenge);
  }
  const { gitDir } = repository;
  if (asked.oid !== null) return await sendObject(response, storedAt(gitDir, asked.oid));
  const wanted = readBatch(body);
  if (wanted === null) return answer(response, 422, { message: "The local GitHub gives objects, and takes none" });
  const path = `${url}/${asked.owner}/${asked.name}.git/info/lfs/objects`;
  const objects = await Promise.all(
    wanted.map(async ({ oid, size }) =>
      (await sizeOf(storedAt(gitDir, oid))) === size
        ? {
            oid,
            size,
            authenticated: true,
            actions: { download: { href: `${path}/${oid}`, header: authorization(headers) } },
          }
        : { oid, size, error: { code: 404, message: "Object does not exist on this machine: git lfs fetch it first" } },
    ),
  );
  return answer(response, 200, { transfer: "basic", objects });
}

/** As GitHub does, the way to the object brings its own right. */
function authorization(headers: IncomingMessage["headers"]): Record<string, string> {
  return headers.authorization === undefined ? {} : { Authorization: headers.authorization };
}

/** Null for what is no batch of downloads. */
function readBatch(body: string): { oid: string; size: number }[] | null {
  let asked: { operation?: unknown; objects?: unknown };
  try {
    asked = JSON.parse(body) as typeof asked;
  } catch {
    return null;
  }
  const { operation, objects } = asked;
  if (operation !== "download" || !Array.isArray(objects) || objects.length > MAX_BATCH) return null;
  const wanted = (objects as { oid?: unknown; size?: unknown }[]).map(({ oid, size }) => ({
    oid: String(oid),
    size: Number(size),
  }));
  return wanted.every(({ oid }) => /^[0-9a-f]{64}$/.test(oid)) ? wanted : null;
}

/** Where git-lfs keeps it. */
function storedAt(gitDir: string, oid: string): string {
  return join(gitDir, "lfs/objects", oid.slice(0, 2), oid.slice(2, 4), oid);
}

/** Keeps a file as `git lfs push` would, and gives the pointer that is committed in its place. */
export async function keepObject(gitDir: string, text: string): Promise<string> {
  const oid = createHash("sha256").update(text).digest("hex");
  const path = storedAt(gitDir, oid);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${Buffer.byteLength(text)}\n`;
}

/** Null where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    (file) => file.size,
    () => null,
  );
}

async function sendObject(response: ServerResponse, path: string): Promise<number> {
  const size = await sizeOf(path);
  if (size === null) return answer(response, 404, { message: "Object does not exist" });
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": size });
  await pipeline(createReadStream(path), response);
  return 200;
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): number {
  response.writeHead(status, { "content-type": JSON_TYPE, ...headers });
  response.end(JSON.stringify(body));
  return status;
}
