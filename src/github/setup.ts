/** How our App is set up at GitHub: what it may do, what it hears of, and where its webhooks go. */

import { appOctokit, type GitHubConfig } from "./app.ts";
import { GitHubFault } from "./client.ts";

export interface AppSetup {
  slug: string;
  /** In GitHub's words: `pull_requests`. */
  permissions: Record<string, string>;
  events: string[];
  hookUrl: string | null;
  settingsUrl: string;
  /** How many accounts it is installed for; null where GitHub does not say. */
  installations: number | null;
  /** GitHub's clock (ms, UTC); null where it does not say. */
  now: number | null;
}

/** Throws GitHubFault. */
export async function readAppSetup(config: GitHubConfig): Promise<AppSetup> {
  const { apps } = appOctokit(config).rest;
  const { data, headers } = await apps.getAuthenticated();
  const hook = await apps.getWebhookConfigForApp();
  if (data === null) throw new GitHubFault("unavailable", "GitHub says nothing of the App");
  const permissions = Object.entries(data.permissions).filter(([, level]) => typeof level === "string");
  return {
    slug: data.slug ?? "",
    permissions: Object.fromEntries(permissions.map(([name, level]) => [name, String(level)])),
    events: data.events,
    hookUrl: hook.data.url ?? null,
    settingsUrl: data.html_url,
    installations: data.installations_count ?? null,
    now: Date.parse(headers.date ?? "") || null,
  };
}
