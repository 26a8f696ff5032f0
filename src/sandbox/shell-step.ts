/** Shell text of the supervisor: starts a step in a session of its own, minds its time, writes down how it ended. */

export const STEP_SHELL = `# The first start of an id runs it; any later one only reports.
start() {
  local id=$SANDLOT_ID d=$control/steps/$SANDLOT_ID launch=\${SANDLOT_LAUNCH-} script=\${SANDLOT_SCRIPT-} given=\${SANDLOT_LAUNCH+given} file
  unset SANDLOT_LAUNCH SANDLOT_SCRIPT
  if mkdir "$d" 2>/dev/null || { [ ! -d "$d" ] && give_room && mkdir "$d" 2>/dev/null; }; then
    if [ "$given" ]; then
      # Half a script must never run.
      put "$d/script.$SANDLOT_EXTENSION" %s "$script" || { rm -rf "$d"; return 1; }
    else
      mv -f "$control/incoming/$SANDLOT_INCOMING.script" "$d/script.$SANDLOT_EXTENSION"
    fi
    for file in log $files; do : >"$d/$file"; done
    # The wrapper holds the other end of 8 until it ends. It is told what to run through a pipe, so that no secret is in a file,
    # a command line or its environment; only what is too long for that comes in a file, gone before the step runs.
    if [ "$given" ]; then
      exec 8< <(in_session "$BASH" "$control/supervisor.sh" wrap "$id" <<<"$launch")
    else
      exec 8< <(in_session "$BASH" "$control/supervisor.sh" wrap "$id" <"$control/incoming/$SANDLOT_INCOMING.launch")
    fi
    to_seconds "$SANDLOT_WAIT"
    IFS= read -r -t "$seconds" file <&8
    report "$d" 0
  else
    [ "$given" ] || rm -f "$control/incoming/$SANDLOT_INCOMING".*
    poll "$d" 0 "$SANDLOT_WAIT"
  fi
}

# Leads the step's session: runs the step, minds its time, writes down how it ended.
wrap() {
  local d=$control/steps/$1 script environment command cwd limit line= word rest= status=0 code timed_out=0 size=- keep writer
  facts $$
  put "$d/session" '%s %s\\n' $$ "$started"
  # Room for how it ends, whatever becomes of the disk.
  put "$d/exit.tmp" '%64s\\n' ''
  script=("$d"/script.*)
  . /dev/stdin
  exec 2>>"$control/errors" </dev/null
  if [ "\${SANDLOT_INCOMING-}" ]; then rm -f "$control/incoming/$SANDLOT_INCOMING.launch"; fi
  exec 9< <(hold_step "$d")
  keep="$$ $!"
  # A short step may end before its writer says who it is.
  while read -r word rest <&9 && [ "$word" != writer ]; do line="$word $rest"; done
  writer=\${rest% *}
  keep="$keep $rest"
  put "$d/keep" '%s\\n' "$keep"
  to_seconds "$limit"
  clock
  limit=$((now + limit - 1000))
  if [ ! "$line" ]; then
    read -r -t "$seconds" line <&9
    status=$?
  fi
  clock
  if [ $status -gt 128 ] || { [ "$coarse" ] && [ $status -ne 0 ] && [ "$now" -ge "$limit" ]; }; then
    timed_out=1
    read -r group <"$d/group"
    signal_session TERM $$ "$keep" 10000 || signal_session KILL $$ "$keep" 5000
    read -r -t 5 line <&9
    code=124
  elif [ $status -eq 0 ]; then
    code=\${line#code }
  else
    exit 1
  fi
  settle "$d" "$writer"
  write_exit || { give_room && write_exit; } || exit 1
  mv -f "$d/exit.tmp" "$d/exit"
}
write_exit() { printf '%s %s %s\\n' "$code" "$timed_out" "$size" 1<>"$d/exit.tmp"; }

# Starts the step and says on stdout which process writes its log and, at the end, its exit code.
# The log is written through a pipe, since \`echo x >/dev/stderr\` truncates a file. The step has a process group of its own, since
# \`trap 'kill 0' EXIT\` would end us too.
hold_step() {
  exec 5>&1
  exec 8> >(write_log "$1")
  set -m
  exec_step &
  put "$1/group" '%s\\n' $!
  set +m
  exec 8>&-
  wait $!
  printf 'code %s\\n' $? >&5
}
# A step whose log has no room on the disk goes on, and the log says what is missing: the step's end is its own.
write_log() {
  cat <&0 >>"$1/log" 5>&- &
  printf 'writer %s %s\\n' $! "\${BASHPID-$(exec sh -c 'echo $PPID')}" >&5
  wait $!
  case $? in
    0) return ;;
    1) give_room; printf '\\n%s\\n' "Sandlot: the sandbox's disk is full, so that part of this log is missing" >>"$1/log" ;;
  esac
  cat >>"$1/log" || cat >/dev/null
}
exec_step() {
  local fd
  exec </dev/null >&8 2>&1
  # Bash itself keeps copies of some (255 is its own and closes); a daemon that inherits one would hold up the end of the step.
  for fd in /dev/fd/*; do case \${fd##*/} in [012] | 255) ;; *) eval "exec \${fd##*/}>&-" ;; esac done
  umask 022
  cd -- "$cwd" 2>/dev/null || { printf 'The working directory does not exist: %s\\n' "$cwd"; exit 1; }
  set -- env -i \${SANDLOT_SANDBOX+"SANDLOT_SANDBOX=$SANDLOT_SANDBOX"} \${environment[@]+"\${environment[@]}"} "\${command[@]}"
  # In the background bash 3.2 has it ignore INT, which no shell can undo.
  if [ "$coarse" ]; then exec perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec { $ARGV[0] } @ARGV' -- "$@"; fi
  exec "$@"
}
# Waits until all that the step wrote is in the log. A daemon that it left may hold the pipe open for ever: then it is enough that the pipe
# is empty and its reader asleep, and the log's size is frozen there.
settle() {
  local end
  to_seconds 100
  read -r -t "$seconds" line <&9
  [ $? -gt 128 ] || [ "$coarse" ] || return 0
  clock
  end=$((now + 3000))
  if exec 6<"/proc/$2/fd/0"; then
    while clock && [ "$now" -lt "$end" ]; do
      if ! read -r -t 0 <&6 && facts "$2" && [ "$state" = S ] && ! read -r -t 0 <&6; then break; fi
      pause 10
    done
    exec 6<&-
  fi 2>/dev/null
  size_of "$1/log"
}
# Sets \`size\` to the sizes of files, one word each.
size_of() {
  if [ -r /proc/self/stat ]; then size=$(stat -c %s -- "$@"); else size=$(stat -f %z -- "$@"); fi
}
`;
