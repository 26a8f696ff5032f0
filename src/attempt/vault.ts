/** What must never be shown: secrets given to steps, tokens, `::add-mask::`. Kept sealed, one blob per attempt, gone with its sandbox. */

import { mintToken, revokeToken } from "../github/app.ts";
import type { GitHubConfig } from "../github/app.ts";
import { createMask } from "../logs/mask.ts";
import type { Mask } from "../logs/mask.ts";
import type { AttemptId } from "../model/ids.ts";
import { readSealed, saveSealed } from "../store/attempts.ts";
import { openSealed, readMasterKey, seal } from "../store/seal.ts";
import type { MasterKey } from "../store/seal.ts";
import { readSecrets } from "../store/secrets.ts";
import type { AttemptBindings } from "./bindings.ts";
import type { AttemptFacts } from "./facts.ts";

/** A token is renewed before it ends, so that no step starts with a dying one (ms). */
const RENEW_BEFORE_MS = 15 * 60_000;

interface Content {
  masks: string[];
  token: { value: string; expiresAt: number } | null;
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
    const key = await readMasterKey(env.SANDLOT_MASTER_KEY);
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
  async secrets(names: string[] | "all"): Promise<Record<string, string>> {
    if (this.#facts.build.fork || (names !== "all" && names.length === 0)) return {};
    const sealed = await readSecrets(this.#env.DB, this.#facts.repository.id);
    const wanted = names === "all" ? [...sealed.keys()] : names.map((name) => name.toUpperCase());
    const given: Record<string, string> = {};
    for (const name of wanted) {
      const text = sealed.get(name);
      if (text !== undefined)
        given[name] = await openSealed(this.#key, text, `secret/${this.#facts.repository.id}/${name}`);
    }
    await this.learn(Object.values(given));
    return given;
  }

  /** The job's token: this repository only, `contents: read`. Minted when it is first needed. */
  async token(now: number): Promise<string> {
    const held = this.#content.token;
    if (held && held.expiresAt - RENEW_BEFORE_MS > now) return held.value;
    const { installationId, id } = this.#facts.repository;
    if (installationId === null) throw new Error(`repository ${id} has no installation`);
    const { token, expiresAt } = await mintToken(this.#github(), installationId, {
      repositoryId: id,
      permissions: { contents: "read" },
    });
    this.#content.token = { value: token, expiresAt };
    this.#content.masks.push(token, btoa(`x-access-token:${token}`));
    this.#mask = createMask(this.#content.masks);
    await this.#save();
    return token;
  }

  /** Ends the token before its hour; harmless where there is none. */
  async revoke(): Promise<void> {
    if (this.#content.token) await revokeToken(this.#github(), this.#content.token.value);
  }

  #github(): GitHubConfig {
    return {
      apiUrl: this.#env.GITHUB_API_URL,
      appId: this.#env.GITHUB_APP_ID,
      privateKey: this.#env.GITHUB_APP_PRIVATE_KEY,
    };
  }

  async #save(): Promise<void> {
    const { id } = this.#facts.attempt;
    const sealed = await seal(this.#key, JSON.stringify(this.#content), contextOf(id));
    await saveSealed(this.#env.DB, id, sealed).run();
  }
}

function contextOf(id: AttemptId): string {
  return `masks/${id}`;
}
