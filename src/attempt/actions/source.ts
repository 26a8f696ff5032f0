/** Where actions of other repositories are fetched from, and with which settings of git. */

import type { ActionReference } from "../../language/action-reference.ts";
import { gitSettings, tokenHeader } from "../git-settings.ts";
import type { GitSetting } from "../git-settings.ts";
import { tokenForFork } from "../native/checkout-source.ts";
import type { Session } from "../session.ts";

export interface ActionSource {
  server: string;
  url: string;
  /** The build's own repository, which is read with the job's token; all others are read as by anybody. */
  own: boolean;
}

export function sourceOf({ env, facts }: Session, name: string): ActionSource {
  const { owner, name: repository } = facts.repository;
  const own = name.toLowerCase() === `${owner}/${repository}`.toLowerCase();
  const asked = own || env.ACTIONS_SERVER_URL === "" ? env.GITHUB_SERVER_URL : env.ACTIONS_SERVER_URL;
  const server = asked.replace(/\/+$/, "");
  return { server, url: `${server}/${name}.git`, own };
}

/** Nothing of the machine's own settings counts, and a token goes to no address but that of its repository. */
export async function fetchingEnv(
  session: Session,
  references: readonly Pick<ActionReference, "name">[],
): Promise<Record<string, string>> {
  const own = references.map(({ name }) => sourceOf(session, name)).find((source) => source.own);
  const settings: GitSetting[] = [["credential.helper", ""]];
  if (own !== undefined) {
    const token = (await tokenForFork(session)) ?? (await session.vault.token(Date.now()));
    settings.push(tokenHeader(own.url, token));
  }
  return {
    ...session.booted.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    ...gitSettings(settings),
  };
}
