/** SQL that every noun needs. */

export type Value = string | number | null;

/** Inserts one row; writes nothing where its key exists. Table and column names are constants of this room, never given. */
export function insertRow(db: D1Database, table: string, row: Record<string, Value>): D1PreparedStatement {
  const columns = Object.keys(row);
  return db
    .prepare(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")}) ON CONFLICT DO NOTHING`,
    )
    .bind(...Object.values(row));
}
