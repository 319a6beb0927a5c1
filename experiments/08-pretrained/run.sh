#!/bin/bash
# Rates of llama2.c's stories260K: experiments/08-pretrained/run.sh FOLDER, which holds stories260K.bin and tok512.bin.
# Goes on where it was stopped: a row of rates.csv is measured once. Needs build/bitlaw and data/fetch.sh's sets.
set -euo pipefail
source=$(realpath "${1:?name the folder of stories260K.bin and tok512.bin}")
here=$(dirname "$(realpath "$0")")
cd "$here/../.."
bitlaw=${BITLAW:-build/bitlaw}
work=build/pretrained
csv=$here/rates.csv
mkdir -p "$work"
[[ -s $csv ]] || echo "data,bytes,way,model_bytes,archive_bytes,raw_bits_per_byte,adjusted_bits_per_byte" >"$csv"

model=$work/stories260K.blm
[[ -s $model ]] || $bitlaw import -q "$source/stories260K.bin" --tokenizer "$source/tok512.bin" --weight-format bf16 -o "$model"
model_bytes=$(stat -c %s "$model")

# What is coded, SIZE bytes each. Text of its kind: its own samples, since TinyStories are not here; so their rate is a lower bound.
size=${SIZE:-20000}
sets=${TABLE_DATA:-build/paper-table}  # shared with experiments/02-paper-table
mkdir -p "$sets"
. experiments/02-paper-table/sets.bash
made_images "$(data/fetch.sh imagenet-sample)" test
made_speech "$(data/fetch.sh librispeech)" test
if [[ ! -s $work/stories ]]; then
    for seed in $(seq 1 $((size / 400))); do
        $bitlaw sample -q -m "$model" --bytes 500 --seed "$seed"
        echo
    done >"$work/stories.part"
    head -c "$size" "$work/stories.part" >"$work/stories"
fi
dd status=none iflag=skip_bytes,count_bytes if=data/wiki-valid skip=2500000 count="$size" of="$work/wiki"
head -c "$size" "$sets/imagenet-test" >"$work/images"
head -c "$size" "$sets/libri-test" >"$work/audio"

# row DATA WAY COUNTED OPTIONS...: the size of an archive; COUNTED: the model's bytes that go with it.
row() {
    local data=$1 way=$2 counted=$3 plain archive
    shift 3
    grep -q "^$data,[0-9]*,$way," "$csv" && return
    plain=$(stat -c %s "$work/$data")
    $bitlaw compress -q -f --fallback never "$@" -o "$work/archive" "$work/$data"
    $bitlaw decompress -q -f -m "$model" -o "$work/restored" "$work/archive"
    cmp "$work/restored" "$work/$data"
    archive=$(stat -c %s "$work/archive")
    awk -v d="$data" -v p="$plain" -v w="$way" -v m="$counted" -v a="$archive" \
        'BEGIN { printf "%s,%d,%s,%d,%d,%.4f,%.4f\n", d, p, w, m, a, 8 * a / p, 8 * (a + m) / p }' >>"$csv"
}

for data in stories wiki images audio; do
    [[ -s $work/$data ]] || continue
    row $data tokens "$model_bytes" -m "$model" --mix none --streams 1
    row $data learning "$model_bytes" -m "$model" --mix none --learn --streams 1
    row $data mixed "$model_bytes" -m "$model" --mix full --streams 1
    row $data experts 0 -m none --mix full
done
column -s, -t "$csv"
