#!/bin/bash
# The manual pages have every command and option that the tool has, and say of them what the tool says.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
source "$(dirname "$0")/common.bash"
mkdir pages
check "pages are made" "$project/docs/man/generate.sh" "$bitlaw" pages
check "the pages are up to date (make man)" diff -r --exclude='*.in' --exclude='*.sh' "$project/docs/man" pages
for command in $("$bitlaw" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    sed -n "/^\.SS bitlaw $command\$/,/^\.S/p" "$project/docs/man/bitlaw.1" | sed 's/\\-/-/g' |
        sed -n 's/^\.B \(-[^ ]*\).*/\1/p' | sort >in-page
    sed 's/\\-/-/g' "$project/docs/man/bitlaw-$command.1" | sed -n 's/^\.B \(-[^ ]*\).*/\1/p' | sort >in-own-page
    "$bitlaw" "$command" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | sort >in-help
    [[ -s in-help ]] && cmp -s in-page in-help && cmp -s in-own-page in-help
    judge "options of $command" diff in-own-page in-help
    "$bitlaw" "$command" --help >by-option
    "$bitlaw" help "$command" >by-word && cmp -s by-option by-word
    judge "bitlaw help $command" diff by-option by-word
done
refuse "help of what is no command" 2 "there is no command 'nothing'" "$bitlaw" help nothing
refuse "help of two commands" 2 "there is no command" "$bitlaw" help train eval
check "bitlaw help" bash -c "'$bitlaw' help | cmp - <('$bitlaw' --help)"
if command -v groff >/dev/null; then
    for page in "$project"/docs/man/*.1; do
        groff -man -Tascii -ww "$page" 2>&1 >/dev/null | sed "s|^|$(basename "$page"): |"
    done >warnings
    [[ ! -s warnings ]]
    judge "the pages are sound" cat warnings
else
    ok "the pages are sound (not tried: no groff here)"
fi
finish
