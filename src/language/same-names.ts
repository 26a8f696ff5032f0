/** Two files of one name would hold up one commit status together, and each could turn it green for the other. */

import type { TriggerEvent } from "../model/event.ts";
import type { WorkflowFile } from "../model/workflow.ts";

/** Marks each file whose name another one has that starts on the same event. */
export function sameNames(files: readonly WorkflowFile[], event: Pick<TriggerEvent, "name">): WorkflowFile[] {
  const starting = files.filter((file) => file.events === null || file.events.includes(event.name));
  return files.map((file) => {
    const twin = starting.find((other) => other !== file && nameOf(other) === nameOf(file));
    if (!twin || !starting.includes(file)) return file;
    return {
      ...file,
      workflow: null,
      problems: [
        ...file.problems,
        {
          reason: "workflow_invalid" as const,
          message: `"${nameOf(file)}" is also the name of ${twin.path}: give each workflow a name of its own, since the name is its commit status`,
          at: { file: file.path, line: 1, column: 1 },
        },
      ],
    };
  });
}

function nameOf(file: WorkflowFile): string {
  return file.name ?? file.path;
}
