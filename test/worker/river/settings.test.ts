import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createRepository } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { buildsOf, call, deliveryOf, ended, github, logOf, migrate, push, told } from "./river.ts";

beforeAll(migrate);

const SECRET = `s3cr&t <"${crypto.randomUUID()}"> $HOME/'x'`;

async function settle(path: string, value?: string): Promise<void> {
  const answer = await call(path, { method: "PUT", ...(value !== undefined && { body: JSON.stringify({ value }) }) });
  expect([path, answer.status]).toEqual([path, 204]);
}

/** Its settings are kept by its number, which Sandlot learns with the first delivery. */
async function known(workflow: string): Promise<{ repository: TestRepository; path: string }> {
  const repository = await createRepository(github, { ".sandlot/workflows/ci.yml": workflow });
  await deliveryOf(await push(repository, { ref: "refs/heads/elsewhere" }));
  return { repository, path: `/repositories/${repository.fullName}` };
}

const IN_ENVIRONMENT = `name: CI
run-name: \${{ vars.TITLE }}
on: { push: { branches: [main] } }
concurrency: \${{ vars.GROUP }}
jobs:
  plan:
    if: vars.LEVEL == 'repository'
    runs-on: ubuntu-latest
    name: plan \${{ vars.LEVEL }}
    steps:
      - run: echo "vars=\${{ vars.LEVEL }}"
        env: { SHOWN: "\${{ secrets.LEVEL }}" }
      - run: test "$SHOWN" = "secret of the repository"
        env: { SHOWN: "\${{ secrets.LEVEL }}" }
  deploy:
    needs: plan
    runs-on: ubuntu-latest
    environment: { name: "\${{ vars.WHERE }}", url: "https://example.com" }
    if: vars.LEVEL == 'repository'
    steps:
      - run: test "$SHOWN" = "secret of the environment" && echo "vars=\${{ vars.LEVEL }} \${{ vars.OWN }}"
        env: { SHOWN: "\${{ secrets.LEVEL }}" }
      - run: echo "$SHOWN"
        env: { SHOWN: "\${{ secrets.LEVEL }}" }
`;

describe("a job in an environment that was made in Sandlot", () => {
  it("is given its secrets and variables before the repository's", async () => {
    const { repository, path } = await known(IN_ENVIRONMENT);
    await settle(`${path}/variables/level`, "repository");
    await settle(`${path}/variables/where`, "Production");
    await settle(`${path}/variables/title`, "a title of variables");
    await settle(`${path}/variables/group`, "a-group");
    await settle(`${path}/secrets/level`, "secret of the repository");
    await settle(`${path}/environments/production`);
    await settle(`${path}/environments/production/variables/level`, "environment");
    await settle(`${path}/environments/production/variables/own`, "alone");
    await settle(`${path}/environments/production/secrets/level`, "secret of the environment");
    const build = await ended((await buildsOf(await push(repository)))[0] ?? "");
    expect(build).toMatchObject({ conclusion: "success", title: "a title of variables" });
    expect(build.jobs.map(({ name }) => name)).toEqual(["plan repository", "deploy"]);
    expect(await logOf(build, 0)).toContain("vars=repository");
    const log = await logOf(build, 1);
    expect(log).toContain("vars=environment alone");
    expect(log).not.toContain("secret of the environment");
  });
});

