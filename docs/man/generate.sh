#!/bin/bash
# Prints the manual page: docs/man/bitlaw.1.in with the commands' own help in it. docs/man/generate.sh BITLAW
set -euo pipefail
bitlaw=$(realpath "${1:?usage: docs/man/generate.sh BITLAW}")
cd "$(dirname "$0")"
export LC_ALL=C

commands() { "$bitlaw" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

# Options as .TP items, groups as bold lines.
section() {
    local command=$1
    echo ".SS bitlaw $command"
    "$bitlaw" "$command" --help | awk -v OFS='' '
        function show(names, text) {
            sub(/ +$/, "", names)
            print ".TP"; print ".B ", names
            if (text != "") print text
        }
        # Two columns: names, and from column 30 (two spaces are gone) the help, which stands below names that reach it.
        function show_row() {
            if (row != "") show(substr(row, 1, 28), substr(row, 29))
            row = ""
        }
        /^                    / { sub(/^ +/, ""); if (row != "") { show(row, $0); row = "" } else print; next }
        { show_row() }
        NR == 1 { print $0; print ".PP"; next }
        /^Usage:/ || /^ *$/ { next }
        /^[A-Z][a-z]*:$/ { if ($0 != "Options:" && $0 != "Positionals:") { sub(":", ""); print ".PP"; print ".I ", $0 } next }
        /^  [^ ]/ { row = substr($0, 3); next }
        { sub(/^ +/, ""); print }
        END { show_row() }' | sed 's/\\/\\e/g; s/-/\\-/g'
}

version=$("$bitlaw" --version | sed 's/^bitlaw \([^,]*\),.*/\1/')
while IFS= read -r line; do
    case $line in
        @COMMANDS@) for command in $(commands); do section "$command"; done ;;
        *) echo "${line//@VERSION@/$version}" ;;
    esac
done <bitlaw.1.in
