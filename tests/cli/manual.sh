#!/bin/bash
# The manual page has every command and option that the tool has, and says of them what the tool says.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
source "$(dirname "$0")/common.bash"
"$project/docs/man/generate.sh" "$bitlaw" >page
check "the page is up to date (make man)" diff "$project/docs/man/bitlaw.1" page
for command in $("$bitlaw" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    sed -n "/^\.SS bitlaw $command\$/,/^\.S/p" "$project/docs/man/bitlaw.1" | sed 's/\\-/-/g' |
        sed -n 's/^\.B \(-[^ ]*\).*/\1/p' | sort >in-page
    "$bitlaw" "$command" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | sort >in-help
    [[ -s in-help ]] && cmp -s in-page in-help
    judge "options of $command" diff in-page in-help
done
if command -v groff >/dev/null; then
    groff -man -Tascii -ww "$project/docs/man/bitlaw.1" >/dev/null 2>warnings
    [[ ! -s warnings ]]
    judge "the page is sound" cat warnings
fi
finish
