/** Expression source to tree, with what the official lexer and parser get wrong put right; and questions asked of the tree. */

import { ExpressionError as OfficialError, Lexer, Parser, wellKnownFunctions } from "@actions/expressions";
import {
  Binary,
  ContextAccess,
  type Expr,
  FunctionCall,
  Grouping,
  IndexAccess,
  Literal,
  Logical,
  Star,
  Unary,
} from "@actions/expressions/ast";
import type { FunctionInfo } from "@actions/expressions/funcs/info";
import { TokenType } from "@actions/expressions/lexer";

/** Every context of GitHub's documentation: https://docs.github.com/actions/reference/workflows-and-actions/contexts */
const CONTEXT_NAMES = [
  "github",
  "env",
  "vars",
  "job",
  "jobs",
  "steps",
  "runner",
  "secrets",
  "strategy",
  "matrix",
  "needs",
  "inputs",
] as const;

/** The functions that the evaluator does not know by itself. `success` and `failure` take job names in a job's `if`, which nobody documents. */
const OWN_FUNCTIONS: FunctionInfo[] = [
  { name: "success", minArgs: 0, maxArgs: 0 },
  { name: "failure", minArgs: 0, maxArgs: 0 },
  { name: "cancelled", minArgs: 0, maxArgs: 0 },
  { name: "always", minArgs: 0, maxArgs: 0 },
  { name: "hashFiles", minArgs: 1, maxArgs: 255 },
];

const FUNCTION_NAMES = new Set(
  [...Object.keys(wellKnownFunctions), ...OWN_FUNCTIONS.map(({ name }) => name)].map((name) => name.toLowerCase()),
);

/** Says what is wrong with an expression, and where it stands if that is known. Nothing else leaves the evaluator. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly expression: string;
  readonly at: { line: number; column: number } | null;

  constructor(message: string, expression: string, at: { line: number; column: number } | null = null) {
    super(message);
    this.expression = expression;
    this.at = at;
  }
}

const MAX_SHOWN_CHARS = 120;

/** Throws `ExpressionError`. `contexts` are names beyond GitHub's. */
export function parseExpression(source: string, contexts: readonly string[] = []): Expr {
  let tree: Expr;
  try {
    const { tokens } = new Lexer(source).lex();
    for (const token of tokens) {
      if (token.type === TokenType.STRING) {
        // The official lexer unescapes only the first '' of a string (0.3.61).
        token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
      }
    }
    tree = new Parser(tokens, [...CONTEXT_NAMES, ...contexts], OWN_FUNCTIONS).parse();
  } catch (error) {
    throw new ExpressionError(explain(error), source);
  }
  // An empty expression has no tree, whatever the type says.
  if ((tree as Expr | undefined) === undefined) {
    throw new ExpressionError("an expression was expected", source);
  }
  for (const node of nodesOf(tree)) {
    if (node instanceof FunctionCall && !FUNCTION_NAMES.has(node.functionName.lexeme.toLowerCase())) {
      throw new ExpressionError(`Unrecognized function: '${node.functionName.lexeme}'`, source);
    }
  }
  return tree;
}

/** The reason of a failed lexing, parsing or evaluation, short enough for a page. */
export function explain(error: unknown): string {
  if (error instanceof RangeError) {
    return "the expression is too deep to evaluate";
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message === "ErrorExceededMaxLength") {
    return "the expression is longer than 21000 characters";
  }
  if (error instanceof OfficialError) {
    return message;
  }
  const said = message.replace(/ Located at position (\d+) within expression:[^]*$/, " at position $1");
  return said.length > MAX_SHOWN_CHARS ? `${said.slice(0, MAX_SHOWN_CHARS)}…` : said;
}

/** All nodes, parents first. Not recursive: a chain of `==` is as deep as it is long. */
function* nodesOf(tree: Expr): Generator<Expr> {
  const stack = [tree];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    stack.push(...childrenOf(node));
  }
}

function childrenOf(node: Expr): Expr[] {
  if (node instanceof Unary) {
    return [node.expr];
  }
  if (node instanceof Binary) {
    return [node.left, node.right];
  }
  if (node instanceof Logical || node instanceof FunctionCall) {
    return node.args;
  }
  if (node instanceof Grouping) {
    return [node.group];
  }
  if (node instanceof IndexAccess) {
    return node.index instanceof Star ? [node.expr] : [node.expr, node.index];
  }
  return [];
}

/**
 * The properties of `context` that are named in so many words, or `all` where it is used as a whole or by a computed name.
 */
export function propertiesNamed(tree: Expr, context: string): Set<string> | "all" {
  const names = new Set<string>();
  const accounted = new Set<Expr>();
  for (const node of nodesOf(tree)) {
    if (node instanceof IndexAccess && isContext(node.expr, context)) {
      if (!(node.index instanceof Literal)) {
        return "all";
      }
      names.add(node.index.literal.coerceString());
      accounted.add(node.expr);
    } else if (isContext(node, context) && !accounted.has(node)) {
      return "all";
    }
  }
  return names;
}

function isContext(node: Expr, name: string): node is ContextAccess {
  return node instanceof ContextAccess && node.name.lexeme.toLowerCase() === name;
}