const FORMS = `name: CI
on: { push: { branches: [main] } }
jobs:
  tell:
    runs-on: ubuntu-latest
    outputs:
      told: \${{ steps.all.outputs.told }}
      plain: \${{ steps.all.outputs.plain }}
    steps:
      - id: all
        name: names \${{ secrets.TELL }}
        env: { TELL: "\${{ secrets.TELL }}" }
        shell: python3 {0}
        run: |
          import base64, html, json, os, shlex, urllib.parse, xml.sax.saxutils
          value = os.environ["TELL"]
          raw = value.encode()
          forms = [value, raw.hex(), raw.hex().upper(), urllib.parse.quote(value), urllib.parse.quote_plus(value),
            json.dumps(value), xml.sax.saxutils.escape(value), html.escape(value), shlex.quote(value)]
          for before in (b"", b"x", b"xy"):
            forms += [base64.b64encode(before + raw + b"!").decode(), base64.urlsafe_b64encode(before + raw).decode()]
          forms.append("".join(f"{c}\\x1b[{30 + i % 8}m" for i, c in enumerate(value)))
          for form in forms:
            print("form:", form)
            print(f"::warning title={form}::said {form}")
          for file, text in {"OUTPUT": f"told={value}\\nplain=yes\\n", "STEP_SUMMARY": f"# {value}\\n"}.items():
            with open(os.environ["GITHUB_" + file], "a") as out: out.write(text)
      - uses: actions/upload-artifact@v4
        with: { name: "\${{ secrets.TELL }}", path: none, if-no-files-found: ignore }
        continue-on-error: true
      - run: \${{ fromJSON(secrets.TELL) }}
        continue-on-error: true
      - run: exit 1
        name: \${{ secrets.TELL }}
`;

describe("a build that prints its secret in every form", () => {
  it("leaves it nowhere in what Sandlot keeps or tells, and drops the output that holds it", async () => {
    const { repository, path } = await known(FORMS);
    await settle(`${path}/secrets/tell`, SECRET);
    const build = await ended((await buildsOf(await push(repository)))[0] ?? "");
    expect(build.conclusion).toBe("failure");
    const log = await logOf(build);
    expect(log.match(/^form: /gm)?.length).toBeGreaterThan(14);
    expect(build.jobs[0]?.outputs).toEqual({ plain: "yes" });
    expect(log).toContain("##[warning]The output 'told' was left out: it may hold a secret");
    const kept = [...(await everythingKept()), JSON.stringify(build), ...(await told(repository))];
    expect(kept.length).toBeGreaterThan(10);
    const found = kept.filter((text) => formsOf(SECRET).some((form) => text.includes(form)));
    expect(found).toEqual([]);
    expect(kept.join("\n")).not.toContain(SECRET.slice(6, 30));
  });
});

/** Any of these shows what the secret is; the stretch in its middle is part of most escaped forms. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .slice(4, -6),
  );
  return [value, bytes.toString("hex"), bytes.toString("hex").toUpperCase(), encodeURIComponent(value), ...shifted];
}

/** D1 row by row, R2 object by object, and what the log streams hold. Sealed columns are among it. */
async function everythingKept(): Promise<string[]> {
  const kept: string[] = [];
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
  ).all<{ name: string }>();
  for (const { name } of tables.results) {
    const rows = await env.DB.prepare(`SELECT * FROM "${name}"`).all();
    kept.push(...rows.results.map((row) => stripped(JSON.stringify(row))));
  }
  for (const bucket of [env.STORE, env.BACKUP_BUCKET]) {
    for (const { key } of (await bucket.list()).objects) {
      const object = await bucket.get(key);
      kept.push(key, stripped((await object?.text()) ?? ""));
    }
  }
  for (const id of await listDurableObjectIds(env.LOG_STREAM)) {
    kept.push(
      ...(await runInDurableObject(env.LOG_STREAM.get(id), (_stream, state) => {
        const names = state.storage.sql
          .exec<{ name: string }>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
          )
          .toArray();
        return names.flatMap(({ name }) =>
          state.storage.sql
            .exec(`SELECT * FROM "${name}"`)
            .toArray()
            .map((row) =>
              stripped(
                Object.values(row)
                  .map((value) => (value instanceof ArrayBuffer ? Buffer.from(value).toString() : String(value)))
                  .join("\n"),
              ),
            ),
        );
      })),
    );
  }
  return kept;
}

/** As a page shows it: without escape sequences. */
function stripped(text: string): string {
  return text.replaceAll(/(?:\u001B|\\u001b)\[[\d;]*m/g, "");
}
