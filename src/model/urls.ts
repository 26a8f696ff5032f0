/** Where things are reached from outside: the pages for people and the API for programs. */

import type { BuildId, DeliveryId, JobId } from "./ids.ts";

/** `publicUrl` is an origin, with or without a slash at its end. */
function base(publicUrl: string): string {
  return publicUrl.replace(/\/+$/, "");
}

/** The build's page: target of its commit status. */
export function buildPageUrl(publicUrl: string, id: BuildId): string {
  return `${base(publicUrl)}${buildPagePath(id)}`;
}

export function buildPagePath(id: string): string {
  return `/builds/${id}`;
}

export function jobPagePath(build: string, job: string): string {
  return `/builds/${build}/jobs/${job}`;
}

/** The page that lists an artifact's files. */
export function artifactPagePath(build: string, name: string): string {
  return `/builds/${build}/artifacts/${encodeURIComponent(name)}`;
}

export function buildApiUrl(publicUrl: string, id: BuildId): string {
  return `${base(publicUrl)}/api/builds/${id}`;
}

export function jobApiUrl(publicUrl: string, build: BuildId, job: JobId): string {
  return `${base(publicUrl)}/api/builds/${build}/jobs/${job}`;
}

export function deliveryApiUrl(publicUrl: string, id: DeliveryId): string {
  return `${base(publicUrl)}/api/deliveries/${id}`;
}

export function artifactApiUrl(publicUrl: string, build: BuildId, name: string): string {
  return `${base(publicUrl)}/api/builds/${build}/artifacts/${encodeURIComponent(name)}`;
}

/** `path` is the file's path inside the artifact; its slashes stay. */
export function artifactFileApiUrl(publicUrl: string, build: BuildId, name: string, path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${artifactApiUrl(publicUrl, build, name)}/files/${encoded}`;
}
