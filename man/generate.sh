#!/bin/bash
# Prints the manual page: man/bitlaw.1.in with the commands' own help in it. man/generate.sh BITLAW
set -euo pipefail
bitlaw=$(realpath "${1:?usage: man/generate.sh BITLAW}")
cd "$(dirname "$0")"
export LC_ALL=C

commands() { "$bitlaw" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

# Options as .TP items, groups as bold lines.
section() {
    local command=$1
    echo ".SS bitlaw $command"
    "$bitlaw" "$command" --help | sed 's/\\/\\e/g; s/-/\\-/g' | awk -v OFS='' '
        function item(line,   names, text) {
            names = line; text = ""
            # Two columns: names, then at column 30 the help.
            if (length(names) > 2 && match(names, /   +/)) {
                text = substr(names, RSTART + RLENGTH); names = substr(names, 1, RSTART - 1)
            } else if (match(names, /[^ ]  [^ ]/)) {
                text = substr(names, RSTART + 3); names = substr(names, 1, RSTART)
            }
            print ".TP"; print ".B ", names
            if (text != "") print text
        }
        NR == 1 { print $0; print ".PP"; next }
        /^Usage:/ || /^ *$/ { next }
        /^[A-Z][a-z]*:$/ { if ($0 != "Options:" && $0 != "Positionals:") { sub(":", ""); print ".PP"; print ".I ", $0 } next }
        /^  [^ ]/ { sub(/^  /, ""); item($0); next }
        { sub(/^ +/, ""); print }'
}

version=$("$bitlaw" --version | sed 's/^bitlaw \([^,]*\),.*/\1/')
while IFS= read -r line; do
    case $line in
        @COMMANDS@) for command in $(commands); do section "$command"; done ;;
        *) echo "${line//@VERSION@/$version}" ;;
    esac
done <bitlaw.1.in
