/** The tables of `docs/workflows.md`, as the code has them. */

import { type InputSupport, NATIVE_ACTIONS } from "../src/language/native-actions.ts";
import { CONTEXTS, EVENTS, FUNCTIONS, SUPPORT, type SupportedPlace } from "../src/language/support.ts";

/** Where each place of the table stands in a file. */
const PREFIX: Record<SupportedPlace, string> = {
  workflow: "",
  "on.push": "on.push.",
  "on.pull_request": "on.pull_request.",
  "on.merge_group": "on.merge_group.",
  "on.release": "on.release.",
  "on.workflow_dispatch": "on.workflow_dispatch.",
  "on.workflow_dispatch.inputs": "on.workflow_dispatch.inputs.<input>.",
  "on.workflow_call": "on.workflow_call.",
  "on.workflow_call.inputs": "on.workflow_call.inputs.<input>.",
  "on.workflow_call.secrets": "on.workflow_call.secrets.<secret>.",
  "on.workflow_call.outputs": "on.workflow_call.outputs.<output>.",
  "on.schedule": "on.schedule.",
  "defaults.run": "defaults.run.",
  concurrency: "concurrency.",
  job: "jobs.<job>.",
  service: "jobs.<job>.services.<service>.",
  "runs-on": "jobs.<job>.runs-on.",
  strategy: "jobs.<job>.strategy.",
  step: "jobs.<job>.steps[*].",
  action: "action.yml: ",
  "action.inputs": "action.yml: inputs.<input>.",
  "action.outputs": "action.yml: outputs.<output>.",
  "action.runs": "action.yml: runs.",
  "action.step": "action.yml: runs.steps[*].",
};

type Row = [key: string, words: string];

interface Table {
  section: string;
  head: string;
  rows: Row[];
}

function words(support: InputSupport): string {
  if (support === "yes") {
    return "as on GitHub";
  }
  if ("differs" in support) {
    return `differs: ${support.differs}`;
  }
  return "refused" in support ? `refused: ${support.refused}` : `only ${support[0]}`;
}

function table(section: string, head: string, keys: Record<string, InputSupport>, prefix = ""): Table {
  return { section, head, rows: Object.entries(keys).map(([key, support]) => [`\`${prefix}${key}\``, words(support)]) };
}

/** In the order of the page. */
export const TABLES: readonly Table[] = [
  ...Object.entries(SUPPORT).map(([place, keys]) => table("Keys", "key", keys, PREFIX[place as SupportedPlace])),
  table("Events", "event", EVENTS),
  table("Contexts", "context", CONTEXTS),
  table("Functions", "function", FUNCTIONS),
  ...Object.entries(NATIVE_ACTIONS).map(([name, inputs]) => table("Actions", "action: input", inputs, `${name}: `)),
];

/** The page with the tables of each section, from the first to the last, written anew. Throws where a section has none. */
export function writeTables(page: string): string {
  return page
    .split(/^(?=## )/m)
    .map((part) => {
      const section = /^## (.*)$/m.exec(part)?.[1];
      const tables = TABLES.filter((one) => one.section === section);
      if (tables.length === 0) {
        return part;
      }
      const lines = part.split("\n");
      const isRow = (line: string): boolean => line.startsWith("|");
      const from = lines.findIndex(isRow);
      if (from === -1) {
        throw new Error(`the section ${section ?? ""} has no table`);
      }
      const written = tables.map(write).join("\n\n").split("\n");
      return [...lines.slice(0, from), ...written, ...lines.slice(lines.findLastIndex(isRow) + 1)].join("\n");
    })
    .join("");
}

function write({ head, rows }: Table): string {
  return [`| ${head} | Sandlot |`, "| --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}
