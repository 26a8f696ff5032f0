/** Keeps the live log of one attempt, in order and exactly once, until it is archived. */

import { DurableObject } from "cloudflare:workers";
import { DEFAULT_MAX_LOG_BYTES } from "../model/limits.ts";
import { archiveOf, lastLines } from "./archive.ts";
import { bytesOf } from "./bytes.ts";
import type { LogPage, Wanted } from "./lines.ts";
import { patchOf } from "./live.ts";
import { type LogState, pageOf, stretchFrom } from "./log-pages.ts";
import { LogStore } from "./log-store.ts";
import type { AppendRequest, AppendResult, Archive, LogCarry, LogPlace, ReadResult, SegmentState } from "./stream.ts";
import { Viewers } from "./viewers.ts";
import type { LiveCursor, LivePatch } from "./wire.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS segments (
    step INTEGER PRIMARY KEY, raw INTEGER NOT NULL DEFAULT 0, carry TEXT NOT NULL DEFAULT 'null', closed INTEGER NOT NULL DEFAULT 0,
    log_from INTEGER NOT NULL, at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS ended (at INTEGER NOT NULL);
`;

const MAX_READ_BYTES = 4 * 1024 * 1024;
const MAX_WAIT_MS = 30_000;
/** Lines of Sandlot's own stand in no step. */
const OWN = 0;

/**
 * One per attempt, named by its id. Everything is in storage and every write is one transaction, so an eviction loses nothing;
 * a reader that waits then sees its call fail, and asks again from its offset.
 */
export class LogStream extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #store: LogStore;
  readonly #viewers: Viewers;
  #waiting = new Set<() => void>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#store = new LogStore(this.#sql);
    this.#viewers = new Viewers(ctx, (cursor) => this.patch(cursor));
  }

  /**
   * Starts a step's part with `header` on a line of its own ("" for none). Idempotent: the first call counts.
   * `maxBytes` limits the whole log, and counts only in the first call of all.
   */
  open(step: number, header: string, at: number, options: { maxBytes?: number } = {}): SegmentState {
    return this.#write(() => {
      this.#store.configure(options.maxBytes ?? DEFAULT_MAX_LOG_BYTES);
      const known = this.#segment(step);
      if (known) return known;
      if (this.#ended()) throw new Error(`The log has ended: step ${step} cannot be opened.`);
      this.#ensureLineStart(at);
      const { size } = this.#store.extent();
      this.#sql.exec("INSERT INTO segments (step, log_from, at) VALUES (?, ?, ?)", step, size, at);
      this.#appendLine(header, step, at);
      return { raw: 0, carry: null, closed: false, logFrom: size };
    });
  }

  /** Null for a step that was not opened. */
  segment(step: number): SegmentState | null {
    return this.#store.exists() ? this.#segment(step) : null;
  }

  /** Adds what a step's raw bytes `fromRaw` to `toRaw` show as, only where `fromRaw` is what is stored. */
  append(request: AppendRequest): AppendResult {
    const { step, fromRaw, toRaw, text, carry, at } = request;
    return this.#write(() => {
      const segment = this.#opened(step);
      if (segment.closed || this.#ended() || fromRaw !== segment.raw || toRaw < fromRaw) {
        return { accepted: false, raw: segment.raw, carry: segment.carry };
      }
      this.#store.append(text, step, at);
      this.#sql.exec("UPDATE segments SET raw = ?, carry = ? WHERE step = ?", toRaw, JSON.stringify(carry), step);
      return { accepted: true, raw: toRaw, carry };
    });
  }

  /** Ends a step's part with `footer` on a line of its own ("" for none). Idempotent: the first call counts. */
  close(step: number, footer: string, at: number): void {
    this.#write(() => {
      if (this.#opened(step).closed || this.#ended()) return;
      this.#ensureLineStart(at, step);
      this.#appendLine(footer, step, at);
      this.#sql.exec("UPDATE segments SET closed = 1 WHERE step = ?", step);
    });
  }

  /** Adds a line of Sandlot's own, once per `key`. */
  note(key: string, text: string, at: number): void {
    this.#write(() => {
      if (this.#ended()) return;
      const inserted = this.#sql.exec("INSERT INTO notes (key) VALUES (?) ON CONFLICT DO NOTHING", key).rowsWritten > 0;
      if (!inserted) return;
      this.#store.configure(DEFAULT_MAX_LOG_BYTES);
      this.#ensureLineStart(at);
      this.#appendLine(text, OWN, at);
    });
  }

  /** What follows an offset; where there is nothing yet, waits for it, at most `waitMs` (and 30 s). */
  async read(from: number, maxBytes: number, waitMs: number): Promise<ReadResult> {
    const now = this.#read(from, maxBytes);
    if (now.bytes.length > 0 || now.ended || waitMs <= 0) return now;
    await this.#news(Math.min(waitMs, MAX_WAIT_MS));
    return this.#read(from, maxBytes);
  }

  /** The last lines of a step's part, or of the whole log, as shown; at most 64 KiB. */
  lastLines(step: number | null, lines: number): string {
    return this.#store.exists() ? lastLines(this.#store.backwards(step), lines) : "";
  }

  /** Bytes of the stored log, those cut from its middle included. */
  size(): number {
    return this.#store.exists() ? this.#store.extent().size : 0;
  }

  /** Nothing more will come: readers that wait are told. Idempotent. */
  end(at: number): void {
    this.#write(() => {
      if (!this.#ended()) this.#sql.exec("INSERT INTO ended (at) VALUES (?)", at);
    });
  }

  /** The whole log as text with its index. Only after `end`, so that what is streamed does not change under way. */
  archive(): Archive {
    if (!this.#store.exists() || !this.#ended()) throw new Error("A log is archived after its end.");
    return archiveOf(this.#store, this.#state().steps);
  }

  /** The bytes of some lines, with all that it takes to show them; null where nothing is stored. */
  page(wanted: Wanted): LogPage | null {
    return this.#store.exists() ? pageOf(this.#store, this.#state(), wanted) : null;
  }

  /** Line ends before an offset that a stretch starts at, as after a cut; null where nothing is stored. */
  lineAt(offset: number): number | null {
    return this.#store.exists() ? (this.#store.placesFrom(offset)[0]?.line ?? null) : null;
  }

  /** What is new for a page that stands there; null where there is nothing yet, "gone" where the log was emptied. */
  patch(cursor: LiveCursor): LivePatch | "gone" | null {
    if (!this.#store.exists()) return cursor.seen > 0 ? "gone" : null;
    const { size } = this.#store.extent();
    if (cursor.seen > size) return "gone";
    const state = this.#state();
    if (cursor.seen === size && !state.ended) return null;
    return patchOf((offset) => stretchFrom(this.#store, state, offset), cursor);
  }

  /** The same, waiting for news at most `waitMs` (and 30 s). */
  async waitForPatch(cursor: LiveCursor, waitMs: number): Promise<LivePatch | "gone" | null> {
    const now = this.patch(cursor);
    if (now !== null || waitMs <= 0) return now;
    await this.#news(Math.min(waitMs, MAX_WAIT_MS));
    return this.patch(cursor);
  }

  /** A page that follows; the Worker has let it in. */
  override fetch(): Response {
    return this.#viewers.accept();
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#viewers.hear(socket, message);
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  /** Deletes everything; for when the archive is stored. Readers that wait are told that it ended. */
  async empty(): Promise<void> {
    await this.ctx.storage.deleteAll();
    this.#tell();
  }

  #read(from: number, maxBytes: number): ReadResult {
    if (!this.#store.exists()) return { bytes: new Uint8Array(), from, next: from, size: 0, ended: from > 0, cut: 0 };
    const { size } = this.#store.extent();
    // An emptied log is shorter than what its readers have seen.
    const ended = this.#ended() || from > size;
    const row = this.#store.read(from, Math.max(1, Math.min(maxBytes, MAX_READ_BYTES)));
    if (!row) return { bytes: new Uint8Array(), from, next: from, size, ended, cut: 0 };
    const next = row.offset + row.bytes.length;
    return { bytes: row.bytes, from: row.offset, next, size, ended, cut: row.offset - from };
  }

  #write<T>(work: () => T): T {
    const result = this.ctx.storage.transactionSync(() => {
      if (!this.#store.exists()) {
        this.#sql.exec(SCHEMA);
        this.#store.create();
      }
      return work();
    });
    this.#tell();
    return result;
  }

  #tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
    this.#viewers.tell();
  }

  async #news(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, waitMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }

  #segment(step: number): SegmentState | null {
    const [row] = this.#sql
      .exec<{ raw: number; carry: string; closed: number; log_from: number }>(
        "SELECT * FROM segments WHERE step = ?",
        step,
      )
      .toArray();
    return row
      ? {
          raw: row.raw,
          carry: JSON.parse(row.carry) as LogCarry | null,
          closed: row.closed === 1,
          logFrom: row.log_from,
        }
      : null;
  }

  #opened(step: number): SegmentState {
    const segment = this.#segment(step);
    if (!segment) throw new Error(`Step ${step} was not opened.`);
    return segment;
  }

  #state(): LogState {
    const steps = "SELECT log_from AS offset, at, step FROM segments ORDER BY log_from, step";
    return { steps: this.#sql.exec<LogPlace & Record<string, number>>(steps).toArray(), ended: this.#ended() };
  }

  #ended(): boolean {
    return this.#sql.exec("SELECT 1 FROM ended").toArray().length > 0;
  }

  #ensureLineStart(at: number, step = OWN): void {
    if (!this.#store.atLineStart()) this.#store.append(bytesOf("\n"), step, at);
  }

  #appendLine(text: string, step: number, at: number): void {
    if (text !== "") this.#store.append(bytesOf(text.endsWith("\n") ? text : `${text}\n`), step, at);
  }
}
