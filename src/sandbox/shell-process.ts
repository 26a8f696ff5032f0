/** Shell text of the supervisor: processes, sessions and waiting, with as few forks as can be. */

export const PROCESS_SHELL = `# Sandlot's supervisor: the only thing that runs steps. Sourced by bash with a verb; what it is given comes in SANDLOT_* variables.
# In {control}: boot (marker), environment, errors, never (a pipe that nobody writes to: waiting without a fork), ballast (room on the
# disk that is given up when there is no other), steps/, credential/.
# In steps/{id}: script, log, session (pid and start time of the wrapper), keep (pids that a cancel spares), exit (written last, by rename),
# and the step's command files.
set -u
umask 077
unset CDPATH BASH_ENV ENV
LC_ALL=C
control=\${BASH_SOURCE[0]%/*}
files='output env path summary state'
group=none
# macOS has bash 3.2, which waits whole seconds only. What is for macOS was tried with that bash on Linux, not on macOS itself.
case \${BASH_VERSINFO[0]} in 3) coarse=1 ;; *) coarse= ;; esac

# Sets \`seconds\` to what \`read -t\` takes for so many ms.
to_seconds() {
  if [ "$coarse" ]; then seconds=$((($1 + 999) / 1000)); else printf -v seconds '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); fi
}
# Sets \`now\`, in ms.
clock() {
  now=\${EPOCHREALTIME-}
  if [ "$now" ]; then now=\${now/[.,]/} now=$((now / 1000)); else now=$((SECONDS * 1000)); fi
}
pause() { to_seconds "$1"; read -r -t "$seconds" _ <&7; }

# Sets state, parent, session and started of a process; fails when there is none. A name may hold spaces, brackets, line ends.
facts() {
  local line=
  if [ -r /proc/self/stat ]; then
    IFS= read -r -d '' line 2>/dev/null <"/proc/$1/stat"
    [ "$line" ] || return 1
    set -- \${line##*) }
    state=$1 parent=$2 session=$4 started=\${20}
  else
    # macOS: no /proc, and ps cannot name sessions; the process group stands in.
    read -r state parent session started < <(ps -o stat=,ppid=,pgid=,lstart= -p "$1" | awk '{ print $1, $2, $3, $4 "-" $5 "-" $6 "-" $7 "-" $8 }')
    [ "\${state-}" ] || return 1
  fi
}
# A zombie still answers kill -0 where nobody reaps, and a pid is used again: hence state and start time.
alive() { facts "$1" && [ "$started" = "$2" ] && case $state in Z* | X*) false ;; esac }

# Sets \`members\` to the live processes of a session (or, on macOS, of the step's \`group\`) and all that descends from it, except the pids in $2.
find_members() {
  local sid=$1 keep=" $2 " known=" $1 " others= pid entry grown=1
  members=
  list_processes
  for entry in $table; do
    set -- \${entry//:/ }
    case $4 in Z* | X*) continue ;; esac
    if [ "$3" = "$sid" ] || [ "$3" = "$group" ]; then known="$known$1 "; else others="$others $1:$2"; fi
  done
  while [ "$grown" ]; do
    grown=
    for entry in $others; do
      case $known in *" \${entry%:*} "*) continue ;; esac
      case $known in *" \${entry#*:} "*) known="$known\${entry%:*} " grown=1 ;; esac
    done
  done
  for pid in $known; do
    case $keep in *" $pid "*) ;; *) facts "$pid" && case $state in Z* | X*) ;; *) members="$members $pid" ;; esac ;; esac
  done
}
# Sets \`table\` to pid:parent:session:state of every process.
list_processes() {
  local pid
  table=
  if [ -r /proc/self/stat ]; then
    for pid in /proc/[0-9]*; do facts "\${pid#/proc/}" && table="$table \${pid#/proc/}:$parent:$session:$state"; done
  else
    table=$(ps -axo pid=,ppid=,pgid=,stat= | while read -r pid parent session state; do printf ' %s' "$pid:$parent:$session:$state"; done)
  fi
}
# Sends a signal to a session until nothing of it is left or the time (ms) is over; fails when something is left.
signal_session() {
  local signal=$1 sid=$2 keep=$3 end wait=20
  clock
  end=$((now + $4))
  find_members "$sid" "$keep"
  while [ "$members" ]; do
    kill "-$signal" $members 2>/dev/null
    clock
    [ "$now" -lt "$end" ] || return 1
    pause $wait
    [ $wait -gt 150 ] || wait=$((wait * 2))
    [ "$signal" = KILL ] || signal=0
    find_members "$sid" "$keep"
  done
  return 0
}

# Fails where no room is left to give.
give_room() { [ -e "$control/ballast" ] && rm -f "$control/ballast"; }
# Writes a file as printf does, at need into that room.
put() {
  local to=$1
  shift
  printf "$@" >"$to" || { give_room && printf "$@" >"$to"; }
}

# Runs a command in a session of its own. macOS has no setsid, but perl.
in_session() {
  if type setsid >/dev/null 2>&1; then exec setsid "$@"; fi
  exec perl -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV' -- "$@"
}
`;
