/** A YAML tree to the official parser's tokens, and the official complaints in words and places that help. */

import { FeatureFlags } from "@actions/expressions/features";
import { NoOperationTraceWriter } from "@actions/workflow-parser";
import type { TemplateSchema } from "@actions/workflow-parser/templates/schema/index";
import { TemplateContext, TemplateValidationErrors } from "@actions/workflow-parser/templates/template-context";
import { readTemplate } from "@actions/workflow-parser/templates/template-reader";
import { explain } from "./expression-tree.ts";
import { type Reading, shiftColumns, type Token } from "./token.ts";
import { TreeReader } from "./yaml-reader.ts";
import type { YamlTree } from "./yaml-tree.ts";

export interface Tokens {
  root: Token;
  context: TemplateContext;
  featureFlags: FeatureFlags;
}

/** Null where nothing could be read; what is wrong is reported, once for each line. */
export function readTokens(
  reading: Reading,
  tree: YamlTree,
  definition: { schema: TemplateSchema; root: string },
): Tokens | null {
  const context = new TemplateContext(new TemplateValidationErrors(), definition.schema, new NoOperationTraceWriter());
  const featureFlags = new FeatureFlags({ all: true });
  context.state["featureFlags"] = featureFlags;
  const file = context.getFileId(reading.file);
  const reader = new TreeReader(file, tree);
  const root = readTemplate(context, definition.root, reader, file);
  reportOfficial(reading, context, (line) => reader.indentAt(line));
  if (root === undefined) {
    return null;
  }
  shiftColumns(root, (line) => reader.indentAt(line));
  context.errors.clear();
  reading.forgiveLinesSoFar();
  return { root, context, featureFlags };
}

/** `check-jobs.ts` says these in words that help, and compares ids in any case. */
const SAID_BETTER =
  /creates a cycle in the dependency graph|depends on unknown job|must contain at least one job with no dependencies|^Unable to create a unique name$/;

/** An expression that was found wrong is text to the schema from then on, and refused again as such. */
const SAID_ALREADY = /^Unexpected value '\$\{\{/;

/** `indentAt` says how far a line of the file is indented where the official columns leave that out. */
export function reportOfficial(reading: Reading, context: TemplateContext, indentAt: (line: number) => number): void {
  for (const { rawMessage, range } of context.errors.getErrors()) {
    if (SAID_BETTER.test(rawMessage) || SAID_ALREADY.test(rawMessage)) {
      continue;
    }
    const { line, column } = range?.start ?? { line: 1, column: 1 };
    const at = { file: reading.file, line, column: column + indentAt(line) };
    reading.reportAt("workflow_invalid", reword(rawMessage), at);
  }
}

function reword(message: string): string {
  const unknown = /^Unrecognized (named-value|function): '([^']*)'/.exec(message);
  if (unknown) {
    const kind = unknown[1] === "function" ? "function" : "context";
    return `the ${kind} '${unknown[2] ?? ""}' is not available here`;
  }
  return message === "Unexpected value ''" ? "a value is missing here" : explain(new Error(message));
}

/** Columns count from the first visible character; a script has `\n` between its lines, whoever edited the file. */
export function plainText(text: string): string {
  return text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
}
