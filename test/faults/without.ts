/** What stands against each fault (threats: without-threats.ts), as the text to be taken out of a copy of the source: without it the row's tests fail. */

export interface Removal {
  file: string;
  /** Stands exactly once in the file. */
  search: string;
  replace: string;
}

const ID_OF_ITS_OWN: Removal = {
  file: "src/web/webhooks.ts",
  search: 'parseDeliveryId(headers.get("x-github-delivery") ?? "")',
  replace: "parseDeliveryId(crypto.randomUUID())",
};
const SHORT_RETRIES: Removal = {
  file: "workflows/job.ts",
  search: "const SHORT = { retries: { limit: 10,",
  replace: "const SHORT = { retries: { limit: 0,",
};
const SLICE_RETRIES: Removal = {
  file: "workflows/job.ts",
  search: "const SLICE = { retries: { limit: 10,",
  replace: "const SLICE = { retries: { limit: 0,",
};
const RUNNER_LIVES: Removal = { file: "src/sweep/sweep.ts", search: 'running: "poke"', replace: 'running: "lose"' };

export const WITHOUT: Record<string, readonly Removal[]> = {
  F1: [ID_OF_ITS_OWN],
  F2: [ID_OF_ITS_OWN],
  F3: [{ file: "queues/reports.ts", search: "      sha: key.sha,", replace: "      sha: build.sha," }],
  F4: [{ file: "src/sweep/redeliver.ts", search: "await redeliverWebhook(config, one.id);", replace: "" }],
  F5: [
    {
      file: "queues/dead-letters.ts",
      search: 'else if ("buildId" in body) await giveUp(env, body.buildId);',
      replace: "",
    },
  ],
  F6: [{ file: "workflows/job.ts", search: "aborted = isEngineAbort(error);", replace: "aborted = false;" }],
  F7: [{ file: "src/attempt/engine.ts", search: "reset because its code was updated|", replace: "" }],
  F8: [
    {
      file: "src/attempt/finish.ts",
      search: "const again = attempt.recoveries < MAX_RECOVERIES &&",
      replace: "const again = attempt.recoveries < 0 &&",
    },
  ],
  F9: [
    {
      file: "src/store/attempts.ts",
      search: "(SELECT COUNT(*) FROM attempts WHERE destroyed_at IS NULL) < ?",
      replace: "0 < ?",
    },
  ],
  F10: [
    {
      file: "src/sandbox/supervised.ts",
      search: 'await bounded("destroy", this.#destroyMs, this.#machine.destroy());',
      replace: "await this.#machine.destroy();",
    },
  ],
  F11: [
    {
      file: "src/sandbox/shell-step.ts",
      search: 'if mkdir "$d" 2>/dev/null ||',
      replace: 'if mkdir -p "$d" 2>/dev/null ||',
    },
  ],
  F12: [
    {
      file: "queues/reports.ts",
      search:
        "message.retry({ delaySeconds: asked === null ? Math.min(2 ** message.attempts, 600) : Math.ceil(asked / 1000) });",
      replace: "message.ack();",
    },
  ],
  F13: [{ file: "queues/reports.ts", search: "  throwWhileWaiting(repository.installationId);", replace: "" }],
  F14: [
    {
      file: "src/github/client.ts",
      search: "if (!(error instanceof GitHubFault && error.status === 401)) throw error;",
      replace: "if (error instanceof Error) throw error;",
    },
  ],
  F15: [
    { file: "queues/reports.ts", search: '(reason === "unauthorized" && status === 404)', replace: "status === 0" },
  ],
  F16: [
    {
      file: "src/attempt/native/checkout.ts",
      search: "exitCode === CHECKOUT_EXIT.commitGone",
      replace: "exitCode === -1",
    },
  ],
  F17: [
    {
      file: "queues/concurrency.ts",
      search: "if (taken.superseded?.wholeBuild) await tellEnd(env, taken.superseded.buildId);",
      replace: "if (taken.superseded?.wholeBuild) return taken;",
    },
  ],
  F18: [
    { file: "src/attempt/step/follow.ts", search: "await this.#session.sandbox.cancelStep(this.#id);", replace: "" },
  ],
  F19: [
    {
      file: "src/sandbox/shell-watch.ts",
      search: ' || signal_session TERM "$pid" "$keep" 2500 || signal_session KILL "$pid" "$keep" 5000',
      replace: "",
    },
  ],
  F21: [SHORT_RETRIES, SLICE_RETRIES],
  F22: [SHORT_RETRIES, SLICE_RETRIES],
  F23: [
    {
      file: "src/attempt/session.ts",
      search: "asked > 0 ? { maxBytes: asked } : {};",
      replace: "asked > 0 ? {} : {};",
    },
  ],
  F24: [{ file: "src/sandbox/shell-step.ts", search: 'cat >>"$1/log" || cat >/dev/null', replace: "" }],
  F25: [{ file: "src/web/api/logs.ts", search: "const start = from ?? 0;", replace: "const start = 0;" }],
  F26: [
    { file: "src/attempt/step/follow.ts", search: "(segment?.raw ?? 0) - start", replace: "0" },
    { file: "src/logs/log-stream.ts", search: "fromRaw !== segment.raw ||", replace: "" },
  ],
  F27: [RUNNER_LIVES],
  F28: [
    {
      file: "src/model/transition.ts",
      search: 'completed: ["waiting", "queued", "in_progress"],',
      replace: 'completed: ["waiting", "queued", "in_progress", "completed"],',
    },
  ],
  F29: [RUNNER_LIVES],
};

/** Why nothing can be taken out for a row. */
export const NOT_OURS: Record<string, string> = {
  F20: "a shell waits for its own process and for no other: nothing of ours would have to go",
  F30: "R2 and Durable Objects are read as streams: there is no other way to take out",
};
