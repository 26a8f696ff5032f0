/** Where actions send blobs to, in the words of Azure's block blobs, and fetch them from. Who asks is proven by the signed address. */

import { asAttemptId, asBuildId } from "../../model/ids.ts";
import type { AttemptId } from "../../model/ids.ts";
import { MAX_BLOCKS, MAX_BLOCK_BYTES, MAX_BLOCK_LIST_BYTES, MAX_UPLOAD_BYTES } from "../../model/limits.ts";
import { artifactsOfBuild } from "../../store/artifacts.ts";
import { WHOLE, blockName, putBlock, putBlockList, readBlob, streamBlob } from "../../store/blob.ts";
import type { Blob } from "../../store/blob.ts";
import { cachePrefix } from "../../store/keys.ts";
import { countSent, setList } from "../../store/uploads.ts";
import type { Upload } from "../../store/uploads.ts";
import { download } from "../api/artifacts.ts";
import { notFound, problem } from "../http/answer.ts";
import { readBounded } from "../http/body.ts";
import { parseRange } from "../http/object.ts";
import { zipArtifacts } from "../http/zip.ts";
import type { ResultsRooms } from "./uploads.ts";
import { refuseAddress } from "./urls.ts";

/** What was sent twice counts twice: so much of it is let pass. */
const MAX_SENT_BYTES = 2 * MAX_UPLOAD_BYTES;

/** https://learn.microsoft.com/rest/api/storageservices/put-blob, put-block and put-block-list */
export async function putUpload(rooms: ResultsRooms, attempt: string, id: string, request: Request): Promise<Response> {
  const refused = await refuseAddress(rooms.masterKey, "up", request.url, Date.now());
  if (refused !== null) return fault(403, "AuthenticationFailed", refused);
  const of = { attemptId: asAttemptId(attempt), id };
  const search = new URL(request.url).searchParams;
  switch (search.get("comp")) {
    case null:
      return await putWhole(rooms, of, request);
    case "block":
      return await putOne(rooms, of, blockName(search.get("blockid") ?? ""), request);
    case "blocklist":
      return await putList(rooms, of, request);
    default:
      return fault(400, "InvalidQueryParameterValue", "comp is neither block nor blocklist.");
  }
}

interface UploadName {
  attemptId: AttemptId;
  id: string;
}

async function putWhole(rooms: ResultsRooms, of: UploadName, request: Request): Promise<Response> {
  if (request.headers.get("x-ms-blob-type") !== "BlockBlob")
    return fault(400, "InvalidHeaderValue", "x-ms-blob-type is not BlockBlob.");
  const upload = await takeBody(rooms, of, WHOLE, request);
  return upload instanceof Response ? upload : await commit(rooms, upload, [WHOLE]);
}

async function putOne(rooms: ResultsRooms, of: UploadName, name: string | null, request: Request): Promise<Response> {
  if (name === null) return fault(400, "InvalidQueryParameterValue", "blockid is not up to 64 bytes in base64.");
  const upload = await takeBody(rooms, of, name, request);
  return upload instanceof Response ? upload : created();
}

/** The upload that it was added to, or why not. */
async function takeBody(
  rooms: ResultsRooms,
  of: UploadName,
  name: string,
  request: Request,
): Promise<Upload | Response> {
  const length = request.headers.get("content-length");
  if (length === null) return fault(411, "MissingContentLengthHeader", "Content-Length is missing.");
  const bytes = Number(length);
  if (bytes > MAX_BLOCK_BYTES)
    return fault(413, "RequestBodyTooLarge", `A block holds at most ${MAX_BLOCK_BYTES} bytes.`);
  const upload = await countSent(rooms.db, of, bytes, MAX_SENT_BYTES);
  if (upload === null) return over();
  await putBlock(rooms.blobs, upload.prefix, name, request.body ?? new ArrayBuffer(0));
  return upload;
}

async function putList(rooms: ResultsRooms, of: UploadName, request: Request): Promise<Response> {
  const bytes = await readBounded(request, MAX_BLOCK_LIST_BYTES);
  const names = bytes && readBlockList(new TextDecoder().decode(bytes));
  if (names === null || names.length > MAX_BLOCKS)
    return fault(400, "InvalidXmlDocument", `This is no list of at most ${MAX_BLOCKS} blocks.`);
  const upload = await countSent(rooms.db, of, 0, MAX_SENT_BYTES);
  return upload === null ? over() : await commit(rooms, upload, names);
}

