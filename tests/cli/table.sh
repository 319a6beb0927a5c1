#!/bin/bash
# data and table.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"

make_text 60000 >text

# le32 NUMBER: four little-endian bytes.
le32() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x00"; }
# wav CHANNELS BITS <SAMPLES >FILE: 16 kHz PCM.
wav() {
    local bytes
    cat >"$work/samples"
    bytes=$(stat -c %s "$work/samples")
    printf RIFF
    le32 $((bytes + 36))
    printf 'WAVEfmt '
    le32 16
    printf '\x01\x00'"\\x0$1"'\x00'
    le32 16000
    le32 $((16000 * $1 * $2 / 8))
    printf "\\x0$(($1 * $2 / 8))"'\x00'"\\x$(printf %02x "$2")"'\x00'
    printf data
    le32 "$bytes"
    cat "$work/samples"
}
mkdir sound
head -c 10000 text | wav 1 16 >sound/a.wav
head -c 8192 text | wav 1 16 >sound/b.wav
head -c 10000 text | wav 2 16 >sound/stereo.wav
head -c 12000 text | wav 1 24 >sound/wide.wav
head -c 3000 text | wav 1 16 >sound/short.wav
head -c 10000 text | wav 1 16 | head -c 5000 >sound/cut.wav
echo notes >sound/README

"$bitlaw" data audio sound -o set >out 2>err
[[ $? == 0 ]] && grep -q '^set: 8,192 bytes, 4 chunks of 2048, from 2 of 6 files, 4 could not be used, 1 of other kinds' out
judge "audio of a folder" cat out err
for reason in 'cut.wav: broken WAV: its samples end after' 'short.wav: its 1500 bytes are too few for one chunk' \
    'stereo.wav: it has 2 channels, not one' 'wide.wav: it has 24 bits a sample, not 16'; do
    grep -q "^bitlaw: data: left out $reason" err
    judge "says: $reason" cat err
done
# The samples' upper bytes, as unsigned numbers.
head -c 8192 text | od -An -v -tu1 -w2 | awk '{ print ($2 + 128) % 256 }' >expected
tail -c 4096 set | od -An -v -tu1 -w1 | awk '{ print $1 }' >got
same "16-bit samples become 8-bit ones" expected got
cp set first && cp set.json first.json
refuse "an existing set" 1 "set exists already; use -f" "$bitlaw" data audio sound -o set
check "overwritten with -f" "$bitlaw" data -q audio sound -o set -f
same "the same set again" set first
same "the same manifest again" set.json first.json
"$bitlaw" data audio sound --strict -o strict >out 2>err
[[ $? == 1 && ! -e strict && ! -e strict.json ]] && tail -n 1 err | grep -q 'cannot be used, so nothing was made'
judge "strict makes nothing" cat err
# A header whose length a stream left open, and tags in front.
mkdir streams
for length in '\x00\x00\x00\x00' '\xff\xff\xff\xff' '\x00\xf0\xff\x7f'; do
    { head -c 40 sound/b.wav && printf "$length" && tail -c +45 sound/b.wav; } >"streams/${length//[^0-9a-f]/}.wav"
done
{ printf 'ID3\x04\x00\x00\x00\x00\x00\x05tagged' | head -c 15 && cat sound/b.wav; } >streams/tagged.wav
head -c 8192 text >samples
"$bitlaw" data audio --strict --bits 16 streams -o open >out 2>err
[[ $? == 0 ]] && cat samples samples samples samples | cmp - open
judge "open lengths and tags" cat out err
check "16 bits a sample" "$bitlaw" data audio --bits 16 --first 2 sound -o wide
cmp -n 8192 wide text
judge "16-bit samples as they are" cat "$work/err"
grep -q '"sample_bytes": 2' wide.json
judge "and the manifest says so" cat wide.json

