#!/bin/bash
# Each tests/cli/expected/NAME.sh runs in a folder of its own, and must print NAME.out and NAME.err (if they are not there: nothing)
# and end with the exit code in NAME.exit (if it is not there: 0). With --update the files are made anew: look at what changed.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
cases=$(cd "$(dirname "$0")/expected" && pwd)
update=${1:-}
source "$(dirname "$0")/common.bash"
export BITLAW_MODELS=
golden=$cases/../../golden

# Speeds differ from run to run.
without_speeds() { sed -E 's/[0-9.]+ [KMG]?B\/s/SPEED/g'; }

for script in "$cases"/*.sh; do
    name=$(basename "$script" .sh)
    mkdir "$work/case" && cd "$work/case" || exit 1
    cp "$golden"/*.blm "$golden"/*.plain "$golden"/*.blw .
    status=0
    PATH=$work/home/bin:$PATH bash "$script" >"$work/out" 2>"$work/raw" </dev/null || status=$?
    without_speeds <"$work/raw" >"$work/err"
    echo "$status" >"$work/exit"
    cd "$work" && rm -rf "$work/case"
    for part in out err exit; do
        expected=$cases/$name.$part
        if [[ $update == --update ]]; then
            rm -f "$expected"
            [[ ! -s $part || ($part == exit && $status == 0) ]] || cp $part "$expected"
        fi
        [[ -e $expected ]] || { [[ $part == exit ]] && echo 0 >empty || : >empty; expected=empty; }
        diff "$expected" $part >differences
        judge "$name: $part" cat differences
    done
done
finish
