/** The part of a checkout that fetches submodules: what `.gitmodules` says is the repository's word, and is looked at before git is. */

/**
 * Only from the same server, only at plain places. Git itself refuses names with `..` and addresses that begin with `-`; links on the
 * way and line ends in paths were holes of older ones (CVE-2024-32002, CVE-2025-48384), as was `update = !command`.
 */
export const SUBMODULE_SCRIPT = String.raw`
refuse() { printf '%s\n' "$1" >&2; exit 72; }
update_submodules() {
  local top=$1 depth= entry path paths
  if [ -L "$top/.gitmodules" ]; then refuse "$top/.gitmodules is a link"; fi
  [ -e "$top/.gitmodules" ] || return 0
  paths=()
  while IFS= read -r -d '' entry; do
    path=${"$"}{entry#*$'\n'}
    check_path "$top" "$path"
    paths+=("$path")
  done < <(git config -z -f "$top/.gitmodules" --get-regexp '^submodule\..*\.path$')
  git -C "$top" submodule --quiet init || refuse "the submodules of $top can't be read"
  while IFS= read -r -d '' entry; do
    check_url "${"$"}{entry#*$'\n'}"
  done < <(git -C "$top" config -z --local --get-regexp '^submodule\..*\.url$')
  if [ "$DEPTH" != 0 ]; then depth=--depth=$DEPTH; fi
  (ask git -C "$top" submodule update --checkout --force $depth) || refuse "the submodules of $top can't be fetched"
  if [ "$SUBMODULES" = recursive ]; then
    for path in ${"$"}{paths[@]+"${"$"}{paths[@]}"}; do update_submodules "$top/$path"; done
  fi
}
check_path() {
  local at=$1 part parts
  case "/$2/" in
    *[[:cntrl:]]* | */../* | */./* | *//* | /-* | */.[gG][iI][tT]/*) refuse "a submodule can't lie at: $2" ;;
  esac
  IFS=/ read -r -a parts <<<"$2"
  for part in "${"$"}{parts[@]}"; do
    at=$at/$part
    if [ -L "$at" ]; then refuse "a link stands in the way of a submodule: $2"; fi
  done
}
check_url() {
  case "$1" in
    *[[:cntrl:]]*) refuse "a submodule's address holds a control character" ;;
    "$SERVER"/* | "git@$HOST:"* | "ssh://git@$HOST/"*) ;;
    *) refuse "a submodule may come from $SERVER only, not from: $1" ;;
  esac
}
`;
