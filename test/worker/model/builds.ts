/** Builds behind one commit status, for tests of what is told of them. */

import type { Build } from "../../../src/model/build.ts";
import { asBuildId, asDeliveryId } from "../../../src/model/ids.ts";

export function buildOf(given: Partial<Build> & Pick<Build, "event" | "state">): Build {
  return {
    id: asBuildId("build"),
    deliveryId: asDeliveryId("delivery"),
    repositoryId: 1,
    workflowPath: ".sandlot/workflows/ci.yml",
    workflowName: "CI",
    workflow: { env: {}, concurrency: null, permissions: null },
    number: 1,
    runAttempt: 1,
    action: null,
    sha: "a".repeat(40),
    reportSha: "a".repeat(40),
    ref: "refs/heads/main",
    baseSha: null,
    headRef: null,
    baseRef: null,
    pullRequest: null,
    fork: false,
    title: "Change",
    actor: { id: 1, login: "ada" },
    inputs: null,
    context: "sandlot / CI",
    problems: [],
    concurrencyGroup: null,
    cancelRequested: null,
    createdAt: 1,
    startedAt: null,
    ...given,
  };
}
