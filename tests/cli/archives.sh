#!/bin/bash
# compress, decompress, test and list as zstd and xz have them.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 60000 >text
check "train" train_tiny model text --tokens 20K
model=(-m model)
head -c 20000 text >a
head -c 777 /dev/urandom >random
: >empty
printf x >one
awk 'BEGIN { for (i = 0; i < 256; ++i) printf "%c", i }' >all-bytes
cp a list
cp a '[a,b]'
cp a ++
cp a "with space"
cp a ./-dash

# Files.
check "compress a file" "$bitlaw" compress "${model[@]}" a
grep -Eq '^a: 20,000 -> [0-9,]+ bytes, [0-9.]+ %, [0-9.]+ bits/byte, [0-9.]+ .?B/s, 1 of 1 block coded without the model$' "$work/err"
judge "summary line" cat "$work/err"
check "the source stays" test -f a
mkdir restored
check "decompress -o" "$bitlaw" decompress "${model[@]}" -o restored/a a.blw
grep -q ', restored$' "$work/err"
judge "says restored" cat "$work/err"
same "restored: identical" a restored/a
check "test" "$bitlaw" test "${model[@]}" a.blw
grep -q ', verified$' "$work/err"
judge "says verified" cat "$work/err"
check "compress -d" "$bitlaw" compress -d "${model[@]}" -o restored/a2 a.blw
same "compress -d: identical" a restored/a2
check "compress -dt" "$bitlaw" compress -dt "${model[@]}" a.blw
check "decompress -z" "$bitlaw" decompress -z "${model[@]}" -o z.blw a
same "decompress -z: the same archive" z.blw a.blw
check "compress -l" "$bitlaw" compress -l a.blw
for file in empty one random all-bytes; do
    check "compress $file" "$bitlaw" compress -q "${model[@]}" "$file"
    check "decompress $file" "$bitlaw" decompress -q "${model[@]}" -o "restored/$file" "$file.blw"
    same "$file: identical" "$file" "restored/$file"
done
size=$(stat -c %s random.blw)
((size < 777 + 64))
judge "random bytes hardly grow" echo "$size bytes"

# -dcf passes on what is no archive, whole or shorter than an archive's first bytes, and restores what is one.
for file in a one empty a.blw; do
    "$bitlaw" -dcf "${model[@]}" "$file" >passed
    judge "-dcf $file" echo "it failed"
    same "-dcf $file: its bytes" passed "${file%.blw}"
done
"$bitlaw" -dcf "${model[@]}" <a >passed
same "-dcf of standard input" passed a
refuse "-dc does not pass on" 1 "not a bitlaw archive" "$bitlaw" -dc "${model[@]}" a

# Names that look like something else.
check "odd names" "$bitlaw" compress -q "${model[@]}" list '[a,b]' ++ "with space" -- -dash
for file in list '[a,b]' ++ "with space" ./-dash; do
    same "archive of $file" "$file.blw" a.blw
done
check "odd names after --" "$bitlaw" test -q "${model[@]}" -- -dash.blw '[a,b].blw'

# A name that ends in byte 1 is another file than the one without it.
printf marked >marked && printf other >$'marked\x01'
check "a name with a control character" "$bitlaw" compress -q --rm "${model[@]}" $'marked\x01'
check "is the one that was meant" test -e $'marked\x01.blw' -a ! -e $'marked\x01' -a -e marked -a ! -e marked.blw

# Pipes.
check "bitlaw -" bash -c "'$bitlaw' - -m model <a | cmp - a.blw"
check "standard input to standard output" bash -c "'$bitlaw' compress -m model <a >piped.blw"
[[ ! -s $work/err ]]
judge "a filter is silent" cat "$work/err"
same "piped archive" piped.blw a.blw
check "pipes" bash -c "set -o pipefail
    cat a | '$bitlaw' compress -m model - | cat | '$bitlaw' decompress -m model | cmp - a"
check "-c" bash -c "'$bitlaw' compress -m model -c a | cmp - a.blw"
check "decompress -c of two" bash -c "'$bitlaw' decompress -m model -c a.blw one.blw | cmp - <(cat a one)"
check "-o from a pipe" bash -c "'$bitlaw' compress -m model -o from-pipe.blw <a && cmp from-pipe.blw a.blw"
check "-o -" bash -c "'$bitlaw' compress -m model -o - a | cmp - a.blw"
check "-o /dev/null" "$bitlaw" decompress "${model[@]}" -o /dev/null a.blw
check "-c of a named pipe" bash -c "'$bitlaw' compress -m model -c <(cat a) | cmp - a.blw"

# Options that experts turn give archives that need none of them.
check "blocks, streams, resets" \
    "$bitlaw" compress "${model[@]}" --fallback never --block-size 7K --streams 3 --reset 500 -o expert.blw a
check "restore those" bash -c "'$bitlaw' decompress -m model -c expert.blw | cmp - a"
"$bitlaw" list --json expert.blw a.blw >listing
grep -q '"file": "expert.blw".*"blocks": 3.*"streams": 9.*"plain_bytes": 20000' listing &&
    (($(grep -c '"file"' listing) == 2))
