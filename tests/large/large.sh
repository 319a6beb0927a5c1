#!/bin/bash
# More than 4 GiB through pipes and files, with bounded memory: tests/large/large.sh BUILD. Takes about a minute and 4.5 GB of
# TMPDIR, and so is no part of make test.
set -uo pipefail
bitlaw=$(realpath "$1/bitlaw")
models=$(cd "$(dirname "$0")/../golden" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-large.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
check() {
    local name=$1
    shift
    if "$@"; then echo "ok $name"; else echo "not ok $name"; failures=$((failures + 1)); fi
}
readonly bytes=4500000000
# The model has two symbols, and this is another: every block is stored.
plain() { head -c $bytes /dev/zero | tr '\0' '\377'; }
# 1 GB of address space, of which threads' stacks take a part.
bounded() { (ulimit -v 1000000 && exec "$@"); }
through_pipes() {
    plain | bounded "$bitlaw" compress -T1 -m "$models/two-symbols.blm" --fallback never |
        bounded "$bitlaw" decompress -T1 -m "$models/two-symbols.blm" | cmp - <(plain)
}
check "$bytes bytes through pipes" through_pipes
to_file() { plain | bounded "$bitlaw" compress -T1 -m "$models/two-symbols.blm" --fallback never -o archive.blw; }
check "$bytes bytes to a file" to_file
size=$(stat -c %s archive.blw)
check "the archive of $size bytes is no more than 0.1 % + 64 bytes larger" test $((size)) -le $((bytes + bytes / 1000 + 64))
listed() { "$bitlaw" list --json archive.blw | grep -q "\"plain_bytes\": $bytes,"; }
check "listed" listed
range() {
    "$bitlaw" decompress -m "$models/two-symbols.blm" --range 4400000000:4400000100 -c archive.blw |
        cmp - <(head -c 100 /dev/zero | tr '\0' '\377')
}
check "a range beyond 4 GiB" range
exit $((failures > 0))