mkdir pictures empty
echo text >pictures/a.jpg
refuse "only broken pictures" 1 "nothing is left of 1 file: a.jpg: neither a JPEG nor a PNG" "$bitlaw" data images pictures -o p
refuse "an empty folder" 1 "no JPEG or PNG files in empty; it is empty" "$bitlaw" data images empty -o p
refuse "no such folder" 2 "there is no file or folder 'missing'" "$bitlaw" data images missing -o p
refuse "no such kind" 2 "choose images, audio, text or random" "$bitlaw" data video pictures -o p
refuse "an option of another kind" 2 "bits is for audio" "$bitlaw" data images --bits 8 pictures -o p
refuse "random without a length" 2 "but --bytes N" "$bitlaw" data random -o p
[[ ! -e p && ! -e p.json ]]
judge "nothing is left of what was refused" ls
check "random" "$bitlaw" data random --bytes 5000 --seed 3 -o random
check "random again" "$bitlaw" data random --bytes 5000 --seed 3 -o random2
same "the same seed, the same bytes" random random2
check "text" "$bitlaw" data text text@:1K text@1K:5K -o joined
cmp -n 5000 joined text
judge "ranges of text one after another" cat "$work/err"

check "train" train_tiny model text@:50K --tokens 20K
fast=gzip,xz,png,flac,flac16
"$bitlaw" table --data text=text@:20K held=text@50K: noise=random wide -m tiny=model --compressors $fast -T 1 --csv >one.csv 2>err
judge "table" cat err
"$bitlaw" table --data text=text@:20K held=text@50K: noise=random wide -m tiny=model --compressors $fast -T 2 --csv >two.csv 2>err
# All but seconds, memory and threads.
for file in one two; do cut -d, -f1-17 $file.csv >$file.figures; done
same "the same figures on 1 and on 2 threads" one.figures two.figures
# cell PROTOCOL COMPRESSOR DATA FIELD
cell() {
    awk -F, -v p="$1" -v c="$2" -v d="$3" -v f="$4" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == f) n = i }
        $1 == p && $3 == c && $5 == d { print $n }' one.csv
}
[[ $(cell unchunked "gzip -9" held coded_bytes) -lt 6000 && $(cell unchunked "gzip -9" held origin) == "" ]]
judge "gzip's cell" cat one.csv
[[ $(cell continuous tiny text origin) == seen && $(cell continuous tiny held origin) == "too short to tell" ]]
judge "seen, and too short to tell" cat one.csv
[[ -z $(cell chunked "FLAC -8 (16 bit)" text raw_rate) && -n $(grep 'FLAC -8 (16 bit)' one.csv | grep wide) ]] &&
    ! grep 'FLAC -8 (16 bit)' one.csv | grep -q held
judge "FLAC of 16 bits for 16-bit samples only" cat one.csv
tail -c +50001 text >held
"$bitlaw" compress -q --fallback never -m model held
[[ $(cell continuous tiny held coded_bytes) == $(stat -c %s held.blw) && $(cell continuous tiny held rate_from) == archive ]]
judge "a model's rate is its archive's" cat one.csv
"$bitlaw" eval -m model --data held --protocol chunked --json >eval.json
[[ -n $(cell chunked tiny held coded_bytes) && $(awk -v x="$(cell chunked tiny held coded_bytes)" 'BEGIN { print int(x) + (x > int(x)) }') == \
    $(sed -n 's/.*"estimated_bytes": \([0-9]*\),.*/\1/p' eval.json) ]]
judge "chunked as eval has it" cat eval.json

"$bitlaw" table --data held -m tiny=model --compressors none --learn --learn-replay 1 --restore-models -T 1 --csv >learned.csv 2>err
"$bitlaw" compress -q -f --fallback never --learn --learn-replay 1 -m model -o learned.blw held
[[ $(awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "coded_bytes") n = i } $3 == "tiny (learning)" { print $n }' learned.csv) == $(stat -c %s learned.blw) &&
    $(grep -c 'tiny (learning)' learned.csv) == 1 && $(grep -c '^continuous,.*restored' learned.csv) == 2 ]]
