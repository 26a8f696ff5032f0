/** Workflow text to a YAML tree of bounded size: what is too large, too deep or ambiguous is a problem before anything walks it. */

import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type CST,
} from "yaml";
import { MAX_WORKFLOW_BYTES, MAX_WORKFLOW_DEPTH, MAX_WORKFLOW_NODES } from "../model/limits.ts";
import type { Problem } from "../model/workflow.ts";

/** Real files of the size limit have a fifth of these; more is an attack on whoever reads it. */
const MAX_LINES = 60_000;
const MAX_LEXEMES = 100_000;
/** A block's nesting takes up to three places on the YAML parser's stack. */
const MAX_STACK = 3 * MAX_WORKFLOW_DEPTH + 10;
const MAX_SYNTAX_PROBLEMS = 20;

export interface YamlTree {
  document: Document.Parsed;
  lines: LineCounter;
  /** What each alias stands for. */
  targets: ReadonlyMap<Node, Node>;
}

/** A tree only where nothing is wrong; the document as far as it could be read, for the events that it names. */
export interface YamlReading {
  tree: YamlTree | null;
  document: Document.Parsed | null;
  problems: Problem[];
}

export function readYaml(file: string, text: string): YamlReading {
  const lines = new LineCounter();
  const refuse = (message: string, offset: number): YamlReading => {
    return { tree: null, document: null, problems: [problemAt(file, lines, message, offset)] };
  };
  lines.addNewLine(0);
  if (new TextEncoder().encode(text).length > MAX_WORKFLOW_BYTES) {
    return refuse(`the file is larger than ${MAX_WORKFLOW_BYTES / 1024} KiB`, 0);
  }
  const tokens = tokenize(text, lines);
  if ("message" in tokens) {
    return refuse(tokens.message, tokens.offset);
  }
  const composer = new Composer({ uniqueKeys: false, keepSourceTokens: true, logLevel: "silent" });
  const [document, second] = [...composer.compose(tokens.tokens, true, text.length)];
  if (document === undefined || (document.errors.length === 0 && isEmpty(document.contents))) {
    return refuse("the file is empty", 0);
  }
  const parsed: Document.Parsed = document;
  if (second !== undefined) {
    const problems = [problemAt(file, lines, "the file holds more than one YAML document", second.range[0])];
    return { tree: null, document: parsed, problems };
  }
  // A warning is a tag or directive that changes nothing here, though its author meant something by it.
  const complaints = [...parsed.errors, ...parsed.warnings];
  if (complaints.length > 0) {
    const problems = complaints
      .slice(0, MAX_SYNTAX_PROBLEMS)
      .map((error) => problemAt(file, lines, sentenceOf(error.message), error.pos[0]));
    return { tree: null, document: parsed, problems };
  }
  const targets = new Map<Node, Node>();
  const fault = measure(parsed, targets);
  if (fault !== null) {
    return { tree: null, document: parsed, problems: [problemAt(file, lines, fault.message, fault.offset)] };
  }
  return { tree: { document: parsed, lines, targets }, document: parsed, problems: [] };
}

function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function placeAt(file: string, lines: LineCounter, offset: number): Problem["at"] {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function problemAt(file: string, lines: LineCounter, message: string, offset: number): Problem {
  return { reason: "workflow_invalid", message, at: placeAt(file, lines, offset) };
}

/** The library adds the place and an excerpt, which a problem has already. */
function sentenceOf(message: string): string {
  return message.replace(/ at line \d+, column \d+:?[^]*$/, "").replace(/\n[^]*$/, "");
}

interface Fault {
  message: string;
  offset: number;
}

/** Stops at the first sign of too much, since the YAML parser itself has no bounds. */
function tokenize(text: string, lines: LineCounter): { tokens: CST.Token[] } | Fault {
  const tokens: CST.Token[] = [];
  const parser = new Parser((offset) => {
    if (offset !== 0) {
      lines.addNewLine(offset);
    }
  });
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
    }
    lexemes += 1;
    if (lexemes > MAX_LEXEMES || lines.lineStarts.length > MAX_LINES) {
      return { message: "the file has too many parts to be a workflow", offset: parser.offset };
    }
    if (parser.stack.length > MAX_STACK) {
      return { message: `the file is nested deeper than ${MAX_WORKFLOW_DEPTH} levels`, offset: parser.offset };
    }
  }
  for (const token of parser.end()) {
    tokens.push(token);
  }
  return { tokens };
}

interface Measure {
  nodes: number;
  depth: number;
}

class TooMuch extends Error {
  readonly offset: number;
  constructor(message: string, node: Node) {
    super(message);
    this.offset = node.range?.[0] ?? 0;
  }
}

/** Counts nodes and depth as they are once aliases are followed; fills `targets`. */
function measure(document: Document.Parsed, targets: Map<Node, Node>): Fault | null {
  const anchors = new Map<string, { node: Node; size: Measure | null }>();

  const visit = (node: Node, depth: number): Measure => {
    if (isAlias(node)) {
      return follow(node);
    }
    const name = "anchor" in node && typeof node.anchor === "string" ? node.anchor : null;
    const anchor = { node, size: null as Measure | null };
    if (name !== null) {
      anchors.set(name, anchor);
    }
    const total = { nodes: 1, depth: 1 };
    for (const child of childrenOf(node)) {
      const size = visit(child, depth + 1);
      total.nodes += size.nodes;
      total.depth = Math.max(total.depth, size.depth + 1);
      if (total.nodes > MAX_WORKFLOW_NODES) {
        throw new TooMuch(`the file has more than ${MAX_WORKFLOW_NODES} values once its aliases are followed`, child);
      }
    }
    if (total.depth + depth > MAX_WORKFLOW_DEPTH) {
      throw new TooMuch(`the file is nested deeper than ${MAX_WORKFLOW_DEPTH} levels`, node);
    }
    anchor.size = total;
    return total;
  };

  const follow = (alias: Node & { source: string }): Measure => {
    const anchor = anchors.get(alias.source);
    if (anchor === undefined) {
      throw new TooMuch(`the alias *${alias.source} has no anchor before it`, alias);
    }
    if (anchor.size === null) {
      throw new TooMuch(`the alias *${alias.source} stands inside its own anchor`, alias);
    }
    targets.set(alias, anchor.node);
    return anchor.size;
  };

  try {
    if (document.contents !== null) {
      visit(document.contents, 0);
    }
    return null;
  } catch (error) {
    if (error instanceof TooMuch) {
      return { message: error.message, offset: error.offset };
    }
    throw error;
  }
}

function childrenOf(node: Node): Node[] {
  if (isSeq(node)) {
    return node.items.filter(isNode);
  }
  if (!isMap(node)) {
    return [];
  }
  return node.items.flatMap((pair) => {
    if (!isPair(pair) || !isScalar(pair.key)) {
      const wrong = isPair(pair) && isNode(pair.key) ? pair.key : node;
      throw new TooMuch("a key must be plain text", wrong);
    }
    return isNode(pair.value) ? [pair.key, pair.value] : [pair.key];
  });
}
