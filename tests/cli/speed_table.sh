#!/bin/bash
# The table that joins our rows with those of other libraries: experiments/00-speed/merge.awk on figures that are known.
set -uo pipefail
merge=$(realpath "$(dirname "$0")/../../experiments/00-speed/merge.awk")
readonly merge
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"

# row NAME GFLOPS SHARE THREADS ISA
row() {
    printf '  {"name": "%s", "gflops": %s, "share": %s, "peer": null, "ratio": null, "bytes_per_second": 1234567.8, ' "$1" "$2" "$3"
    printf '"machine": "A", "threads": %s, "isa": "%s", "runs": 4, "date": "2026-01-02"},\n' "$4" "$5"
}
{
    row "fp32 peak, 2 threads" 100 1 2 avx512
    row "product" 10 0.1 2 avx512
    row "product, bf16" 60 0.6 2 avx512
    row "fp32 peak, 2 threads" 200 1 2 avx512
    row "product" 30 0.3 2 avx512
    row "product" 8 0.2 1 avx512
    row "fp32 peak, 1 thread" 50 1 1 avx512
    row "product" 25 0.2 2 avx512
    row "product" 5 0.1 2 avx2
    row "alone" 7 0.07 2 avx512
} >ours
printf '%s\t%s\t%s\t%s\n' product 2 Slow 4 product 2 Fast 1 product 2 Fast 60 product 2 Fast 50 \
    product 1 Slow 16 "product, bf16" 2 Half 40 >peers
printf '200k\t100000\n' >memory
mkdir out
awk -v out=. -v threads=2 -v load=0.1 -v load_end=0.2 -v wait=active -v core=X -v versions=V -v rounds=3 -v seconds=5 \
    -v command=run.sh -f "$merge" peers memory ours 2>err
[[ $? == 0 && ! -s err ]]
judge "the rows are joined" cat err

shows() {
    grep -Fqx "$2" table.md
    judge "$1" cat table.md
}
shows "the median of a peak" '| fp32 peak, 2 threads | 1,234,568 | 150.0 | 100.0 % | - | - |'
shows "medians, and the best peer by its median" '| product | 1,234,568 | 25.0 | 20.0 % | Fast 50.0 | 0.50 |'
shows "bf16 beside fp32 peers" '| product, bf16 | 1,234,568 | 60.0 | 60.0 % | Fast 50.0 | 1.20 |'
shows "peers of as many threads" '| product, 1 thread | 1,234,568 | 8.0 | 20.0 % | Slow 16.0 | 0.50 |'
shows "another instruction set has no peer" '| product, avx2 | 1,234,568 | 5.0 | 10.0 % | - | - |'
shows "no peer" '| alone | 1,234,568 | 7.0 | 7.0 % | - | - |'
shows "memory" '| 200k | 102 |'
! grep -q "1 thread |" <(grep peak table.md)
judge "one peak" cat table.md
grep -Fq '{"name": "product", "gflops": 25.000, "share": 0.20000, "peer": "Fast", "peer_gflops": 50.000, "ratio": 0.5000, ' table.json &&
    grep -Fq '"peer": null, "peer_gflops": null, "ratio": null' table.json && [[ $(head -c 1 table.json) == "[" ]] &&
    [[ $(tail -n 1 table.json) == "]" && $(grep -c '},$' table.json) == 5 && $(grep -c '}$' table.json) == 1 ]]
judge "JSON" cat table.json
finish
