/** Not an error: what is asked for can't be done yet, and the queue shall bring it again. */

export class Later extends Error {
  override readonly name = "Later";
  readonly delaySeconds: number;
  constructor(why: string, delaySeconds: number) {
    super(why);
    this.delaySeconds = delaySeconds;
  }
}
