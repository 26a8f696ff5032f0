/** The scripts that ask for the commits of actions and fetch them. Constant: everything given comes by environment, and `--` stands before it. */

/** Between the fields of a line, and never part of one. */
export const FIELD = "\u001F";

/** Runs git, at most three times. 0: it did; 70: what is asked for is not there; 1: the server can't be reached, and why. */
const ASK = String.raw`set -u
IFS=$'\x1f'
# Answers one line for each line that is asked, in any order.
say() { local line; printf -v line '%s\x1f' "$@"; printf '%s\n' "$line"; }
ask() {
  local try=1
  until "$@" 2>"$scratch/errors"; do
    if grep -qiE "not our ref|couldn't find remote ref|unadvertised object|does not allow request|repository.* not found|authentication failed|could not read username|returned error: 40[134]" "$scratch/errors"; then return 70; fi
    if [ "$try" -ge 3 ]; then return 1; fi
    sleep $((try * 2))
    try=$((try + 1))
  done
}
why() { tail -n 1 "$scratch/errors" | tr -d '\r\037' | cut -c 1-200; }
at_once=0
all() {
  local scratches name a b c
  scratches=$(mktemp -d)
  trap 'rm -rf "$scratches"' EXIT
  while read -r name a b c; do
    [ "$name" ] || continue
    ( scratch=$(mktemp -d "$scratches/XXXXXX") && one "$name" "$a" "$b" "$c" ) </dev/null &
    at_once=$((at_once + 1))
    [ $((at_once % 4)) -ne 0 ] || wait
  done <<<"$LIST"
  wait
}
`;

/** Lines of name, url, tag, branch: answers name, then `tag` or `branch` with the commit, `missing`, or `failed` with why. */
export const RESOLVE_SCRIPT = String.raw`${ASK}
one() {
  local name=$1 url=$2 tag=$3 branch=$4 sha ref peeled= plain= head=
  ask git ls-remote -- "$url" "$tag" "$tag^{}" "$branch" >"$scratch/refs"
  case $? in
    0) ;;
    70) say "$name" missing; return ;;
    *) say "$name" failed "$(why)"; return ;;
  esac
  while IFS=$'\t' read -r sha ref; do
    case $ref in
      "$tag^{}") peeled=$sha ;;
      "$tag") plain=$sha ;;
      "$branch") head=$sha ;;
    esac
  done <"$scratch/refs"
  if [ "$peeled$plain" ]; then say "$name" tag "${"${peeled:-$plain}"}"
  elif [ "$head" ]; then say "$name" branch "$head"
  else say "$name" missing
  fi
}
all
`;

/**
 * Lines of name, url, commit, folder: answers name, then `done` with sha256 and size of the packed folder (empty where `$PACK` is),
 * `missing`, or `failed` with why. What a repository's attributes ask for (filters, hooks) is not carried out.
 */
export const FETCH_SCRIPT = String.raw`${ASK}
one() {
  local name=$1 url=$2 sha=$3 folder=$4 sum= size=
  rm -rf -- "$folder.new" && mkdir -p -- "$folder.new" && cd -- "$folder.new" && git init -q . 2>"$scratch/errors" || { say "$name" failed "$(why)"; return; }
  ask git fetch -q --depth=1 --no-tags --no-recurse-submodules -- "$url" "$sha"
  case $? in
    0) ;;
    70) say "$name" missing; return ;;
    *) say "$name" failed "$(why)"; return ;;
  esac
  if [ "$(git rev-parse FETCH_HEAD)" != "$sha" ]; then say "$name" failed "the server sent another commit"; return; fi
  git checkout -q --force --detach FETCH_HEAD 2>"$scratch/errors" || { say "$name" failed "$(why)"; return; }
  rm -rf .git
  if [ "$PACK" ]; then
    tar -cf - . | gzip -1 >"$folder.tar.gz"
    sum=$(sha256sum -- "$folder.tar.gz" | cut -d ' ' -f 1)
    size=$(stat -c %s -- "$folder.tar.gz")
  fi
  cd / && rm -rf -- "$folder" && mv -- "$folder.new" "$folder"
  say "$name" done "$sum" "$size"
}
all
`;

/** Lines of name, sha256, folder: answers name, then `done`, or `failed` where `folder.tar.gz` is not what was kept. */
export const UNPACK_SCRIPT = String.raw`${ASK}
one() {
  local name=$1 sum=$2 folder=$3
  if [ "$(sha256sum -- "$folder.tar.gz" | cut -d ' ' -f 1)" = "$sum" ] &&
    rm -rf -- "$folder.new" && mkdir -p -- "$folder.new" && tar -xzf "$folder.tar.gz" --no-same-owner -C "$folder.new" 2>"$scratch/errors" &&
    rm -rf -- "$folder" && mv -- "$folder.new" "$folder"; then say "$name" done; else say "$name" failed; fi
  rm -rf -- "$folder.tar.gz" "$folder.new"
}
all
`;

/** The newest of each kind of Node that is there: lines of version and path, from what the machine itself puts into PATH and the tool cache. */
export const NODES_SCRIPT = String.raw`for node in "$(command -v node)" /opt/sandlot/node*/bin/node "$TOOLS"/node/*/*/bin/node; do
  if [ -x "$node" ]; then (cd / && "$node" -p 'process.versions.node + " " + process.execPath' 2>/dev/null) || true; fi
done
`;
