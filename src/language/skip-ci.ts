/** The words in a commit message that keep GitHub from starting anything. */

/** https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs */
const FORMS = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];

const TRAILER = /^[A-Za-z0-9-]+:/;
const SKIP_TRAILER = /^skip-checks:\s*true\s*$/i;

/** The words found, or null. */
export function skipWords(message: string): string | null {
  const lower = message.toLowerCase();
  return FORMS.find((words) => lower.includes(words)) ?? (endsInSkipTrailer(message) ? "skip-checks: true" : null);
}

/** The last of the trailers, which an empty line parts from the message. */
function endsInSkipTrailer(message: string): boolean {
  const lines = message.trimEnd().split(/\r?\n/);
  if (!SKIP_TRAILER.test(lines.at(-1) ?? "")) {
    return false;
  }
  const before = lines.findLast((line) => !TRAILER.test(line));
  return before !== undefined && before.trim() === "";
}
