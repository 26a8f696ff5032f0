/** What stands against each threat, as the text to be taken out of a copy of the source; the rest says why nothing can be. */

import type { Removal } from "./without.ts";

const CROSS_SITE = "src/web/auth/cross-site.ts";

export const WITHOUT_THREATS: Record<string, readonly Removal[]> = {
  T1: [
    {
      file: "src/attempt/vault.ts",
      search: "if (this.#facts.build.fork || scopes.length === 0 ||",
      replace: "if (scopes.length === 0 ||",
    },
  ],
  T3: [
    {
      file: "src/intake/plan-builds.ts",
      search: "const sha = event.fork ? (event.baseSha ?? event.sha) : event.sha;",
      replace: "const sha = event.reportSha;",
    },
  ],
  T5: [
    {
      file: "src/attempt/native/checkout-script.ts",
      search: `case "$REF" in -*) echo "a ref can't start with '-': $REF" >&2; exit 64 ;; esac`,
      replace: "",
    },
  ],
  T6: [
    {
      file: "src/attempt/native/submodule-script.ts",
      search: '*) refuse "a submodule may come from $SERVER only, not from: $1" ;;',
      replace: "*) ;;",
    },
  ],
  T8: [{ file: "src/github/app.ts", search: "repository_ids: [scope.repositoryId], ", replace: "" }],
  T9: [
    {
      file: "src/logs/mask.ts",
      search: "text: hide(bytes.subarray(0, decided), runs)",
      replace: "text: bytes.subarray(0, decided)",
    },
  ],
  T10: [{ file: "src/store/caches.ts", search: "const own = `branch:${build.ref}`;", replace: "const own = trunk;" }],
  T12: [{ file: "src/attempt/native/artifact-files.ts", search: "      *) real= ;;\n", replace: "" }],
  T13: [{ file: "src/web/api/artifacts.ts", search: "`attachment; filename", replace: "`inline; filename" }],
  T14: [{ file: "src/logs/ansi.ts", search: "`&#${c.charCodeAt(0)};`", replace: "c" }],
  T16: [
    {
      file: "src/web/http/safe-url.ts",
      search: 'return url.origin === here && !url.pathname.startsWith("//") ? `${url.pathname}${url.search}` : "/";',
      replace: "return text;",
    },
  ],
  T17: [
    {
      file: "src/web/webhooks.ts",
      search: "if (!(await verifyWebhook({ secrets, rawBody, signature }))) {",
      replace: 'if (signature === "") {',
    },
  ],
  T18: [{ file: CROSS_SITE, search: 'return site === "same-origin" ? null :', replace: "return site ? null :" }],
  T19: [
    {
      file: "src/web/auth/people.ts",
      search: "const ttl = known?.right === null ? NO_RIGHT_TTL_MS : RIGHT_TTL_MS;",
      replace: "const ttl = Number.MAX_SAFE_INTEGER;",
    },
  ],
  T21: [{ file: "src/logs/environment-files.ts", search: '["NODE_OPTIONS"]', replace: "[]" }],
  T22: [
    {
      file: "src/logs/commands.ts",
      search: "if (close === -1) return null;",
      replace: "if (close === -1) return { name: line.slice(2), properties: new Map(), data: line };",
    },
  ],
  T23: [
    {
      file: "src/web/results/caller.ts",
      search: "import { currentAttempt } from",
      replace: "import { readAttempt as currentAttempt } from",
    },
  ],
  T24: [{ file: "src/local/sandbox-host.ts", search: "    this.#gone.add(id);\n", replace: "" }],
  T27: [
    {
      file: "src/language/token-permissions.ts",
      search: 'const NEVER_WRITTEN = ["actions", "checks", "statuses"];',
      replace: "const NEVER_WRITTEN: string[] = [];",
    },
  ],
  T28: [
    {
      file: "src/web/auth/gate.ts",
      search: 'problem(404, "There is no such thing here.")',
      replace: 'problem(403, "You may not see this.")',
    },
  ],
};

/** Why nothing is taken out for a threat. */
export const NOT_ONE_PLACE: Record<string, string> = {
  T2: "numeric ids are all that any query knows of a repository: there is no line that compares names",
  T4: "no command is built from text anywhere: nothing that could be left out",
  T7: "a token reaches git alone, by a pipe: there is no file of it that something would remove",
  T11: "members are looked at by the same script that unpacks them",
  T15: "the pages are made of elements, which escape by themselves",
  T20: "several limits stand behind one another, and any of them refuses",
  T25: "limits and turns are many, one behind the other; F9 and F23 take out two of them",
  T26: "the lock file and the image's digest are what they are",
};
