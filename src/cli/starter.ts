/** First workflows for the kinds of project that `sandlot init` recognises. */

export interface Starter {
  /** What was found, for people. */
  found: string;
  text: string;
}

interface Kind {
  found: string;
  /** All of these have to be there. */
  files: readonly string[];
  cache: { path: readonly string[]; key: string; files: string } | null;
  steps: readonly { name: string; run: readonly string[] }[];
}

/** The first that fits counts. */
const KINDS: readonly Kind[] = [
  {
    found: "a Node project with npm",
    files: ["package.json", "package-lock.json"],
    cache: { path: ["~/.npm"], key: "npm", files: "package-lock.json" },
    steps: [
      { name: "Install", run: ["npm ci --prefer-offline"] },
      { name: "Test", run: ["npm test"] },
    ],
  },
  {
    found: "a Node project with pnpm",
    files: ["package.json", "pnpm-lock.yaml"],
    cache: { path: ["~/.local/share/pnpm/store"], key: "pnpm", files: "pnpm-lock.yaml" },
    steps: [
      { name: "Install", run: ["corepack enable", "pnpm install --frozen-lockfile"] },
      { name: "Test", run: ["pnpm test"] },
    ],
  },
  {
    found: "a Node project with Yarn",
    files: ["package.json", "yarn.lock"],
    cache: { path: ["~/.yarn"], key: "yarn", files: "yarn.lock" },
    steps: [
      { name: "Install", run: ["corepack enable", "yarn install --immutable"] },
      { name: "Test", run: ["yarn test"] },
    ],
  },
  {
    found: "a Node project",
    files: ["package.json"],
    cache: null,
    steps: [
      { name: "Install", run: ["npm install"] },
      { name: "Test", run: ["npm test"] },
    ],
  },
  {
    found: "a Rust crate",
    files: ["Cargo.toml"],
    cache: { path: ["~/.cargo/registry", "target"], key: "cargo", files: "**/Cargo.lock" },
    steps: [{ name: "Test", run: ["cargo test"] }],
  },
  {
    found: "a Go module",
    files: ["go.mod"],
    cache: { path: ["~/go/pkg/mod", "~/.cache/go-build"], key: "go", files: "**/go.sum" },
    steps: [
      { name: "Vet", run: ["go vet ./..."] },
      { name: "Test", run: ["go test ./..."] },
    ],
  },
  {
    found: "a Python project",
    files: ["pyproject.toml"],
    cache: { path: ["~/.cache/pip"], key: "pip", files: "pyproject.toml" },
    steps: [
      { name: "Install", run: ["python3 -m venv .venv", ".venv/bin/pip install -e . pytest"] },
      { name: "Test", run: [".venv/bin/pytest"] },
    ],
  },
  {
    found: "a Python project",
    files: ["requirements.txt"],
    cache: { path: ["~/.cache/pip"], key: "pip", files: "requirements.txt" },
    steps: [
      { name: "Install", run: ["python3 -m venv .venv", ".venv/bin/pip install -r requirements.txt pytest"] },
      { name: "Test", run: [".venv/bin/pytest"] },
    ],
  },
  {
    found: "a Makefile",
    files: ["Makefile"],
    cache: null,
    steps: [{ name: "Test", run: ["make test"] }],
  },
];

const UNKNOWN: Kind = {
  found: "no kind of project that it knows",
  files: [],
  cache: null,
  steps: [{ name: "Test", run: ['echo "Put here what tests this project."'] }],
};

/** `names` are the files of the project's folder. */
export function starterFor(names: readonly string[]): Starter {
  const kind = KINDS.find(({ files }) => files.every((file) => names.includes(file))) ?? UNKNOWN;
  return { found: kind.found, text: write(kind) };
}

function write({ cache, steps }: Kind): string {
  return [
    "name: CI",
    "",
    "on:",
    "  push:",
    "  pull_request:",
    "  workflow_dispatch:",
    "",
    "jobs:",
    "  test:",
    "    runs-on: ubuntu-latest",
    "    steps:",
    "      - uses: actions/checkout@v4",
    ...(cache === null ? [] : writeCache(cache)),
    ...steps.flatMap(({ name, run }) => ["", `      - name: ${name}`, ...writeRun(run)]),
    "",
  ].join("\n");
}

function writeCache({ path, key, files }: NonNullable<Kind["cache"]>): string[] {
  return [
    "",
    "      - uses: actions/cache@v4",
    "        with:",
    "          path: |",
    ...path.map((one) => `            ${one}`),
    `          key: ${key}-\${{ runner.os }}-\${{ hashFiles('${files}') }}`,
    `          restore-keys: ${key}-\${{ runner.os }}-`,
  ];
}

function writeRun(lines: readonly string[]): string[] {
  if (lines.length === 1) return [`        run: ${lines[0] ?? ""}`];
  return ["        run: |", ...lines.map((line) => `          ${line}`)];
}
