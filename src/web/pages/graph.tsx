/** The jobs of a build as a graph: what waits for what, legs of a matrix in one box. Drawn here, as SVG. */

import type { BuildView, JobView } from "../../model/api.ts";
import { jobPagePath } from "../../model/urls.ts";
import { safeUrl } from "../http/safe-url.ts";
import { Icon } from "./parts.tsx";
import { duration, lookOf } from "./words.ts";

/** In pixels. */
const BOX = { width: 232, row: 30, label: 22, pad: 5, gapX: 52, gapY: 16 };
/** Of a large matrix the rest is counted: all of them stand in the list below. */
const MAX_ROWS = 8;
const NAME_CHARS = 24;
/** Up to five columns are made smaller where they do not fit; of more, one could read nothing. */
const MAX_FITTED_WIDTH = 5 * (BOX.width + BOX.gapX);

interface Box {
  group: string;
  jobs: JobView[];
  after: string[];
  x: number;
  y: number;
  height: number;
}

/** Nothing where no job waits for another. */
export function JobGraph({ build }: { build: BuildView }) {
  if (!build.jobs.some(({ after }) => after.length > 0)) return null;
  const boxes = layOut(build.jobs);
  const width = Math.max(...boxes.map(({ x }) => x + BOX.width)) + 2;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) + 2;
  const byGroup = new Map(boxes.map((box) => [box.group, box]));
  return (
    <div
      class={width <= MAX_FITTED_WIDTH ? "graph fitted" : "graph"}
      tabindex={0}
      role="group"
      aria-label="Which job waits for which"
    >
      <svg width={String(width)} height={String(height)} viewBox={`-1 -1 ${width} ${height}`}>
        {boxes.flatMap((box) =>
          box.after.flatMap((group) => {
            const from = byGroup.get(group);
            return from ? [<path class="edge" d={edge(from, box)} />] : [];
          }),
        )}
        {boxes.map((box) => (
          <BoxOf box={box} build={build} />
        ))}
      </svg>
    </div>
  );
}

/** Each group one column behind the last that it waits for. */
function layOut(jobs: readonly JobView[]): Box[] {
  const groups = Map.groupBy(jobs, ({ group }) => group);
  const after = new Map([...groups].map(([group, own]) => [group, [...new Set(own.flatMap((job) => job.after))]]));
  const columns = columnsOf(after);
  const filled = new Map<number, number>();
  return [...groups].map(([group, own]) => {
    const column = columns.get(group) ?? 0;
    const y = filled.get(column) ?? 0;
    const rows = Math.min(own.length, MAX_ROWS) + (own.length > MAX_ROWS ? 1 : 0);
    const height = rows * BOX.row + 2 * BOX.pad + (own.length > 1 ? BOX.label : 0);
    filled.set(column, y + height + BOX.gapY);
    return { group, jobs: own, after: after.get(group) ?? [], x: column * (BOX.width + BOX.gapX), y, height };
  });
}

/** By the longest way to it. A circle cannot be: such a workflow has problems and no jobs. */
function columnsOf(after: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const columns = new Map<string, number>();
  const columnOf = (group: string): number => {
    const known = columns.get(group);
    if (known !== undefined) return known;
    columns.set(group, 0);
    const column = Math.max(-1, ...(after.get(group) ?? []).map(columnOf)) + 1;
    columns.set(group, column);
    return column;
  };
  for (const group of after.keys()) columnOf(group);
  return columns;
}

function edge(from: Box, to: Box): string {
  const [x1, y1] = [from.x + BOX.width, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const bend = BOX.gapX / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function BoxOf({ box, build }: { box: Box; build: BuildView }) {
  const isMatrix = box.jobs.length > 1;
  const top = box.y + BOX.pad + (isMatrix ? BOX.label : 0);
  const shown = box.jobs.slice(0, MAX_ROWS);
  const more = box.jobs.length - shown.length;
  return (
    <g>
      <rect class="box" x={box.x} y={box.y} width={BOX.width} height={box.height} rx="9" />
      {isMatrix ? (
        <text class="label" x={box.x + 12} y={box.y + BOX.pad + 15}>
          {`${cut(box.group, NAME_CHARS)} · ${box.jobs.length} jobs`}
        </text>
      ) : null}
      {shown.map((job, n) => (
        <Row job={job} x={box.x} y={top + n * BOX.row} href={jobPagePath(build.id, job.id)} />
      ))}
      {more > 0 ? (
        <text class="label" x={box.x + 36} y={top + MAX_ROWS * BOX.row + 19}>
          {`and ${more} more`}
        </text>
      ) : null}
    </g>
  );
}

function Row({ job, x, y, href }: { job: JobView; x: number; y: number; href: string }) {
  const look = lookOf(job);
  const took = job.status === "completed" ? duration(job.startedAt, job.completedAt, 0) : "";
  return (
    <a href={safeUrl(href)}>
      <title>{`${look.word}: ${job.name}`}</title>
      <rect class="hit" x={x + 4} y={y} width={BOX.width - 8} height={BOX.row} rx="6" />
      <svg x={x + 11} y={y + 7} width="16" height="16">
        <Icon look={look} />
      </svg>
      <text x={x + 35} y={y + 19.5}>
        {cut(job.name, NAME_CHARS)}
      </text>
      <text class="took-text" x={x + BOX.width - 10} y={y + 19.5}>
        {took}
      </text>
    </a>
  );
}

function cut(text: string, chars: number): string {
  const letters = Array.from(text);
  return letters.length <= chars ? text : `${letters.slice(0, chars - 1).join("")}…`;
}
