/** Follows a build of a deployed Sandlot to its end, through dropped connections. */

import type { RunEvent } from "../events.ts";
import { followBuilds } from "../follow-builds.ts";
import { JsonLines } from "../json-lines.ts";
import { Screen } from "../screen.ts";
import type { Connection } from "./connection.ts";
import { createLastingClient } from "./lasting-client.ts";
import { hasPassed } from "./show-build.ts";

/** 0, or with `exitStatus` 1 where it did not pass. Throws the signal's reason when interrupted. */
export async function watchBuild(
  connection: Connection,
  build: string,
  { json, exitStatus }: { json: boolean; exitStatus: boolean },
): Promise<number> {
  const { colour } = connection;
  const screen = new Screen({ stream: process.stdout, colour, live: process.stdout.isTTY });
  const output = json ? new JsonLines(process.stdout) : screen;
  try {
    const end = await follow(connection, build, (event) => output.show(event));
    const passed = end.builds.every(hasPassed);
    if (!json) screen.show({ type: "notice", message: lastLine(end.builds[0]?.conclusion ?? "unfinished") });
    return exitStatus && !passed ? 1 : 0;
  } finally {
    output.close();
  }
}

const lastLine = (conclusion: string) => `The build ended: ${conclusion.replaceAll("_", " ")}.`;

/** `show` gets what `sandlot run` would show of it. */
export async function follow(
  { client, signal }: Connection,
  build: string,
  show: (event: RunEvent) => void,
): ReturnType<typeof followBuilds> {
  const lasting = createLastingClient(client, signal, () =>
    process.stderr.write("The connection was lost; trying again …\n"),
  );
  return await followBuilds({ api: { ...client, ...lasting }, builds: [build], show, signal });
}
