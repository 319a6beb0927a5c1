#!/usr/bin/env bash
# Trains a small transformer on real text, compresses held-out text with it, restores it, and counts the model's own
# bytes, beside gzip, bzip2, xz and zstd; then with few bits a weight and mixed with contexts. Everything in the table and the figure is measured in this run.
# Usage: make demo, or experiments/demo/demo.sh after make. It takes no arguments; from the environment:
#   DEMO_MINUTES  time for training (4)           DEMO_PRESET  size of the network (200k)
#   BITLAW        the program (build/bitlaw)      DEMO_OUT     folder of the results (demo, beside the program)
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
here=$root/experiments/demo
minutes=${DEMO_MINUTES:-4}
preset=${DEMO_PRESET:-200k}
bitlaw=$(realpath -m "${BITLAW:-$root/build/bitlaw}")
out=$(realpath -m "${DEMO_OUT:-$(dirname "$bitlaw")/demo}")
validated=65536  # held-out bytes of each measurement during training: few, so that there is time for many
begun=$EPOCHREALTIME

told=        # whether the reason of a failure was printed
doing=       # for the message when something fails
child=       # the running measured command
elsewhere=   # a folder outside the checkout, for restoring from an archive alone

say() { printf '\n== %s\n' "$*" >&2; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    told=yes
    exit 1
}

finish() {
    local code=$?
    [[ -z $child ]] || kill "$child" 2> /dev/null || true
    [[ -z $elsewhere ]] || rm -rf "$elsewhere"
    ((code == 0)) || [[ -n $told ]] || printf 'demo: stopped%s (exit code %s)\n' "${doing:+ while $doing}" "$code" >&2
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

now_minus() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'; }
size_of() { stat -L -c %s "$1"; }
commas() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<< "$1"; }
# fact KEY FILE: a number or a text of the JSON that bitlaw prints, one member a line.
fact() { sed -nE 's/^[{ ]*"'"$1"'": "?([^",]*)"?,?\}?$/\1/p' "$2"; }
# source_fact KEY: a line of the demo data's SOURCE.txt.
source_fact() { sed -n "s/^$1: //p" "$root/data/demo/SOURCE.txt"; }

# Keeps FILE up to date with the greatest memory (in KB) that process PID has had, until it ends.
watch_memory() {
    local pid=$1 file=$2 key value _
    while [[ -e /proc/$pid/status ]]; do
        while read -r key value _; do
            [[ $key != VmHWM: ]] || echo "$value" > "$file"
        done < "/proc/$pid/status"
        sleep 0.02
    done 2> /dev/null
}

# measure OUTPUT COMMAND...: runs COMMAND with its standard output in OUTPUT; sets seconds and memory (MB).
measure() {
    local output=$1 start code=0 watcher
    shift
    echo 0 > "$out/memory"
    start=$EPOCHREALTIME
    "$@" > "$output" &
    child=$!
    watch_memory "$child" "$out/memory" &
    watcher=$!
    wait "$child" || code=$?
    seconds=$(now_minus "$start")
    child=
    wait "$watcher" || true
    memory=$(awk '{ printf "%.1f", $1 / 1024 }' "$out/memory")
    ((code == 0)) || fail "'$*' failed with exit code $code"
}

# greater A B: the greater of two numbers.
greater() { awk -v a="$1" -v b="$2" 'BEGIN { print (a > b ? a : b) }'; }

# identical FILE: stops unless FILE equals the held-out text.
identical() { cmp -- "$held" "$1" >&2 || fail "$1 differs from $held: the restored text is not the original"; }

# row NAME BYTES ADJUSTED_BYTES COMPRESS_SECONDS RESTORE_SECONDS MEMORY: a line of table.csv.
row() {
    awk -v OFS=, -v name="$1" -v bytes="$2" -v adjusted="$3" -v c="$4" -v r="$5" -v m="$6" -v plain="$plain" 'BEGIN {
        print name, bytes, sprintf("%.2f", 100 * bytes / plain), sprintf("%.2f", 100 * adjusted / plain),
            sprintf("%.4f", 8 * bytes / plain), sprintf("%.4f", 8 * adjusted / plain), c, r, m }' >> "$out/table.csv"
}

# classical NAME COMMAND...: one of the known compressors.
classical() {
    local name=$1 compressing memory_before
    shift
    doing="compressing with $name"
    measure "$out/packed" "$@" -c "$held"
    compressing=$seconds
    memory_before=$memory
    doing="restoring with $name"
    measure "$out/restored" "$1" -dc "$out/packed"
    identical "$out/restored"
    row "$name" "$(size_of "$out/packed")" "$(size_of "$out/packed")" "$compressing" "$seconds" \
        "$(greater "$memory" "$memory_before")"
    rm "$out/packed" "$out/restored"
}

# ---- What is needed -------------------------------------------------------------------------------------------------

awk -v m="$minutes" 'BEGIN { exit !(m + 0 > 0 && m ~ /^[0-9]*\.?[0-9]*$/) }' ||
    fail "DEMO_MINUTES='$minutes' must be a number of minutes above 0"
