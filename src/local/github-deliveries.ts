/** What the local GitHub says of webhooks that its App was sent: tests say which, since it sends none by itself. */

import type { Json } from "./github-answers.ts";
import type { Answer, Ask } from "./github-ask.ts";

/** One try at a webhook, as a test tells it. */
interface SentTry {
  id: number;
  guid: string;
  event: string;
  /** ms */
  at: number;
  /** 0 where nobody answered. */
  statusCode: number;
}

export interface AppHook {
  url: string;
  sent: SentTry[];
  /** Ids of the tries that were asked for again. */
  redelivered: number[];
}

export const newHook = (): AppHook => ({ url: "", sent: [], redelivered: [] });

/** Newest first, a page at a time, as GitHub does by cursor. */
export function listDeliveries({ state, url, query }: Ask): Answer {
  const perPage = Math.min(Number(query["per_page"] ?? 30), 100);
  const from = Number(query["cursor"] ?? 0);
  const all = state.hook.sent.toSorted((a, b) => b.at - a.at);
  const next = from + perPage;
  const link = `<${url}/app/hook/deliveries?per_page=${perPage}&cursor=${next}>; rel="next"`;
  return {
    status: 200,
    ...(next < all.length && { headers: { link } }),
    body: all.slice(from, next).map(deliveryJson),
  };
}

function deliveryJson({ id, guid, event, at, statusCode }: SentTry): Json {
  return {
    id,
    guid,
    delivered_at: new Date(at).toISOString(),
    redelivery: false,
    duration: 0.1,
    status: statusCode === 0 ? "failed to connect to host" : statusWord(statusCode),
    status_code: statusCode,
    event,
    action: null,
    installation_id: null,
    repository_id: null,
    throttled_at: null,
  };
}

function statusWord(code: number): string {
  return code < 300 ? "OK" : `Invalid HTTP Response: ${code}`;
}

export function redeliver({ state, params }: Ask): Answer {
  const id = Number(params["delivery_id"]);
  if (!state.hook.sent.some((one) => one.id === id)) return { status: 404, body: { message: "Not Found" } };
  state.hook.redelivered.push(id);
  return { status: 202, body: {} };
}

export function hookConfig({ state }: Ask): Answer {
  return {
    status: 200,
    body: { content_type: "json", insecure_ssl: "0", secret: "********", url: state.hook.url },
  };
}
