/** What the Workflow engine itself throws into a running instance: a deploy, a pause, a restart. The next run goes on from there. */

const ENGINE_ABORT = /Aborting engine|reset because its code was updated|Grace period complete/i;

/** Such an error is rethrown untouched: no status is written and nothing is destroyed. Looks through wrappers. */
export function isEngineAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (ENGINE_ABORT.test(error.message)) return true;
  if (error instanceof AggregateError && error.errors.some(isEngineAbort)) return true;
  return isEngineAbort(error.cause);
}
