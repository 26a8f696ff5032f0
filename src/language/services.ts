/** The `services:` of a job: read for whoever starts them, and held against what Sandlot can start. */

import { isBasicExpression, isMapping } from "@actions/workflow-parser";
import type { ServiceDefinition } from "../model/workflow.ts";
import { readImage, readPort, SERVICE_PORTS } from "./service-text.ts";
import type { ServiceImage } from "./service-text.ts";
import { refusal } from "./support.ts";
import { child, entriesOf, itemsOf, type Reading, scalarOf, templatedMap, templatedText, type Token } from "./token.ts";

export function readServices(reading: Reading, job: Token): ServiceDefinition[] {
  return entriesOf(child(job, "services")).map(({ key, keyToken, value }) => {
    const image = imageOf(value);
    return {
      id: key,
      image: templatedText(image) ?? "",
      env: templatedMap(child(value, "env")),
      ports: itemsOf(child(value, "ports")).map((port) => templatedText(port) ?? ""),
      options: templatedText(child(value, "options")),
      at: reading.place(image ?? keyToken),
    };
  });
}

/** An image alone, or a mapping. */
function imageOf(service: Token): Token | undefined {
  return isMapping(service) ? child(service, "image") : service;
}

/** What is an expression is judged when it is known. */
export function checkServices(reading: Reading, job: Token): void {
  const services = child(job, "services");
  if (services !== undefined && isBasicExpression(services)) {
    reading.report(
      "unsupported",
      "services that are computed as a whole are not carried out: compute their images",
      services,
    );
  }
  for (const { value } of entriesOf(services)) {
    for (const { key, keyToken } of entriesOf(value)) {
      const message = refusal("service", key);
      if (message !== null) {
        reading.report("unsupported", message, keyToken);
      }
    }
    const image = checkImage(reading, imageOf(value));
    for (const port of itemsOf(child(value, "ports"))) {
      checkPort(reading, port, image);
    }
  }
}

function checkImage(reading: Reading, image: Token | undefined): ServiceImage | null {
  if (image === undefined || isBasicExpression(image)) {
    return null;
  }
  const read = readImage(String(scalarOf(image) ?? ""));
  if (!read.ok) {
    reading.report("unsupported", read.refusal, image);
    return null;
  }
  return read;
}

function checkPort(reading: Reading, port: Token, image: ServiceImage | null): void {
  if (isBasicExpression(port)) {
    return;
  }
  const text = String(scalarOf(port) ?? "");
  const read = readPort(text);
  const message = read.ok ? image && wrongPort(image, text, read.container) : read.refusal;
  if (message !== null) {
    reading.report("unsupported", message, port);
  }
}

/** Null where the image's server listens there. */
export function wrongPort({ kind }: ServiceImage, text: string, container: number): string | null {
  const own = SERVICE_PORTS[kind];
  return container === own ? null : `the port '${text}' of a service is not carried out: ${kind} listens on ${own}`;
}
