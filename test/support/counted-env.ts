/** Counts what a build costs its user: wraps the bindings of the Worker under test and changes nothing that they do. */

/** What Cloudflare bills for, as its own price lists count it. */
export interface Operations {
  /** D1's own `meta.rows_written`, which counts the rows of indexes too. */
  d1RowsWritten: number;
  /** D1's own `meta.rows_read`. */
  d1RowsRead: number;
  /** put, list, and each call of a multipart upload; deleting costs nothing. */
  r2ClassA: number;
  /** get and head. */
  r2ClassB: number;
  queueMessages: number;
}

/** Since the Worker started, which is once for each test file. */
export const operations: Operations = { d1RowsWritten: 0, d1RowsRead: 0, r2ClassA: 0, r2ClassB: 0, queueMessages: 0 };

const wrapped = new WeakMap<Env, Env>();

/** The same environment with bindings that count. */
export function countedEnv(env: Env): Env {
  const known = wrapped.get(env);
  if (known) return known;
  const counted: Env = {
    ...env,
    DB: countedDatabase(env.DB),
    STORE: countedBucket(env.STORE),
    BACKUP_BUCKET: countedBucket(env.BACKUP_BUCKET),
    DELIVERIES: countedQueue(env.DELIVERIES),
    JOBS: countedQueue(env.JOBS),
    REPORTS: countedQueue(env.REPORTS),
  };
  wrapped.set(env, counted);
  return counted;
}

/** `instead` stands in for some methods; all else goes to the binding itself. */
function instead<T extends object>(binding: T, methods: Partial<T>): T {
  return new Proxy(binding, {
    get(target, name) {
      const other: unknown = Reflect.get(methods, name);
      if (other !== undefined) return other;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

const statements = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

function countedDatabase(db: D1Database): D1Database {
  return instead(db, {
    prepare: (query) => countedStatement(db.prepare(query)),
    batch: async <T>(given: D1PreparedStatement[]) =>
      (await db.batch<T>(given.map((one) => statements.get(one) ?? one))).map(countRows),
    exec: () => {
      throw new Error("D1's exec does not say what it wrote");
    },
  });
}

function countRows<R extends D1Result>(result: R): R {
  operations.d1RowsWritten += result.meta.rows_written;
  operations.d1RowsRead += result.meta.rows_read;
  return result;
}

function countedStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const all = async <T>() => countRows(await statement.all<T>());
  const counted = instead<D1PreparedStatement>(statement, {
    bind: (...values) => countedStatement(statement.bind(...values)),
    run: async <T>() => countRows(await statement.run<T>()),
    all,
    // `first` itself does not say what it wrote.
    first: async (column?: string) => {
      const [row] = (await all<Record<string, unknown>>()).results;
      if (row === undefined) return null;
      return column === undefined ? row : row[column];
    },
    raw: () => {
      throw new Error("D1's raw does not say what it wrote");
    },
  });
  statements.set(counted, statement);
  return counted;
}

/** Calls it, and says that it was called. */
function counting<A extends unknown[], R>(kind: keyof Operations, call: (...given: A) => R): (...given: A) => R {
  return (...given) => {
    operations[kind] += 1;
    return call(...given);
  };
}

function countedBucket(bucket: R2Bucket): R2Bucket {
  return instead<R2Bucket>(bucket, {
    put: counting("r2ClassA", bucket.put.bind(bucket)),
    list: counting("r2ClassA", bucket.list.bind(bucket)),
    createMultipartUpload: counting("r2ClassA", async (key: string, options?: R2MultipartOptions) =>
      countedUpload(await bucket.createMultipartUpload(key, options)),
    ),
    resumeMultipartUpload: (key: string, id: string) => countedUpload(bucket.resumeMultipartUpload(key, id)),
    get: counting("r2ClassB", bucket.get.bind(bucket)),
    head: counting("r2ClassB", bucket.head.bind(bucket)),
  });
}

function countedUpload(upload: R2MultipartUpload): R2MultipartUpload {
  return instead<R2MultipartUpload>(upload, {
    uploadPart: counting("r2ClassA", upload.uploadPart.bind(upload)),
    complete: counting("r2ClassA", upload.complete.bind(upload)),
  });
}

function countedQueue<T>(queue: Queue<T>): Queue<T> {
  return instead<Queue<T>>(queue, {
    send: counting("queueMessages", queue.send.bind(queue)),
    sendBatch: async (messages, options) => {
      const given = [...messages];
      operations.queueMessages += given.length;
      return await queue.sendBatch(given, options);
    },
  });
}
