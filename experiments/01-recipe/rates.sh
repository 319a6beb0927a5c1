#!/bin/bash
# Learning rates: Muon's and AdamW's on a grid of factors 2 at several widths and amounts of data, and the law that follows.
#
#   experiments/01-recipe/rates.sh             about 70 minutes of one core; rows in rates.csv, the law in rates.txt
#
# Needs build/bitlaw, data/wiki8 and data/wiki-valid. A run whose row is there is not repeated. The rate that is not varied has
# its default. From the environment: BITLAW, JOBS (runs at once, one thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export here=experiments/01-recipe runs=data/.train/rates bitlaw=${BITLAW:-build/bitlaw}
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/rates.csv
[[ -s $results ]] || echo "width,bytes,varied,learning_rate,matrix_learning_rate,validation_bits_per_byte" >"$results"

# run PRESET WIDTH BYTES VARIED LR MATRIX_LR
run() {
    local key=$2,$3,$4,$5,$6 out=$runs/$1-$3-$5-$6
    if grep -q "^$key," "$results"; then return; fi
    "$bitlaw" train -q -T 1 --preset "$1" --data data/wiki8 --tokens "$3" --lr "$5" --matrix-lr "$6" --out "$out" -f || return
    local bits
    bits=$(measured "$out" data/wiki-valid@:500K) || return 255  # and no further runs
    rm -rf "$out"
    echo "$key,$bits" | tee -a "$results"
}
export -f run

{
    while read -r preset width bytes; do
        lr=$(awk -v w="$width" 'BEGIN { printf "%.6g", 0.024 * sqrt(64 / w) }')
        for factor in 0.25 0.5 1 2 4; do
            echo "$preset $width $bytes matrix $lr $(awk -v f=$factor 'BEGIN { print 0.02 * f }')"
            echo "$preset $width $bytes other $(awk -v l="$lr" -v f=$factor 'BEGIN { printf "%.6g", l * f }') 0.02"
        done
    done <<'END'
50k 32 1000000
50k 32 4000000
200k 64 2000000
200k 64 8000000
800k 128 4000000
END
} | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run {}'

# The lowest point of a parabola through the best rate and its neighbours, in log2; then rate = c width^a bytes^b by least squares.
awk -F, '
    NR == 1 { next }
    { cell = $3 "," $1 "," $2; rate = $3 == "matrix" ? $5 : $4; bits[cell, rate] = $6; rates[cell] = rates[cell] " " rate }
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
