#!/bin/bash
# Writes the manual pages: bitlaw.1 from docs/man/bitlaw.1.in with the commands' own help in it, and a page for each command.
# docs/man/generate.sh BITLAW FOLDER
set -euo pipefail
bitlaw=$(realpath "${1:?usage: docs/man/generate.sh BITLAW FOLDER}")
folder=$(realpath "${2:?usage: docs/man/generate.sh BITLAW FOLDER}")
cd "$(dirname "$0")"
export LC_ALL=C

# "NAME LINE" of each command.
commands() { "$bitlaw" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1 \2/p'; }

# The command's help: first its text, then options as .TP items; a group's heading is printed with $2 in front.
section() {
    "$bitlaw" "$1" --help | awk -v OFS='' -v heading="$2" -v first="$3" '
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
        NR == 1 { print $0; print first; next }
        /^Usage:/ || /^ *$/ { next }
        /^[A-Z][a-z]*:$/ { if ($0 != "Options:" && $0 != "Positionals:") { sub(":", ""); print heading, $0 } next }
        /^  [^ ]/ { row = substr($0, 3); next }
        { sub(/^ +/, ""); print }
        END { show_row() }' | sed 's/\\/\\e/g; s/-/\\-/g'
}

version=$("$bitlaw" --version | sed 's/^bitlaw \([^,]*\),.*/\1/')
while IFS= read -r line; do
    case $line in
        @COMMANDS@)
            while read -r command _; do
                echo ".SS bitlaw $command"
                section "$command" $'.PP\n.I ' .PP
            done < <(commands)
            ;;
        *) echo "${line//@VERSION@/$version}" ;;
    esac
done <bitlaw.1.in >"$folder/bitlaw.1"

while read -r command line; do
    {
        echo ".\\\" Made of the command's own help by docs/man/generate.sh (make man)."
        echo ".TH BITLAW-${command^^} 1 \"\" \"bitlaw $version\" \"User Commands\""
        printf '.SH NAME\nbitlaw\\-%s \\- %s\n.SH SYNOPSIS\n.B %s\n.SH DESCRIPTION\n' "$command" "${line//-/\\-}" \
            "$("$bitlaw" "$command" --help | sed -n 's/^Usage: //p' | sed 's/-/\\-/g')"
        section "$command" ".SS " ".SH OPTIONS"
        printf '.SH SEE ALSO\n.BR bitlaw (1)\n'
    } >"$folder/bitlaw-$command.1"
done < <(commands)
