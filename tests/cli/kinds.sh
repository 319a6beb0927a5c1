#!/bin/bash
# Bytes of every kind: samples of everything under the shared data (BITLAW_DATA, or beside the checkout), and generated ones. They are
# restored, they hardly grow, and the estimate is what an archive by the model alone takes.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
shared=${BITLAW_DATA:-$(cd "$(dirname "$0")/../../.." && pwd)/shared/data}
source "$(dirname "$0")/common.bash"
shared=${shared%%:*}
readonly sample=12000

make_text 100000 >text
head -c 300000 /dev/urandom >random
: >empty
# sample_of FILE: bytes from inside what it holds; compressed files are unpacked.
sample_of() {
    case $1 in
        *.xz) xz -dc "$1" 2>/dev/null ;;
        *.bz2) bzip2 -dc "$1" 2>/dev/null ;;
        *) cat "$1" ;;
    esac | tail -c +3001 | head -c $sample
}
files=(text random empty)
if [[ -d $shared ]]; then
    mkdir data
    # All single files, and two of each folder of many like ones.
    while IFS= read -r file; do
        name=data/$(tr -c 'A-Za-z0-9._\n-' _ <<<"${file#"$shared"/}")
        sample_of "$file" >"$name"
        files+=("$name")
    done < <(find "$shared" -type f ! -name '*.md' ! -iname 'LICENSE*' ! -iname '*.jpeg' ! -iname '*.flac' | sort
        find "$shared" -type f -iname '*.jpeg' | sort | head -n 2
        find "$shared" -type f -iname '*.flac' | sort | head -n 2)
else
    ok "samples of the shared data (not tried: no $shared)"
fi

# A small model that knows the text, so that some kinds are coded by it and some are not.
check "train" train_tiny model text --tokens 100K

for file in "${files[@]}"; do
    "$bitlaw" compress -q -m model "$file" && "$bitlaw" decompress -qf -m model -o back "$file.blw"
    same "restored: $file" "$file" back
    bytes=$(stat -c %s "$file")
    archive=$(stat -c %s "$file.blw")
    [[ -n $archive ]] && ((1000 * archive <= 1001 * bytes + 64000))
    judge "$file grows by no more than 0.1 % + 64 bytes" echo "$bytes became $archive"
done

"$bitlaw" compress -qf -m model --fallback never "${files[@]}"
"$bitlaw" eval -m model --data "${files[@]}" --json >rates 2>err
for file in "${files[@]}"; do
    estimate=$(sed -n "s|.*\"file\": \"$file\".*\"estimated_bytes\": \([0-9]*\),.*|\1|p" rates)
    archive=$(stat -c %s "$file.blw")
    streams=$(($(stat -c %s "$file") < 131072 ? 1 : 4))
    difference=$((archive > estimate ? archive - estimate : estimate - archive))
    # Symbol 0 begins its interval at 0, so that a stream that ends with it ends with zero bytes, which are not written.
    ends_in_zeros() { ((archive < estimate)) && [[ $(tail -c 100 "$file" | tr -d '\0' | wc -c) == 0 ]]; }
    [[ -n $estimate ]] && { ((1000 * difference <= archive + 32000 * streams)) || ends_in_zeros; }
    judge "estimate of $file: $estimate, archive $archive" echo "they differ by $difference"
done
finish
