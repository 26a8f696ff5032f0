import { beforeAll, describe, expect, it } from "vitest";
import { commit, createRepository } from "../../support/github-control.ts";
import { buildsOf, ended, github, logOf, migrate, push, told } from "../river/river.ts";

beforeAll(migrate);

describe("T4: names and messages that a shell would run", () => {
  it("are text in the environment, in the log and on GitHub, and nothing of them is carried out", async () => {
    const branch = "a$(touch${IFS}pwned)`id`;b'\"&|ünï";
    const repository = await createRepository(github, {});
    const { sha } = await commit(github, repository, {
      branch,
      message: 'a "$(touch pwned)" `id`; <script>\n\n::set-env name=EVIL::yes\n',
      files: {
        ".sandlot/workflows/ci.yml": `name: CI
run-name: \${{ github.event.head_commit.message }}
on: push
concurrency: \${{ github.ref }}
jobs:
  a:
    name: on \${{ github.ref_name }}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          printf 'ref=%s\\n' "$GITHUB_REF_NAME" "$TITLE"; git branch --show-current
          test -z "\${EVIL-}" && test ! -e pwned && test ! -e "$HOME/pwned" && test ! -e "$RUNNER_TEMP/pwned"
        env: { TITLE: "\${{ github.event.head_commit.message }}" }
`,
      },
    });
    const build = await ended(
      (await buildsOf(await push(repository, { ref: `refs/heads/${branch}`, after: sha })))[0] ?? "",
    );
    const log = await logOf(build);
    expect(build.conclusion, log).toBe("success");
    expect(build.jobs[0]?.name).toBe(`on ${branch}`);
    expect(log).toContain(`ref=${branch}\n`);
    expect(log).toContain(`\n${branch}\n`);
    expect((await told(repository, sha)).at(-1)).toMatch(/^sandlot \/ CI: success/);
  });
});

describe("T21: an environment that was tampered with", () => {
  it("reaches the job's own steps, and neither checkout, cache nor artifacts", async () => {
    const repository = await createRepository(github, {
      "kept/a.txt": "a",
      ".sandlot/workflows/ci.yml": `name: CI
on: push
env:
  GIT_CONFIG_COUNT: "1"
  GIT_CONFIG_KEY_0: core.fsmonitor
  GIT_CONFIG_VALUE_0: "echo by=git >> $HOME/marker; false"
  GIT_SSH_COMMAND: "echo by=ssh >> $HOME/marker"
  LD_PRELOAD: /nowhere/evil.so
  IFS: x
  TAR_OPTIONS: --to-stdout
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          mkdir "$HOME/evil"
          printf 'echo "by=\${GITHUB_STEP_SUMMARY:-none}" >> "%s"\\n' "$HOME/marker" > "$HOME/evil.sh"
          for name in git tar bash find sha256sum gzip zstd sh; do
            printf '#!/bin/sh\\necho "by=%s" >> "%s"\\nexit 1\\n' "$name" "$HOME/marker" > "$HOME/evil/$name"; chmod +x "$HOME/evil/$name"
          done
          echo "BASH_ENV=$HOME/evil.sh" >> "$GITHUB_ENV"; echo "ENV=$HOME/evil.sh" >> "$GITHUB_ENV"
          echo "$HOME/evil" >> "$GITHUB_PATH"
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with: { path: kept, key: tampered }
      - uses: actions/upload-artifact@v4
        with: { name: result, path: kept }
      - shell: /bin/bash --norc {0}
        run: echo "mark:$(cat "$HOME/marker")"
`,
    });
    const build = await ended((await buildsOf(await push(repository)))[0] ?? "");
    const log = await logOf(build);
    expect(build.conclusion, log).toBe("success");
    expect(build.artifacts).toMatchObject([{ name: "result", files: 1 }]);
    expect(build.jobs[0]?.caches).toContainEqual(expect.objectContaining({ key: "tampered", saved: true }));
    // The trap works: the last step, which is the job's own, walked into it.
    const marked = log.slice(log.indexOf("\nmark:"));
    expect(marked).toMatch(/mark:by=\//);
    expect(marked).not.toMatch(/by=(none|git|ssh|tar|bash|find|sha256sum|gzip|zstd|sh)\b/);
  });
});

describe("T24: a job after another one", () => {
  it("finds nothing of it: neither files, nor environment, nor processes", async () => {
    const repository = await createRepository(github, {
      ".sandlot/workflows/ci.yml": `name: CI
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    steps:
      - run: |
          for folder in "$HOME" "$RUNNER_TEMP" "$RUNNER_TOOL_CACHE" "$GITHUB_WORKSPACE"; do mkdir -p "$folder"; echo x > "$folder/left-behind"; done
          echo "LEFT=behind" >> "$GITHUB_ENV"
          setsid sleep 9871 > /dev/null 2>&1 &
          echo "first: $HOME"
  second:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "second: $HOME"; test -z "\${LEFT-}"
          for folder in "$HOME" "$RUNNER_TEMP" "$RUNNER_TOOL_CACHE" "$GITHUB_WORKSPACE"; do test ! -e "$folder/left-behind"; done
          if pgrep -f 'sleep 987[1]'; then exit 1; fi
`,
    });
    const build = await ended((await buildsOf(await push(repository)))[0] ?? "");
    const [first, second] = [await logOf(build, 0), await logOf(build, 1)];
    expect(build.conclusion, second).toBe("success");
    expect(/first: (.*)/.exec(first)?.[1]).not.toBe(/second: (.*)/.exec(second)?.[1]);
  });
});
