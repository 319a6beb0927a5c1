#!/bin/bash
# bitlaw recover: what is whole of a damaged archive, with a map of what is not.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 20000 >a
check "train" train_tiny model a --tokens 20K
"$bitlaw" compress -q -m model --fallback never --block-size 4K a
check "a whole archive" "$bitlaw" recover -m model -o out a.blw
grep -q '^a.blw: 20,000 bytes restored, nothing is missing$' "$work/err"
judge "which it says" cat "$work/err"
same "is restored" out a
# The place of block number $2 (from 1) by its beginning in the message of a damaged archive.
damage() { printf '\xff\xee\xdd' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
cp a.blw holed.blw
damage holed.blw 60
damage holed.blw $(($(stat -c %s a.blw) / 2))
"$bitlaw" recover -m model -o holed holed.blw >map 2>err
[[ $? == 1 ]] && grep -Eq '^holed.blw: [0-9,]+ bytes restored, [0-9,]+ bytes missing \(zeros stand for them\)$' err
judge "damage: exit code 1 and a line" cat err
grep -Eq '^ *0 +4,000 +4,000 +missing +exact +1 +1 +1 +damaged' map
judge "a map" cat map
[[ $(stat -c %s holed) == 20000 ]]
judge "the length stays" stat holed
check "the last block is right" cmp <(tail -c 4000 holed) <(tail -c 4000 a)
check "zeros stand for the first" cmp <(head -c 4000 holed) <(head -c 4000 /dev/zero)
"$bitlaw" recover --json -f -m model -o holed holed.blw >map.json 2>err
if command -v python3 >/dev/null; then
    python3 - holed a map.json >out 2>&1 <<'PYTHON'
import json, sys
got, plain = (open(name, "rb").read() for name in sys.argv[1:3])
rows = json.load(open(sys.argv[3]))["rows"]
assert [r["begin"] for r in rows] == [0] + [r["end"] for r in rows][:-1] and rows[-1]["end"] == len(plain)
assert sum(r["state"] == "missing" for r in rows) == 2 and any(r["state"] == "restored" for r in rows)
for r in rows:
    piece = slice(r["begin"], r["end"])
    assert got[piece] == (plain[piece] if r["state"] == "restored" else bytes(r["bytes"])), r
PYTHON
    judge "the map as JSON is true" cat out
else
    ok "the map as JSON is true (not tried: no python3 here)"
fi
head -c "$(($(stat -c %s a.blw) * 3 / 5))" a.blw >short.blw
"$bitlaw" recover -m model -o short short.blw >map 2>err
[[ $? == 1 ]] && grep -q 'and more of unknown length' err && grep -q 'unknown .*the end of the archive is damaged or missing' map
judge "a truncated archive" cat map err
restored=$(sed -n 's/^short.blw: \([0-9,]*\) bytes restored.*/\1/p' err | tr -d ,)
check "gives what came before" cmp <(head -c "$restored" short) <(head -c "$restored" a)
"$bitlaw" recover -m model -o - short.blw >piped 2>err
[[ $? == 1 ]] && cmp piped short && grep -q missing err
judge "to standard output, the map beside it" cat err
# A chain gives all before the damage.
"$bitlaw" compress -q -m none --mix fast --block-size 4K -o chain.blw a
damage chain.blw $(($(stat -c %s chain.blw) * 3 / 4))
"$bitlaw" recover -o chain chain.blw >map 2>err
[[ $? == 1 ]] && grep -q 'needs the blocks before it in its chain' map
judge "a chain" cat map err
restored=$(sed -n 's/^chain.blw: \([0-9,]*\) bytes restored.*/\1/p' err | tr -d ,)
((restored >= 8000)) && cmp -s <(head -c "$restored" chain) <(head -c "$restored" a)
judge "up to the damage" cat map
# Joined archives, the header of one damaged.
cat a.blw a.blw >two.blw
damage two.blw 5
"$bitlaw" recover -m model -o two two.blw >map 2>err
[[ $? == 0 ]] && cmp two <(cat a a)
judge "a damaged header, with the model that made it" cat map err
[[ $(stat -c %Y two) == "$(stat -c %Y two.blw)" ]]
judge "the archive's times" stat two two.blw
# ---- Forged ends, and what belongs to no archive -------------------------------------------------------------------------
# The index claims to have 4 GB: no memory is asked for, and the blocks are found without it.
"$bitlaw" compress -q --block-size 1000 --fallback never -m model -o small.blw a
head -c -8 small.blw >forged.blw
printf '\377\377\377\377' >>forged.blw
tail -c 4 small.blw >>forged.blw
(ulimit -v 3000000 && "$bitlaw" recover -q -m model -o forged forged.blw >map 2>err)
same "an index that claims to have 4 GB" a forged
cat small.blw >marks.blw
for _ in 1 2 3 4 5 6 7 8 9 10; do printf '\0\0\0\100WLB\211' >>marks.blw; done
(ulimit -v 3000000 && "$bitlaw" recover -q -m model -o marks marks.blw >map 2>err)
(($? <= 1))
judge "ends that are none" cat err
cmp -n "$(stat -c %s a)" a marks
judge "all before them is there" ls -l a marks
(echo front && cat small.blw && echo behind) >foreign.blw
"$bitlaw" recover -m model -o foreign foreign.blw >map 2>err
[[ $? == 1 ]] && grep -q "bytes of the file belong to no archive" err && cmp -s a foreign
judge "bytes of no archive are told" cat err
"$bitlaw" compress -q -m none -o alone.blw a
printf '\377' | dd of=alone.blw bs=1 seek=9 conv=notrunc status=none
"$bitlaw" recover -o alone alone.blw >map 2>err
[[ $? == 1 ]] && grep -q "how it mixes or learns stood only there" map
judge "a mixture's header is damaged" cat map err
refuse "-m none" 2 "need no -m" "$bitlaw" recover -m none -o none alone.blw
refuse "an existing file" 1 "exists" "$bitlaw" recover -m model -o two two.blw
refuse "no output" 2 "-o is missing" "$bitlaw" recover two.blw
refuse "a pipe" 2 "saved first" "$bitlaw" recover -o x -
refuse "what is no archive" 1 "no header, no block and no index" "$bitlaw" recover -o x a
[[ ! -e x ]]
judge "leaves nothing" ls
refuse "without the model" 1 "needs model" "$bitlaw" recover -o x a.blw
# Whatever the damage: an exit code of 0 or 1, never a signal.
status=0
for seed in $(seq 30); do
    case $((seed % 3)) in
        0) cp a.blw fuzzed.blw ;;
        1) cp chain.blw fuzzed.blw ;;
        *) cat a.blw chain.blw >fuzzed.blw ;;
    esac
    size=$(stat -c %s fuzzed.blw)
    for i in 1 2 3; do damage fuzzed.blw $(((seed * 7919 + i * 104729) % (size - 3))); done
    ((seed % 5)) || truncate -s $((size * (seed % 7 + 1) / 9)) fuzzed.blw
    code=0
    "$bitlaw" recover -qq -f -m model -o fuzzed fuzzed.blw >map 2>&1 || code=$?
    ((code <= 1)) || { status=1 && echo "seed $seed: exit code $code" >>failed; }
done
((status == 0))
judge "any damage ends with exit code 0 or 1" cat failed
finish
