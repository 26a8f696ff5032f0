/** What GitHub remembers of the webhooks that it sent us: those that nobody took, and how to have them sent again. */

import { appOctokit, type GitHubConfig } from "./app.ts";

/** One try at a webhook. */
export interface SentWebhook {
  /** Of the try. */
  id: number;
  /** Of the webhook, the same in each try: `X-GitHub-Delivery`. */
  guid: string;
  event: string;
  /** ms */
  at: number;
  /** It was answered with 2xx. */
  taken: boolean;
  /** What GitHub says of it: `OK`, `timed out`, `failed to connect to host`. */
  status: string;
}

/** The newest tries first, back to `since` (ms), at most `pages` of a hundred. */
export async function listSentWebhooks(
  config: GitHubConfig,
  { since, pages }: { since: number; pages: number },
): Promise<SentWebhook[]> {
  const octokit = appOctokit(config);
  const all: SentWebhook[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const { data, headers } = await octokit.rest.apps.listWebhookDeliveries({
      per_page: 100,
      ...(cursor !== undefined && { cursor }),
    });
    const read = data.map((one): SentWebhook => ({
      id: one.id,
      guid: one.guid,
      event: one.event,
      at: Date.parse(one.delivered_at),
      taken: one.status_code >= 200 && one.status_code < 300,
      status: one.status,
    }));
    all.push(...read.filter((one) => one.at >= since));
    cursor = /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(headers.link ?? "")?.[1];
    if (cursor === undefined || read.some((one) => one.at < since)) return all;
  }
  return all;
}

/** Has one try made again; it arrives under the same guid. */
export async function redeliverWebhook(config: GitHubConfig, id: number): Promise<void> {
  await appOctokit(config).rest.apps.redeliverWebhookDelivery({ delivery_id: id });
}
