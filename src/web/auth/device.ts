/** `sandlot login`: GitHub's device flow, walked by the Worker, so that no token of GitHub's ever reaches the command. */

import { z } from "zod";
import { exchangeDeviceCode, startDeviceFlow } from "../../github/sign-in.ts";
import type { DeviceLogin, LoginAnswer, WhoAmI } from "../../model/api.ts";
import { openSealed, readMasterKey, seal, SealError } from "../../store/seal.ts";
import { json, problem } from "../http/answer.ts";
import { readJson } from "../http/body.ts";
import type { Rooms } from "../rooms.ts";
import { endSession, openSession } from "./sign-in.ts";
import { actorOf } from "./viewer.ts";

type DeviceRooms = Pick<Rooms, "db" | "masterKey" | "previousMasterKey" | "signIn" | "viewer">;

const DEVICE_CONTEXT = "device";
const NOT_SET_UP =
  "Nobody can sign in here: GITHUB_APP_CLIENT_ID and GITHUB_APP_CLIENT_SECRET are not set on this Worker. Use a token.";

export async function startDeviceLogin(rooms: DeviceRooms, request: Request): Promise<Response> {
  const asked = await readJson(request, z.strictObject({}));
  if (!asked.ok) return asked.answer;
  if (rooms.signIn === null) return problem(503, NOT_SET_UP);
  const started = await startDeviceFlow(rooms.signIn);
  if (!started.ok) return problem(503, explainRefusal(started.error, started.description));
  const { deviceCode, userCode, verificationUri, expiresInMs, intervalMs } = started.device;
  const key = await readMasterKey(rooms.masterKey, rooms.previousMasterKey);
  const device = await seal(key, deviceCode, DEVICE_CONTEXT);
  return json({ device, userCode, verificationUri, expiresInMs, intervalMs } satisfies DeviceLogin);
}

function explainRefusal(error: string, description: string): string {
  if (error === "device_flow_disabled")
    return "The GitHub App does not have its device flow enabled: its owner can, on its page.";
  return `GitHub does not start a sign-in: ${description || error}`;
}

const finishRequest = z.strictObject({ device: z.string().max(2000) });

/** Asked again and again by the command, at the pace that GitHub named. */
export async function finishDeviceLogin(rooms: DeviceRooms, request: Request): Promise<Response> {
  const asked = await readJson(request, finishRequest);
  if (!asked.ok) return asked.answer;
  if (rooms.signIn === null) return problem(503, NOT_SET_UP);
  const deviceCode = await openDevice(rooms, asked.value.device);
  if (deviceCode === null) return problem(400, "This sign-in was not started here.");
  const granted = await exchangeDeviceCode(rooms.signIn, deviceCode, Date.now());
  if (!granted.ok) return answerRefusal(granted.error, granted.description);
  const { secret, session } = await openSession(rooms, rooms.signIn, granted.tokens, "cli");
  const { login, expiresAt } = session;
  return json({ status: "done", token: secret, login, expiresAt } satisfies LoginAnswer);
}

function answerRefusal(error: string, description: string): Response {
  switch (error) {
    case "authorization_pending":
      return json({ status: "pending" } satisfies LoginAnswer);
    case "slow_down":
      return json({ status: "slow_down" } satisfies LoginAnswer);
    case "access_denied":
      return json({ status: "denied" } satisfies LoginAnswer);
    case "expired_token":
      return json({ status: "expired" } satisfies LoginAnswer);
    default:
      return problem(400, `GitHub does not sign you in: ${description || error}`);
  }
}

async function openDevice(rooms: DeviceRooms, sealed: string): Promise<string | null> {
  try {
    return await openSealed(await readMasterKey(rooms.masterKey, rooms.previousMasterKey), sealed, DEVICE_CONTEXT);
  } catch (error) {
    if (error instanceof SealError && error.reason !== "key") return null;
    throw error;
  }
}

export function whoAmI({ viewer }: Pick<Rooms, "viewer">): Response {
  const who = actorOf(viewer);
  if (viewer.kind === "person") {
    const { login, expiresAt } = viewer.session;
    return json({ who, login, scope: null, repositoryId: null, expiresAt } satisfies WhoAmI);
  }
  const { scope, repositoryId } = viewer.kind === "token" ? viewer : { scope: null, repositoryId: null };
  return json({ who, login: null, scope, repositoryId, expiresAt: null } satisfies WhoAmI);
}

/** What `sandlot logout` asks for. */
export async function endLogin({ db, viewer }: Pick<Rooms, "db" | "viewer">): Promise<Response> {
  if (viewer.kind !== "person") return problem(409, "This is a token, not a sign-in: `sandlot tokens revoke` ends it.");
  await endSession(db, viewer.session, false);
  return new Response(null, { status: 204 });
}
