/** Every form in which one secret may turn up in a log: as it is, in lines, escaped, encoded. */

import { MIN_SECRET_CHARS } from "../model/limits.ts";
import { bytesOf, characterStart, joinBytes, textOf } from "./bytes.ts";

/** A longer needle is cut into pieces of this many bytes, so that a mask never has to hold back more than one of them. */
export const MAX_NEEDLE_BYTES = 1024;

/** `base64` of coreutils breaks lines after 57 bytes, `openssl base64` after 48; a needle must not lie across the break. */
const BASE64_LINE_BYTES = [57, 48];

/** False where hiding the value would hide half the log; whoever takes a secret in says so to its owner. */
export function isMaskable(value: string): boolean {
  return value.trim().length >= MIN_SECRET_CHARS;
}

/** The needles of all values, each once, in UTF-8. Values that are not maskable have none. */
export function needlesOf(values: Iterable<string>): Uint8Array[] {
  const texts = new Set<string>();
  for (const value of values) {
    if (isMaskable(value)) collect(value.toWellFormed(), texts);
  }
  const needles = new Map<string, Uint8Array>();
  for (const text of texts) {
    for (const piece of pieces(bytesOf(text))) {
      if (piece.length >= MIN_SECRET_CHARS) needles.set(textOf(piece, "latin1"), piece);
    }
  }
  return [...needles.values()];
}

function collect(value: string, into: Set<string>): void {
  const whole = value.trim();
  const unquoted = whole.replace(/^(["'])(.*)\1$/s, "$2");
  for (const form of new Set([value, whole, unquoted])) {
    if (!isMaskable(form)) continue;
    into.add(form);
    for (const escaped of [...urlForms(form), ...jsonForms(form), ...xmlForms(form), ...shellForms(form)]) {
      into.add(escaped);
    }
    for (const encoded of encodings(bytesOf(form))) into.add(encoded);
  }
  for (const line of value.split(/[\r\n]+/)) {
    if (isMaskable(line)) into.add(line.trim());
  }
}

function urlForms(value: string): string[] {
  const component = encodeURIComponent(value);
  const strict = component.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const forms = [component, encodeURI(value), strict, strict.replaceAll("%2F", "/"), strict.replaceAll("%20", "+")];
  return forms.flatMap((form) => [form, form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function jsonForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const unicode = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  // Python and Ruby write ASCII only, Go and Rails guard against HTML, PHP escapes the slash.
  return [json, json.replaceAll(/[^ -~]/g, unicode), json.replaceAll(/[<>&]/g, unicode), json.replaceAll("/", "\\/")];
}

function xmlForms(value: string): string[] {
  const bare = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  // An attribute's `>` need not be escaped.
  return [bare, bare.replaceAll(">", "&gt;")].flatMap((text) => [
    text,
    text.replaceAll('"', "&quot;"),
    text.replaceAll('"', "&quot;").replaceAll("'", "&apos;"),
    text.replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    text.replaceAll('"', "&quot;").replaceAll("'", "&#x27;"),
    text.replaceAll('"', "&#34;").replaceAll("'", "&#39;"),
  ]);
}

/** As `set -x`, `printf %q`, `${x@Q}` and hand-written quoting show it. */
function shellForms(value: string): string[] {
  const ansiC = value
    .replaceAll(/[\\']/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return [
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll(/[\\"$`]/g, "\\$&"),
    value.replaceAll(/[^A-Za-z0-9_@%+=:,./\n\u0080-\u{10FFFF}-]/gu, "\\$&"),
    ansiC,
  ];
}

function encodings(bytes: Uint8Array): string[] {
  const hex = textOf(bytes, "hex");
  const found = [hex, hex.toUpperCase(), textOf(bytes, "base64"), textOf(bytes, "base64").replace(/=+$/, "")];
  found.push(...shifted(bytes));
  for (const width of BASE64_LINE_BYTES) {
    for (let at = 0; bytes.length > width && at < bytes.length; at += width) {
      found.push(...shifted(bytes.subarray(at, at + width)));
    }
  }
  return found.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** Base64 of the bytes with 0, 1 and 2 unknown ones before them and any after: only the characters they decide alone. */
function shifted(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((shift) => {
    const text = textOf(joinBytes([new Uint8Array(shift), bytes]), "base64");
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
}

/** Cuts at characters, never inside one; the last piece is as long as the others, so that none is too short to mask. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  while (bytes.length - at > MAX_NEEDLE_BYTES) {
    const end = characterStart(bytes, at + MAX_NEEDLE_BYTES);
    yield bytes.subarray(at, end);
    at = end;
  }
  yield bytes.subarray(at === 0 ? 0 : characterStart(bytes, bytes.length - MAX_NEEDLE_BYTES + 3));
}
