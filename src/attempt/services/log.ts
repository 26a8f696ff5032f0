/** What the servers of a job's services last said: shown where one does not come up, and where the job failed. */

import { OTHER_SERVICE_LINES } from "../../model/limits.ts";
import { SandboxFault } from "../../sandbox/port.ts";
import type { Session } from "../session.ts";

/** The name in the sandbox of the `index`th service. */
export function serviceProcess(index: number): string {
  return `service-${index}`;
}

/** The end of its log, masked. Nothing where it was never started. */
export async function showServiceLog(
  { sandbox, vault }: Session,
  { process, id }: { process: string; id: string },
  count: number,
): Promise<string[]> {
  const { state, bytes, size } = await sandbox.pollStep(process, 0, 0);
  if (state === "unknown") return [];
  const rest = size > bytes.length ? (await sandbox.pollStep(process, bytes.length, 0)).bytes : bytes;
  const text = vault.mask.text(new TextDecoder().decode(rest)).trimEnd();
  const lines = text === "" ? ["(nothing)"] : text.split("\n").slice(-count);
  return [`##[group]The last lines of the service ${id}`, ...lines, "##[endgroup]"];
}

/** Of servers that have ended, at the end of the log of a job that failed: what the others say would hide what the failed step said. */
export async function noteServiceLogs(session: Session): Promise<void> {
  for (const [index, { id }] of (session.facts.job.plan.definition.services ?? []).entries()) {
    const lines = await tailOfEnded(session, { process: serviceProcess(index), id });
    if (lines.length > 0) await session.logs.note(`service ${id}`, `${lines.join("\n")}\n`, Date.now());
  }
}

/** A job whose sandbox is gone has failed for that. */
async function tailOfEnded(session: Session, service: { process: string; id: string }): Promise<string[]> {
  try {
    const { state } = await session.sandbox.pollStep(service.process, 0, 0);
    if (state === "running") return [];
    return await showServiceLog(session, service, OTHER_SERVICE_LINES);
  } catch (error) {
    if (error instanceof SandboxFault)
      return [`##[warning]The log of the service ${service.id} can't be had: ${error.message}`];
    throw error;
  }
}
