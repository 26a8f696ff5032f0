/** The steps of a job with their durations. */

import type { StepView } from "../../model/api.ts";
import { A, Badge } from "./layout.tsx";
import { duration } from "./words.ts";

export function StepList({ steps, page }: { steps: StepView[]; page: string }) {
  if (steps.length === 0) return null;
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li value={step.number}>
          <Badge of={step} /> <A href={`${page}#step-${step.number}`}>{step.name}</A>{" "}
          <small>{duration(step.startedAt, step.completedAt, Date.now())}</small>
          {step.detail === null ? null : ` ${step.detail}`}
          {step.outcome === "failure" && step.conclusion === "success" ? " (failed, which it may)" : null}
        </li>
      ))}
    </ol>
  );
}
