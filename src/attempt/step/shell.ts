/** How `shell:` becomes a command. https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */

export interface Shell {
  /** With `{0}` for the script's file. */
  command: string[];
  extension: string;
  /** Put before and after the script, so that it ends as its shell would on GitHub. */
  wrap?: { before: string; after: string };
}

const SHELLS: Record<string, Shell> = {
  bash: { command: ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"], extension: "sh" },
  sh: { command: ["sh", "-e", "{0}"], extension: "sh" },
  python: { command: ["python", "{0}"], extension: "py" },
  node: { command: ["node", "{0}"], extension: "js" },
  pwsh: {
    command: ["pwsh", "-command", ". '{0}'"],
    extension: "ps1",
    wrap: {
      before: "$ErrorActionPreference = 'stop'\n",
      after: "\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }",
    },
  },
};

/** What GitHub runs where nothing is said. */
const DEFAULT: Shell = { command: ["bash", "-e", "{0}"], extension: "sh" };

/** Only on Windows. */
const ELSEWHERE = ["cmd", "powershell"];

export function readShell(shell: string | null): Shell | { unsupported: string } {
  const asked = shell?.trim() ?? "";
  if (asked === "") return DEFAULT;
  const known = Object.entries(SHELLS).find(([name]) => name === asked.toLowerCase())?.[1];
  if (known) return known;
  return customShell(asked);
}

function customShell(asked: string): Shell | { unsupported: string } {
  const words = splitWords(asked);
  const program = words[0] ?? "";
  if (ELSEWHERE.includes(program.toLowerCase())) return { unsupported: noSuchShell(program) };
  if (program.includes("=")) return { unsupported: `shell "${asked}" does not begin with a program` };
  if (!words.slice(1).some((word) => word.includes("{0}")))
    return {
      unsupported: `shell "${asked}" is none of bash, sh, python, node, pwsh, and does not name the script's file as {0}, as in "perl {0}"`,
    };
  return { command: words, extension: SHELLS[program]?.extension ?? "sh" };
}

export function noSuchShell(program: string): string {
  return `There is no ${program} in the sandbox`;
}

/** As GitHub's runner splits arguments: at blanks, except within double quotes; `\"` is a quote. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"\\]|\\.|\\$|"(?:[^"\\]|\\.)*"?)+/g))
    words.push(word.replaceAll(/\\(")|"/g, "$1"));
  return words;
}
