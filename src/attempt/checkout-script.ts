/** The script that checks out one commit. Constant: everything given comes by environment, and `--` stands before it. */

export const CHECKOUT_SCRIPT = String.raw`set -eu
case "$DEPTH" in '' | *[!0-9]*) echo "fetch-depth must be a number, got: $DEPTH" >&2; exit 64 ;; esac
mkdir -p -- "$DEST"
cd -- "$DEST"
if [ -d .git ]; then
  git remote set-url origin "$URL"
else
  git init -q .
  git remote add origin "$URL"
fi

# What is fetched, and where it is put: a branch keeps its name, as with GitHub's own checkout.
branch=
case "$REF" in
  refs/heads/*) branch=$(printf %s "$REF" | sed 's,^refs/heads/,,'); kept="refs/remotes/origin/$branch" ;;
  refs/pull/*) kept="refs/remotes/pull/$(printf %s "$REF" | sed 's,^refs/pull/,,')" ;;
  refs/tags/*) kept=$REF ;;
  *) kept= ;;
esac
if [ -n "$SHA" ]; then wanted=$SHA; else wanted=$REF; fi
case "$wanted" in -*) echo "a ref can't start with '-': $wanted" >&2; exit 64 ;; esac
if [ -n "$SHA" ] && [ -n "$kept" ]; then spec="+$SHA:$kept"; else spec=$wanted; fi

tags=--no-tags
if [ -n "$TAGS" ]; then tags=--tags; fi
errors=$(mktemp)
fetch() {
  if [ "$DEPTH" = 0 ]; then
    git fetch --progress --prune --tags --no-recurse-submodules -- origin '+refs/heads/*:refs/remotes/origin/*' "$spec"
  else
    git fetch --progress $tags --no-recurse-submodules "--depth=$DEPTH" -- origin "$spec"
  fi
}
try=1
until { { fetch 2>&1 1>&3; echo $? > "$errors.exit"; } | tee "$errors"; } 3>&1 && [ "$(cat "$errors.exit")" = 0 ]; do
  if grep -qE "not our ref|couldn't find remote ref|unadvertised object|Server does not allow request" "$errors"; then
    rm -f "$errors" "$errors.exit"
    exit 70
  fi
  if [ "$try" -ge 3 ]; then rm -f "$errors" "$errors.exit"; exit 1; fi
  echo "git fetch failed; trying again"
  sleep $((try * 2))
  try=$((try + 1))
done
rm -f "$errors" "$errors.exit"

if [ -n "$SHA" ]; then commit=$SHA; else commit=$(git rev-parse --verify --end-of-options FETCH_HEAD); fi
if [ -n "$CLEAN" ]; then git clean -ffdxq; git reset -q --hard || true; fi
if [ -n "$branch" ] && [ -n "$SHA" ]; then
  git checkout -q --force -B "$branch" "$commit"
else
  git checkout -q --force --detach "$commit"
fi
head=$(git rev-parse HEAD)
if [ -n "$SHA" ] && [ "$head" != "$SHA" ]; then echo "HEAD is $head, not $SHA" >&2; exit 1; fi
git log -1 --format='HEAD is now at %h %s'
`;
