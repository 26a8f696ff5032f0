/** Which program runs a JavaScript action: the nearest to the Node that it asks for. */

import type { NodeRuntime } from "../job-state.ts";
import type { Session } from "../session.ts";
import { NODES_SCRIPT } from "./fetch-script.ts";

/** Looked for once, before the job's steps wherever that is possible: later ones are the steps' own. Null where there is none. */
export async function findNode(session: Session, wanted: number): Promise<NodeRuntime | null> {
  session.state.nodes ??= await listNodes(session);
  return nearestNode(session.state.nodes, wanted);
}

/** The same, else the next newer, else the newest of the older. */
function nearestNode(nodes: readonly NodeRuntime[], wanted: number): NodeRuntime | null {
  const byAge = [...nodes].sort((a, b) => a.major - b.major);
  return byAge.find(({ major }) => major >= wanted) ?? byAge.at(-1) ?? null;
}

async function listNodes({ sandbox, booted }: Session): Promise<NodeRuntime[]> {
  const env = { PATH: booted.env["PATH"] ?? "", TOOLS: booted.toolCache };
  const { stdout } = await sandbox.run({ script: NODES_SCRIPT, env, timeoutMs: 30_000 });
  return stdout.split("\n").flatMap((line) => {
    const [, version, major, path] = /^((\d+)\.\S+) (\/.+)$/.exec(line) ?? [];
    return version === undefined || path === undefined ? [] : [{ major: Number(major), version, path }];
  });
}
