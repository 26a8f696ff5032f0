/** The scripts that pack and unpack a cache. Constant: everything given comes by environment. */

/**
 * Links named `workspace`, `home`, `temp` and `tools` stand for folders that differ from machine to machine, so that what one
 * sandbox packed another finds in its own places. Follows links on the way there only, never inside.
 */
const ROOTS = String.raw`rm -rf "$STAGING"
mkdir -p "$STAGING/roots" "$STAGING/backup"
mkdir -p "$WORKSPACE"
ln -s "$WORKSPACE" "$STAGING/roots/workspace"
ln -s "$HOME" "$STAGING/roots/home"
ln -s "$TEMP" "$STAGING/roots/temp"
ln -s "$TOOLS" "$STAGING/roots/tools"
`;

/** `$LIST` names members, NUL after each, relative to the roots. Prints size and sha256 of the archive. */
export const PACK_SCRIPT = String.raw`set -eu
LIST_KEPT=$(mktemp); cat "$LIST" > "$LIST_KEPT"
${ROOTS}cd "$STAGING/roots"
if command -v zstd >/dev/null 2>&1; then pack='zstd -q -3 -T0'; name=cache.tar.zst; else pack='gzip -1'; name=cache.tar.gz; fi
set -o pipefail
# 1 says that a file changed while it was read, which a cache can bear.
{ tar -c --anchored --no-wildcards --exclude=workspace/.git --null -T "$LIST_KEPT" -f - || [ $? = 1 ]; } | $pack > "$STAGING/backup/$name"
rm -f "$LIST_KEPT"
cd "$STAGING/backup"
test -s "$name"
sha256sum -- "$name" | cut -d' ' -f1
stat -c %s -- "$name"
`;

/**
 * Unpacks what `restoreBackup` put to `$BACKUP`, after the hash and every member's name and type were looked at. Symbolic links stay
 * what they are, since half of all caches hold some: tar writes nothing through those that lead elsewhere, and sets no setuid bit.
 */
export const UNPACK_SCRIPT = String.raw`set -euo pipefail
cd "$BACKUP"
if [ -f cache.tar.zst ]; then name=cache.tar.zst; unpack='zstd -q -d -c'; else name=cache.tar.gz; unpack='gzip -d -c'; fi
if [ "$(sha256sum -- "$name" | cut -d' ' -f1)" != "$SHA256" ]; then echo 'its sha256 is not the recorded one' >&2; exit 65; fi
names=$(mktemp)
trap 'rm -f "$names"' EXIT
$unpack < "$name" | tar -t -v --numeric-owner --quoting-style=escape -f - > "$names"
if grep -qE '^[^-dlh]' "$names"; then echo 'it holds a device or a socket' >&2; exit 66; fi
targets=$(sed -n '/^h/s/.* link to //p' "$names")
if [ -n "$targets" ] && { printf '%s\n' "$targets" | grep -qvE '^(workspace|home|temp|tools)/' || printf '%s\n' "$targets" | grep -qE '(^|/)\.\.(/|$)'; }; then
  echo 'it links to a place outside its folders' >&2; exit 66
fi
# As the file system reads them: a/./b is a/b.
$unpack < "$name" | tar -t --quoting-style=escape -f - | sed -E ':a; s,(^|/)\./,\1,; ta; s,/+,/,g' > "$names"
if grep -qvE '^(workspace|home|temp|tools)(/|$)' "$names" || grep -qE '(^|/)\.\.(/|$)|^workspace/(.*/)?\.git/hooks/|^workspace/\.git(/|$)' "$names"; then
  echo 'it names a place outside its folders' >&2; exit 66
fi
${ROOTS.replaceAll('rm -rf "$STAGING"', ":").replaceAll("ln -s ", "ln -sfn ")}cd "$STAGING/roots"
$unpack < "$BACKUP/$name" | tar -x --keep-directory-symlink --no-same-owner --no-same-permissions -f -
`;
