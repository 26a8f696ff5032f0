/** What an address is about, and what it takes to go there. What is not named here takes the right to administer everything. */

import type { Right } from "../../model/right.ts";
import type { RepositoryName } from "../rooms.ts";
import { isSafe } from "./cross-site.ts";

export type Subject =
  /** Needs to know nobody. */
  | { kind: "open" }
  /** About whoever asks. */
  | { kind: "self" }
  /** Shows of everything what the viewer may see. */
  | { kind: "list" }
  /** About no single repository. */
  | { kind: "instance" }
  | { kind: "repository"; name: RepositoryName }
  | { kind: "build"; id: string }
  | { kind: "delivery"; id: string };

export interface Asked {
  subject: Subject;
  needed: Right;
}

/** `path` as the router reads it, so that the two never mean different things. */
export function askedOf(method: string, path: string): Asked {
  const parts = path.split("/").slice(1).map(decode);
  const isForPrograms = parts[0] === "api";
  const [first = "", ...rest] = isForPrograms ? parts.slice(1) : parts;
  const needed = isSafe(method) ? "read" : "act";
  const own = isForPrograms ? ofProgram(method, first, rest, needed) : null;
  return own ?? ofBoth(first, rest, needed) ?? INSTANCE;
}

const INSTANCE: Asked = { subject: { kind: "instance" }, needed: "admin" };

/** A monitor's token reads these, and administers nothing. */
const MONITORED = new Set(["health", "usage"]);

function ofProgram(method: string, first: string, rest: string[], needed: Right): Asked | null {
  if (first === "login") {
    return { subject: { kind: method === "POST" ? "open" : "self" }, needed };
  }
  if (first === "whoami") return { subject: { kind: "self" }, needed };
  if (first === "audit") return INSTANCE;
  if (MONITORED.has(first) && needed === "read") return { subject: { kind: "instance" }, needed };
  const isList = (first === "builds" || first === "repositories") && rest.length === 0;
  return isList ? { subject: { kind: "list" }, needed } : null;
}

function ofBoth(first: string, rest: string[], needed: Right): Asked | null {
  const [one, two, room = ""] = rest;
  if (first === "repositories" && one !== undefined && two !== undefined) {
    return ofRepository({ owner: one, repo: two }, room, needed);
  }
  if (one === undefined) return ofNothing(first, needed);
  if (first === "deliveries") return { subject: { kind: "delivery", id: one }, needed };
  return first === "builds" ? { subject: { kind: "build", id: one }, needed } : null;
}

function ofNothing(first: string, needed: Right): Asked | null {
  if (first === "") return { subject: { kind: "list" }, needed };
  return first === "audit" ? { subject: { kind: "self" }, needed } : null;
}

/** Names of secrets are for whoever may change what runs; the settings themselves for whoever administers, as on GitHub. */
const SETTINGS = new Set(["secrets", "variables", "environments"]);

function ofRepository(name: RepositoryName, room: string, needed: Right): Asked {
  const subject: Subject = { kind: "repository", name };
  if (!SETTINGS.has(room)) return { subject, needed };
  return { subject, needed: needed === "read" ? "act" : "admin" };
}

/** As the router decodes a parameter: what cannot be decoded stays as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
