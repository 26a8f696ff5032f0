/** Keys that sign what we hand out for a while (tokens of attempts, addresses of uploads), each derived from the master key for one purpose. */

import { Buffer } from "node:buffer";
import { readMasterKey } from "./seal.ts";

/** A signature made for one is worth nothing for another. */
export type SigningPurpose = "runtime token" | "blob address";

/** Throws `SealError` where there is no usable master key. */
export async function signingKey(masterKey: string | undefined, purpose: SigningPurpose): Promise<CryptoKey> {
  await readMasterKey(masterKey);
  const material = await crypto.subtle.importKey("raw", encode((masterKey ?? "").trim()), "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: encode("sandlot signing"), info: encode(purpose) };
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 };
  return await crypto.subtle.deriveKey(derivation, material, algorithm, false, ["sign", "verify"]);
}

/** Base64url. */
export async function signText(key: CryptoKey, text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.sign("HMAC", key, encode(text))).toString("base64url");
}

/** In a time that tells nothing of the right one. */
export async function isSigned(key: CryptoKey, text: string, signature: string): Promise<boolean> {
  return await crypto.subtle.verify("HMAC", key, Buffer.from(signature, "base64url"), encode(text));
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
