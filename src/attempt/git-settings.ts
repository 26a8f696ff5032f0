/** Settings of git for the fetches that Sandlot makes by itself: in the environment of one process, in no file and in no command line. */

export type GitSetting = [key: string, value: string];

/** Nothing of the workspace's hooks runs, no other protocol is spoken, and a fetch that stands still ends. */
const ALWAYS: GitSetting[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["protocol.ext.allow", "never"],
  ["protocol.file.allow", "never"],
  ["protocol.version", "2"],
  ["http.lowSpeedLimit", "1024"],
  ["http.lowSpeedTime", "60"],
  ["advice.detachedHead", "false"],
  ["init.defaultBranch", "main"],
];

export function gitSettings(own: readonly GitSetting[]): Record<string, string> {
  const settings = [...ALWAYS, ...own];
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length), GIT_TERMINAL_PROMPT: "0" };
  for (const [index, [key, value]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** The header that carries a token to an address. */
export function tokenHeader(url: string, token: string): GitSetting {
  return [`http.${url}.extraheader`, `AUTHORIZATION: basic ${btoa(`x-access-token:${token}`)}`];
}
