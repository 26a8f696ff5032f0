/** GitHub's user authorization of our App: from a code, a device or a refresh token to the tokens of a person. */

import { z } from "zod";
import { GitHubFault } from "./client.ts";
import type { FetchLike } from "./client.ts";

export interface SignInConfig {
  apiUrl: string;
  /** Where GitHub's own pages are. */
  serverUrl: string;
  clientId: string;
  clientSecret: string;
  fetch?: FetchLike;
}

/** Times in ms; null where GitHub names no end, as for an App whose user tokens do not expire. */
export interface UserTokens {
  accessToken: string;
  expiresAt: number | null;
  refreshToken: string | null;
}

export type Granting =
  | { ok: true; tokens: UserTokens }
  /** GitHub's word: `bad_verification_code`, `authorization_pending`, `slow_down`, `expired_token`, `bad_refresh_token`, … */
  | { ok: false; error: string; description: string };

export interface DeviceCode {
  deviceCode: string;
  /** What the person types in at `verificationUri`. */
  userCode: string;
  verificationUri: string;
  expiresInMs: number;
  intervalMs: number;
}

/** https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app */
export function authorizeUrl(
  config: Pick<SignInConfig, "serverUrl" | "clientId">,
  asked: { redirectUri: string; state: string; challenge: string },
): string {
  const query = new URLSearchParams({
    client_id: config.clientId,
    redirect_uri: asked.redirectUri,
    state: asked.state,
    code_challenge: asked.challenge,
    code_challenge_method: "S256",
  });
  return `${origin(config)}/login/oauth/authorize?${query.toString()}`;
}

export async function exchangeCode(
  config: SignInConfig,
  given: { code: string; redirectUri: string; verifier: string },
  now: number,
): Promise<Granting> {
  const { code, redirectUri, verifier } = given;
  return await askForTokens(config, { code, redirect_uri: redirectUri, code_verifier: verifier }, now);
}

export async function refreshTokens(config: SignInConfig, refreshToken: string, now: number): Promise<Granting> {
  return await askForTokens(config, { grant_type: "refresh_token", refresh_token: refreshToken }, now);
}

/** Asks once whether the person has let the device in; until then the error is `authorization_pending`. */
export async function exchangeDeviceCode(config: SignInConfig, deviceCode: string, now: number): Promise<Granting> {
  const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
  return await askForTokens(config, { grant_type, device_code: deviceCode }, now);
}

const deviceAnswer = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.url(),
  expires_in: z.number(),
  interval: z.number(),
});
const refusal = z.object({ error: z.string(), error_description: z.string().default("") });

/** Refused (`device_flow_disabled`) where the App does not have the device flow switched on. */
export async function startDeviceFlow(
  config: SignInConfig,
): Promise<{ ok: true; device: DeviceCode } | { ok: false; error: string; description: string }> {
  const answer = await post(config, "/login/device/code", { client_id: config.clientId });
  const refused = refusal.safeParse(answer);
  if (refused.success) return { ok: false, error: refused.data.error, description: refused.data.error_description };
  const device = read(deviceAnswer, answer);
  return {
    ok: true,
    device: {
      deviceCode: device.device_code,
      userCode: device.user_code,
      verificationUri: device.verification_uri,
      expiresInMs: device.expires_in * 1000,
      intervalMs: device.interval * 1000,
    },
  };
}

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().optional(),
  refresh_token: z.string().optional(),
});

async function askForTokens(config: SignInConfig, asked: Record<string, string>, now: number): Promise<Granting> {
  const { clientId, clientSecret } = config;
  const answer = await post(config, "/login/oauth/access_token", {
    client_id: clientId,
    client_secret: clientSecret,
    ...asked,
  });
  const refused = refusal.safeParse(answer);
  if (refused.success) return { ok: false, error: refused.data.error, description: refused.data.error_description };
  const granted = read(tokenAnswer, answer);
  return {
    ok: true,
    tokens: {
      accessToken: granted.access_token,
      expiresAt: granted.expires_in === undefined ? null : now + granted.expires_in * 1000,
      refreshToken: granted.refresh_token ?? null,
    },
  };
}

const TIMEOUT_MS = 15_000;

/** GitHub answers a refusal with 200 and an `error`; any other status is a fault of its own. */
async function post(config: SignInConfig, path: string, body: Record<string, string>): Promise<unknown> {
  const call = `POST ${path}`;
  const ask = config.fetch ?? ((input: string, init?: RequestInit) => fetch(input, init));
  try {
    const response = await ask(`${origin(config)}${path}`, {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "sandlot",
      },
      body: new URLSearchParams(body).toString(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return await response.json();
    await response.body?.cancel();
    throw new GitHubFault("unavailable", `GitHub answered ${response.status} to ${call}`, { status: response.status });
  } catch (error) {
    if (error instanceof GitHubFault) throw error;
    throw new GitHubFault("unavailable", `no answer from GitHub to ${call}`, { cause: error });
  }
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  // The answer holds tokens: no word of it goes into a message.
  if (!parsed.success)
    throw new GitHubFault("unavailable", "GitHub's answer to a sign-in has another shape than it says");
  return parsed.data;
}

const origin = ({ serverUrl }: { serverUrl: string }): string => serverUrl.replace(/\/+$/, "");
