/** What must never be shown: secrets given to steps, tokens, `::add-mask::`. Kept sealed, one blob per attempt, gone with its sandbox. */

import { githubConfig, mintToken, revokeToken } from "../github/app.ts";
import type { GitHubConfig } from "../github/app.ts";
import { createMask } from "../logs/mask.ts";
import type { Mask } from "../logs/mask.ts";
import type { AttemptId } from "../model/ids.ts";
import type { Permissions } from "../model/workflow.ts";
import { readSealed, saveSealed } from "../store/attempts.ts";
import { scopesOf } from "../store/scopes.ts";
import type { Scope } from "../store/scopes.ts";
import { openSealed, readMasterKey, seal } from "../store/seal.ts";
import type { MasterKey } from "../store/seal.ts";
import { readSecrets, secretContext } from "../store/secrets.ts";
import type { SealedSecret } from "../store/secrets.ts";
import type { AttemptBindings } from "./bindings.ts";
import type { AttemptFacts } from "./facts.ts";
import { tokenPlan } from "./token-plan.ts";

/** A token is renewed before it ends, so that no step starts with a dying one (ms). */
const RENEW_BEFORE_MS = 15 * 60_000;

const DEBUG_SECRETS = ["ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"] as const;

interface Content {
  masks: string[];
  /** The job's own. */
  token: Token | null;
  /** Where `git` in the sandbox is answered with the job's token, so that a renewed one is handed on; absent for nowhere. */
  served?: string;
  /** Tokens for other repositories, by their id. */
  others?: Record<string, Token>;
}

interface Token {
  value: string;
  expiresAt: number;
}

export class Vault {
  readonly #env: AttemptBindings;
  readonly #facts: AttemptFacts;
  readonly #key: MasterKey;
  #content: Content;
  #mask: Mask;

  private constructor(env: AttemptBindings, facts: AttemptFacts, key: MasterKey, content: Content) {
    this.#env = env;
    this.#facts = facts;
    this.#key = key;
    this.#content = content;
    this.#mask = createMask(content.masks);
  }

  /** As an earlier runner of this attempt left it. */
  static async open(env: AttemptBindings, facts: AttemptFacts): Promise<Vault> {
    const key = await readMasterKey(env.SANDLOT_MASTER_KEY, env.SANDLOT_MASTER_KEY_PREVIOUS);
    const sealed = await readSealed(env.DB, facts.attempt.id);
    const content =
      sealed === null
        ? { masks: [], token: null }
        : (JSON.parse(await openSealed(key, sealed, contextOf(facts.attempt.id))) as Content);
    return new Vault(env, facts, key, content);
  }

  get mask(): Mask {
    return this.#mask;
  }

  /** From now on these are hidden, also after a restart. */
  async learn(values: readonly string[]): Promise<void> {
    const fresh = values.filter((value) => value !== "" && !this.#content.masks.includes(value));
    if (fresh.length === 0) return;
    this.#content.masks.push(...fresh);
    this.#mask = createMask(this.#content.masks);
    await this.#save();
  }

  /** The values of these secrets, masked from here on. A name that is not set has no entry. Builds of forks get none. */
  async secrets(
    names: string[] | "all",
    scopes: readonly Scope[] = scopesOf(this.#facts.repository),
  ): Promise<Record<string, string>> {
    if (this.#facts.build.fork || scopes.length === 0 || (names !== "all" && names.length === 0)) return {};
    const given: Record<string, string> = {};
    for (const [name, secret] of await readSecrets(this.#env.DB, scopes, names))
      given[name] = await this.#open(name, secret);
    await this.learn(Object.values(given));
    return given;
  }

  async #open(name: string, { scope, sealed }: SealedSecret): Promise<string> {
    return await openSealed(this.#key, sealed, secretContext(scope, name));
  }

  /** https://docs.github.com/actions/how-tos/monitor-workflows/enable-debug-logging: the value is no secret, and is not masked. */
  async debugAsked(): Promise<boolean> {
    if (this.#facts.build.fork) return false;
    const found = await readSecrets(this.#env.DB, scopesOf(this.#facts.repository), DEBUG_SECRETS);
    for (const [name, secret] of found) if ((await this.#open(name, secret)) === "true") return true;
    return false;
  }

  /** The job's token: this repository only, with the job's permissions. Minted when it is first needed, renewed when it is old. */
  async token(now: number): Promise<string> {
    const held = this.#content.token;
    if (held && !isOld(held, now)) return held.value;
    const { id } = this.#facts.repository;
    const { permissions } = await tokenPlan(this.#github(), this.#facts, now);
    this.#content.token = await this.#mint(this.#installation(), id, permissions);
    await this.#save();
    return this.#content.token.value;
  }

  /** The job's token where it was minted already. */
  get held(): string | null {
    return this.#content.token?.value ?? null;
  }

  /** A token that reads another repository of this owner. */
  async tokenFor(other: { installationId: number; repositoryId: number }, now: number): Promise<string> {
    const held = this.#content.others?.[other.repositoryId];
    if (held && !isOld(held, now)) return held.value;
    const token = await this.#mint(other.installationId, other.repositoryId, { contents: "read" });
    this.#content.others = { ...this.#content.others, [other.repositoryId]: token };
    await this.#save();
    return token.value;
  }

  /** From now on `git` in the sandbox is answered with the job's token there. */
  async serve(server: string, now: number): Promise<string> {
    const known = this.#content.served === server;
    this.#content.served = server;
    const held = this.#content.token;
    const token = await this.token(now);
    if (!known && held?.value === token) await this.#save();
    return token;
  }

  /** The token anew where it is old and git in the sandbox is answered with it; null where nothing is to be done. */
  async renewed(now: number): Promise<{ server: string; token: string } | null> {
    const { served, token } = this.#content;
    if (served === undefined || token === null || !isOld(token, now)) return null;
    return { server: served, token: await this.token(now) };
  }

  /** Ends the tokens before their hour; harmless where there are none. */
  async revoke(): Promise<void> {
    const { token, others } = this.#content;
    for (const one of [token, ...Object.values(others ?? {})]) {
      if (one !== null) await revokeToken(this.#github(), one.value);
    }
  }

  #installation(): number {
    const { installationId, id } = this.#facts.repository;
    if (installationId === null) throw new Error(`repository ${id} has no installation`);
    return installationId;
  }

  /** Masked before anybody has it. */
  async #mint(installationId: number, repositoryId: number, permissions: Permissions): Promise<Token> {
    const { token, expiresAt } = await mintToken(this.#github(), installationId, { repositoryId, permissions });
    this.#content.masks.push(token, btoa(`x-access-token:${token}`));
    this.#mask = createMask(this.#content.masks);
    return { value: token, expiresAt };
  }

  #github(): GitHubConfig {
    return githubConfig(this.#env);
  }

  async #save(): Promise<void> {
    const { id } = this.#facts.attempt;
    const sealed = await seal(this.#key, JSON.stringify(this.#content), contextOf(id));
    await saveSealed(this.#env.DB, id, sealed).run();
  }
}

function isOld({ expiresAt }: Token, now: number): boolean {
  return expiresAt - RENEW_BEFORE_MS <= now;
}

function contextOf(id: AttemptId): string {
  return `masks/${id}`;
}
