/** How `shell:` becomes a command. https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */

export interface Shell {
  /** With `{0}` for the script's file. */
  command: string[];
  extension: string;
}

const SHELLS: Record<string, Shell> = {
  bash: { command: ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"], extension: "sh" },
  sh: { command: ["sh", "-e", "{0}"], extension: "sh" },
  python: { command: ["python", "{0}"], extension: "py" },
  node: { command: ["node", "{0}"], extension: "js" },
};

/** What GitHub runs where nothing is said. */
const DEFAULT: Shell = { command: ["bash", "-e", "{0}"], extension: "sh" };

/** Shells of Windows; Linux images do not have them. */
const ELSEWHERE = ["cmd", "powershell", "pwsh"];

export function readShell(shell: string | null): Shell | { unsupported: string } {
  if (shell === null || shell.trim() === "") return DEFAULT;
  const known = SHELLS[shell.trim()];
  if (known) return known;
  const words = shell.trim().split(/\s+/);
  if (ELSEWHERE.includes(words[0] ?? "")) return { unsupported: `There is no ${words[0]} in the sandbox` };
  if (!words.some((word) => word.includes("{0}")))
    return { unsupported: `shell "${shell}" must name the script's file as {0}, as in "perl {0}"` };
  return { command: words, extension: "sh" };
}
