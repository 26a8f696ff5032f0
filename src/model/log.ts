/** One structured line per unit of work. Holds ids and counts, never what a user wrote or a secret. */

type Field = string | number | boolean | null | undefined;

export function log(event: string, fields: Record<string, Field>): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** A fault of ours, which somebody will try again or look into. */
export function logFault(event: string, error: unknown, fields: Record<string, Field>): void {
  const { name, message } = error instanceof Error ? error : { name: "unknown", message: String(error) };
  console.error(JSON.stringify({ event, ...fields, fault: `${name}: ${message}` }));
}
