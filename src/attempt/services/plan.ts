/** The services of a job with all their expressions evaluated: what is to be started, and what of it is not carried out. */

import { evaluateTemplate } from "../../language/expression.ts";
import { majorOf, readImage, readOptions, readPort } from "../../language/service-text.ts";
import type { ServiceImage } from "../../language/service-text.ts";
import { wrongPort } from "../../language/services.ts";
import type { Reason } from "../../model/status.ts";
import type { ServiceDefinition, TemplatedMap } from "../../model/workflow.ts";
import type { StepValues } from "../step/environment.ts";
import { serviceProcess } from "./log.ts";
import { readSettings } from "./settings.ts";

export interface PlannedService extends ServiceImage {
  id: string;
  /** Its name in the sandbox. */
  process: string;
  /** What was asked for; null where nothing was. */
  major: string | null;
  /** As it was asked for. */
  image: string;
  /** Of the machine; null where it is to be chosen. */
  port: number | null;
  /** What the workflow calls that port, by the number it has in the container. */
  shows: number[];
  /** What its server is started with. */
  env: Record<string, string>;
  /** How long it may take until it is ready (s). */
  limitSeconds: number;
  warnings: string[];
}

export interface ServiceProblem {
  reason: Reason;
  detail: string;
}

/** Without health options as with them: on a busy machine a server takes its time. */
const MIN_WAIT_SECONDS = 60;
const MAX_WAIT_SECONDS = 600;

/** All that is templated, under names of its own: so that it is evaluated, and its secrets are found, as a step's inputs are. */
export function templatesOf(services: readonly ServiceDefinition[]): TemplatedMap {
  const templates: TemplatedMap = {};
  for (const { id, image, env, ports, options } of services) {
    templates[`${id} image`] = image;
    if (options !== null) templates[`${id} options`] = options;
    for (const [index, port] of ports.entries()) templates[`${id} port ${index}`] = port;
    for (const [name, value] of Object.entries(env)) templates[`${id} env ${name}`] = value;
  }
  return templates;
}

/** Throws ExpressionError. A service whose image is empty is left out, as on GitHub. */
export function planServices(
  services: readonly ServiceDefinition[],
  values: StepValues,
): PlannedService[] | ServiceProblem {
  const planned: PlannedService[] = [];
  for (const [index, service] of services.entries()) {
    const one = planService(service, serviceProcess(index), (value) =>
      evaluateTemplate(value, values.contexts, values.functions),
    );
    if (one === null) continue;
    if ("detail" in one) {
      const { file, line, column } = service.at;
      return { ...one, detail: `${file}:${line}:${column}: ${one.detail}` };
    }
    planned.push(one);
  }
  return planned;
}

type Evaluate = (value: TemplatedMap[string]) => string;

function planService(
  service: ServiceDefinition,
  process: string,
  evaluate: Evaluate,
): PlannedService | ServiceProblem | null {
  const { id } = service;
  const image = evaluate(service.image).trim();
  if (image === "") return null;
  const read = readImage(image);
  if (!read.ok) return unsupported(read.refusal);
  const ports = planPorts(read, service.ports.map(evaluate));
  if ("detail" in ports) return ports;
  const given = Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, evaluate(value)]));
  const settings = readSettings(read.kind, given);
  if (!settings.ok) return { reason: "workflow_invalid", detail: `the service ${id}: ${settings.why}` };
  const { healthSeconds, ignored } = readOptions(service.options === null ? "" : evaluate(service.options));
  const limitSeconds = Math.min(MAX_WAIT_SECONDS, Math.max(MIN_WAIT_SECONDS, Math.ceil(healthSeconds ?? 0)));
  const warnings = [
    ...settings.ignored.map((name) => `the service ${id}: the variable ${name} changes nothing here`),
    ...ignored.map((name) => `the service ${id}: the option ${name} changes nothing here`),
  ];
  const { kind, tag } = read;
  return { id, process, image, kind, tag, major: majorOf(tag), ...ports, env: settings.env, limitSeconds, warnings };
}

function planPorts(
  image: ServiceImage,
  texts: readonly string[],
): Pick<PlannedService, "port" | "shows"> | ServiceProblem {
  const ports = [];
  for (const text of texts) {
    const read = readPort(text);
    const refusal = read.ok ? wrongPort(image, text, read.container) : read.refusal;
    if (refusal !== null) return unsupported(refusal);
    if (read.ok) ports.push(read);
  }
  const hosts = new Set(ports.flatMap(({ host }) => host ?? []));
  if (hosts.size > 1) return unsupported("a service that is reached by several ports is not carried out");
  return { port: [...hosts][0] ?? null, shows: [...new Set(ports.map(({ container }) => container))] };
}

function unsupported(detail: string): ServiceProblem {
  return { reason: "unsupported", detail };
}
