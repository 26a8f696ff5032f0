import { describe, expect, it } from "vitest";
import { readFound } from "../../../src/attempt/services/found.ts";
import { planServices } from "../../../src/attempt/services/plan.ts";
import type { PlannedService } from "../../../src/attempt/services/plan.ts";
import { readSettings } from "../../../src/attempt/services/settings.ts";
import type { ServiceDefinition } from "../../../src/model/workflow.ts";

describe("the environment of a postgres service", () => {
  it("names user, password and database as the official image takes them", () => {
    expect(readSettings("postgres", { POSTGRES_PASSWORD: "x" })).toEqual({
      ok: true,
      env: { NAME: "postgres", PASSWORD: "x", DATABASE: "postgres", METHOD: "scram-sha-256" },
      ignored: [],
    });
    expect(readSettings("postgres", { POSTGRES_USER: "ada", POSTGRES_HOST_AUTH_METHOD: "trust", PGTZ: "x" })).toEqual({
      ok: true,
      env: { NAME: "ada", PASSWORD: "", DATABASE: "ada", METHOD: "trust" },
      ignored: ["PGTZ"],
    });
  });

  it("must let somebody in, by a method that is known", () => {
    expect(readSettings("postgres", {})).toMatchObject({ ok: false });
    expect(readSettings("postgres", { POSTGRES_PASSWORD: "", POSTGRES_HOST_AUTH_METHOD: "md5" })).toMatchObject({
      ok: false,
    });
    expect(readSettings("postgres", { POSTGRES_HOST_AUTH_METHOD: "trust\nhost all all all" })).toMatchObject({
      ok: false,
    });
  });
});

describe("the environment of a mysql or mariadb service", () => {
  const sql = (given: Record<string, string>): string => {
    const settings = readSettings("mariadb", given);
    return settings.ok ? (settings.env["SQL"] ?? "") : settings.why;
  };

  it("becomes one statement a line, whatever it holds", () => {
    const text = sql({
      MARIADB_ROOT_PASSWORD: "a'; DROP\\",
      MYSQL_DATABASE: "d`b",
      MYSQL_USER: "ada",
      MYSQL_PASSWORD: "two\nlines",
    });
    expect(text.split("\n").every((line) => line.endsWith(";"))).toBe(true);
    expect(text).toContain(String.raw`ALTER USER 'root'@'localhost' IDENTIFIED BY 'a\'; DROP\\';`);
    expect(text).toContain("CREATE DATABASE IF NOT EXISTS `d``b`;");
    expect(text).toContain(String.raw`IDENTIFIED BY 'two\nlines';`);
    expect(text).toContain("GRANT ALL ON `d``b`.* TO 'ada'@'%';");
  });

  it("must name root's password, or say that it is empty", () => {
    expect(sql({})).toContain("MYSQL_ROOT_PASSWORD or MYSQL_ALLOW_EMPTY_PASSWORD must be given");
    expect(sql({ MYSQL_ALLOW_EMPTY_PASSWORD: "yes" })).toContain("'root'@'localhost' IDENTIFIED BY '';");
    expect(readSettings("mysql", { MYSQL_ROOT_PASSWORD: "x", MYSQL_ROOT_HOST: "%", TZ: "utc" })).toMatchObject({
      ignored: ["MYSQL_ROOT_HOST", "TZ"],
    });
  });

  it("is of no use to redis and memcached, and that is said", () => {
    expect(readSettings("redis", { REDIS_PASSWORD: "x" })).toEqual({ ok: true, env: {}, ignored: ["REDIS_PASSWORD"] });
  });
});

const AT = { file: "ci.yml", line: 6, column: 9 };
const definition = (given: Partial<ServiceDefinition>): ServiceDefinition => ({
  id: "db",
  image: "redis:7",
  env: {},
  ports: [],
  options: null,
  at: AT,
  ...given,
});
const plan = (...given: Partial<ServiceDefinition>[]) =>
  planServices(given.map(definition), { contexts: {}, env: {}, functions: {} });
const planned = (given: Partial<ServiceDefinition> = {}): PlannedService => {
  const services = plan(given);
  if ("detail" in services || services[0] === undefined) throw new Error("it is not planned");
  return services[0];
};

describe("the plan of the services", () => {
  it("leaves out those without an image, and keeps each its name in the sandbox", () => {
    expect(plan({ id: "none", image: "" }, { ports: ["6380:6379", "6379"] })).toMatchObject([
      { id: "db", process: "service-1", kind: "redis", major: "7", port: 6380, shows: [6379], limitSeconds: 60 },
    ]);
  });

  it("gives a server as long as its health options let a container take, within bounds", () => {
    expect(planned({ options: "--health-interval 30s --health-retries 10" }).limitSeconds).toBe(300);
    expect(planned({ options: "--health-interval 24h --health-retries 10" }).limitSeconds).toBe(600);
  });

  it.each([
    [{ image: "mongo" }, "unsupported", "the service image 'mongo'"],
    [{ ports: ["80"] }, "unsupported", "redis listens on 6379"],
    [{ ports: ["1:6379", "2:6379"] }, "unsupported", "several ports"],
    [{ image: "postgres" }, "workflow_invalid", "POSTGRES_PASSWORD must be given"],
  ])("says what it can't be, with its place: %j", (given, reason, words) => {
    expect(plan(given)).toEqual({ reason, detail: expect.stringContaining(words) });
    expect(plan(given)).toMatchObject({ detail: expect.stringMatching(/^ci\.yml:6:9: /) });
  });
});

describe("what the sandbox says of its servers", () => {
  const find = (line: string, given: Partial<ServiceDefinition> = {}, mayInstall = false) =>
    readFound([planned(given)], line, { mayInstall });

  it("is heard with version and port, and a warning where another major version is given", () => {
    const line =
      "service\t/usr/bin/redis-server\t6379\tfree\tRedis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0\n";
    expect(find(line)).toMatchObject([
      { server: "/usr/bin/redis-server", listens: 6379, version: "Redis 7.0.15", warnings: [] },
    ]);
    expect(find(line, { image: "redis" })).toMatchObject([{ warnings: [] }]);
    expect(find(line, { image: "redis:6-alpine" })).toMatchObject([
      { warnings: ["the service db: redis:6-alpine was asked for, Redis 7.0.15 is given"] },
    ]);
  });

  it("names the package of a server that is missing, and what apt-get said of it", () => {
    const line = "service\t-\t6379\tfree\tredis-server\n";
    expect(find(line)).toEqual({
      reason: "unsupported",
      detail:
        "The server of the service db (Redis) is not on this machine: install it, on Debian and Ubuntu by apt-get install redis-server",
    });
    expect(find(`apt-get: E: no network\n${line}`, {}, true)).toMatchObject({
      detail: expect.stringContaining("could not be installed (apt-get: E: no network)"),
    });
  });

  it("is a failure where it is cut short, and not taken for fewer services", () => {
    expect(find("bash: no such thing\n")).toMatchObject({ detail: expect.stringContaining("no such thing") });
  });
});
