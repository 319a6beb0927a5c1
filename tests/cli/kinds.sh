#!/bin/bash
# Bytes of several kinds: the estimate is what the archive takes, and the archive restores. Real files where the shared data
# lie beside the checkout or in BITLAW_DATA, generated ones besides.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
shared=${BITLAW_DATA:-$(cd "$(dirname "$0")/../../.." && pwd)/shared/data}
source "$(dirname "$0")/common.bash"

# first_of PATTERN: the first file of a kind among the shared data.
first_of() { find "${shared%%:*}" -iname "$1" -type f 2>/dev/null | sort | head -n 1; }

make_text 200000 >text
head -c 1000000 /dev/urandom >random
: >empty
table=$(first_of kennedy.xls)
wikipedia=$(first_of enwik8.first3M.xz)
picture=$(first_of '*.jpeg')
speech=$(first_of '*.flac')
[[ -z $table ]] || cp "$table" table
[[ -z $wikipedia ]] || xz -dc "$wikipedia" 2>/dev/null | head -c 500000 >wikipedia
[[ -z $picture ]] || cp "$picture" picture
[[ -z $speech ]] || cp "$speech" speech

# A small model that knows the text and the table, so that some kinds are coded and some are stored.
cat text table 2>/dev/null >learned
check "train" train_tiny model learned --tokens 400K

for file in text random empty table wikipedia picture speech; do
    [[ -e $file && ($file == empty || -s $file) ]] || continue
    "$bitlaw" compress -q -m model "$file" && "$bitlaw" decompress -q -m model -o back "$file.blw" -f
    same "restored: $file" "$file" back
    bytes=$(stat -c %s "$file")
    archive=$(stat -c %s "$file.blw")
    estimate=$("$bitlaw" eval -m model --data "$file" --json | sed -n 's/.*"estimated_bytes": \([0-9]*\),.*/\1/p')
    streams=$((bytes < 131072 ? 1 : bytes / 65536 > 64 ? 64 : bytes / 65536))
    difference=$((archive > estimate ? archive - estimate : estimate - archive))
    [[ -n $estimate && -n $archive ]] && ((1000 * difference <= archive + 32000 * streams))
    judge "estimate of $file: $estimate, archive $archive" echo "they differ by $difference"
    [[ -n $archive ]] && ((1000 * archive <= 1001 * bytes + 64000))
    judge "$file grows by no more than 0.1 % + 64 bytes" echo "$bytes became $archive"
done
finish
