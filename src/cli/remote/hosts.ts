/** Where `sandlot login` remembers what it was given: one file of the user's own, which nobody else may read. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

interface Host {
  token: string;
  login: string;
  /** ms */
  expiresAt: number;
}

export interface Hosts {
  /** The address that counts where SANDLOT_URL is not set; null for none. */
  standard: string | null;
  byUrl: Record<string, Host>;
}

type Variables = Record<string, string | undefined>;

/** `~/.config/sandlot/hosts.json`, by the XDG rules. */
export function hostsFile(variables: Variables): string {
  return join(variables["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "sandlot", "hosts.json");
}

export function readHosts(variables: Variables): Hosts {
  try {
    return JSON.parse(readFileSync(hostsFile(variables), "utf8")) as Hosts;
  } catch {
    // None yet, or nothing that can be read: signing in writes it anew.
    return { standard: null, byUrl: {} };
  }
}

/** Written beside and renamed, so that it is never half there, nor for a moment open to others. */
export function writeHosts(variables: Variables, hosts: Hosts): void {
  const file = hostsFile(variables);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(hosts, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

/** The origin: two ways to write one address are one. */
export function hostKey(url: string): string {
  return new URL(url).origin;
}
