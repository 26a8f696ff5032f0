/** The supervisor: the shell that runs steps inside a sandbox and can be asked again; every adapter uploads this same text at boot. */

import { CREDENTIAL_SHELL } from "./shell-credential.ts";
import { PROCESS_SHELL } from "./shell-process.ts";
import { STEP_SHELL } from "./shell-step.ts";
import { WATCH_SHELL } from "./shell-watch.ts";

/**
 * Names (shell patterns) of the machine's own variables that commands and steps see: all else stays out, such as
 * `SSH_AUTH_SOCK` and cloud keys on a laptop, or what the SDK's server keeps in a container.
 */
export const PASSED_VARIABLES: readonly string[] = [
  "PATH",
  "HOME",
  "SHELL",
  "USER",
  "LOGNAME",
  "LANG",
  "TZ",
  "GIT_CONFIG_GLOBAL",
  "PIP_CACHE_DIR",
  // Certificates.
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  // Proxies.
  "[Hh][Tt][Tt][Pp]_[Pp][Rr][Oo][Xx][Yy]",
  "[Hh][Tt][Tt][Pp][Ss]_[Pp][Rr][Oo][Xx][Yy]",
  "[Aa][Ll][Ll]_[Pp][Rr][Oo][Xx][Yy]",
  "[Nn][Oo]_[Pp][Rr][Oo][Xx][Yy]",
  // Where package managers fetch from.
  "PIP_INDEX_URL",
  ...["registry", "cafile", "ca", "strict_ssl", "proxy", "https_proxy", "noproxy", "userconfig", "cache"].flatMap(
    (setting) => [`npm_config_${setting}`, `NPM_CONFIG_${setting.toUpperCase()}`],
  ),
  // What an image says of the tools in it.
  "JAVA_HOME*",
  "GOROOT*",
  "ImageOS",
  "ImageVersion",
];

const BOOT_SHELL = `boot() {
  local name
  workspace=\${SANDLOT_WORKSPACE:-/workspace} home=\${SANDLOT_HOME:-/home/ci} temp=\${SANDLOT_TEMP:-/tmp/sandlot} tools=\${SANDLOT_TOOLS:-/opt/hostedtoolcache}
  mkdir -p -- "$control/steps" "$control/incoming" "$control/credential"
  (umask 022 && mkdir -p -- "$workspace" "$home" "$temp" "$tools")
  [ -p "$control/never" ] || mkfifo "$control/never"
  [ -e "$control/boot" ] || head -c 1048576 /dev/zero >"$control/ballast"
  [ -e "$control/gitconfig" ] ||
    printf '[include]\\n\\tpath = ~/.config/git/config\\n\\tpath = ~/.gitconfig\\n\\tpath = credential/gitconfig\\n' >"$control/gitconfig"
  printf '%s\\n' "$SANDLOT_BOOT" >"$control/boot.$$"
  # The first boot wins: a link is made or not, never half.
  ln "$control/boot.$$" "$control/boot" 2>/dev/null
  rm -f "$control/boot.$$"
  read -r boot_id <"$control/boot"
  export HOME=$home LANG=\${LANG:-C.UTF-8} SHELL=$BASH GIT_CONFIG_GLOBAL=$control/gitconfig
  # Where they are by default; said, since a host may have said otherwise.
  export npm_config_cache=$home/.npm PIP_CACHE_DIR=$home/.cache/pip
  printf '%s\\0' "$boot_id" "$workspace" "$home" "$temp" "$tools" "$control"
  for name in $(compgen -e); do
    case $name in
      ${PASSED_VARIABLES.join(" | ")})
        printf '%s=%s\\0' "$name" "\${!name}"
        printf 'export %s=%q\\n' "$name" "\${!name}" >&4
        ;;
    esac
  done 4>"$control/environment"
}

# A short command of Sandlot's own, in the base environment.
run() {
  local script=$SANDLOT_SCRIPT settings=$SANDLOT_SET cwd=$SANDLOT_CWD
  unset SANDLOT_SCRIPT SANDLOT_SET SANDLOT_CWD LC_ALL
  . "$control/environment"
  eval "$settings"
  cd -- "\${cwd:-$HOME}" || exit 1
  umask 022
  exec sh -c "$script" 7<&-
}

# Makes a file only we can read, for a writer that would make it for all.
prepare() {
  mkdir -p -- "\${SANDLOT_PATH%/*}/" && : >>"$SANDLOT_PATH" && chmod 600 -- "$SANDLOT_PATH"
}
`;

const MAIN_SHELL = `[ ! -p "$control/never" ] || exec 7<>"$control/never"
case $1 in
  boot) if [ "\${SANDLOT_ENCODING-}" = base64 ]; then boot | base64 -w 0; else boot; fi ;;
  run | prepare) "$1" ;;
  where) printf '%s' "$control" ;;
  start | cancel) exec 2>>"$control/errors" && "$1" ;;
  poll) exec 2>>"$control/errors" && poll "$control/steps/$SANDLOT_ID" "$SANDLOT_FROM" "$SANDLOT_WAIT" ;;
  wrap | answer) "$1" "$2" ;;
  credential) credential "$2" ;;
esac
`;

export const SUPERVISOR = [PROCESS_SHELL, BOOT_SHELL, STEP_SHELL, WATCH_SHELL, CREDENTIAL_SHELL, MAIN_SHELL].join("\n");