judge "list --json" cat listing
check "list as a table" "$bitlaw" list expert.blw a.blw
grep -q "^together .* 40,000 " "$work/out"
judge "list adds up" cat "$work/out"

# Ranges: only the blocks that hold them.
"$bitlaw" compress -q "${model[@]}" --block-size 5K -o blocks.blw a
for range in 0:0 0:1 4999:5001 7K:9000 19K: :3 20K: 100:1M; do
    begin=${range%:*} end=${range#*:}
    begin=${begin/K/000} end=${end/K/000} end=${end/M/000000}
    check "range $range" bash -c "'$bitlaw' decompress -m model --range $range -c blocks.blw |
        cmp - <(head -c ${end:-20000} a | tail -c +$((${begin:-0} + 1)))"
done
head -c 3000 /dev/zero | tr '\0' 'x' >zeros
cp blocks.blw holed.blw && dd if=zeros of=holed.blw bs=1 seek=200 count=100 conv=notrunc 2>/dev/null
check "a range beside damage" "$bitlaw" decompress "${model[@]}" --range 12K:13K -o part holed.blw
grep -q ', restored, a range of 1 block$' "$work/err"
judge "says that it is a range" cat "$work/err"
refuse "a range in damage" 1 "in block 1" "$bitlaw" test "${model[@]}" --range 1:2 holed.blw
refuse "a range of a pipe" 1 "standard input is a pipe" \
    bash -c "cat blocks.blw | '$bitlaw' decompress -m model --range 1:2 -c"
check "a range of redirected input" bash -c "'$bitlaw' decompress -m model --range 1:2 -c <blocks.blw >part"
refuse "a range beyond the end" 1 "the archive holds 20000" "$bitlaw" test "${model[@]}" --range 30K:40K blocks.blw
refuse "a range that ends before it begins" 2 "ends before" "$bitlaw" test "${model[@]}" --range 9:8 blocks.blw
refuse "a range without a colon" 2 "BEGIN:END" "$bitlaw" test "${model[@]}" --range 9 blocks.blw
refuse "a range under the whole's name" 2 "add -o or -c" "$bitlaw" decompress "${model[@]}" --range 1:2 blocks.blw
refuse "a range of what is compressed" 2 "for decompress and test" "$bitlaw" compress "${model[@]}" --range 1:2 a
refuse "a range with --rm" 2 "leave --rm or --range" \
    "$bitlaw" decompress --rm "${model[@]}" --range 1:2 -o part blocks.blw

# Blocks that the model makes larger.
seq 1 5000 >odd
check "--fallback worse" "$bitlaw" compress "${model[@]}" --fallback worse -o worse.blw random
check "--fallback never" "$bitlaw" compress "${model[@]}" --fallback never -o never.blw random
check "--fallback best" "$bitlaw" compress "${model[@]}" --fallback best -o best.blw odd
grep -q '1 of 1 block coded without the model$' "$work/err"
judge "says what it did" cat "$work/err"
check "restore what was coded without the model" bash -c "'$bitlaw' decompress -c best.blw | cmp - odd"
refuse "--fallback of no kind" 2 "choose never, worse or best" "$bitlaw" compress "${model[@]}" --fallback x a

# As zstd and xz are called, and what several files are told.
cp a f1 && cp a f2
check "bitlaw -k FILE..." "$bitlaw" -k "${model[@]}" f1 f2
[[ $(wc -l <"$work/err") == 3 ]] && grep -Eq '^2 files: 40,000 -> ' "$work/err"
judge "a line for each and one for all" cat "$work/err"
rm f1 f2
check "bitlaw -d" "$bitlaw" -dq "${model[@]}" f1.blw f2.blw
same "bitlaw -d: identical" f2 a
check "bitlaw -t -l" bash -c "'$bitlaw' -tq -m model f1.blw && '$bitlaw' -l f1.blw f2.blw"

# Many files: a bad one does not stop the rest, and the worst exit code counts.
cp a good1 && cp a good2
refuse "one bad file of three" 1 "cannot open missing: No such file" \
    "$bitlaw" compress -q "${model[@]}" good1 missing good2
same "before the bad one" good1.blw a.blw
same "after the bad one" good2.blw a.blw
head -c 1500 a.blw >damaged.blw
rm -f good1 good2
"$bitlaw" decompress -q "${model[@]}" good1.blw damaged.blw good2.blw 2>err
[[ $? == 1 && $(wc -l <err) == 1 ]] && cmp -s good1 a && cmp -s good2 a && [[ ! -e damaged ]] &&
    grep -q '^bitlaw: decompress: damaged.blw: the archive ends too early' err
judge "one damaged archive of three" cat err
refuse "standard input is named" 1 "test: standard input: the archive ends too early" bash -c "'$bitlaw' test -m model <damaged.blw"
refuse "an archive of a range" 1 "^bitlaw: decompress: damaged.blw: the archive's index" \
    "$bitlaw" decompress "${model[@]}" --range 1:2 -c damaged.blw
refuse "a damaged archive does not test" 1 "test: damaged.blw: " "$bitlaw" test "${model[@]}" damaged.blw

# Nothing is overwritten unasked; names follow rules.
refuse "compress does not overwrite" 1 "a.blw exists already; use -f" "$bitlaw" compress "${model[@]}" a
refuse "decompress does not overwrite" 1 "a exists already; use -f" "$bitlaw" decompress "${model[@]}" a.blw
ln -s nowhere dangling.blw
cp a dangling
refuse "nor through a dangling link" 1 "dangling.blw exists already" "$bitlaw" compress "${model[@]}" dangling
echo other >a.copy.blw && cp a a.copy
check "-f overwrites" "$bitlaw" compress -qf "${model[@]}" a.copy
same "overwritten" a.copy.blw a.blw
refuse "suffix there already" 1 "has the suffix .blw already" "$bitlaw" compress "${model[@]}" a.blw
cp a growing
refuse "compress to the input's own end" 1 "cannot write standard output: it is the input itself" \
    timeout 20 bash -c "ulimit -f 1000; '$bitlaw' compress -m model -c growing >>growing"
same "which is whole" growing a
refuse "no suffix" 1 "does not end in .blw" "$bitlaw" decompress "${model[@]}" a
refuse "nothing but the suffix" 1 "does not end in .blw" "$bitlaw" decompress "${model[@]}" .blw
refuse "output is the input" 1 "it is the input itself" "$bitlaw" compress -f "${model[@]}" -o a a
same "which is whole" a restored/a
refuse "a folder" 1 "restored is a folder; name files, or pack it with tar" \
    "$bitlaw" compress "${model[@]}" restored
refuse "output is a folder" 1 "restored: it is a folder" "$bitlaw" compress "${model[@]}" -o restored a
mkfifo fifo
refuse "a pipe by name" 1 "fifo is a pipe or a device" "$bitlaw" compress "${model[@]}" fifo
if ((EUID != 0)); then
    cp a locked && chmod 000 locked
    refuse "unreadable" 1 "locked: Permission denied" "$bitlaw" compress "${model[@]}" locked
fi

# Permissions and times follow the source.
cp a private && chmod 640 private && touch -d "2001-02-03 04:05:06" private
check "compress a private file" "$bitlaw" compress -q "${model[@]}" private
check "restore it" bash -c "mv private was && '$bitlaw' decompress -q -m model private.blw"
for file in private.blw private; do
    [[ $(stat -c '%a %y' $file) == "640 2001-02-03 04:05:06"* ]]
    judge "attributes of $file" stat -c '%a %y' $file
done

# --rm.
cp a gone
check "compress --rm" "$bitlaw" compress -q --rm "${model[@]}" gone
check "the source is gone" test ! -e gone -a -f gone.blw
check "decompress --rm" "$bitlaw" decompress -q --rm "${model[@]}" gone.blw
check "the archive is gone" test ! -e gone.blw
same "--rm: identical" gone a
check "-k wins over --rm" "$bitlaw" compress -q -k --rm "${model[@]}" gone
check "kept" test -f gone
rm gone.blw
refuse "--rm with a device as output" 1 "--rm needs a result that stays, and /dev/null" \
    "$bitlaw" decompress --rm "${model[@]}" -o /dev/null a.blw
check "keeps the archive" test -f a.blw
ln -s gone link
refuse "--rm of a link" 1 "link is a symbolic link" "$bitlaw" compress --rm "${model[@]}" link
refuse "--rm of a damaged archive" 1 "decompress: " "$bitlaw" decompress --rm "${model[@]}" damaged.blw
check "keeps it" test -f damaged.blw

# Terminals.
# A machine without pseudo-terminals (a bare chroot) cannot show these three.
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    script -qec "'$bitlaw' compress -m model -c a" /dev/null </dev/null >typescript
    [[ $? == 2 ]] && grep -q "cannot be written to a terminal" typescript
    judge "no archive to a terminal" head -c 300 typescript
    script -qec "'$bitlaw' decompress -m model" /dev/null </dev/null >typescript
    [[ $? == 2 ]] && grep -q "standard input is a terminal" typescript
    judge "no archive from a terminal" head -c 300 typescript
    script -qec "'$bitlaw' test -m model a.blw" /dev/null </dev/null >typescript
    [[ $? == 0 ]] && grep -q "verified" typescript
    judge "progress on a terminal" head -c 300 typescript
    cp a $'red\033[31m'
    script -qec "'$bitlaw' -v -m model -f red*" /dev/null </dev/null >typescript
    [[ $? == 0 ]] && grep -q 'red?\[31m' typescript && ! grep -q $'\033\\[31m' typescript
    judge "names do not steer the terminal" cat -v typescript
fi
[[ -z $(find . -name '*.tmp-*') ]]
judge "nothing left behind" ls
finish
