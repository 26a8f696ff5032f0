/** The script that checks out one commit. Constant: everything given comes by environment, and `--` stands before it. */

import { SUBMODULE_SCRIPT } from "./submodule-script.ts";

/** What the script exits with where trying again cannot help. */
export const CHECKOUT_EXIT = { badInput: 64, noLfs: 69, commitGone: 70, notReadable: 71, badSubmodule: 72 } as const;

const CHECK_SCRIPT = String.raw`set -eu
case "$DEPTH" in '' | *[!0-9]*) echo "fetch-depth must be a number, got: $DEPTH" >&2; exit 64 ;; esac
if [ -n "$LFS" ] && ! command -v git-lfs >/dev/null; then echo "lfs is set, and there is no git-lfs in the sandbox" >&2; exit 69; fi
case "$REF" in -*) echo "a ref can't start with '-': $REF" >&2; exit 64 ;; esac
if [ -n "$REF" ] && ! git check-ref-format --allow-onelevel "$REF"; then
  echo "this can't be the name of a branch, a tag or a commit: $REF" >&2
  exit 64
fi

errors=$(mktemp)
trap 'rm -f "$errors" "$errors.exit"' EXIT
# Runs a command of git that speaks to the server, at most three times. What no second try can help ends the script.
ask() {
  local try=1
  until { { "$@" 2>&1 1>&3; echo $? > "$errors.exit"; } | tee "$errors" >&2; } 3>&1 && [ "$(cat "$errors.exit")" = 0 ]; do
    if grep -qE "not our ref|couldn't find remote ref|unadvertised object|Server does not allow request" "$errors"; then exit 70; fi
    if grep -qiE "repository.* not found|authentication failed|could not read username|returned error: 40[134]" "$errors"; then exit 71; fi
    if [ "$try" -ge 3 ]; then exit 1; fi
    echo "git failed; trying again" >&2
    sleep $((try * 2))
    try=$((try + 1))
  done
}
`;

/** What another repository left in the folder, or nobody, is gone, as with GitHub's own checkout. A link for `.git` is none of ours. */
const PLACE_SCRIPT = String.raw`
mkdir -p -- "$WORKSPACE" "$DEST"
cd -- "$DEST"
case "$(pwd -P)/" in
  "$(cd -- "$WORKSPACE" && pwd -P)"/*) ;;
  *) echo "path must lie in the workspace: $DEST" >&2; exit 64 ;;
esac
if [ -L .git ] || [ ! -d .git ] || [ "$(git config --local --get remote.origin.url || true)" != "$URL" ]; then
  if [ -n "$(ls -A)" ]; then find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +; fi
  git init -q .
  git remote add origin "$URL"
fi
`;

const FETCH_SCRIPT = String.raw`
# No ref is the default branch; a short name is a branch, else a tag: the server says which.
if [ -z "$SHA" ]; then
  case "$REF" in
    '') REF=$(ask git ls-remote --symref -- origin HEAD | sed -n 's/^ref: \(refs[^[:space:]]*\).*/\1/p' | head -n 1) ;;
    refs/*) ;;
    *)
      names=$(ask git ls-remote -- origin "refs/heads/$REF" "refs/tags/$REF" | cut -f 2)
      if printf '%s\n' "$names" | grep -qxF "refs/heads/$REF"; then REF=refs/heads/$REF
      elif printf '%s\n' "$names" | grep -qxF "refs/tags/$REF"; then REF=refs/tags/$REF
      else echo "there is no branch or tag called $REF" >&2; exit 70
      fi
      ;;
  esac
fi

# Where it is kept: a branch keeps its name.
branch=
case "$REF" in
  refs/heads/*) branch=$(printf %s "$REF" | sed 's,^refs/heads/,,'); kept="refs/remotes/origin/$branch" ;;
  refs/pull/*) kept="refs/remotes/pull/$(printf %s "$REF" | sed 's,^refs/pull/,,')" ;;
  refs/tags/*) kept=$REF ;;
  *) kept= ;;
esac
if [ -n "$SHA" ]; then wanted=$SHA; else wanted=$REF; fi
tags=--no-tags
if [ -n "$TAGS" ] || [ "$DEPTH" = 0 ]; then tags=--tags; fi
# By a name of its own: a branch that comes with all the others may have moved on.
set -- "+$wanted:refs/sandlot/checkout"
if [ "$DEPTH" = 0 ]; then set -- --prune -- origin '+refs/heads/*:refs/remotes/origin/*' "$1"; else set -- "--depth=$DEPTH" -- origin "$1"; fi
ask git fetch --progress $tags --no-recurse-submodules "$@"
commit=$(git rev-parse --verify --end-of-options 'refs/sandlot/checkout^{commit}')
case "$kept" in
  '') ;;
  refs/tags/*) if ! git rev-parse -q --verify --end-of-options "$kept" >/dev/null; then git update-ref "$kept" refs/sandlot/checkout; fi ;;
  *) git update-ref "$kept" "$commit" ;;
esac
git update-ref -d refs/sandlot/checkout
`;

const CHECKOUT = String.raw`
if [ -n "$LFS" ]; then git lfs install --local --skip-repo; else export GIT_LFS_SKIP_SMUDGE=1; fi
if [ -n "$CLEAN" ]; then git clean -ffdxq; git reset -q --hard || true; fi
if [ -n "$branch" ]; then
  git checkout -q --force -B "$branch" "$commit"
else
  git checkout -q --force --detach "$commit"
fi
head=$(git rev-parse HEAD)
if [ -n "$SHA" ] && [ "$head" != "$SHA" ]; then echo "HEAD is $head, not $SHA" >&2; exit 1; fi
if [ -n "$LFS" ]; then ask git lfs pull; fi
case "$SUBMODULES" in '') ;; *) update_submodules . ;; esac
printf 'commit=%s\n' "$head" > "$OUTPUT"
git log -1 --format='HEAD is now at %h %s'
`;

export const CHECKOUT_SCRIPT = [CHECK_SCRIPT, PLACE_SCRIPT, FETCH_SCRIPT, SUBMODULE_SCRIPT, CHECKOUT].join("");
