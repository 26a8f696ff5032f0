/** What the SDK's errors mean for us, in the shapes in which they come through the RPC. */

import { describe, expect, it } from "vitest";
import { classifyFault } from "../../../src/sandbox/fault.ts";
import { SandboxFault } from "../../../src/sandbox/port.ts";

function sdkError(name: string, code: string, context: object = {}): Error {
  return Object.assign(new Error(`${code} happened`), { name, errorResponse: { code, context } });
}

function meaning(error: unknown): string {
  const fault = classifyFault(error);
  return fault === "missing_backup" ? fault : fault.kind;
}

const CASES: [string, unknown, string][] = [
  [
    "a full account",
    sdkError("ContainerUnavailableError", "CONTAINER_UNAVAILABLE", { reason: "max_container_instances_exceeded" }),
    "capacity",
  ],
  [
    "a container that is replaced under a call",
    sdkError("ContainerUnavailableError", "CONTAINER_UNAVAILABLE", { reason: "container_replaced" }),
    "transport",
  ],
  [
    "a lost connection, which the SDK calls a replaced runtime",
    sdkError("OperationInterruptedError", "OPERATION_INTERRUPTED", { reason: "runtime_replaced" }),
    "transport",
  ],
  [
    "a sandbox that somebody destroyed meanwhile",
    sdkError("OperationInterruptedError", "OPERATION_INTERRUPTED", { reason: "sandbox_lifetime_changed" }),
    "lost",
  ],
  ["a closed socket", sdkError("RPCTransportError", "RPC_TRANSPORT_ERROR", { kind: "peer_closed" }), "transport"],
  ["a missing file", sdkError("FileNotFoundError", "FILE_NOT_FOUND"), "missing_file"],
  ["a missing backup", sdkError("BackupNotFoundError", "BACKUP_NOT_FOUND"), "missing_backup"],
  ["an expired backup", sdkError("BackupExpiredError", "BACKUP_EXPIRED"), "missing_backup"],
  ["a backup without keys", sdkError("InvalidBackupConfigError", "INVALID_BACKUP_CONFIG"), "config"],
  ["a name without the rest", Object.assign(new Error("x"), { name: "BackupExpiredError" }), "missing_backup"],
  ["a name in the message", new Error("ContainerUnavailableError: try later"), "capacity"],
  ["the platform's words", new Error("Maximum number of running container instances exceeded. Try again"), "capacity"],
  ["a deploy", new Error("Durable Object reset because its code was updated."), "transport"],
  [
    "a class without containers",
    new Error("Containers have not been enabled for this Durable Object class."),
    "config",
  ],
  ["what nobody knows", new Error("surprise"), "transport"],
  ["what is no error", "surprise", "transport"],
  ["nothing", undefined, "transport"],
];

describe("an error of the SDK", () => {
  it.each(CASES)("%s", (_, error, expected) => expect(meaning(error)).toBe(expected));

  it("keeps its words and its cause", () => {
    const cause = sdkError("RPCTransportError", "RPC_TRANSPORT_ERROR");
    expect(classifyFault(cause)).toMatchObject({ message: "RPC_TRANSPORT_ERROR happened", cause });
  });

  it("that is ours already stays what it is", () => {
    const fault = new SandboxFault("lost", "gone");
    expect(classifyFault(fault)).toBe(fault);
  });
});
