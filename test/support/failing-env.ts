/** Makes D1, R2 and the queues of the Worker under test fail for a while, as they do in an account; a test says how often. */

export const outages = {
  /** So many next calls fail, each with the words of the platform. */
  d1: 0,
  r2: 0,
  queues: 0,
  /** Calls that failed since the file started. */
  met: { d1: 0, r2: 0, queues: 0 },
};

const WORDS = {
  d1: "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
  r2: "put: We encountered an internal error. Please try again. (10001)",
  queues: "Queue send failed: Internal Server Error",
} as const;

function trip(kind: keyof typeof WORDS): void {
  if (outages[kind] === 0) return;
  outages[kind] -= 1;
  outages.met[kind] += 1;
  throw new Error(WORDS[kind]);
}

const wrapped = new WeakMap<Env, Env>();

export function failingEnv(env: Env): Env {
  const known = wrapped.get(env);
  if (known) return known;
  const failing: Env = {
    ...env,
    DB: database(env.DB),
    STORE: tripping(env.STORE, "r2", ["put", "get", "createMultipartUpload"]),
    DELIVERIES: tripping(env.DELIVERIES, "queues", ["send", "sendBatch"]),
    JOBS: tripping(env.JOBS, "queues", ["send", "sendBatch"]),
    REPORTS: tripping(env.REPORTS, "queues", ["send", "sendBatch"]),
  };
  wrapped.set(env, failing);
  return failing;
}

function tripping<T extends object>(
  binding: T,
  kind: keyof typeof WORDS,
  methods: readonly string[],
  other: Record<string, unknown> = {},
): T {
  return new Proxy(binding, {
    get(target, name) {
      if (typeof name === "string" && name in other) return other[name];
      const own: unknown = Reflect.get(target, name, target);
      if (typeof own !== "function") return own;
      const call = own.bind(target) as (...given: unknown[]) => unknown;
      if (typeof name !== "string" || !methods.includes(name)) return call;
      return async (...given: unknown[]) => {
        trip(kind);
        return await call(...given);
      };
    },
  });
}

const statements = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function database(db: D1Database): D1Database {
  return tripping(db, "d1", [], {
    prepare: (query: string) => statement(db.prepare(query)),
    batch: async (given: D1PreparedStatement[]) => {
      trip("d1");
      return await db.batch(given.map((one) => statements.get(one) ?? one));
    },
  });
}

function statement(own: D1PreparedStatement): D1PreparedStatement {
  const failing = tripping(own, "d1", ["run", "all", "first"], {
    bind: (...values: unknown[]) => statement(own.bind(...values)),
  });
  statements.set(failing, own);
  return failing;
}
