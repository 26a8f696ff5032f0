/** Addresses that actions are given for a while: each for one blob and one direction, with nothing else to prove who asks. */

import { isSigned, signText, signingKey } from "../../store/signing.ts";

/** `up` takes a blob, `down` gives it. */
export type Direction = "up" | "down";

/**
 * `path` starts with `/`; its parts are encoded. Named as in Azure's shared access signatures, whose client sends it: `se` is the
 * end (s), and `sig`, which actions mask by themselves.
 */
export async function signAddress(
  { publicUrl, masterKey }: { publicUrl: string; masterKey: string },
  direction: Direction,
  path: string,
  until: number,
): Promise<string> {
  const end = Math.ceil(until / 1000);
  const sig = await signText(await signingKey(masterKey, "blob address"), [direction, path, end].join("\n"));
  return `${publicUrl.replace(/\/+$/, "")}${path}?se=${end}&sp=${direction}&sig=${sig}`;
}

/** Null lets the request in; else why not. */
export async function refuseAddress(
  masterKey: string,
  direction: Direction,
  url: string,
  now: number,
): Promise<string | null> {
  const { pathname, searchParams } = new URL(url);
  const end = searchParams.get("se") ?? "";
  const text = [direction, pathname, end].join("\n");
  if (!(await isSigned(await signingKey(masterKey, "blob address"), text, searchParams.get("sig") ?? "")))
    return "The signature does not belong to this address.";
  return Number(end) * 1000 < now ? "The address is over: ask for another." : null;
}
