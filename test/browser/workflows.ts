/** The repository that browsers look at: a build that fails in one leg, one to be started by hand, one with problems. */

const LINT = `
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Lint the sources
        run: |
          echo "::warning file=src/links.js,line=3::Unexpected console statement"
          echo "::notice title=Style::2 files were left as they are"
      - name: Try the new linter
        continue-on-error: true
        run: exit 3`;

const TEST = `
  test:
    needs: lint
    strategy:
      fail-fast: false
      matrix:
        node: [22, 24]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with: { path: cache, key: "npm-\${{ matrix.node }}" }
      - name: Install
        run: mkdir -p cache; echo a > cache/a; echo "added 812 packages"
      - name: npm test
        run: |
          printf '\\e[32m  ✓\\e[0m adds links (12ms)\\n\\e[32m  ✓\\e[0m refuses bad ones (3ms)\\n'
          if [ "\${{ matrix.node }}" = 22 ]; then
            printf '\\e[31m  1) redirects to the long address\\e[0m\\n\\n  AssertionError: expected 301 to equal 308\\n      at test/links.test.js:42:14\\n\\n  11 passing (48ms)\\n  1 failing\\n'
            echo "::error file=test/links.test.js,line=42::expected 301 to equal 308"
            exit 1
          fi
  package:
    needs: [lint, test]
    runs-on: ubuntu-latest
    steps:
      - run: echo pack`;

const DOCS = `
  docs:
    needs: lint
    runs-on: ubuntu-latest
    steps:
      - run: |
          mkdir -p site/img
          echo '<h1>Docs</h1>' > site/index.html
          echo '<svg xmlns="http://www.w3.org/2000/svg"/>' > site/img/logo.svg
          printf '# Docs built\\n\\n42 pages, see **site**.\\n\\n| part | pages |\\n| --- | ---: |\\n| guide | 30 |\\n| reference | 12 |\\n' >> $GITHUB_STEP_SUMMARY
      - uses: actions/upload-artifact@v4
        with: { name: site, path: site }`;

const MANUAL = `name: Manual
on:
  workflow_dispatch:
    inputs:
      word: { description: What it says, required: true, type: string, default: hello }
      seconds: { description: How long it takes, type: number, default: 1 }
      ending: { type: choice, options: [well, badly], default: well }
      loud: { description: In capitals, type: boolean, default: true }
run-name: "Say \${{ inputs.word }}"
jobs:
  say:
    runs-on: ubuntu-latest
    steps:
      - name: Say it
        env: { WORD: "\${{ inputs.word }}" }
        run: |
          echo "loud=\${{ inputs.loud }} $WORD"
          sleep \${{ inputs.seconds }}
          [ "\${{ inputs.ending }}" = well ]
`;

const BROKEN = `name: Broken
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    needs: nothing
    steps:
      - run: echo hi
`;

export const FRIENDLY = {
  "README.md": "Short links.\n",
  ".sandlot/workflows/ci.yml": `name: CI\non: push\njobs:${LINT}${TEST}${DOCS}\n`,
  ".sandlot/workflows/manual.yml": MANUAL,
  ".sandlot/workflows/broken.yml": BROKEN,
};

/** What would run a script if any of it were taken for HTML. */
export const INJECTION = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
/** The same as a branch may be named. */
export const HOSTILE_BRANCH = `x"><img/src=x/onerror=window.hacked=1>`;

/** A long log that ends badly, and one that is fed by a test through a pipe. */
const LOG = `name: Log
on:
  workflow_dispatch:
    inputs:
      pipe: { type: string, default: "" }
jobs:
  long:
    if: inputs.pipe == ''
    runs-on: ubuntu-latest
    steps:
      - name: Prepare
        run: printf '::group::Fetch\\n10%%\\r100%%\\n::endgroup::\\n\\033[32mready\\033[0m\\n'
      - name: Print
        run: |
          seq -f 'line %.0f of it' 100000
          echo '::error::it broke'
          exit 1
  fed:
    if: inputs.pipe != ''
    runs-on: ubuntu-latest
    steps:
      - name: Print what comes
        run: cat "\${{ inputs.pipe }}"
      - run: echo over
`;

/** Everything that a stranger can name or write, in one build. */
const HOSTILE = `name: 'CI ${INJECTION}'
on: push
jobs:
  evil:
    name: 'job ${INJECTION}'
    runs-on: ubuntu-latest
    steps:
      - name: 'step ${INJECTION}'
        run: |
          mkdir -p out
          echo '<script>window.hacked=1;parent.hacked=1</script>' > out/index.html
          echo '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"><script>window.hacked=1</script></svg>' > out/x.svg
          cat > summary.md <<'END'
          ${INJECTION}
          [a link](javascript:window.hacked=1) ![a picture](https://example.invalid/x.png)
          <a href="javascript:window.hacked=1">another</a> [x](data:text/html,<script>window.hacked=1</script>)
          END
          cat summary.md >> $GITHUB_STEP_SUMMARY
          echo '::warning file=${INJECTION},title=${INJECTION}::${INJECTION}'
      - uses: actions/upload-artifact@v4
        with: { name: "out of it", path: out }
      - run: |
          echo '${INJECTION}'
          printf '\\e]8;;javascript:window.hacked=1\\a a link \\e]8;;\\a\\n\\e[<img src=x onerror=window.hacked=1>m\\n'
          exit 1
`;

export const FILES = { ...FRIENDLY, ".sandlot/workflows/evil.yml": HOSTILE, ".sandlot/workflows/log.yml": LOG };
