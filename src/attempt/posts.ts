/** What is left to be done after the job's steps: kept in the order in which it was begun, done in reverse. */

import { writeJobState } from "./job-state.ts";
import type { PostPhase } from "./job-state.ts";
import type { Session } from "./session.ts";

/** Once for each step, at the latest when it begins: whatever becomes of it, its post phase is due. */
export async function registerPost({ state, sandbox, booted }: Session, post: PostPhase): Promise<void> {
  if (state.posts.some(({ trail }) => trail.join() === post.trail.join())) return;
  state.posts.push(post);
  await writeJobState(sandbox, booted, state);
}

/** Of one step of the job, the last first. */
export function postsOf({ state }: Pick<Session, "state">, number: number): PostPhase[] {
  return state.posts.filter(({ trail }) => trail[0] === number).reverse();
}

/** Whether a step of the job has a post phase. Of those that only save caches, the step itself must have succeeded. */
export function leavesPost(session: Pick<Session, "state">, number: number, options: { success: boolean }): boolean {
  return postsOf(session, number).some(({ kind }) => kind === "javascript" || options.success);
}

/** The job's steps that registered one by now, in that order: before the first of them has begun, those with a pre phase. */
export function postOrder({ state }: Pick<Session, "state">): number[] {
  return [...new Set(state.posts.flatMap(({ trail }) => trail.slice(0, 1)))];
}
