#!/bin/bash
# What a network of tokens gains when it is asked byte by byte, over all ways to cut the text: experiments/09-tokenizers/view.sh, after run.sh has trained its networks.
# view.csv: 20,000 bytes of wiki-valid's second half, ideal code lengths as one cut and over all; processor seconds of one thread. Needs python3-numpy.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cd "$here/../.."
bitlaw=$(realpath "${BITLAW:-build/bitlaw}")
work=${WORK:-build/tokenizers}
export LC_ALL=C
TIMEFORMAT='%U %S'
dd status=none iflag=skip_bytes,count_bytes if=data/wiki-valid skip=2500000 count=20000 of="$work/view"
echo "network,symbols,bits_per_byte_one_cut,bits_per_byte_all_cuts,seconds_one_cut,seconds_all_cuts" >"$here/view.csv"
for symbols in 512 1024 4096 16384; do
    model=$work/50k-$symbols-time/model.blm
    [[ -s $model ]] || continue
    one=$({ time "$bitlaw" eval -q -T 1 --json -m "$model" --data "$work/view" >"$work/view.json"; } 2>&1)
    both=$({ time "$bitlaw" eval -q -T 1 -m "$model" --data "$work/view" --per-byte "$work/view.npy" >/dev/null; } 2>&1)
    all=$(/usr/bin/python3 -c 'import numpy, sys; print(numpy.load(sys.argv[1]).mean())' "$work/view.npy")
    awk -v s=$symbols -v b="$(sed -n 's/.*"bits_per_byte": \([0-9.]*\).*/\1/p' "$work/view.json")" -v a="$all" -v one="$one" -v both="$both" \
        'BEGIN { split(one, x, " "); split(both, y, " "); printf "50k,%d,%.4f,%.4f,%.3f,%.3f\n", s, b, a, x[1] + x[2], y[1] + y[2] - x[1] - x[2] }' >>"$here/view.csv"
done
cat "$here/view.csv"
