#!/usr/bin/env bash
# Every file of the data sets, or of the folders that are named, its first 2,000,000 bytes: compressed with a model, restored
# in another way than the one before it, compared.
# Usage: experiments/04-round-trips/run.sh [FOLDER...]     (default: the data sets of data/fetch.sh)
# About 10 minutes on 2 cores. Rows go to results.csv and table.md beside this script. From the environment: BITLAW
# (build/bitlaw), MODEL (checkpoints/200k.blm), ROUND_TRIPS_OUT (folder of the results).
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
bitlaw=$(realpath "${BITLAW:-$root/build/bitlaw}")
model=$(realpath "${MODEL:-$root/checkpoints/200k.blm}")
out=$(realpath -m "${ROUND_TRIPS_OUT:-$here}")
readonly bytes=2000000
mkdir -p "$out"
work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-trips.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Instruction sets of this processor beside the plain one, whose speed would take hours.
sets=(avx2)
[[ $(BITLAW_ISA=avx512 "$bitlaw" info 2> /dev/null) != *avx512* ]] || sets+=(avx512)

# A sample is what a file holds: compressed data sets are unpacked, photographs and sound are not.
unpacked() {
    case $1 in
        *.xz) xz -dc "$1" 2> /dev/null ;;
        *.bz2) bzip2 -dc "$1" 2> /dev/null ;;
        *) cat "$1" ;;
    esac
}

# restored WAY: $work/plain.blw to $work/back.
restored() {
    local count=$1 isa=$2 way=$3
    export BITLAW_ISA=$isa
    case $way in
        file) "$bitlaw" decompress -qf -m "$model" -T "$count" -o "$work/back" "$work/plain.blw" ;;
        pipe) "$bitlaw" -dc -m "$model" -T "$count" < "$work/plain.blw" | cat > "$work/back" ;;
        ranges)
            local size half
            size=$(stat -c %s "$work/plain")
            half=$((size / 3))
            "$bitlaw" decompress -q -m "$model" -T "$count" --range "0:$half" -c "$work/plain.blw" > "$work/back"
            "$bitlaw" decompress -q -m "$model" -T "$count" --range "$half:" -c "$work/plain.blw" >> "$work/back"
            ;;
    esac
}

field() { sed -n "s/.*\"$1\": \([0-9.]*\)[,}].*/\1/p" "$work/listed"; }

folders=("$@")
if ((${#folders[@]} == 0)); then
    for name in wiki8 wiki-valid enwik8.first3M gutenberg20M canterbury silesia imagenet-sample librispeech models; do
        path=$("$root/data/fetch.sh" "$name" 2> /dev/null | tail -n 1) || continue
        folders+=("$path")
    done
fi

readonly threads=(1 2 3 16) ways=(file pipe ranges)
echo "set,file,bytes,archive_bytes,rate,bits_per_byte,blocks,mixed_blocks,stored_blocks,restored_by,threads,instructions,result" > "$out/results.csv"
number=0
failures=0
for folder in "${folders[@]}"; do
    while IFS= read -r file; do
        { unpacked "$file" || true; } | head -c "$bytes" > "$work/plain" || true
        BITLAW_ISA=${sets[number % ${#sets[@]}]} "$bitlaw" compress -qf -m "$model" -o "$work/plain.blw" "$work/plain"
        "$bitlaw" list --json "$work/plain.blw" > "$work/listed"
        t=${threads[number % ${#threads[@]}]}
        isa=${sets[(number + 1) % ${#sets[@]}]}
        way=${ways[number % ${#ways[@]}]}
        result=identical
        { restored "$t" "$isa" "$way" && cmp -s "$work/plain" "$work/back"; } || { result=DIFFERENT && failures=$((failures + 1)); }
        number=$((number + 1))
        name=$(basename "$folder")
        printf '%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n' "$name" "${file#"$(dirname "$folder")"/}" \
            "$(stat -c %s "$work/plain")" "$(field archive_bytes)" "$(field rate)" "$(field bits_per_byte)" "$(field blocks)" \
            "$(field mixed_blocks)" "$(field stored_blocks)" "$way" "$t" "$isa" "$result" | tee -a "$out/results.csv"
    done < <(find -L "$folder" -type f ! -name '*.md' ! -iname 'LICENSE*' | sort)
done

# Single files one by one, photographs and sound by the set.
awk -F, '
    NR == 1 { next }
    {
        many = $2 ~ /\.(JPEG|flac)$/
        key = many ? $1 : NR
        if (!(key in files)) order[++rows] = key
        label[key] = many ? $1 ": files" : $2
        ++files[key]; plain[key] += $3; archive[key] += $4
        coded[key] += $7 - $8 - $9; mixed[key] += $8; stored[key] += $9
        same[key] += $13 == "identical"
    }
    END {
        print "| data | files | bytes | archive | rate | blocks: model | context mixing | stored | restored, identical |"
        print "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
        for (i = 1; i <= rows; ++i) {
            k = order[i]
            printf "| %s | %d | %d | %d | %.2f %% | %d | %d | %d | %d of %d |\n", label[k], files[k], plain[k], archive[k],
                plain[k] ? 100 * archive[k] / plain[k] : 0, coded[k], mixed[k], stored[k], same[k], files[k]
        }
    }' "$out/results.csv" | tee "$out/table.md"
printf '%d files, %d restored otherwise than they were\n' "$number" "$failures"
exit $((failures > 0))
