/** The scripts that find, start and probe the servers of a job's services. Constant: everything given comes by environment. */

/** What the scripts exit with. */
export const SERVICE_EXIT = { ended: 3, late: 4 } as const;

/**
 * Says of each line of SERVICES (`kind major port`, `-` for none) where its server is and on which port it shall listen. What is missing
 * is installed where INSTALL is set: on a machine that is nobody's.
 */
export const FIND_SCRIPT = String.raw`set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/usr/local/sbin
find_server() {
  local folder found=
  server=
  case $1 in
    postgres)
      for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin | sort -V); do
        [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] || continue
        found=$folder
        case $folder in */postgresql/"$2"/bin) break ;; esac
      done
      if [ -z "$found" ] && command -v initdb >/dev/null && command -v postgres >/dev/null; then
        found=$(command -v postgres)
        found=$(dirname "$(readlink -f "$found")")
      fi
      [ -z "$found" ] || server=$found/postgres
      ;;
    redis) server=$(command -v redis-server) ;;
    memcached) server=$(command -v memcached) ;;
    mysql | mariadb) server=$(command -v mariadbd) ;;
  esac
  [ "$server" ]
}
package_of() {
  case $1 in postgres) echo postgresql ;; redis) echo redis-server ;; memcached) echo memcached ;; *) echo mariadb-server ;; esac
}
# Debian's packages start their servers and make clusters; these must not.
install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
  local policy=/usr/sbin/policy-rc.d made= code=0
  [ -e $policy ] || { made=1 && printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" || code=$?
  [ -z "$made" ] || rm -f $policy
  return $code
}
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
chosen=' '
choose() {
  while :; do
    port=$((20000 + RANDOM % 12000))
    case $chosen in *" $port "*) continue ;; esac
    taken $port || return
  done
}
missing=
while read -r kind major port; do
  [ -z "$kind" ] || find_server "$kind" "$major" || missing="$missing $(package_of "$kind")"
done <<<"$SERVICES"
if [ "$missing" ] && [ "$INSTALL" ]; then install $missing >"$LOG" 2>&1 || tail -n 5 "$LOG" | sed 's/^/apt-get: /'; fi
while read -r kind major port; do
  [ "$kind" ] || continue
  if find_server "$kind" "$major"; then version=$("$server" --version 2>&1 | head -n 1); else server=- version=$(package_of "$kind"); fi
  state=free
  if [ "$port" = - ]; then choose; elif taken "$port"; then state=taken; fi
  chosen="$chosen$port "
  printf 'service\t%s\t%s\t%s\t%s\n' "$server" "$port" "$state" "$version"
done <<<"$SERVICES"
`;

/** Becomes the server: it ends with the sandbox, as every step does. Nothing of it outlives its folder, so nothing is synced. */
export const START_SCRIPT = String.raw`set -eu
export LC_ALL=C
umask 077
mkdir -p -- "$DATA"
addresses=127.0.0.1
if [ -r /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then addresses=127.0.0.1,::1; fi
# None of these servers shall run as root; PostgreSQL refuses to.
as=()
if [ "$(id -u)" = 0 ]; then
  case $KIND in postgres) user=postgres ;; mysql | mariadb) user=mysql ;; *) user=nobody ;; esac
  id "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" "$DATA"
  as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
  # On one machine the sandbox's folder is closed to other users.
  "${"$"}{as[@]}" test -x "$DATA" 2>/dev/null || as+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
fi
as_server() { ${"$"}{as[@]+"${"$"}{as[@]}"} "$@"; }
become() { exec ${"$"}{as[@]+"${"$"}{as[@]}"} "$@"; }
cd "$DATA"
case $KIND in
  postgres)
    bin=${"$"}{SERVER%/*} locale=C
    if locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$'; then locale=C.UTF-8; fi
    password=()
    if [ "$PASSWORD" ]; then
      printf '%s\n' "$PASSWORD" | as_server sh -c 'cat >"$1"' - "$DATA/password"
      password=(--pwfile="$DATA/password")
    fi
    as_server "$bin/initdb" -D "$DATA/db" -U "$NAME" --auth-local=trust --auth-host="$METHOD" --encoding=UTF8 --locale="$locale" --no-sync \
      ${"$"}{password[@]+"${"$"}{password[@]}"} >/dev/null
    rm -f "$DATA/password"
    printf 'local all all trust\nhost all all all %s\n' "$METHOD" | as_server sh -c 'cat >"$1"' - "$DATA/db/pg_hba.conf"
    if [ "$DATABASE" != postgres ]; then
      printf 'CREATE DATABASE "%s"\n' "${"$"}{DATABASE//\"/\"\"}" | as_server "$bin/postgres" --single -D "$DATA/db" -c fsync=off postgres >/dev/null
    fi
    unset PASSWORD
    become "$SERVER" -D "$DATA/db" -p "$PORT" -c "listen_addresses=$addresses" -c unix_socket_directories= -c fsync=off
    ;;
  mysql | mariadb)
    as_server mariadb-install-db --no-defaults --datadir="$DATA/db" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve >/dev/null
    printf '%s\n' "$SQL" | as_server sh -c 'cat >"$1"' - "$DATA/init.sql"
    unset SQL
    become "$SERVER" --no-defaults --datadir="$DATA/db" --port="$PORT" --bind-address="$addresses" --socket=mysqld.sock \
      --pid-file="$DATA/pid" --init-file="$DATA/init.sql" --innodb-flush-log-at-trx-commit=0
    ;;
  redis)
    become "$SERVER" --port "$PORT" --bind ${"$"}{addresses/,/ } --dir "$DATA" --save '' --appendonly no --daemonize no
    ;;
  memcached)
    become "$SERVER" -p "$PORT" -l "$addresses"
    ;;
esac
`;

/** Waits until the server answers as such: LIMIT seconds, or until its process has ended. */
export const READY_SCRIPT = String.raw`set -u
export LC_ALL=C
# Another program may have taken the port: then ours ends.
ask() { exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf "$1" >&3 && read -r -t 2 answer <&3; } 2>/dev/null
ready() {
  case $KIND in
    postgres) "${"$"}{SERVER%/*}/pg_isready" -q -h 127.0.0.1 -p "$PORT" ;;
    redis) (ask 'PING\r\n' && case $answer in +PONG* | -NOAUTH*) ;; *) exit 1 ;; esac) ;;
    memcached) (ask 'version\r\n' && case $answer in VERSION*) ;; *) exit 1 ;; esac) ;;
    *) (exec 3<>"/dev/tcp/127.0.0.1/$PORT" && [ "$(head -c 5 <&3 | tail -c 1 | od -An -tu1 | tr -d ' ')" = 10 ]) 2>/dev/null ;;
  esac
}
until ready; do
  [ ! -e "$ENDED" ] || exit 3
  [ "$SECONDS" -lt "$LIMIT" ] || exit 4
  sleep 0.1
done
[ ! -e "$ENDED" ] || exit 3
`;
