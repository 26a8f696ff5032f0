/** Says what an error of the sandbox SDK means for us; the one table of it. */

import { SandboxFault, type SandboxFaultKind } from "./port.ts";

type Meaning = SandboxFaultKind | "missing_backup";

/** `errorResponse.code`, for which a class does not survive the RPC. */
const BY_CODE: Record<string, Meaning> = {
  CONTAINER_UNAVAILABLE: "capacity",
  RPC_TRANSPORT_ERROR: "transport",
  OPERATION_INTERRUPTED: "transport",
  SESSION_TERMINATED: "transport",
  FILE_NOT_FOUND: "missing_file",
  IS_DIRECTORY: "missing_file",
  BACKUP_NOT_FOUND: "missing_backup",
  BACKUP_EXPIRED: "missing_backup",
  // A cache is not worth asking again: the job goes on without.
  BACKUP_CREATE_FAILED: "config",
  BACKUP_RESTORE_FAILED: "config",
  INVALID_BACKUP_CONFIG: "config",
  VALIDATION_FAILED: "config",
  PERMISSION_DENIED: "config",
  FILE_TOO_LARGE: "config",
  NO_SPACE: "config",
  NAME_TOO_LONG: "config",
  READ_ONLY: "config",
};

/** `errorResponse.context.reason`, where it says more than the code. */
const BY_REASON: Record<string, Meaning> = {
  // The SDK says the first two of any lost connection, while the machine lives. The next call tells: an empty one has no supervisor.
  runtime_replaced: "transport",
  container_replaced: "transport",
  // Somebody destroyed it while we asked.
  sandbox_lifetime_changed: "lost",
};

/** `error.name` where the rest was lost on the way. */
const BY_NAME: Record<string, Meaning> = {
  ContainerUnavailableError: "capacity",
  RPCTransportError: "transport",
  OperationInterruptedError: "transport",
  BackupNotFoundError: "missing_backup",
  BackupExpiredError: "missing_backup",
  BackupCreateError: "config",
  BackupRestoreError: "config",
  InvalidBackupConfigError: "config",
  FileNotFoundError: "missing_file",
  SandboxSecurityError: "config",
};

/** What the platform itself throws has only words. */
const BY_MESSAGE: readonly (readonly [RegExp, Meaning])[] = [
  [/no container instance/i, "capacity"],
  [/maximum number of running container instances exceeded/i, "capacity"],
  [/rate limit|too many requests|\b429\b/i, "capacity"],
  [/reset because its code was updated|this script has been upgraded/i, "transport"],
  [/network connection lost|connection closed|overloaded|storage caused object to be reset/i, "transport"],
  [/containers have not been enabled|image .*not found|not a valid image/i, "config"],
];

/** `missing_backup` is no fault: a cache that is gone is a miss. What is not in the table counts as `transport`: asking again is safe. */
export function classifyFault(error: unknown): SandboxFault | "missing_backup" {
  if (error instanceof SandboxFault) return error;
  const { name, message, code, reason } = describe(error);
  const meaning =
    BY_REASON[reason] ??
    BY_CODE[code] ??
    BY_NAME[name] ??
    // Before 2026-04-21 the RPC put the name into the message.
    BY_NAME[message.split(":", 1)[0] ?? ""] ??
    BY_MESSAGE.find(([words]) => words.test(message))?.[1] ??
    "transport";
  return meaning === "missing_backup" ? meaning : new SandboxFault(meaning, message, { cause: error });
}

interface Described {
  name: string;
  message: string;
  code: string;
  reason: string;
}

function describe(error: unknown): Described {
  if (typeof error !== "object" || error === null) return { name: "", message: String(error), code: "", reason: "" };
  const { name, message, errorResponse } = error as {
    name?: unknown;
    message?: unknown;
    errorResponse?: { code?: unknown; context?: { reason?: unknown } };
  };
  return {
    name: text(name),
    message: text(message),
    code: text(errorResponse?.code),
    reason: text(errorResponse?.context?.reason),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
