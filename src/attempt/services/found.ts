/** What the sandbox says of the servers that a job's services need: which there are, in which version, on which port. */

import { majorOf } from "../../language/service-text.ts";
import type { PlannedService, ServiceProblem } from "./plan.ts";

export interface FoundService extends PlannedService {
  /** Path of its program. */
  server: string;
  /** As the program says it: `postgres (PostgreSQL) 15.18`. */
  version: string;
  /** The port on loopback. */
  listens: number;
}

/** Of the output of the script that looks for them. */
export function readFound(
  planned: readonly PlannedService[],
  output: string,
  { mayInstall }: { mayInstall: boolean },
): FoundService[] | ServiceProblem {
  const lines = output.split("\n").filter((line) => line.startsWith("service\t"));
  if (lines.length !== planned.length)
    return {
      reason: "step_failed",
      detail: `The servers of the services could not be looked for: ${output.slice(-500)}`,
    };
  const found: FoundService[] = [];
  for (const [index, service] of planned.entries()) {
    const [, server = "-", port = "", state = "", version = ""] = (lines[index] ?? "").split("\t");
    if (server === "-") return missing(service, version, mayInstall, output);
    if (state === "taken") return taken(service, port);
    const warnings = [...service.warnings, ...compare(service, version)];
    found.push({ ...service, server, version: shortVersion(version), listens: Number(port), warnings });
  }
  return found;
}

function missing({ id, kind }: PlannedService, name: string, mayInstall: boolean, output: string): ServiceProblem {
  const said = /^apt-get: .*/m.exec(output)?.[0];
  const why = mayInstall
    ? `could not be installed${said === undefined ? "" : ` (${said})`}: put Debian's package ${name} into the image`
    : `is not on this machine: install it, on Debian and Ubuntu by apt-get install ${name}`;
  return { reason: "unsupported", detail: `The server of the service ${id} (${SERVERS[kind]}) ${why}` };
}

const SERVERS: Record<PlannedService["kind"], string> = {
  postgres: "PostgreSQL",
  mysql: "MariaDB",
  mariadb: "MariaDB",
  redis: "Redis",
  memcached: "Memcached",
};

function taken({ id, shows }: PlannedService, port: string): ServiceProblem {
  const own = String(shows[0] ?? "");
  return {
    reason: "step_failed",
    detail: `Port ${port}, which the service ${id} asks for, is in use on this machine. With \`ports: [${own}]\` one is chosen, and job.services.${id}.ports['${own}'] names it`,
  };
}

/** What was asked for and what is given, where that is not the same. */
function compare({ id, kind, image, major }: PlannedService, version: string): string[] {
  const said = `the service ${id}: ${image} was asked for, ${shortVersion(version)} is given`;
  if (kind === "mysql") return [`${said}: MariaDB speaks MySQL's protocol, and differs in places`];
  const given = majorOf(/\d[\d.]*/.exec(version)?.[0] ?? null);
  return major === null || major === given ? [] : [said];
}

/** Without what a distribution says of its build. */
function shortVersion(text: string): string {
  const number = /\d[\w.]*(?:-MariaDB)?/.exec(text)?.[0] ?? text;
  const name = Object.entries(NAMES).find(([word]) => text.toLowerCase().includes(word))?.[1] ?? "";
  return `${name} ${number.replace("-MariaDB", "")}`.trim();
}

const NAMES = {
  postgresql: "PostgreSQL",
  mariadb: "MariaDB",
  redis: "Redis",
  valkey: "Valkey",
  memcached: "Memcached",
};
