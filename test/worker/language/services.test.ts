import { describe, expect, it } from "vitest";
import { readWorkflow } from "../../../src/language/read-workflow.ts";
import { majorOf, readImage, readOptions, readPort } from "../../../src/language/service-text.ts";

describe("a service's image", () => {
  it.each([
    ["postgres:16-alpine", "postgres", "16-alpine"],
    ["redis", "redis", null],
    ["Redis:latest", "redis", null],
    ["docker.io/library/mysql:8", "mysql", "8"],
    ["library/mariadb:10.11", "mariadb", "10.11"],
    ["index.docker.io/memcached:1.6", "memcached", "1.6"],
    ["postgres:16@sha256:0123", "postgres", "16"],
    [" postgres ", "postgres", null],
  ])("is one of the official ones: %s", (text, kind, tag) => {
    expect(readImage(text)).toEqual({ ok: true, kind, tag });
  });

  it.each([
    "elasticsearch:8",
    "ghcr.io/acme/postgres:16",
    "postgis/postgis:16",
    "localhost:5000/redis",
    "bitnami/redis",
    "",
  ])("is refused where it is another: %s", (text) => {
    expect(readImage(text)).toEqual({
      ok: false,
      refusal: `the service image '${text}' is not carried out: Sandlot runs postgres, mysql, mariadb, redis and memcached as processes, and no other image`,
    });
  });

  it("names a major version, or none", () => {
    expect(["16-alpine", "8.0.36", "v7", "alpine", null].map(majorOf)).toEqual(["16", "8", "7", null, null]);
  });
});

describe("a service's port", () => {
  it.each([
    ["5432:5432", 5432, 5432],
    ["5432", null, 5432],
    ["15432:5432/tcp", 15_432, 5432],
    ["127.0.0.1:6379:6379", 6379, 6379],
  ])("may be %s", (text, host, container) => {
    expect(readPort(text)).toEqual({ ok: true, host, container });
  });

  it.each(["8125/udp", "0", "5432:70000", "5000-5010:5000-5010", "postgres", "", "10.0.0.1:1:2"])(
    "is refused where it is %j",
    (text) => {
      expect(readPort(text)).toMatchObject({ ok: false, refusal: expect.stringContaining(`'${text}'`) });
    },
  );
});

describe("a service's options", () => {
  it("say how long a server may take to be ready", () => {
    const text =
      '--health-cmd "pg_isready -U \\"x\\" --quiet" --health-interval 10s --health-timeout=5s --health-retries 5';
    expect(readOptions(text)).toEqual({ healthSeconds: 50, ignored: [] });
    expect(readOptions("--health-cmd='redis-cli ping' --health-interval=1m30s --health-start-period 500ms")).toEqual({
      healthSeconds: 270.5,
      ignored: [],
    });
    expect(readOptions("")).toEqual({ healthSeconds: null, ignored: [] });
  });

  it("that change nothing here are named", () => {
    expect(readOptions("--name db -m 512m --tmpfs=/data --health-cmd x --privileged").ignored).toEqual([
      "--name",
      "-m",
      "--tmpfs",
      "--privileged",
    ]);
  });
});

describe("in a workflow", () => {
  const workflow = (services: string): string => `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    services:
${services}    steps:
      - run: x
`;
  const read = async (services: string) => {
    const { workflow: found, problems } = await readWorkflow("ci.yml", workflow(services), () => Promise.resolve(null));
    const [job] = found?.jobs ?? [];
    return { job, problems: [...problems, ...(job?.unsupported ?? [])] };
  };

  it("services are read with what they say of themselves", async () => {
    const { job, problems } = await read(`      db:
        image: postgres:\${{ github.ref_name }}
        env: { POSTGRES_PASSWORD: x, POSTGRES_DB: "\${{ github.actor }}" }
        ports: [5432:5432, 5432]
        options: --health-cmd pg_isready
      cache: redis:7
`);
    expect(problems).toEqual([]);
    expect(job?.services).toMatchObject([
      {
        id: "db",
        image: { expression: expect.stringContaining("postgres:") },
        env: { POSTGRES_PASSWORD: "x" },
        ports: ["5432:5432", "5432"],
        options: "--health-cmd pg_isready",
      },
      { id: "cache", image: "redis:7", env: {}, ports: [], options: null, at: { line: 11, column: 14 } },
    ]);
  });

  it("what is not carried out is refused with its place, and only that job", async () => {
    const { problems } = await read(`      search: elasticsearch:8
      db:
        image: postgres
        credentials: { username: a, password: b }
        volumes: [/data]
        ports: [5432:80]
`);
    expect(
      problems.map(({ reason, message, at }) => `${at.line}:${at.column} ${reason} ${message.split(":")[0]}`),
    ).toEqual([
      "6:15 unsupported the service image 'elasticsearch",
      "9:9 unsupported 'credentials' is not carried out by Sandlot",
      "10:9 unsupported 'volumes' is not carried out by Sandlot",
      "11:17 unsupported the port '5432",
    ]);
  });

  it("services that are computed as a whole are refused", async () => {
    const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    services: \${{ fromJSON(github.event.x) }}
    steps: [{ run: x }]
`;
    const { workflow: found, problems } = await readWorkflow("ci.yml", text, () => Promise.resolve(null));
    expect([...problems, ...(found?.jobs[0]?.unsupported ?? [])].length).toBeGreaterThan(0);
  });
});
