/** Plain JSON as the official evaluator wants to see it: converted only where an expression looks, since an event may hold megabytes. */

import { data } from "@actions/expressions";

/** What an expression gives: plain JSON. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

type ExpressionData = data.ExpressionData;

/** One object is one datum within an evaluation, because `==` compares objects by identity. */
type Seen = Map<object, ExpressionData>;

/**
 * A mapping over a plain object. Property names are found in any case, as on GitHub, except where `caseSensitive`.
 * The official dictionary loses keys such as `constructor`, which every plain object seems to have.
 */
class JsonDictionary extends data.Dictionary {
  readonly source: Record<string, unknown>;
  readonly #seen: Seen;
  readonly #caseSensitive: boolean;
  #lowercase: Map<string, string> | null = null;

  constructor(source: Record<string, unknown>, seen: Seen, options: { caseSensitive: boolean }) {
    super();
    this.source = source;
    this.#seen = seen;
    this.#caseSensitive = options.caseSensitive;
  }

  override get(key: string): ExpressionData | undefined {
    const own = this.#find(key);
    return own === undefined ? undefined : toData(this.source[own], this.#seen);
  }

  override values(): ExpressionData[] {
    return Object.keys(this.source).map((key) => toData(this.source[key], this.#seen));
  }

  override pairs(): { key: string; value: ExpressionData }[] {
    return Object.keys(this.source).map((key) => ({ key, value: toData(this.source[key], this.#seen) }));
  }

  #find(key: string): string | undefined {
    if (Object.hasOwn(this.source, key)) {
      return key;
    }
    if (this.#caseSensitive) {
      return undefined;
    }
    if (this.#lowercase === null) {
      this.#lowercase = new Map();
      for (const name of Object.keys(this.source).reverse()) {
        this.#lowercase.set(name.toLowerCase(), name);
      }
    }
    return this.#lowercase.get(key.toLowerCase());
  }
}

class JsonArray extends data.Array {
  readonly source: readonly unknown[];
  readonly #seen: Seen;
  #values: ExpressionData[] | null = null;

  constructor(source: readonly unknown[], seen: Seen) {
    super();
    this.source = source;
    this.#seen = seen;
  }

  override values(): ExpressionData[] {
    this.#values ??= this.source.map((item) => toData(item, this.#seen));
    return this.#values;
  }

  override get(index: number): ExpressionData {
    return this.values()[index] ?? new data.Null();
  }
}

export function toData(value: unknown, seen: Seen): ExpressionData {
  if (typeof value === "string") {
    return new data.StringData(value);
  }
  if (typeof value === "number") {
    return new data.NumberData(value);
  }
  if (typeof value === "boolean") {
    return new data.BooleanData(value);
  }
  return typeof value === "object" && value !== null ? objectData(value, seen) : new data.Null();
}

function objectData(value: object, seen: Seen): ExpressionData {
  const known = seen.get(value);
  if (known !== undefined) {
    return known;
  }
  const made = Array.isArray(value)
    ? new JsonArray(value, seen)
    : new JsonDictionary(value as Record<string, unknown>, seen, { caseSensitive: false });
  seen.set(value, made);
  return made;
}

/** The contexts by name. One that the caller does not give is null, and so is everything under it. */
export class ContextRoot extends JsonDictionary {
  readonly #environment: ExpressionData;

  constructor(contexts: Record<string, unknown>, seen: Seen) {
    super(contexts, seen, { caseSensitive: false });
    const env = super.get("env");
    // On Linux the runner's environment tells `Path` from `PATH`.
    this.#environment =
      env instanceof JsonDictionary ? new JsonDictionary(env.source, seen, { caseSensitive: true }) : new data.Null();
  }

  override get(name: string): ExpressionData {
    return name.toLowerCase() === "env" ? this.#environment : (super.get(name) ?? new data.Null());
  }
}

export function fromData(value: ExpressionData): Value {
  if (value instanceof JsonDictionary) {
    return value.source as Value;
  }
  if (value instanceof JsonArray) {
    return value.source as Value[];
  }
  if (value instanceof data.Array) {
    return value.values().map(fromData);
  }
  if (value instanceof data.StringData || value instanceof data.NumberData || value instanceof data.BooleanData) {
    return value.value;
  }
  return null;
}
