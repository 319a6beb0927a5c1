#!/bin/bash
# More than 4 GiB through pipes and files, and 40 GB of training data, with bounded memory: tests/large/large.sh BUILD. Takes some
# minutes and 4.5 GB of TMPDIR, and so is no part of make test.
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

# ---- A corpus far larger than memory: 40 GB, of which all but some pieces are a hole ---------------------------------------------
truncate -s 40G corpus
for part in 0 1 2 3 4 5 6 7 8 9; do
    tail -c 200000 "$bitlaw" | dd of=corpus bs=1M seek=$((part * 4000 + 7)) conv=notrunc 2>/dev/null
done
# peak FILE COMMAND...: runs it and writes its greatest resident memory, in KiB, into FILE.
peak() {
    local file=$1 most=0 now
    shift
    "$@" &
    local job=$!
    while kill -0 $job 2>/dev/null; do
        now=$(awk '/^VmHWM/ { print $2 }' /proc/$job/status 2>/dev/null)
        ((${now:-0} > most)) && most=$now
        sleep 0.2
    done
    echo "$most" >"$file"
    wait $job
}
train=("$bitlaw" train -q --data corpus --preset 200k --width 32 --context 64 --batch-tokens 2048 --tokens 80K -T2)
check "trained on" peak whole.peak "${train[@]}" -o whole
check "in $(($(<whole.peak) / 1024)) MiB of memory, at most 400" test "$(<whole.peak)" -lt 400000
stop_and_go() {
    "${train[@]}" -o pieces --stop-after-steps 20 2>/dev/null
    "${train[@]}" -o pieces --resume
}
check "stopped and resumed" stop_and_go
check "with the same bytes" cmp whole/model.blm pieces/model.blm
exit $((failures > 0))
