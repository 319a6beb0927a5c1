#!/bin/bash
# No path of the folder that it was built in stands in the tool or the library, so that builds in other folders give the same bytes;
# make test-reproducible builds twice and compares them.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd -P)
build=$(dirname "$(realpath "${BITLAW:-build/bitlaw}")")
source "$(dirname "$0")/common.bash"
case $(basename "$build") in
    address | undefined | thread | debug)
        ok "no path in the tool (not tried: builds for debuggers keep paths)"
        finish
        ;;
esac
for file in bitlaw libbitlaw.so static/libbitlaw.a; do
    [[ -e $build/$file ]] || continue
    ! grep -qaF "$project" "$build/$file"
    judge "no path in $file" bash -c "strings -a '$build/$file' | grep -F '$project' | head -n 3"
    # What the preprocessor's __DATE__ and __TIME__ would leave.
    ! grep -qaE "$(date +%b) [ 0-9][0-9] $(date +%Y)" "$build/$file"
    judge "no date in $file" echo "today's date"
done
! grep -rnE '__(DATE|TIME|TIMESTAMP)__' "$project/src" "$project/include"
judge "no source asks for the date" echo "they do"
finish
