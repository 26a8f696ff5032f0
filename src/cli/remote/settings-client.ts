/** The API's settings, as the command uses them: secrets, variables, environments, brakes and the audit log. */

import type { Page } from "../../model/api.ts";
import type {
  AuditView,
  EnvironmentView,
  Resealed,
  SecretView,
  UsageView,
  VariableView,
} from "../../model/settings-api.ts";
import { Api } from "../api-client.ts";
import type { Remote, RepositoryName } from "./remote.ts";

/** Whose settings. */
export type SettingScope = { owner: string } | (RepositoryName & { environment?: string });
export type SettingKind = "secrets" | "variables";

export class SettingsClient {
  readonly #api: Api;

  constructor({ url, token }: Remote) {
    this.#api = new Api(url, token);
  }

  /** Variables with their values. */
  async list(scope: SettingScope, kind: SettingKind): Promise<(SecretView & Partial<VariableView>)[]> {
    return (await this.#api.json<Page<SecretView & Partial<VariableView>>>(`${pathOf(scope)}/${kind}`)).items;
  }

  async put(scope: SettingScope, kind: SettingKind, { name, value }: { name: string; value: string }): Promise<void> {
    await this.#act("PUT", `${pathOf(scope)}/${kind}/${encodeURIComponent(name)}`, { value });
  }

  async remove(scope: SettingScope, kind: SettingKind, name: string): Promise<void> {
    await this.#act("DELETE", `${pathOf(scope)}/${kind}/${encodeURIComponent(name)}`);
  }

  async reseal(): Promise<Resealed> {
    return await this.#api.json<Resealed>("/api/secrets/reseal", "POST", {});
  }

  async listEnvironments(of: RepositoryName): Promise<EnvironmentView[]> {
    return (await this.#api.json<Page<EnvironmentView>>(`${pathOf(of)}/environments`)).items;
  }

  async createEnvironment(of: RepositoryName, name: string): Promise<void> {
    await this.#act("PUT", `${pathOf(of)}/environments/${encodeURIComponent(name)}`);
  }

  async removeEnvironment(of: RepositoryName, name: string): Promise<void> {
    await this.#act("DELETE", `${pathOf(of)}/environments/${encodeURIComponent(name)}`);
  }

  /** Null for all repositories. */
  async pause(of: RepositoryName | null): Promise<void> {
    await this.#act("PUT", of === null ? "/api/pause" : `${pathOf(of)}/pause`);
  }

  async resume(of: RepositoryName | null): Promise<void> {
    await this.#act("DELETE", of === null ? "/api/pause" : `${pathOf(of)}/pause`);
  }

  async readUsage(): Promise<UsageView> {
    return await this.#api.json<UsageView>("/api/usage");
  }

  /** Newest first, at most `limit`. */
  async listAudit({ limit, repository }: { limit: number; repository: string | null }): Promise<AuditView[]> {
    const query = new URLSearchParams({ limit: String(limit), ...(repository !== null && { repository }) });
    return (await this.#api.json<Page<AuditView>>(`/api/audit?${query.toString()}`)).items;
  }

  async #act(method: string, path: string, body?: unknown): Promise<void> {
    await (await this.#api.ask(path, { method, body })).body?.cancel();
  }
}

function pathOf(scope: SettingScope): string {
  const owner = encodeURIComponent(scope.owner);
  if (!("repo" in scope)) return `/api/owners/${owner}`;
  const path = `/api/repositories/${owner}/${encodeURIComponent(scope.repo)}`;
  return scope.environment === undefined ? path : `${path}/environments/${encodeURIComponent(scope.environment)}`;
}
