/** What the environment of an official image asks its server to be made with: users, passwords, databases. */

import type { ServiceKind } from "../../language/service-text.ts";

export type ServiceSettings = { ok: true; env: Record<string, string>; ignored: string[] } | { ok: false; why: string };

type Given = Record<string, string>;

/** `env` is what the start script is given. */
export function readSettings(kind: ServiceKind, given: Given): ServiceSettings {
  switch (kind) {
    case "postgres":
      return postgres(given);
    case "mysql":
    case "mariadb":
      return mariadb(given);
    case "redis":
    case "memcached":
      return { ok: true, env: {}, ignored: Object.keys(given) };
  }
}

const METHODS = ["trust", "password", "md5", "scram-sha-256"];

/** https://github.com/docker-library/docs/blob/master/postgres/README.md */
function postgres(given: Given): ServiceSettings {
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, ...others } = given;
  const name = POSTGRES_USER || "postgres";
  const password = POSTGRES_PASSWORD ?? "";
  const method = POSTGRES_HOST_AUTH_METHOD || "scram-sha-256";
  if (!METHODS.includes(method))
    return { ok: false, why: `POSTGRES_HOST_AUTH_METHOD must be one of ${METHODS.join(", ")}` };
  if (password === "" && method !== "trust")
    return {
      ok: false,
      why: "POSTGRES_PASSWORD must be given, or POSTGRES_HOST_AUTH_METHOD: trust, as with the official image",
    };
  const env = { NAME: name, PASSWORD: password, DATABASE: POSTGRES_DB || name, METHOD: method };
  return { ok: true, env, ignored: Object.keys(others) };
}

/** https://github.com/docker-library/docs/blob/master/mariadb/README.md, which takes the names of both. */
function mariadb(given: Given): ServiceSettings {
  const settings: Given = {};
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const setting = /^(?:MYSQL|MARIADB)_(.+)$/.exec(name)?.[1] ?? "";
    if (MARIADB_SETTINGS.includes(setting)) settings[setting] = value;
    else ignored.push(name);
  }
  const empty = settings["ALLOW_EMPTY_PASSWORD"] || settings["ALLOW_EMPTY_ROOT_PASSWORD"];
  if (!settings["ROOT_PASSWORD"] && !empty)
    return {
      ok: false,
      why: "MYSQL_ROOT_PASSWORD or MYSQL_ALLOW_EMPTY_PASSWORD must be given, as with the official image",
    };
  return {
    ok: true,
    env: {
      SQL: statements(settings)
        .map((one) => `${one};`)
        .join("\n"),
    },
    ignored,
  };
}

/** What makes a new server's users and database. Nobody comes in without a name. */
function statements({
  ROOT_PASSWORD: root = "",
  DATABASE: database = "",
  USER: user = "",
  PASSWORD = "",
}: Given): string[] {
  const own = user !== "" && user !== "root";
  return [
    "DELETE FROM mysql.global_priv WHERE User = ''",
    "FLUSH PRIVILEGES",
    `ALTER USER 'root'@'localhost' IDENTIFIED BY ${quote(root)}`,
    `CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY ${quote(root)}`,
    "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION",
    ...(database === "" ? [] : [`CREATE DATABASE IF NOT EXISTS ${quoteName(database)}`]),
    ...(own ? [`CREATE USER IF NOT EXISTS ${quote(user)}@'%' IDENTIFIED BY ${quote(PASSWORD)}`] : []),
    ...(own && database !== "" ? [`GRANT ALL ON ${quoteName(database)}.* TO ${quote(user)}@'%'`] : []),
  ];
}

const MARIADB_SETTINGS = [
  "ROOT_PASSWORD",
  "DATABASE",
  "USER",
  "PASSWORD",
  "ALLOW_EMPTY_PASSWORD",
  "ALLOW_EMPTY_ROOT_PASSWORD",
];

/** The server reads one statement a line. */
function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}'`;
}

function quoteName(text: string): string {
  return `\`${text.replaceAll("`", "``")}\``;
}
