/** The files of an artifact, folder by folder, each to be opened or saved by itself. */

import { asBuildId } from "../../model/ids.ts";
import { artifactPagePath, buildPagePath } from "../../model/urls.ts";
import { readArtifactFiles } from "../../store/artifacts.ts";
import type { ArtifactFile } from "../../store/artifacts.ts";
import { readBuild } from "../../store/builds.ts";
import { readRepository } from "../../store/repositories.ts";
import { findArtifact } from "../api/artifacts.ts";
import type { Rooms } from "../rooms.ts";
import { showRefused } from "./closed.tsx";
import { frameFor } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { html, Layout, Notice } from "./layout.tsx";
import type { Crumb } from "./layout.tsx";
import { A } from "./parts.tsx";
import { count, size } from "./words.ts";

/** More are in the zip. */
const MAX_SHOWN_FILES = 1000;

interface Folder {
  name: string;
  files: number;
  bytes: number;
}

export async function showArtifact(
  rooms: FrameRooms & Pick<Rooms, "blobs">,
  build: string,
  name: string,
  request: Request,
): Promise<Response> {
  const frame = await frameFor(rooms, request);
  const query = new URL(request.url).searchParams;
  const found = await findArtifact(rooms.db, build, name, request);
  if (!found.ok) return await showRefused(found.answer, frame);
  const all = await readArtifactFiles(rooms.blobs, found.value);
  const path = (query.get("path") ?? "").replace(/\/*$/, "");
  const { folders, files } = listFolder(all, path === "" ? "" : `${path}/`);
  if (folders.length + files.length === 0 && path !== "")
    return html(<Notice title="There is no such folder" frame={frame} />, 404);
  const attempt = query.get("run_attempt");
  const here = { page: artifactPagePath(build, name), attempt, path };
  return html(
    <Layout title={`${name} · artifact`} frame={frame} crumbs={await crumbsTo(rooms.db, build)}>
      <section id="heading" class="headline" aria-label="Artifact">
        <h1>{name}</h1>
        <A class="button" href={address(`${here.page}/zip`, here)}>
          {`Download all ${count(found.value.files, "file")} (${size(found.value.bytes)})`}
        </A>
      </section>
      <section id="files" class="card" aria-label="Files">
        <Way name={name} here={here} />
        <Entries folders={folders} files={files} here={here} />
      </section>
    </Layout>,
  );
}

async function crumbsTo(db: D1Database, id: string): Promise<Crumb[]> {
  const build = await readBuild(db, asBuildId(id));
  const repository = build ? await readRepository(db, build.repositoryId) : null;
  if (!build || !repository) return [];
  const full = `${repository.owner}/${repository.name}`;
  const text = `${build.workflowName ?? build.workflowPath} #${build.number}`;
  return [
    { text: full, href: `/repositories/${full}` },
    { text, href: buildPagePath(build.id) },
  ];
}

interface Here {
  page: string;
  attempt: string | null;
  path: string;
}

function address(path: string, { attempt }: Here, folder = ""): string {
  const query = new URLSearchParams({ ...(folder && { path: folder }), ...(attempt && { run_attempt: attempt }) });
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function listFolder(all: readonly ArtifactFile[], prefix: string): { folders: Folder[]; files: ArtifactFile[] } {
  const folders = new Map<string, Folder>();
  const files: ArtifactFile[] = [];
  for (const file of all) {
    if (!file.path.startsWith(prefix)) continue;
    const [name = "", ...rest] = file.path.slice(prefix.length).split("/");
    if (rest.length === 0) {
      files.push(file);
      continue;
    }
    const folder = folders.get(name) ?? { name, files: 0, bytes: 0 };
    folder.files += 1;
    folder.bytes += file.bytes;
    folders.set(name, folder);
  }
  return { folders: [...folders.values()], files };
}

function Way({ name, here }: { name: string; here: Here }) {
  const parts = here.path === "" ? [] : here.path.split("/");
  if (parts.length === 0) return null;
  return (
    <nav aria-label="Folders">
      <A href={address(here.page, here)}>{name}</A>
      {parts.map((part, n) => (
        <>
          {" / "}
          {n === parts.length - 1 ? (
            <strong>{part}</strong>
          ) : (
            <A href={address(here.page, here, parts.slice(0, n + 1).join("/"))}>{part}</A>
          )}
        </>
      ))}
    </nav>
  );
}

function Entries({ folders, files, here }: { folders: Folder[]; files: ArtifactFile[]; here: Here }) {
  const inside = here.path === "" ? "" : `${here.path}/`;
  return (
    <>
      <ul class="files">
        {folders.slice(0, MAX_SHOWN_FILES).map((folder) => (
          <li>
            <A href={address(here.page, here, `${inside}${folder.name}`)}>{`${folder.name}/`}</A>
            <span class="size">{`${count(folder.files, "file")}, ${size(folder.bytes)}`}</span>
          </li>
        ))}
        {files.slice(0, MAX_SHOWN_FILES).map(({ path, bytes, sha256 }) => (
          <li>
            <A href={address(`${here.page}/files/${path.split("/").map(encodeURIComponent).join("/")}`, here)}>
              {path.slice(inside.length)}
            </A>
            <span class="size">
              {sha256 === null ? null : <code title={`sha256 ${sha256}`}>{sha256.slice(0, 12)}</code>} {size(bytes)}
            </span>
          </li>
        ))}
      </ul>
      {folders.length + files.length > MAX_SHOWN_FILES ? <p class="muted">The rest is in the zip.</p> : null}
    </>
  );
}
