#!/bin/bash
# Archives that `cat` joins are restored as the joined plain files, as in gzip, xz and zstd.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 20000 >a
check "train" train_tiny model a --tokens 20K
make_text 9000 | tail -c 5000 >b
head -c 3000 /dev/urandom >c
: >empty
for file in a b c empty; do "$bitlaw" compress -q -m model --block-size 3K "$file"; done
"$bitlaw" compress -q -m model --mix fast --block-size 3K -o b-mixed.blw b
"$bitlaw" compress -q -m none --mix fast -o c-alone.blw c
"$bitlaw" compress -q -m init:50k --learn -o a-fresh.blw a
"$bitlaw" compress -q -m model --embed-model -o c-inside.blw c
cat a.blw b.blw >same-model.blw
cat a b >same-model.plain
cat a.blw b-mixed.blw empty.blw c-alone.blw a-fresh.blw c-inside.blw b.blw >all.blw
cat a b c a c b >all.plain
cat empty.blw empty.blw >none.blw
: >none.plain
for name in same-model all none; do
    check "$name: decompress" "$bitlaw" decompress -q -m model $name.blw
    same "$name: the joined files" $name $name.plain
    check "$name: test" "$bitlaw" test -q -m model $name.blw
    check "$name: -c" bash -c "'$bitlaw' -dc -m model $name.blw | cmp - $name.plain"
    check "$name: a pipe" bash -c "cat $name.blw | '$bitlaw' -d -m model | cmp - $name.plain"
    check "$name: --rm" bash -c "cp $name.blw copy.blw && '$bitlaw' -d -q --rm -m model copy.blw && cmp copy $name.plain &&
        ! test -e copy.blw && rm copy"
done
"$bitlaw" list --json all.blw >listing
grep -q '"plain_bytes": 56000' listing && grep -q '"model": "several"' listing
judge "list adds up" cat listing
"$bitlaw" list same-model.blw >listing
grep -q '^same-model.blw (2 archives) ' listing && grep -q ' 25,000 ' listing
judge "list says how many archives" cat listing
for range in 0:56000 19000:21000 24990:25010 27999:28001 55000: 20000:20000 100:200; do
    begin=${range%:*} end=${range#*:}
    check "range $range" bash -c "'$bitlaw' decompress -m model --range $range -c all.blw |
        cmp - <(tail -c +$((begin + 1)) all.plain | head -c $((${end:-56000} - begin)))"
done
refuse "a range beyond all" 1 "the archive holds 56000" "$bitlaw" test -m model --range 57000: all.blw
# What follows must be an archive, whole.
{ cat a.blw; echo junk; } >junk.blw
refuse "something else follows" 1 "bytes after the archive's end at byte $(stat -c %s a.blw)" "$bitlaw" test -m model junk.blw
{ cat a.blw; head -c 100 b.blw; } >half.blw
refuse "half an archive follows" 1 "ends too early" "$bitlaw" decompress -m model half.blw
[[ ! -e half ]]
judge "and leaves nothing" ls
{ cat a.blw; printf '\x89BLW'; } >mark.blw
refuse "the beginning of an archive follows" 1 "ends too early" "$bitlaw" test -m model mark.blw
head -c "$(($(stat -c %s same-model.blw) - 1))" same-model.blw >short.blw
refuse "a truncated joint" 1 "ends too early" "$bitlaw" test -m model short.blw
finish
