/** Real servers beside real steps; what is not installed here says that it was not tried. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { TestContext } from "vitest";
import { attemptId, buildId, jobId, parseDeliveryId } from "../../../src/model/ids.ts";
import { createRepository } from "../../support/github-control.ts";
import { buildsOf, call, ended, github, logOf, migrate, push, until } from "./river.ts";

beforeAll(migrate);

async function build(services: string, steps: string, keys = "") {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
${keys}    services:
${services}    steps:
${steps}`;
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": text });
  const view = await ended((await buildsOf(await push(repository)))[0]!, 120_000);
  return { view, log: await logOf(view) };
}

/** A job says itself what is missing. */
function skipWhereMissing(context: TestContext, { log }: { log: string }): void {
  const missing = /The server of the service \S+ \((.+?)\) is not on this machine/.exec(log)?.[1];
  context.skip(missing !== undefined, `${missing} is not installed here`);
}

describe("the services of a job", () => {
  it("redis answers on a port of its own choice, and ends with the sandbox", async (context) => {
    const built = await build(
      `      cache:
        image: redis:\${{ github.event_name == 'push' && '1' }}
        ports: [6379]
        options: --health-cmd "redis-cli ping" --health-interval 1s --name db
`,
      `      - env: { PORT: "\${{ job.services.cache.ports['6379'] }}" }
        run: |
          exec 3<>"/dev/tcp/127.0.0.1/$PORT"
          printf 'SET word kept\\r\\nGET word\\r\\nINFO server\\r\\n' >&3
          head -n 12 <&3
          echo "\${{ toJSON(job.services) }}" "\${{ job.services.cache.network }}"
          printf 'SHUTDOWN NOSAVE\\r\\n' >&3; sleep 1
          exit 3
`,
    );
    skipWhereMissing(context, built);
    const { view, log } = built;
    expect(view.jobs[0]?.steps.map(({ name, conclusion }) => [name, conclusion])).toEqual([
      ["Start services", "success"],
      ['Run exec 3<>"/dev/tcp/127.0.0.1/$PORT"', "failure"],
    ]);
    expect(log).toMatch(/cache: Redis \d+\.\d+\.\d+ is ready on localhost:\d+/);
    expect(log).toMatch(/##\[warning\]the service cache: redis:1 was asked for, Redis \d+\.\S+ is given/);
    expect(log).toContain("##[warning]the service cache: the option --name changes nothing here");
    expect(log).toContain("\r\nkept");
    // A job that failed shows what a server said last that has ended.
    expect(log).toContain("##[group]The last lines of the service cache");
    expect(log).toContain("bye bye");
    const port = Number(/localhost:(\d+)/.exec(log)?.[1]);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it("postgres has the user, the password and the database that are asked for", async (context) => {
    const built = await build(
      `      db:
        image: postgres:16-alpine
        env: { POSTGRES_USER: ada, POSTGRES_PASSWORD: "it's \\\\ \\"s3cret\\"", POSTGRES_DB: "app-\${{ github.ref_name }}", PGTZ: utc }
        ports: ["5432/tcp"]
        options: >-
          --health-cmd pg_isready
          --health-interval 10s
          --health-retries 5
`,
      `      - env: { PGPASSWORD: "it's \\\\ \\"s3cret\\"", PGPORT: "\${{ job.services.db.ports[5432] }}" }
        run: |
          for host in localhost 127.0.0.1; do
            psql -h $host -U ada -d app-main -Atc 'SELECT current_user, current_database()'
          done
          psql -h localhost -U ada -d app-main -qc 'CREATE TABLE kept (word text)'
      - run: PGPASSWORD=wrong psql -h localhost -p "\${{ job.services.db.ports[5432] }}" -U ada -d app-main -c 'SELECT 1' && exit 1 || true
`,
    );
    skipWhereMissing(context, built);
    const { view, log } = built;
    expect(view.conclusion, log).toBe("success");
    expect(log.match(/^ada\|app-main$/gm)).toHaveLength(2);
    expect(log).toContain("the variable PGTZ changes nothing here");
    expect(log).toContain('password authentication failed for user "ada"');
    expect(log).not.toContain("The last lines of the service");
  });

  it("mysql is MariaDB, and says so", async (context) => {
    const built = await build(
      `      db:
        image: docker.io/library/mysql:8
        env: { MYSQL_ROOT_PASSWORD: root, MYSQL_DATABASE: app, MYSQL_USER: ada, MYSQL_PASSWORD: "it's" }
        ports: [3306]
      none:
        image: \${{ github.event_name == 'never' && 'redis' || '' }}
`,
      `      - env: { PORT: "\${{ job.services.db.ports['3306'] }}" }
        run: |
          mariadb -h 127.0.0.1 -P "$PORT" -uada -p"it's" app -Ne 'SELECT CURRENT_USER(), DATABASE()'
          mariadb -h 127.0.0.1 -P "$PORT" -uroot -proot -Ne 'SHOW DATABASES'
          mariadb -h 127.0.0.1 -P "$PORT" -uada -pwrong -e 'SELECT 1' || echo refused
`,
    );
    skipWhereMissing(context, built);
    const { view, log } = built;
    expect(view.conclusion, log).toBe("success");
    expect(log).toMatch(/ada@%\tapp/);
    expect(log).toContain("refused");
    expect(log).toMatch(/##\[warning\]the service db: \S+mysql:8 was asked for, MariaDB \d+\.\d+\S* is given/);
  });

  it("memcached answers, and a server whose port is taken fails the job and says what to do", async (context) => {
    const built = await build(
      `      one: { image: memcached, ports: [11211] }
`,
      `      - env: { PORT: "\${{ job.services.one.ports['11211'] }}" }
        run: exec 3<>"/dev/tcp/localhost/$PORT"; printf 'version\\r\\n' >&3; head -n 1 <&3
`,
    );
    skipWhereMissing(context, built);
    expect(built.view.conclusion, built.log).toBe("success");
    expect(built.log).toMatch(/VERSION \d/);
    // The local GitHub of the tests listens there.
    const { port } = new URL(github.url);
    const { view } = await build(
      `      two: { image: memcached, ports: ["${port}:11211"] }
`,
      `      - run: echo never
      - if: always()
        run: echo always
`,
    );
    expect(view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "step_failed" });
    expect(view.jobs[0]?.detail).toContain(`Port ${port}, which the service two asks for, is in use`);
    expect(view.jobs[0]?.steps.map(({ conclusion }) => conclusion)).toEqual(["failure", "skipped", "success"]);
  });
});

it("a job runner that is begun anew finds its servers as they are", async (context) => {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    services:
      cache: { image: redis, ports: [6379] }
    steps:
      - run: |
          exec 3<>"/dev/tcp/localhost/\${{ job.services.cache.ports['6379'] }}"
          printf 'SET word kept\\r\\n' >&3; head -n 1 <&3; echo "now asleep"; sleep 3
      - run: |
          exec 3<>"/dev/tcp/localhost/\${{ job.services.cache.ports['6379'] }}"
          printf 'GET word\\r\\n' >&3; head -n 2 <&3
`;
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": text });
  const delivery = parseDeliveryId(crypto.randomUUID())!;
  const id = buildId(delivery, ".sandlot/workflows/ci.yml");
  const job = jobId(id, "a");
  await buildsOf(await push(repository, { id: delivery }));
  const log = async () => await (await call(`/builds/${id}/jobs/${job}/log`)).text();
  const seen = await until(log, (one) => /now asleep|is not on this machine/.test(one), "the first step");
  skipWhereMissing(context, { log: seen });
  await (await env.JOB_RUNNER.get(attemptId(job, 1))).restart();
  const view = await ended(id);
  expect(view.conclusion, await logOf(view)).toBe("success");
  expect(await logOf(view)).toMatch(/^kept/m);
});

describe("a server that does not come up", () => {
  it("fails the job, and its last words are shown", async (context) => {
    const built = await build(
      `      db: { image: postgres, env: { POSTGRES_USER: pg_ada, POSTGRES_PASSWORD: hunter22 } }
`,
      "      - run: echo never\n",
    );
    skipWhereMissing(context, built);
    expect(built.view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "step_failed" });
    expect(built.view.jobs[0]?.detail).toContain("The service db ended before it was ready");
    expect(built.log).toMatch(/##\[group\]The last lines of the service db\n.*pg_ada.*disallowed/);
    expect(built.log).not.toMatch(/^never$/m);
  });

  it("is not waited for beyond the job's own time", async (context) => {
    const built = await build(
      `      db: { image: postgres, env: { POSTGRES_PASSWORD: x } }
`,
      "      - run: sleep 60\n",
      "    timeout-minutes: 0.02\n",
    );
    skipWhereMissing(context, built);
    expect(built.view.jobs[0], built.log).toMatchObject({ conclusion: "timed_out", reason: "job_timed_out" });
  });
});

describe("a service that can't be", () => {
  it("is refused before anything starts where its image is another", async () => {
    const { view } = await build("      search: { image: elasticsearch:8 }\n", "      - run: echo never\n");
    expect(view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "unsupported", steps: [] });
    expect(view.jobs[0]?.detail).toContain(".sandlot/workflows/ci.yml:6:24: the service image 'elasticsearch:8'");
  });

  it("is refused with its place where its image is known late, or lacks what the image asks for", async () => {
    const late = await build("      db: { image: \"${{ format('mon{0}', 'go') }}\" }\n", "      - run: echo never\n");
    expect(late.view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "unsupported" });
    expect(late.view.jobs[0]?.detail).toContain(".sandlot/workflows/ci.yml:6:21: the service image 'mongo'");
    const bare = await build("      db: { image: postgres }\n", "      - run: echo never\n");
    expect(bare.view.jobs[0]).toMatchObject({ conclusion: "failure", reason: "workflow_invalid" });
    expect(bare.view.jobs[0]?.detail).toContain("POSTGRES_PASSWORD must be given");
  });
});