missing=()
for pair in gzip=gzip bzip2=bzip2 xz=xz-utils zstd=zstd gnuplot=gnuplot-nox; do
    command -v "${pair%%=*}" > /dev/null || missing+=("${pair#*=}")
done
((${#missing[@]} == 0)) || fail "packages are missing; type: apt-get install --no-install-recommends ${missing[*]}"
[[ -f $bitlaw && -x $bitlaw ]] || fail "$bitlaw is not there; type: make"

doing="preparing $out"
mkdir -p "$out"
rm -rf "$out"/{model,elsewhere,plot,info.json,model.json,held-out.blw,held-out-with-model.blw,mixed.blw,quantised.blm,table.csv,table.txt} \
    "$out"/{demo.svg,packed,restored,memory} "$root/demo.svg"

say "Text"
doing="getting the text"
"$root/data/fetch.sh" demo > /dev/null
train=$root/data/demo/train
held=$root/data/demo/held-out
plain=$(size_of "$held")
((plain >= 1000000)) || fail "$held has $plain bytes, fewer than 1,000,000"
cat "$root/data/demo/SOURCE.txt" >&2

# ---- Train, compress, restore ---------------------------------------------------------------------------------------

say "Training for about $minutes minutes (DEMO_MINUTES); the held-out text only measures the progress"
doing="training"
# Small steps: minutes are few, and the network learns more from many steps than from exact ones.
"$bitlaw" train --data "$train" --validation "$held" --preset "$preset" --minutes "$minutes" \
    --batch-tokens 2048 --validation-bytes "$validated" --out "$out/model"
doing="reading the model"
"$bitlaw" info --json > "$out/info.json"
"$bitlaw" info --json "$out/model" > "$out/model.json"

say "Compressing and restoring $(commas "$plain") held-out bytes with the model"
doing="compressing with the model"
# What the network alone codes: a block that the fallback makes smaller would not be the model's.
measure /dev/null "$bitlaw" compress --fallback never -m "$out/model" -f -o "$out/held-out.blw" "$held"
compressing=$seconds
most=$memory
doing="restoring with the model"
mkdir "$out/elsewhere"
measure /dev/null "$bitlaw" decompress -m "$out/model" -o "$out/elsewhere/held-out" "$out/held-out.blw"
restoring=$seconds
most=$(greater "$memory" "$most")
identical "$out/elsewhere/held-out"
echo "restored: identical (archive and model)"
rm -r "$out/elsewhere"

say "The same with the model inside the archive, restored from that file alone"
doing="compressing with the model inside"
measure /dev/null "$bitlaw" compress --fallback never -m "$out/model" --embed-model -f -o "$out/held-out-with-model.blw" "$held"
doing="restoring from the archive alone"
elsewhere=$(mktemp -d)
cp "$out/held-out-with-model.blw" "$elsewhere/held-out.blw"
# An empty environment and an empty folder: nothing but the archive can say what the model is.
cd "$elsewhere"
measure /dev/null env -i "$bitlaw" decompress held-out.blw
cd "$root"
identical "$elsewhere/held-out"
echo "restored: identical (archive alone)"
rm -r "$elsewhere"
elsewhere=

say "With contexts that learn the text: without the network, and beside it with weights of 3 bits inside the archive"
doing="quantising the model"
"$bitlaw" export -q -f -m "$out/model" --bits 3 --calibrate "$train" -o "$out/quantised.blm"
# mixed NAME OPTIONS...: an archive that restores alone, with a row of the table.
mixed() {
    local name=$1 compressing memory_before
    shift
    doing="compressing with $name"
    measure /dev/null "$bitlaw" compress "$@" -f -o "$out/mixed.blw" "$held"
    compressing=$seconds
    memory_before=$memory
    doing="restoring with $name"
    measure "$out/restored" "$bitlaw" decompress -c "$out/mixed.blw"
    identical "$out/restored"
    mixed_rows+=("$name" "$(size_of "$out/mixed.blw")" "$compressing" "$seconds" "$(greater "$memory" "$memory_before")")
    rm "$out/restored"
}
mixed_rows=()
mixed "bitlaw -2 (no network)" -2
mixed "bitlaw $preset 3-bit and -2" --mix full -m "$out/quantised.blm" --embed-model
echo "restored: identical (both)"

say "Other compressors"
printf '%s,%s\n' compressor,bytes,raw_percent,adjusted_percent,bits_per_byte,adjusted_bits_per_byte \
    compress_seconds,restore_seconds,memory_mb > "$out/table.csv"
classical "gzip -9" gzip -9
classical "bzip2 -9" bzip2 -9
classical "xz -9e" xz -T1 -9e
classical "zstd -19" zstd -q -T1 -19
row "bitlaw $preset" "$(size_of "$out/held-out.blw")" "$(size_of "$out/held-out-with-model.blw")" "$compressing" \
    "$restoring" "$most"
# As it stands in an archive: without what the file says of its training.
quantised=$("$bitlaw" info --json "$out/quantised.blm" | sed -n 's/^ "stored_bytes": \([0-9]*\),$/\1/p')
row "${mixed_rows[@]:0:2}" "${mixed_rows[@]:1:4}"
row "${mixed_rows[5]}" $((mixed_rows[6] - quantised)) "${mixed_rows[@]:6:4}"

# ---- Table and figure -----------------------------------------------------------------------------------------------

doing="writing the table"
machine="$(fact machine "$out/info.json"), $(uname -m)"
threads=$(fact threads "$out/info.json")
tokens=$(fact tokens "$out/model.json")
model="$(commas "$(fact parameters "$out/model.json")") parameters, $(commas "$(fact stored_bytes "$out/model.json")") bytes"
training=$(awk -F, 'END { printf "%.1f", $7 / 60 }' "$out/model/metrics.csv")
{
    cat << TEXT
machine    $machine; bitlaw: $threads threads, $(fact isa "$out/info.json"); the others: 1 thread
date       $(date -u '+%Y-%m-%d %H:%M') UTC
command    make demo DEMO_MINUTES=$minutes DEMO_PRESET=$preset
text       $(source_fact source)
training   $(commas "$tokens") bytes read in $training minutes; the training text is $(source_fact train)
held-out   $(source_fact held-out), no part of the training text; during training
           its first $(commas "$validated") bytes were measured, not learned, and nothing was chosen by them
model      $preset: $model

TEXT
    awk -F, '
        function dotted(n,  text) {
            for (text = ""; n >= 1000; n = int(n / 1000)) text = sprintf(",%03d", n % 1000) text
            return n text
        }
        BEGIN {
            printf "%-26s %11s %8s %11s %10s %11s %10s %10s\n",
                "compressor", "bytes", "raw %", "adjusted %", "bits/byte", "compress s", "restore s", "memory MB"
        }
        NR > 1 {
            printf "%-26s %11s %8.2f %11.2f %10.3f %11.2f %10.2f %10.1f\n", $1, dotted($2), $3, $4, $5, $7, $8, $9
        }' "$out/table.csv"
    cat << TEXT

raw: archive / original.  adjusted: (archive + model) / original; bitlaw's are archives with the model inside,
$(commas "$(size_of "$out/held-out-with-model.blw")") and $(commas "${mixed_rows[6]}") bytes, restored from that file alone.  bits/byte: of the archive without the model.
The last row has the model in $(commas "$quantised") bytes, quantised and entropy-coded, and mixes it with contexts that learn the text, as -2 has them alone.
TEXT
    # The model is a fixed price, and what it saves grows with the text: it pays from model / (rate - raw rate) bytes on.
    awk -F, -v model="$(fact stored_bytes "$out/model.json")" -v name_of_ours="bitlaw $preset" '
        $1 == name_of_ours { ours = $3 }
        NR > 1 && $1 !~ /^bitlaw/ && (best == "" || $3 < best) { best = $3; name = $1 }
        END {
            if (best - ours >= 0.5) {
                printf "The model'"'"'s bytes are a fixed price, and what it saves grows with the text: at these rates the network alone, in bf16, pays from %.1f MB on (beside %s).\n",
                    model / ((best - ours) / 100) / 1e6, name
            } else {
                printf "The network alone saves too little beside %s to pay for its bytes on a text of this size.\n", name
            }
        }' "$out/table.csv"
} > "$out/table.txt"

doing="drawing the figure"
mkdir "$out/plot"
# Bytes trained on and bits per byte: of the batches, as means over stretches of 8 % more bytes, since single batches are
# small and scatter; and of the held-out text where that was measured.
awk -F, '
    function flush() { if (count) print bytes / count, bits / count; count = bytes = bits = 0 }
    NR > 1 { bytes += $2; bits += $3; count++; if ($2 > 1.08 * begin) { flush(); begin = $2 } }
    END { flush() }' "$out/model/metrics.csv" > "$out/plot/training.dat"
awk -F, 'NR > 1 && $4 + 0 > 0 { print $2, $4 }' "$out/model/metrics.csv" > "$out/plot/validation.dat"
awk -v tokens="$tokens" -v network="bitlaw $preset" -f "$here/layout.awk" "$out/plot/training.dat" "$out/table.csv" > "$out/plot/layout.gp"
heading="$(commas "$plain") held-out bytes; $(source_fact source)"
footer="$machine, $threads threads, $training minutes of training, $(date -u +%Y-%m-%d). The model: $model."
# A quote inside gnuplot's quotes is doubled.
gnuplot -e "folder = '${out//\'/\'\'}/plot'; picture = '${out//\'/\'\'}/demo.svg'" \
    -e "heading = '${heading//\'/\'\'}'; footer = '${footer//\'/\'\'}'" "$here/plot.gp"
cp "$out/demo.svg" "$root/demo.svg"

doing=
printf '\n' && cat "$out/table.txt"
printf '\nfigure: demo.svg; table and archives: %s; the demo took %s s\n' "$out" "$(now_minus "$begun")"
