/** What a service of a job says of itself in words: its image, its ports, the options of its container. */

const SERVICE_KINDS = ["postgres", "mysql", "mariadb", "redis", "memcached"] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** Where the images' servers listen. */
export const SERVICE_PORTS: Record<ServiceKind, number> = {
  postgres: 5432,
  mysql: 3306,
  mariadb: 3306,
  redis: 6379,
  memcached: 11_211,
};

export interface ServiceImage {
  kind: ServiceKind;
  /** `16-alpine`; null for none and for `latest`. */
  tag: string | null;
}

type Read<T> = ({ ok: true } & T) | { ok: false; refusal: string };

const REFUSED = `Sandlot runs ${SERVICE_KINDS.slice(0, -1).join(", ")} and ${SERVICE_KINDS.at(-1) ?? ""} as processes, and no other image`;

/** The official images alone: those of others hold what Debian's servers do not. A digest names what Sandlot does not run, its tag counts. */
export function readImage(text: string): Read<ServiceImage> {
  const [named = ""] = text.trim().split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? "" : named.slice(colon + 1);
  const short = name.toLowerCase().replace(/^(?:(?:index\.)?docker\.io\/)?(?:library\/)?/, "");
  const kind = SERVICE_KINDS.find((one) => one === short);
  if (kind === undefined)
    return { ok: false, refusal: `the service image '${text.trim()}' is not carried out: ${REFUSED}` };
  return { ok: true, kind, tag: tag === "" || tag === "latest" ? null : tag };
}

/** The number that a server of this tag calls its major version: `16`, of `mysql` and `mariadb` with one more, of `redis` one. Null for a name. */
export function majorOf(tag: string | null): string | null {
  return tag === null ? null : (/^v?(\d+)/.exec(tag)?.[1] ?? null);
}

export interface ServicePort {
  /** Null where the runner chooses one. */
  host: number | null;
  container: number;
}

const MAX_PORT = 65_535;

/** `5432:5432`, `5432`, `127.0.0.1:5432:5432/tcp`. */
export function readPort(text: string): Read<ServicePort> {
  const refused = (why: string): Read<never> => ({
    ok: false,
    refusal: `the port '${text}' of a service is not carried out: ${why}`,
  });
  const match = /^(?:(?:(127\.0\.0\.1|0\.0\.0\.0|localhost):)?(\d+):)?(\d+)(?:\/(tcp|udp))?$/.exec(text.trim());
  if (!match) return refused("a port is written as 5432 or 5432:5432");
  const [, , host, container, protocol] = match;
  if (protocol === "udp") return refused("only TCP");
  const [from, to] = [host === undefined ? null : Number(host), Number(container)];
  if (to < 1 || to > MAX_PORT || (from !== null && (from < 1 || from > MAX_PORT)))
    return refused("there is no such port");
  return { ok: true, host: from, container: to };
}

export interface ServiceOptions {
  /** How long a container may take until it is said to be unhealthy (s); null where nothing is said of its health. */
  healthSeconds: number | null;
  /** Options that change nothing here, by name. */
  ignored: string[];
}

/** Docker's own. https://docs.docker.com/reference/dockerfile/#healthcheck */
const HEALTH_DEFAULTS = { interval: 30, retries: 3, startPeriod: 0 };

/** Sandlot asks each server in its own way whether it is ready, for as long as these options let a container take. */
export function readOptions(text: string): ServiceOptions {
  const options = pairsOf(splitWords(text));
  const ignored = options.map(([name]) => name).filter((name) => !name.startsWith("--health-"));
  const health = new Map(options.filter(([name]) => name.startsWith("--health-")));
  if (health.size === 0) return { healthSeconds: null, ignored };
  const interval = seconds(health.get("--health-interval")) ?? HEALTH_DEFAULTS.interval;
  const startPeriod = seconds(health.get("--health-start-period")) ?? HEALTH_DEFAULTS.startPeriod;
  const retries = /^\d+$/.exec(health.get("--health-retries") ?? "")?.[0] ?? HEALTH_DEFAULTS.retries;
  return { healthSeconds: startPeriod + interval * Number(retries), ignored };
}

/** `--name value` and `--name=value`; what stands alone is none. */
function pairsOf(words: readonly string[]): [string, string][] {
  return words.flatMap((word, at): [string, string][] => {
    if (!word.startsWith("-")) return [];
    const equals = word.indexOf("=");
    if (word.startsWith("--") && equals > 0) return [[word.slice(0, equals), word.slice(equals + 1)]];
    const next = words[at + 1] ?? "";
    return [[word, next.startsWith("-") ? "" : next]];
  });
}

/** As a shell would, quotes and backslashes included. */
function splitWords(text: string): string[] {
  const words = text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|["'\\])+/gs);
  return [...words].map(([word]) => word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, "$1$2$3"));
}

const UNITS: Record<string, number> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Go's durations: `10s`, `1m30s`, `500ms`. Null for what is none. */
function seconds(text: string | undefined): number | null {
  if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/.test(text)) return null;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g))
    sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return sum;
}
