/** The post phases of actions, in reverse order, after the job's own steps. */

import { evaluateCondition } from "../language/expression.ts";
import type { UsesStep } from "../model/workflow.ts";
import { beginProgress, concludeInner, runInner } from "./actions/inner-turn.ts";
import type { InnerGiven, InnerTried } from "./actions/inner-turn.ts";
import { runJavaScript } from "./actions/javascript.ts";
import { findPhase } from "./actions/phase-work.ts";
import type { StepOutline } from "./begin.ts";
import type { PostPhase } from "./job-state.ts";
import { saveCachePost } from "./native/cache-save.ts";
import { postsOf } from "./posts.ts";
import type { Session } from "./session.ts";
import type { StepEnd, StepTurn } from "./step/end.ts";
import { readStepValues } from "./step/environment.ts";
import { advanceStep } from "./step/step.ts";
import type { StepTurnRequest } from "./step/step.ts";
import { openLog } from "./step/work.ts";
import type { StepWork, WorkResult } from "./step/work.ts";

/** Which step's post phase it is, and its place in the job. */
export interface PostStep {
  index: number;
  number: number;
}

/** The last that began comes first. What has a pre phase began with that. */
export function postStepsOf(steps: readonly StepOutline[], ends: readonly StepEnd[]): PostStep[] {
  const first = ends.find(({ number }) => number === 0)?.began ?? [];
  const left = ends.filter((end) => end.leaves === true && end.number > 0).map(({ number }) => number);
  const order = [...first.filter((number) => left.includes(number)), ...left.filter((one) => !first.includes(one))];
  return order.reverse().map((number, place) => ({ index: number - 1, number: steps.length + 1 + place }));
}

export async function advancePostStep(
  session: Session,
  post: PostStep,
  request: Omit<StepTurnRequest, "step">,
): Promise<StepTurn> {
  const main = session.facts.job.plan.definition.steps[post.index];
  if (main?.kind !== "uses") throw new Error(`step ${post.index} has no post phase`);
  const posts = postsOf(session, main.number);
  const cachesAlone = posts.every(({ kind }) => kind === "cache");
  const step: UsesStep = {
    ...main,
    number: post.number,
    id: null,
    name: `Post ${typeof main.name === "string" ? main.name : main.uses}`,
    // A half-made cache under a key that nobody can write again would poison every later build.
    if: cachesAlone ? "success()" : "always()",
    // Whatever becomes of a cache, the job has succeeded.
    continueOnError: cachesAlone,
  };
  return await advanceStep(session, { ...request, step, carryOut: (work) => carryOut(work, step, main, posts) });
}

/** An action may use several that have one. */
async function carryOut(work: StepWork, step: UsesStep, main: UsesStep, posts: PostPhase[]): Promise<WorkResult> {
  const [first] = posts;
  if (posts.length === 1 && first?.kind === "cache") return await saveCachePost(work, step, first.id);
  await openLog(work, []);
  const progress = await beginProgress(work);
  const ran = await runInner(work, progress, {
    count: posts.length,
    deadline: work.deadline,
    attempt: async (index, given) => {
      const post = posts[index];
      const id = `${work.id}-${index}`;
      if (post === undefined) return null;
      if (post.kind === "cache")
        return await saveOne({ ...work, id, follow: given.follow, memo: given.memo }, step, post);
      return await attemptPost(work, main, { post, id, given });
    },
  });
  if (ran.state === "late") throw new Error(`the post phase of step ${main.number} has no time of its own`);
  return ran.state === "running" ? ran : await concludeInner(work, progress, ran.cancelled);
}

/** Those that were saved are found saved when a slice begins anew. */
async function saveOne(work: StepWork, step: UsesStep, { id }: PostPhase): Promise<InnerTried | null> {
  if (work.values.functions.success !== true || work.session.state.saved[id] === undefined) return null;
  return { result: await saveCachePost(work, step, id), name: "Save the cache", id: null, allowed: true };
}

/** Null where `post-if` is false. */
async function attemptPost(
  work: StepWork,
  main: UsesStep,
  { post, id, given }: { post: PostPhase; id: string; given: InnerGiven },
): Promise<InnerTried | null> {
  const name = `Post ${main.uses}`;
  const found = await findPost(work, main, post);
  if ("detail" in found)
    return { result: { state: "failed", exitCode: null, ...found }, name, id: null, allowed: false };
  const { phase, step } = found;
  const { contexts, functions } = found.work.values;
  if (!given.started && !evaluateCondition(phase.javascript.postIf, contexts, functions)) return null;
  const own: StepWork = { ...found.work, id, depth: work.depth, follow: given.follow, memo: given.memo };
  const unlimited: UsesStep = { ...step, id: null, timeoutMinutes: null };
  const result = await runJavaScript({ ...own, deadline: work.deadline }, unlimited, phase);
  return { result, name: `Post ${step.uses}`, id: null, allowed: false };
}

async function findPost(work: StepWork, main: UsesStep, { trail }: PostPhase) {
  const { session, past, values } = work;
  const top: StepWork = {
    ...work,
    id: `step-${main.number}`,
    trail: [main.number],
    values: await readStepValues(session, main, past, values.functions),
  };
  return await findPhase(top, main, trail.slice(1), "post");
}
