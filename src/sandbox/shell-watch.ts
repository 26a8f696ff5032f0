/** Shell text of the supervisor: says how a step stands, waits for news of it, ends it. */

export const WATCH_SHELL = `# Sets \`condition\` of a step, and how it ended.
look() {
  local d=$1 pid since
  exit_code=- timed_out=0 frozen=-
  if [ ! -d "$d" ]; then condition=unknown; return; fi
  if ! ended "$d"; then
    if read -r pid since 2>/dev/null <"$d/session" && [ "$since" ]; then
      if alive "$pid" "$since"; then condition=running; else ended "$d" || condition=vanished; fi
    elif [ -n "$(find "$d" -prune -mmin -0.17)" ]; then
      condition=running
    else
      ended "$d" || condition=vanished
    fi
  fi
}
ended() {
  [ -e "$1/exit" ] || return 1
  read -r exit_code timed_out frozen <"$1/exit"
  condition=exited
}

# Returns as soon as there is news after an offset: the end, or log bytes. What comes at once after the first bytes comes along.
poll() {
  local d=$1 from=$2 end tick=10 size=0 news=
  clock
  end=$((now + $3))
  look "$d"
  if [ "$condition" = running ] && [ "$3" -gt 0 ]; then
    [ ! -s "$d/log" ] || size_of "$d/log"
    [ $((size - from)) -lt 65536 ] || end=$now
    exec 3<"$d/log"
    # Moves the position of 3, which is shared with the child; no builtin does.
    [ "$from" -eq 0 ] || dd bs=1 skip="$from" count=0 <&3 >/dev/null 2>&1
    while clock && [ "$now" -lt "$end" ]; do
      if [ -z "$news" ] && IFS= read -r -d '' -n 1 _ <&3; then
        news=1
        [ "$end" -lt $((now + 100)) ] || end=$((now + 100))
      fi
      pause $tick
      tick=50
      look "$d"
      [ "$condition" = running ] || break
    done
    exec 3<&-
  fi
  report "$d" "$from"
}

# One line of facts, then the log's bytes after the offset and the command files that are small enough.
report() {
  local d=$1 from=$2 boot_id=- count=0 file sizes=0 size present=0 small= max=4194304
  read -r boot_id <"$control/boot"
  look "$d"
  set --
  if [ "$condition" = exited ]; then
    for file in $files; do if [ -s "$d/$file" ]; then set -- "$@" "$d/$file"; fi; done
  fi
  if [ -s "$d/log" ] || [ $# -gt 0 ]; then
    size_of "$d/log" "$@"
    sizes=$size
  fi
  set -- $sizes
  size=$1
  shift
  case $frozen in -) ;; *) size=$frozen ;; esac
  count=$((size > from ? size - from : 0))
  [ $count -le $max ] || count=$max
  sizes=
  if [ "$condition" = exited ]; then
    for file in $files; do
      if [ $# -gt 0 ] && [ -s "$d/$file" ]; then
        sizes="$sizes $1"
        [ "$1" -gt 65536 ] || small="$small $file"
        shift
      else
        sizes="$sizes 0"
      fi
    done
  fi
  printf 'sandlot %s %s %s %s %s %s%s\\n' "$boot_id" "$condition" "$exit_code" "$timed_out" "$size" $count "$sizes"
  [ $count -gt 0 ] || [ "$small" ] || return 0
  if [ "\${SANDLOT_ENCODING-}" = base64 ]; then body | base64 -w 0; else body; fi
}
body() {
  # Most often all of a short log is asked for, and that can be one process.
  if [ $count -gt 0 ] && [ "$condition" = exited ] && [ "$frozen" = - ] && [ "$from" -eq 0 ] && [ $count -eq "$size" ]; then
    small="log $small"
  elif [ $count -gt 0 ]; then
    tail -c +$((from + 1)) -- "$d/log" | head -c $count
  fi
  [ -z "$small" ] || (cd -- "$d" && exec cat -- $small)
}

# Ends all that is left of a step, daemons too.
cancel() {
  local d=$control/steps/$SANDLOT_ID pid= since= keep= end
  [ -d "$d" ] || return 0
  clock
  end=$((now + 10000))
  # What is still starting is waited for: its wrapper may not be known yet, nor what to spare.
  until read -r pid since 2>/dev/null <"$d/session" && [ "$since" ] && { [ -s "$d/keep" ] || ! alive "$pid" "$since"; }; do
    clock
    [ "$now" -lt "$end" ] || return 0
    pause 20
  done
  read -r keep 2>/dev/null <"$d/keep"
  read -r group 2>/dev/null <"$d/group"
  signal_session INT "$pid" "$keep" 7500 || signal_session TERM "$pid" "$keep" 2500 || signal_session KILL "$pid" "$keep" 5000
  # The wrapper, told by the end of the step, writes the exit code and goes.
  clock
  end=$((now + 3000))
  find_members "$pid" ''
  while [ "$members" ] && [ "$now" -lt "$end" ]; do pause 20; clock; find_members "$pid" ''; done
  [ -z "$members" ] || signal_session KILL "$pid" '' 5000
}
`;
