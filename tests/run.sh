#!/bin/bash
# Runs every test and ends with "N passed, N failed": tests/run.sh BUILD_FOLDER [WORD]
#
# Units: tests/structure/*.sh, the doctest cases of each tests/*_test.cpp, tests/signature/check.sh, tests/cli/*.sh. A script
# prints "ok NAME" or "not ok NAME" for each case; one that prints none, or exits non-zero, has failed. Units run
# TEST_JOBS at a time (default 2); a unit reports in one piece when it ends, with its output if it failed.
# Scripts run in the project's folder and get BITLAW (the tool), BITLAW_SIGNATURE and TMPDIR (a folder of their own, removed afterwards).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

readonly build=$1
readonly word=${2:-}
readonly jobs=${TEST_JOBS:-2}
readonly limit=${TEST_TIMEOUT:-1800}  # seconds; ends a unit that hangs
readonly doctest=$build/bitlaw_tests

results=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-run.XXXXXX")
readonly results
trap 'rm -rf "$results"' EXIT
BITLAW=$(realpath -m "$build/bitlaw")
BITLAW_SIGNATURE=$(realpath -m "$build/bitlaw_signature")
export BITLAW BITLAW_SIGNATURE doctest results limit

# Runs unit $1; writes "passed failed" to its .count and prints its report under a lock.
run_unit() {
    local unit=$1 name passed failed status start=$SECONDS
    name=$(tr / . <<<"$unit")
    local log=$results/$name.log
    export TMPDIR=$results/$name.tmp
    mkdir -p "$TMPDIR"
    case $unit in
        *_test.cpp)
            timeout --kill-after=10 "$limit" "$doctest" --source-file="$unit" --no-colors </dev/null >"$log" 2>&1
            status=$?
            passed=$(sed -n 's/^\[doctest\] test cases: .*| *\([0-9]*\) passed.*/\1/p' "$log")
            failed=$(sed -n 's/^\[doctest\] test cases: .*| *\([0-9]*\) failed.*/\1/p' "$log")
            ;;
        *)
            timeout --kill-after=10 "$limit" "./$unit" </dev/null >"$log" 2>&1
            status=$?
            passed=$(grep -c '^ok ' "$log")
            failed=$(grep -c '^not ok ' "$log")
            ;;
    esac
    passed=${passed:-0} failed=${failed:-0}
    # A unit without a case, and one that broke off without naming a failed case, count as one failure.
    if ((failed == 0 && (passed == 0 || status != 0))); then
        failed=1
        echo "$unit: exit status $status after $passed passed cases" >>"$log"
    fi
    rm -rf "$TMPDIR"
    echo "$passed $failed" >"$results/$name.count"
    {
        flock 9
        printf '%-48s %4d passed %4d failed %5d s\n' "$unit" "$passed" "$failed" $((SECONDS - start))
        if ((failed > 0)); then
            grep -v '^ok ' "$log" | sed 's/^/    /'
        fi
    } 9>"$results/lock"
}
export -f run_unit

units() {
    local file
    for file in tests/structure/*.sh tests/*_test.cpp tests/signature/check.sh tests/cli/*.sh; do
        [[ -f $file && $file == *"$word"* ]] || continue
        [[ $file == *_test.cpp || -x $file ]] || { echo "tests/run.sh: $file is not executable" >&2; continue; }
        echo "$file"
    done
}

units | xargs -r -d '\n' -P "$jobs" -I{} bash -c 'run_unit "$1"' _ {}

passed=0 failed=0
while read -r unit_passed unit_failed; do
    ((passed += unit_passed, failed += unit_failed))
done < <(cat "$results"/*.count 2>/dev/null)

# A case in a file that no unit covers would never run: at least as many must be counted as doctest knows.
if [[ -z $word ]]; then
    known=$("$doctest" --count --no-colors 2>/dev/null | sed -n 's/.*filters: *//p')
    counted=$(cat "$results"/*_test.cpp.count 2>/dev/null | awk '{sum += $1 + $2} END {print sum + 0}')
    if [[ -z $known || $known == 0 || $counted -lt $known ]]; then
        echo "tests/run.sh: $doctest holds ${known:-no} test cases, but $counted ran"
        ((failed += 1))
    fi
fi
if ((passed + failed == 0)); then
    echo "tests/run.sh: no test matches '$word'"
fi
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
