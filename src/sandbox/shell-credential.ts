/** Shell text of the supervisor: lets `git` in steps read the repository, with the token in the memory of one process only. */

export const CREDENTIAL_SHELL = `# Answers git's questions for one server with a token that is only in the memory of a process of its own.
# \`serve\` starts it and prints the pipe that it waits for the token on; a second one replaces the first.
credential() {
  case $1 in
    serve) serve_credential ;;
    stop) stop_credential ;;
    get) ask_credential ;;
  esac
}
serve_credential() {
  local c=$control/credential token end
  stop_credential
  [ -p "$c/requests" ] || mkfifo "$c/requests"
  token=$c/token-$$-$RANDOM
  mkfifo "$token"
  (in_session env -i "PATH=$PATH" \${SANDLOT_SANDBOX+"SANDLOT_SANDBOX=$SANDLOT_SANDBOX"} "$BASH" "$control/supervisor.sh" answer "$token" \\
    </dev/null >/dev/null 2>>"$control/errors" 7<&- &)
  clock
  end=$((now + 10000))
  until [ -s "$c/server" ]; do
    clock
    [ "$now" -lt "$end" ] || exit 1
    pause 10
  done
  # The empty helper drops those of the system, which would ask a keychain or write to disk.
  printf '[credential "%s"]\\n\\thelper =\\n\\thelper = "!%s"\\n' "$SANDLOT_SERVER" "$(for_git_config "$BASH" "$control/supervisor.sh")" >"$c/gitconfig.new"
  mv -f "$c/gitconfig.new" "$c/gitconfig"
  printf '%s\\n' "$token"
}
# Two words for the plain sh that git starts, inside a double-quoted value of git's own.
for_git_config() {
  local word text=
  for word in "$@"; do
    text="$text'"
    while case $word in *\\'*) ;; *) false ;; esac do
      text="$text\${word%%\\'*}'\\\\''"
      word=\${word#*\\'}
    done
    text="$text$word' "
  done
  text=\${text//\\\\/\\\\\\\\}
  printf '%scredential' "\${text//\\"/\\\\\\"}"
}
stop_credential() {
  local c=$control/credential pid since
  : >"$c/gitconfig"
  if read -r pid since 2>/dev/null <"$c/server"; then
    if alive "$pid" "$since"; then kill -KILL "$pid"; fi
    rm -f "$c/server"
  fi
}
answer() {
  local token reply c=$control/credential
  exec 4<>"$1" 5<>"$c/requests"
  facts $$
  printf '%s %s\\n' $$ "$started" >"$c/server"
  IFS= read -r -t 60 token <&4
  exec 4<&-
  rm -f "$1"
  [ "$token" ] || exit 1
  while IFS= read -r reply <&5; do
    case $reply in *[!0-9-]* | '') continue ;; esac
    # Opened for both, so that neither a client that is gone nor a slow one holds us up.
    [ -p "$c/reply$reply" ] && printf '%s\\n' "$token" 1<>"$c/reply$reply"
  done
}
# Each client has a pipe of its own: two readers of one would share its bytes.
ask_credential() {
  local c=$control/credential reply=-$$-$RANDOM token=
  mkfifo "$c/reply$reply" || exit 0
  exec 4<>"$c/reply$reply" 5<>"$c/requests"
  printf '%s\\n' "$reply" >&5
  IFS= read -r -t 10 token <&4
  rm -f "$c/reply$reply"
  [ -z "$token" ] || printf 'username=x-access-token\\npassword=%s\\n' "$token"
}
`;
