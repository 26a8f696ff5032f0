/** What the tests of faults share: a build whose ids are known before it starts, and the ways to disturb it. */

import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../../test/worker.ts";
import type { HostFault } from "../../../src/local/sandbox-host.ts";
import type { BuildView } from "../../../src/model/api.ts";
import { attemptId, buildId, jobId, parseDeliveryId, sandboxId } from "../../../src/model/ids.ts";
import type { FaultAnswer } from "../../../src/local/github-state.ts";
import { addFault, createRepository, statusesOf } from "../../support/github-control.ts";
import type { TestRepository } from "../../support/github-control.ts";
import { api, buildsOf, call, github, push, until } from "./river.ts";

export const PATH = ".sandlot/workflows/ci.yml";
export const ci = (steps: string, on = "push"): string => `name: CI
on: ${on}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
${steps}
`;

export interface Running {
  id: ReturnType<typeof buildId>;
  attempt: ReturnType<typeof attemptId>;
  sandbox: ReturnType<typeof sandboxId>;
  fullName: string;
}

/** Everything about a push is known before it is made. */
export async function run(
  steps: string,
  before: (running: Running) => Promise<void> = async () => {},
): Promise<Running> {
  const repository = await createRepository(github, { [PATH]: ci(steps) });
  const delivery = parseDeliveryId(crypto.randomUUID());
  if (delivery === null) throw new Error("a UUID is an id");
  const build = buildId(delivery, PATH);
  const attempt = attemptId(jobId(build, "a"), 1);
  const sandbox = sandboxId(repository.name, repository.sha, attempt);
  const running = { id: build, attempt, sandbox, fullName: repository.fullName };
  await before(running);
  await buildsOf(await push(repository, { id: delivery }));
  return running;
}

export const build = (id: string): Promise<BuildView> => api<BuildView>(`/builds/${id}`);
const liveLog = async ({ id }: { id: string }): Promise<string> =>
  await (await call(`/builds/${id}/jobs/${(await build(id)).jobs[0]?.id}/log`)).text();
export const says = (running: { id: string }, text: string) =>
  until(
    () => liveLog(running),
    (log) => log.includes(text),
    text,
  );
export const buildOf = async (delivery: string): Promise<string> => (await buildsOf(delivery))[0] ?? "";
export const states = async (repository: TestRepository) =>
  (await statusesOf(github, repository.fullName)).map((status) => status.state);
/** The next answers of GitHub about this repository. */
export const faultOfGitHub = (repository: TestRepository, on: string, ...answers: FaultAnswer[]) =>
  addFault(github, { on, repository: repository.fullName, answers });
export const lines = (log: string, pattern: RegExp): string[] => [...log.matchAll(pattern)].map(([line]) => line);

export async function fault({ sandbox }: Pick<Running, "sandbox">, what: HostFault): Promise<void> {
  const stub = env.SANDBOX.get(env.SANDBOX.idFromName(sandbox)) as unknown as {
    configure(options: object): Promise<void>;
    fault(what: HostFault): Promise<void>;
  };
  await stub.configure({ sandboxName: { name: sandbox } });
  await stub.fault(what);
}

export async function sweepAt(at: number): Promise<void> {
  await worker.scheduled(createScheduledController({ scheduledTime: new Date(at) }), env);
}

export const cancel = (id: string) => api(`/builds/${id}/cancel`, { method: "POST", body: "{}" });
export const COUNT = `for i in 1 2 3 4 5 6; do echo "line $i"; sleep 0.4; done`;
export const SIX = ["line 1", "line 2", "line 3", "line 4", "line 5", "line 6"];
