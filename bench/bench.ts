/** What every part of the bench is given. */

export interface Bench {
  /** Where Sandlot is installed. */
  install: string;
  rounds: number;
  /** Progress, on stderr. */
  say(text: string): void;
}