const LIST = /^\s*(?:<\?xml[^>]*\?>)?\s*<BlockList>([^]*)<\/BlockList>\s*$/;
const ITEM = /\s*<(Latest|Uncommitted|Committed)>([^<]*)<\/\1>\s*/y;

/** Null for what is no list of blocks, or a name that no block has; an empty list may come as an empty element. */
function readBlockList(xml: string): string[] | null {
  if (/^\s*(?:<\?xml[^>]*\?>)?\s*<BlockList\s*\/>\s*$/.test(xml)) return [];
  const items = LIST.exec(xml)?.[1]?.trim();
  if (items === undefined) return null;
  const names: string[] = [];
  ITEM.lastIndex = 0;
  for (let at = 0; at < items.length; at = ITEM.lastIndex) {
    const name = blockName(ITEM.exec(items)?.[2]?.trim() ?? "");
    if (name === null) return null;
    names.push(name);
  }
  return names;
}

async function commit(rooms: ResultsRooms, upload: Upload, names: readonly string[]): Promise<Response> {
  const list = await putBlockList(rooms.blobs, upload.prefix, names);
  if (list === null) return fault(400, "InvalidBlockList", "The list names a block that was not sent.");
  if (list.bytes > MAX_UPLOAD_BYTES)
    return fault(413, "RequestBodyTooLarge", `Caches and artifacts hold at most ${MAX_UPLOAD_BYTES} bytes.`);
  return (await setList(rooms.db, upload, list.digest)) ? created() : over();
}

function created(): Response {
  const headers = {
    "x-ms-request-server-encrypted": "true",
    "last-modified": new Date().toUTCString(),
    etag: `"${crypto.randomUUID()}"`,
  };
  return new Response(null, { status: 201, headers });
}

function over(): Response {
  return fault(409, "BlobImmutableDueToPolicy", "The upload is finished, too large, or its job has ended.");
}

/** As Azure's client reads errors. */
function fault(status: number, code: string, message: string): Response {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return new Response(body, { status, headers: { "content-type": "application/xml", "x-ms-error-code": code } });
}

export async function getCacheBlob(
  rooms: ResultsRooms,
  repository: string,
  unique: string,
  request: Request,
): Promise<Response> {
  const refused = await refuseAddress(rooms.masterKey, "down", request.url, Date.now());
  if (refused !== null) return problem(403, refused);
  const blob = await readBlob(rooms.blobs, cachePrefix(Number(repository), unique));
  return blob ? sendBlob(rooms.blobs, blob, request, "application/octet-stream") : notFound("cache", unique);
}

export async function getArtifactBlob(
  rooms: ResultsRooms,
  named: { build: string; runAttempt: string; name: string },
  request: Request,
): Promise<Response> {
  const refused = await refuseAddress(rooms.masterKey, "down", request.url, Date.now());
  if (refused !== null) return problem(403, refused);
  const all = await artifactsOfBuild(rooms.db, asBuildId(named.build));
  const artifact = all.find((one) => one.name === named.name && one.runAttempt === Number(named.runAttempt));
  if (!artifact) return notFound("artifact", named.name);
  if (artifact.archive === undefined) {
    const zip = zipArtifacts(rooms.blobs, [{ artifact, folder: "" }]);
    return new Response(zip, { headers: { "content-type": "application/zip", ...download(`${named.name}.zip`) } });
  }
  const blob = await readBlob(rooms.blobs, artifact.prefix);
  if (!blob) return notFound("artifact", named.name);
  const { mimeType } = artifact.archive;
  const file = mimeType === "application/zip" ? `${named.name}.zip` : named.name;
  return sendBlob(rooms.blobs, blob, request, mimeType, download(file));
}

function sendBlob(
  bucket: R2Bucket,
  blob: Blob,
  request: Request,
  type: string,
  given: Record<string, string> = {},
): Response {
  const span = parseRange(request.headers.get("range"), blob.bytes);
  if (span === "unsatisfiable")
    return problem(416, `It has ${blob.bytes} bytes.`, { "content-range": `bytes */${blob.bytes}` });
  const { offset, length } = span ?? { offset: 0, length: blob.bytes };
  const headers = { "accept-ranges": "bytes", "content-type": type, "content-length": String(length), ...given };
  const body = request.method === "HEAD" ? null : streamBlob(bucket, blob, offset, length);
  if (span === null) return new Response(body, { headers });
  const range = `bytes ${offset}-${offset + length - 1}/${blob.bytes}`;
  return new Response(body, { status: 206, headers: { ...headers, "content-range": range } });
}
