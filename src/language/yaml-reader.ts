/** Feeds a bounded YAML tree to the official template reader. */

import type { ObjectReader } from "@actions/workflow-parser/templates/object-reader";
import {
  BooleanToken,
  type LiteralToken,
  MappingToken,
  NullToken,
  NumberToken,
  SequenceToken,
  StringToken,
} from "@actions/workflow-parser/templates/tokens/index";
import type { TokenRange } from "@actions/workflow-parser/templates/tokens/token-range";
import { isMap, isNode, isScalar, isSeq, type Node, type Scalar } from "yaml";
import type { YamlTree } from "./yaml-tree.ts";

type Event =
  | { kind: "literal"; token: LiteralToken }
  | { kind: "sequence"; token: SequenceToken }
  | { kind: "mapping"; token: MappingToken }
  | { kind: "sequence-end" | "mapping-end" };

/**
 * The official reader gives a block of text that holds an expression as it is written, with its indentation and without
 * folding (0.3.61): a Python script would not run. Here a value of several lines has no `source`, which makes the template
 * reader take the value itself. Aliases are followed by a table instead of a search for each.
 */
export class TreeReader implements ObjectReader {
  readonly #file: number;
  readonly #tree: YamlTree;
  readonly #events: Generator<Event, void>;
  readonly #blocks: { from: number; to: number; indent: number }[] = [];
  #next: Event | null;

  constructor(file: number, tree: YamlTree) {
    this.#file = file;
    this.#tree = tree;
    this.#events = this.#walk(tree.document.contents);
    this.#next = this.#events.next().value ?? null;
  }

  allowLiteral(): LiteralToken | undefined {
    const event = this.#take("literal");
    return event?.kind === "literal" ? event.token : undefined;
  }

  allowSequenceStart(): SequenceToken | undefined {
    const event = this.#take("sequence");
    return event?.kind === "sequence" ? event.token : undefined;
  }

  allowSequenceEnd(): boolean {
    return this.#take("sequence-end") !== null;
  }

  allowMappingStart(): MappingToken | undefined {
    const event = this.#take("mapping");
    return event?.kind === "mapping" ? event.token : undefined;
  }

  allowMappingEnd(): boolean {
    return this.#take("mapping-end") !== null;
  }

  /**
   * How far a line of the file is indented as part of a block of text. The template reader counts columns in the block's
   * value, which begins after that.
   */
  indentAt(line: number): number {
    return this.#blocks.find(({ from, to }) => from < line && line <= to)?.indent ?? 0;
  }

  validateStart(): void {}

  validateEnd(): void {
    if (this.#next !== null) {
      throw new Error("the file goes on after its end");
    }
  }

  #take(kind: Event["kind"]): Event | null {
    const event = this.#next;
    if (event?.kind !== kind) {
      return null;
    }
    this.#next = this.#events.next().value ?? null;
    return event;
  }

  *#walk(node: unknown): Generator<Event, void> {
    const target = isNode(node) ? (this.#tree.targets.get(node) ?? node) : null;
    if (isSeq(target)) {
      yield { kind: "sequence", token: new SequenceToken(this.#file, this.#range(target), undefined) };
      for (const item of target.items) {
        yield* this.#walk(item);
      }
      yield { kind: "sequence-end" };
    } else if (isMap(target)) {
      yield { kind: "mapping", token: new MappingToken(this.#file, this.#range(target), undefined) };
      for (const { key, value } of target.items) {
        yield { kind: "literal", token: this.#key(key) };
        yield* this.#walk(value);
      }
      yield { kind: "mapping-end" };
    } else {
      yield { kind: "literal", token: this.#literal(isScalar(target) ? target : null) };
    }
  }

  /** A key is text on GitHub, whatever YAML takes it for: `3.10` keeps its zero. */
  #key(key: unknown): StringToken {
    return isScalar(key)
      ? new StringToken(this.#file, this.#range(key), key.source ?? "", undefined)
      : new StringToken(this.#file, undefined, "", undefined);
  }

  #literal(scalar: Scalar | null): LiteralToken {
    const range = scalar === null ? undefined : this.#range(scalar);
    const value = scalar?.value;
    if (typeof value === "string") {
      this.#noteBlock(scalar, range);
      return new StringToken(this.#file, range, value, undefined, sourceOf(scalar, range));
    }
    if (typeof value === "number") {
      return new NumberToken(this.#file, range, value, undefined);
    }
    return typeof value === "boolean"
      ? new BooleanToken(this.#file, range, value, undefined)
      : new NullToken(this.#file, range, undefined);
  }

  #noteBlock(scalar: Scalar | null, range: TokenRange | undefined): void {
    const token = scalar?.srcToken;
    if (token?.type === "block-scalar" && range !== undefined) {
      const indent = /^ +(?=\S)/m.exec(token.source)?.[0].length ?? 0;
      this.#blocks.push({ from: range.start.line, to: range.end.line, indent });
    }
  }

  #range(node: Node): TokenRange | undefined {
    if (!node.range) {
      return undefined;
    }
    const start = this.#tree.lines.linePos(node.range[0]);
    const end = this.#tree.lines.linePos(node.range[1]);
    return { start: { line: start.line, column: start.col }, end: { line: end.line, column: end.col } };
  }
}

/** The text with its quotes, from which the template reader counts columns. */
function sourceOf(scalar: Scalar | null, range: TokenRange | undefined): string | undefined {
  const token = scalar?.srcToken;
  const oneLine = range?.start.line === range?.end.line;
  return oneLine && token !== undefined && "source" in token ? token.source : undefined;
}