judge "a model that learns is a row beside the frozen one" cat learned.csv err
refuse "a recipe without learning" 2 "add --learn" "$bitlaw" table --data held -m model --learn-rate 1
# Rows of mixtures beside those of the models alone.
"$bitlaw" compress -q --fallback never --mix full -m model -o mixed.blw held
check "a table with mixtures" "$bitlaw" table --data held -m tiny=model --compressors none --mix full --restore-models -o mixed
grep -q '^continuous,,tiny + full,[0-9a-f]*,held,.*,restored,' mixed.csv &&
    [[ $(awk -F, '$3 == "tiny + full" { print $8 }' mixed.csv) == $(stat -c %s mixed.blw) ]] &&
    grep -q '^continuous,,tiny,' mixed.csv && ! grep -q '^chunked,.*tiny + full' mixed.csv && grep -q 'mixed with the full set' mixed.txt
judge "a mixture's rate is its archive's, in one piece only" cat mixed.csv mixed.txt
check "taken over from an earlier table" "$bitlaw" table --data held -m tiny=model --compressors none --mix full --reuse mixed.json
grep -Eq '^tiny \+ full .*reused$' "$work/out"
judge "with the mixture's row" cat "$work/out"
refuse "mixtures of chunks" 2 "one piece" "$bitlaw" table --data held -m tiny=model --mix full --protocol chunked

check "programs" "$bitlaw" table --data held --no-models --compressors none --external 'copy=cp {in} {out}' 'half=head -c 10 {in} > {out}' \
    --restore 'copy=cp {in} {out}'
grep -Eq '^copy +100\.00 .* restored$' "$work/out" && grep -Eq '^half +0\.10 .* not restored$' "$work/out"
judge "restored or not" cat "$work/out"
"$bitlaw" table --data held --no-models --compressors gzip --external 'lie=cp {in} {out}' 'bad=false {in} {out}' \
    --restore 'lie=head -c 7 {in} > {out}' --protocol unchunked >out 2>err
[[ $? == 1 ]] && grep -Eq '^lie +failed' out && grep -q 'lie on held: lie does not restore held' out &&
    grep -q 'bad on held: .* exit code 1' out && grep -Eq '^gzip -9 +[0-9]' out
judge "what fails is told beside what succeeds" cat out err

refuse "a compressor that is not" 2 "choose of gzip" "$bitlaw" table --data held --compressors rar
refuse "a file that is not" 1 "cannot open missing" "$bitlaw" table --data missing
refuse "one name twice" 2 "two data sets are called 'held'" "$bitlaw" table --data held held
refuse "nothing to measure" 2 "no compressors and no models" "$bitlaw" table --data held --compressors none --no-models
refuse "a program without {out}" 2 "with \{in\} and \{out\}" "$bitlaw" table --data held --external 'x=cp {in}'
echo x >>joined
refuse "a manifest of other bytes" 1 "joined.json belongs to other bytes" "$bitlaw" table --data joined --compressors gzip
: >nothing
refuse "an empty file" 1 "nothing holds no bytes" "$bitlaw" table --data nothing --compressors gzip

if command -v gnuplot >/dev/null; then
    check "all outputs" "$bitlaw" table --data held noise=random -m tiny=model --compressors gzip,flac -o t
    grep -q '</svg>' t.svg && grep -q '^| gzip -9 |' t.md && grep -q '"complete": true' t.json && grep -q '^chunked,' t.csv &&
        cmp -s t.txt "$work/out" && grep -q '>tiny<' t.svg
    judge "text, Markdown, CSV, JSON and SVG" ls
else
    ok "outputs: skipped, gnuplot is not installed"
fi

# A stop ends a program that runs, and gives what was measured before.
"$bitlaw" table --data held --no-models --compressors gzip --external 'slow=touch running; sleep 60; cp {in} {out}' >out 2>err &
table=$!
wait_for 30 test -e running
kill -TERM $table
wait $table
[[ $? == 143 ]] && grep -q '^bitlaw: table: stopped by a signal' err && grep -q 'the work was stopped' out && grep -Eq '^gzip -9 +[0-9]' out
judge "stopped by a signal" cat out err
refuse "a folder that is not there, before anything is measured" 1 "there is no folder nowhere" \
    "$bitlaw" table -q --data text -o nowhere/table
finish
