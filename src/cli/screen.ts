/** Draws a run on the terminal as it goes: jobs, steps and their lines, and one line at the bottom for what takes long. */

import type { BuildView, JobView, StepView } from "../model/api.ts";
import { formatDuration } from "../model/duration.ts";
import type { Output, RunEvent } from "./events.ts";
import { drawLine, type Paint, createPaint } from "./paint.ts";
import { drawSummary } from "./summary.ts";
import { countOf, explain, sign, timeOf } from "./words.ts";

export interface ScreenOptions {
  stream: { write(text: string): unknown; columns?: number };
  colour: boolean;
  /** A terminal, whose last line can be written over. */
  live: boolean;
}

const SPIN = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
/** Work that is shorter needs no line. */
const PROGRESS_AFTER_MS = 800;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\u001B[2K";

export class Screen implements Output {
  readonly #options: ScreenOptions;
  readonly #paint: Paint;
  /** Several builds: then a job says whose it is. */
  #many = false;
  #hasProgress = false;
  #isStepFresh = false;
  #isInHeader = false;
  #turn = 0;
  #quietSince = Date.now();
  readonly #drawers: { [Type in RunEvent["type"]]: (event: Extract<RunEvent, { type: Type }>) => void } = {
    start: ({ version, path }) => this.#write(`${this.#paint("bold", `Sandlot ${version}`)} ${path}`),
    source: (event) => this.#showSource(event),
    notice: ({ message }) => this.#write(this.#paint("yellow", message)),
    machine: ({ url, startedInMs }) =>
      this.#write(this.#paint("dim", `Sandlot is up at ${url} (${formatDuration(startedInMs)})`)),
    delivery: ({ delivery }) => {
      this.#many = delivery.workflows.filter(({ buildId }) => buildId !== null).length > 1;
    },
    build: ({ build }) => this.#showBuild(build),
    problem: (event) => this.#showProblem(event),
    job: ({ build, job }) => this.#write(`\n${this.#paint("bold", this.#jobTitle(build, job))}`),
    step: ({ step }) => {
      this.#isStepFresh = true;
      this.#write(`  ${this.#paint("cyan", "▸")} ${step.name}`);
    },
    log: ({ lines }) => this.#showLines(lines),
    step_completed: ({ step }) => this.#showStepEnd(step),
    job_completed: ({ job }) => this.#showJobEnd(job),
    progress: ({ builds }) => this.#showProgress(builds),
    summary: ({ summary }) => this.#write(`\n${drawSummary(summary, this.#paint, this.#options)}`),
  };

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#paint = createPaint(options);
  }

  show(event: RunEvent): void {
    // Each takes the event that its key names.
    const draw = this.#drawers[event.type] as (event: RunEvent) => void;
    draw(event);
  }

  close(): void {
    this.#clear();
  }

  #write(text: string): void {
    this.#clear();
    this.#quietSince = Date.now();
    this.#options.stream.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#hasProgress) this.#options.stream.write(CLEAR_LINE);
    this.#hasProgress = false;
  }

  #showSource(source: Extract<RunEvent, { type: "source" }>): void {
    const changes = !source.changedFiles ? "" : ` with ${countOf(source.changedFiles, "changed file")}`;
    const what = `${source.event} ${source.ref.replace(/^refs\/(heads|tags)\//, "")}`;
    this.#write(`${this.#paint("bold", source.repository)} ${what} at ${source.sha.slice(0, 7)}${changes}`);
  }

  #showBuild(build: BuildView): void {
    this.#write(`${this.#paint("bold", build.workflow.name ?? build.workflow.path)} #${build.number} ${build.title}`);
  }

  #showProblem({ problem }: Extract<RunEvent, { type: "problem" }>): void {
    const { file, line, column } = problem.at;
    this.#write(`${file}:${line}:${column}: ${this.#paint("red", problem.message)}`);
  }

  #jobTitle(build: BuildView, job: JobView): string {
    const name = this.#many ? `${build.workflow.name ?? build.workflow.path} / ${job.name}` : job.name;
    return job.attempt > 1 ? `${name} (attempt ${job.attempt})` : name;
  }

  /** A step's first group says what it is told to do; its title says it already. */
  #showLines(lines: readonly string[]): void {
    const shown = lines.filter((line, index) => {
      if (index === 0 && this.#isStepFresh) this.#isInHeader = line.startsWith("##[group]");
      this.#isStepFresh = false;
      const isHeader = this.#isInHeader;
      if (line.startsWith("##[endgroup]")) this.#isInHeader = false;
      return !isHeader;
    });
    const drawn = shown.map((line) => drawLine(line, this.#paint, this.#options)).filter((line) => line !== null);
    if (drawn.length > 0) this.#write(drawn.map((line) => `    ${line}`).join("\n"));
  }

  #showStepEnd(step: StepView): void {
    if (step.conclusion === "skipped") {
      return this.#write(`  ${sign("skipped", this.#paint)} ${this.#paint("dim", `${step.name} skipped`)}`);
    }
    const why = step.outcome === "success" || step.detail === null ? "" : ` ${this.#paint("red", step.detail)}`;
    const allowed = step.outcome === "failure" && step.conclusion === "success" ? " (allowed to fail)" : "";
    const mark = allowed === "" ? sign(step.conclusion, this.#paint) : this.#paint("yellow", "!");
    this.#write(`  ${mark} ${step.name} ${this.#paint("dim", timeOf(step))}${why}${allowed}`);
  }

  #showJobEnd(job: JobView): void {
    const why = job.conclusion === "success" ? "" : ` ${explain(job)}`;
    this.#write(`${sign(job.conclusion, this.#paint)} ${job.name} ${this.#paint("dim", timeOf(job))}${why}`);
  }

  /** Only where nothing was written for a while: a line of its own that the next output takes away. */
  #showProgress(builds: readonly BuildView[]): void {
    if (!this.#options.live || Date.now() - this.#quietSince < PROGRESS_AFTER_MS) return;
    this.#turn = (this.#turn + 1) % SPIN.length;
    const text = progressText(builds);
    const room = (this.#options.stream.columns ?? DEFAULT_COLUMNS) - 3;
    const line = `${SPIN[this.#turn] ?? ""} ${text.length > room ? `${text.slice(0, room - 1)}…` : text}`;
    this.#options.stream.write(`${CLEAR_LINE}${this.#paint("dim", line)}`);
    this.#hasProgress = true;
  }
}

function progressText(builds: readonly BuildView[]): string {
  const jobs = builds.flatMap((build) => build.jobs);
  const running = jobs.filter((job) => job.status === "in_progress");
  const waiting = jobs.filter((job) => job.status === "queued" || job.status === "waiting").length;
  const named = running.map((job) => {
    const time = job.startedAt === null ? "" : ` ${formatDuration(Date.now() - job.startedAt)}`;
    return `${job.name}${time}`;
  });
  const parts = [named.join(", "), waiting > 0 ? `${waiting} waiting` : ""].filter((part) => part !== "");
  return parts.join(" · ") || "Planning";
}
