#!/bin/bash
# Learning rates: Muon's and AdamW's on a grid of factors 2 at several widths and amounts of data, and the law that follows.
#
#   experiments/01-recipe/rates.sh             about 90 minutes of one core; rows in rates.csv, the law in rates.txt
#
# Needs build/bitlaw, data/wiki8 and data/wiki-valid. A run whose row is there is not repeated. The rate that is not varied is in the
# middle of its grid. From the environment: BITLAW, JOBS (runs at once, one thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export here=experiments/01-recipe runs=data/.train/rates bitlaw=${BITLAW:-build/bitlaw}
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/rates.csv
[[ -s $results ]] || echo "width,bytes,learning_rate,matrix_learning_rate,validation_bits_per_byte" >"$results"

# run PRESET WIDTH BYTES LR MATRIX_LR
run() {
    local key=$2,$3,$4,$5 out=$runs/$1-$3-$4-$5
    if grep -q "^$key," "$results"; then return; fi
    "$bitlaw" train -q -T 1 --preset "$1" --data data/wiki8 --tokens "$3" --lr "$4" --matrix-lr "$5" --out "$out" -f || return
    local bits
    bits=$(measured "$out" data/wiki-valid@:500K) || return 255  # and no further runs
    rm -rf "$out"
    echo "$key,$bits" | tee -a "$results"
}
export -f run

readonly middle=0.024  # of AdamW's grid at width 64; times sqrt(64 / width) at others
readonly matrix_middle=0.02
{
    while read -r preset width bytes factors; do
        lr=$(awk -v m=$middle -v w="$width" 'BEGIN { printf "%.6g", m * sqrt(64 / w) }')
        echo "$preset $width $bytes $lr $matrix_middle"
        for factor in $factors; do
            echo "$preset $width $bytes $lr $(awk -v m=$matrix_middle -v f="$factor" 'BEGIN { print m * f }')"
            echo "$preset $width $bytes $(awk -v l="$lr" -v f="$factor" 'BEGIN { printf "%.6g", l * f }') $matrix_middle"
        done
    done <<'END'
50k 32 1000000 0.25 0.5 2 4
50k 32 4000000 0.25 0.5 2 4
200k 64 2000000 0.25 0.5 2 4
200k 64 8000000 0.25 0.5 2 4
800k 128 4000000 0.25 0.5 2 4
200k 64 32000000 0.25 0.5 2
END
} | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run {}'

# The lowest point of a parabola through the best rate and its neighbours, in log2; then rate = c width^a bytes^b by least squares.
awk -F, -v middle=$middle -v matrix_middle=$matrix_middle '
    function add(varied, rate) { cell = varied "," $1 "," $2; bits[cell, rate] = $5; rates[cell] = rates[cell] " " rate }
    NR == 1 { next }
    $4 == matrix_middle { add("other", $3) }
    ($3 / middle * sqrt($1 / 64) - 1) ^ 2 < 1e-8 { add("matrix", $4) }
    END {
        for (cell in rates) {
            n = split(rates[cell], r, " ")
            for (i = 2; i <= n; ++i) for (j = i; j > 1 && r[j - 1] + 0 > r[j] + 0; --j) { t = r[j]; r[j] = r[j - 1]; r[j - 1] = t }
            best = 1
            for (i = 2; i <= n; ++i) if (bits[cell, r[i]] < bits[cell, r[best]]) best = i
            split(cell, c, ",")
            x = log(r[best]) / log(2)
            where = "at the edge of the grid"
            if (best > 1 && best < n) {
                a = bits[cell, r[best - 1]]; b = bits[cell, r[best]]; d = bits[cell, r[best + 1]]
                x += 0.5 * (a - d) / (a - 2 * b + d)
                where = "inside"
            }
            printf "%s width %d, %d bytes: best rate %.4g (%s), %.4f bits/byte\n", c[1], c[2], c[3], 2 ^ x, where, bits[cell, r[best]] | "sort"
            if (where != "inside") continue  # says only on which side the best rate lies
            k = c[1]; u = log(c[2] / 64); v = log(c[3] / 1e6); y = x * log(2)
            N[k]++; U[k] += u; V[k] += v; Y[k] += y; UU[k] += u * u; VV[k] += v * v; UV[k] += u * v; UY[k] += u * y; VY[k] += v * y
        }
        close("sort")
        for (k in N) {
            n = N[k]
            if (n < 4) { printf "%s: too few inside for a law\n", k; continue }
            suu = UU[k] - U[k] ^ 2 / n; svv = VV[k] - V[k] ^ 2 / n; suv = UV[k] - U[k] * V[k] / n
            suy = UY[k] - U[k] * Y[k] / n; svy = VY[k] - V[k] * Y[k] / n
            det = suu * svv - suv * suv
            a = (suy * svv - svy * suv) / det; b = (svy * suu - suy * suv) / det
            printf "%s: rate = %.4g (width / 64)^%.3f (bytes / 10^6)^%.3f\n", k, exp((Y[k] - a * U[k] - b * V[k]) / n), a, b
        }
    }' "$results" | tee "$here/rates.txt"
