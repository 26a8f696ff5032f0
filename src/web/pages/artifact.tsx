/** The files of an artifact, each to be opened by itself. */

import { buildPagePath } from "../../model/urls.ts";
import { readArtifactFiles } from "../../store/artifacts.ts";
import { findArtifact } from "../api-artifacts.ts";
import type { Rooms } from "../rooms.ts";
import { A, html, Layout, Notice } from "./layout.tsx";
import { size } from "./words.ts";

/** More are in the zip. */
const MAX_SHOWN_FILES = 1000;

export async function showArtifact(
  rooms: Pick<Rooms, "db" | "blobs">,
  build: string,
  name: string,
  request: Request,
): Promise<Response> {
  const found = await findArtifact(rooms.db, build, name, request);
  if (!found.ok) return html(<Notice title="No such artifact" />, found.answer.status);
  const files = await readArtifactFiles(rooms.blobs, found.value);
  const here = new URL(request.url).pathname;
  return html(
    <Layout title={name}>
      <p>
        <A href={buildPagePath(build)}>Build</A>
      </p>
      <h1>{name}</h1>
      <p>
        <A href={`${here}/zip`}>All as zip</A>
      </p>
      <ul>
        {files.slice(0, MAX_SHOWN_FILES).map(({ path, bytes, sha256 }) => (
          <li>
            <A href={`${here}/files/${path.split("/").map(encodeURIComponent).join("/")}`}>{path}</A> {size(bytes)}{" "}
            <small>
              <code>{sha256?.slice(0, 12) ?? ""}</code>
            </small>
          </li>
        ))}
      </ul>
      {files.length > MAX_SHOWN_FILES ? <p>{`and ${files.length - MAX_SHOWN_FILES} more: see the zip.`}</p> : null}
    </Layout>,
  );
}
