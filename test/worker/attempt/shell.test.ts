import { describe, expect, it } from "vitest";
import { readShell } from "../../../src/attempt/step/shell.ts";

const command = (shell: string | null) => {
  const read = readShell(shell);
  return "unsupported" in read ? read.unsupported : read.command;
};

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell */
describe("shells", () => {
  it("are those of GitHub's table", () => {
    expect(command(null)).toEqual(["bash", "-e", "{0}"]);
    expect(command("bash")).toEqual(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"]);
    expect(command("sh")).toEqual(["sh", "-e", "{0}"]);
    expect(command("python")).toEqual(["python", "{0}"]);
    expect(command("pwsh")).toEqual(["pwsh", "-command", ". '{0}'"]);
    expect(command("cmd")).toBe("There is no cmd in the sandbox");
    expect(command("powershell")).toBe("There is no powershell in the sandbox");
  });

  it("of one's own are words, some of them in quotes", () => {
    expect(command("perl -w {0}")).toEqual(["perl", "-w", "{0}"]);
    expect(command('nix develop --command "bash -e" "{0}"')).toEqual(["nix", "develop", "--command", "bash -e", "{0}"]);
    expect(command(String.raw`sh -c "echo \"hi\"" {0} --x={0}`)).toEqual(["sh", "-c", 'echo "hi"', "{0}", "--x={0}"]);
  });

  it("that are none are refused with the reason", () => {
    expect(command("constructor")).toContain("{0}");
    expect(command("bash -x")).toContain("does not name the script's file as {0}");
    expect(command("{0}")).toContain("{0}");
    expect(command("A=1 {0}")).toContain("does not begin with a program");
  });
});
