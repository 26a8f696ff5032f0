/** Encrypts what must not be read from our own stores: secrets, masks, the live token of an attempt. */

import { Buffer } from "node:buffer";

/** Made once from `SANDLOT_MASTER_KEY`. */
export interface MasterKey {
  /** Says which key a sealed text was made with; tells nothing about the key. */
  readonly id: string;
  readonly key: CryptoKey;
  /** The one before, which still opens what it sealed; nothing is sealed with it. */
  readonly previous?: MasterKey;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const VERSION = "v1";

export class SealError extends Error {
  override readonly name = "SealError";
  /** `key`: no usable master key. `other_key`: sealed under a master key that is not this one. `broken`: changed, cut, or of another context. */
  readonly reason: "key" | "other_key" | "broken";
  constructor(reason: SealError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * `text` is 32 bytes in base64 (either alphabet) or hex, and so is `previous` while the key changes. Throws `SealError` otherwise,
 * without a word of the value.
 */
export async function readMasterKey(text: string | undefined, previous?: string): Promise<MasterKey> {
  const key = await readKey(text, "SANDLOT_MASTER_KEY");
  if (!previous?.trim()) return key;
  return { ...key, previous: await readKey(previous, "SANDLOT_MASTER_KEY_PREVIOUS") };
}

async function readKey(text: string | undefined, name: string): Promise<MasterKey> {
  const bytes = decodeKey(text?.trim() ?? "");
  if (!bytes) {
    const problem = text?.trim() ? `is not ${KEY_BYTES} bytes in base64 or hex` : "is not set";
    throw new SealError(
      "key",
      `${name} ${problem}. Make one with \`openssl rand -base64 32\` and store it with \`npx wrangler secret put ${name}\`.`,
    );
  }
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  const hash = await crypto.subtle.digest("SHA-256", join(encode("sandlot master key id\n"), bytes));
  return { id: base64url(new Uint8Array(hash).subarray(0, 6)), key };
}

/**
 * Seals a text. `context` says what it is and whose (`secret/123/NAME`, `masks/attempt id`): it opens only with the same one, so
 * that a sealed text copied to another row or name does not.
 */
export async function seal(key: MasterKey, plaintext: string, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(algorithm(iv, key.id, context), key.key, encode(plaintext));
  return [VERSION, key.id, base64url(iv), base64url(new Uint8Array(sealed))].join(".");
}

/** Throws `SealError` where it cannot be opened with this key and context. */
export async function openSealed(key: MasterKey, sealed: string, context: string): Promise<string> {
  const [version, id, iv, bytes, ...rest] = sealed.split(".");
  if (version !== VERSION || !iv || !bytes || rest.length > 0) throw new SealError("broken", "This is no sealed text.");
  const opener = [key, key.previous].find((one) => one?.id === id);
  if (opener === undefined)
    throw new SealError("other_key", "Sealed under another SANDLOT_MASTER_KEY than the one that is set now.");
  try {
    const opened = await crypto.subtle.decrypt(
      algorithm(fromBase64url(iv), opener.id, context),
      opener.key,
      fromBase64url(bytes),
    );
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(opened);
  } catch (cause) {
    throw new SealError("broken", "The sealed text was changed, or belongs to something else.", { cause });
  }
}

function algorithm(iv: Uint8Array<ArrayBuffer>, id: string, context: string) {
  return { name: "AES-GCM", iv, additionalData: encode([VERSION, id, context].join("\n")) };
}

function decodeKey(text: string): Uint8Array<ArrayBuffer> | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return copy(Buffer.from(text, "hex"));
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null;
  const bytes = copy(Buffer.from(text, "base64"));
  return bytes.length === KEY_BYTES ? bytes : null;
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const fromBase64url = (text: string) => copy(Buffer.from(text, "base64url"));
const encode = (text: string) => copy(new TextEncoder().encode(text));
const join = (first: Uint8Array, second: Uint8Array) => copy(Buffer.concat([first, second]));

/** Memory of its own, as WebCrypto's types ask. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
