#!/bin/bash
# Compares the hashes that bitlaw_signature prints with tests/signature/expected.txt, for every instruction set of this
# build and processor, and 1, 2 and 3 threads: tests/signature/check.sh [PROGRAM [--update]]
# RUNNER may hold an emulator. --update writes the file from the plain C++ kernels and one thread: only when a change
# of arithmetic is meant, together with a new arithmetic version.
set -uo pipefail
program=$(realpath "${1:-${BITLAW_SIGNATURE:?name the program or set BITLAW_SIGNATURE}}")
cd "$(dirname "$0")" || exit 1
read -ra runner <<<"${RUNNER:-}"

if [[ ${2:-} == --update ]]; then
    BITLAW_ISA=scalar "${runner[@]}" "$program" 1 >expected.new && mv expected.new expected.txt
    exit
fi

isas=$(env -u BITLAW_ISA "${runner[@]}" "$program" isas) || exit 1
status=0
for isa in $isas; do
    for threads in 1 2 3; do
        if difference=$(BITLAW_ISA=$isa "${runner[@]}" "$program" "$threads" 2>&1 | diff expected.txt -); then
            echo "ok signature: $isa, $threads threads"
        else
            echo "$difference"
            echo "not ok signature: $isa, $threads threads"
            status=1
        fi
    done
done
exit $status
