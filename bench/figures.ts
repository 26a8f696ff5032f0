/** What the bench measured, as people and programs read it. */

import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

export interface Figure {
  /** `a` to `e`, as issue 2 §8 names them; `f`, as issue 3 does; `g`, as issue 4 does; `h`, as issue 6 does; `i`, as issue 5 does. */
  part: string;
  what: string;
  /** Null where there is none. */
  aim: string | null;
  value: number;
  unit: string;
  note: string;
}

export interface Part {
  figures: Figure[];
  /** What must not be, at any speed: a lost webhook, a log that differs. */
  broken: string[];
  /** Every single measurement. */
  raw: unknown;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

/** The value that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], hundredth: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * hundredth) / 100) - 1)] ?? Number.NaN;
}

export function describeMachine(): Record<string, string | number> {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGb: Math.round(totalmem() / 1e9),
    load: loadavg()
      .map((one) => one.toFixed(1))
      .join(" "),
    node: process.version,
  };
}

export function drawTable(figures: readonly Figure[]): string {
  const rows = [
    ["", "what", "aim", "measured", ""],
    ...figures.map(({ part, what, aim, value, unit, note }) => [part, what, aim ?? "", show(value, unit), note]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Three digits are more than a shared machine can promise. */
function show(value: number, unit: string): string {
  const digits = Number.isInteger(value) ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.max(1, Math.abs(value)))));
  return `${value.toFixed(digits)}${unit === "×" ? "" : " "}${unit}`.trim();
}
