/** Something that the user can put right: said in plain words with a way out, exit code 2, no stack. */

export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What to do about it; one command or sentence a line. */
  readonly ways: readonly string[];
  constructor(message: string, ways: readonly string[] = []) {
    super(message);
    this.ways = ways;
  }
}
