#!/bin/bash
# Permissions and times are kept as zstd keeps them, and files that come from nowhere get what umask says.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
umask 022
make_text 3000 >plain
check "a model-free archive" "$bitlaw" compress -q -m none --mix fast -o first.blw plain
# attributes NAME FILE MODE TIME
attributes() {
    local found
    found=$(stat -c '%a %Y' "$2")
    [[ $found == "$3 $4" ]]
    judge "$1" echo "$found, not $3 $4"
}
time=1234567890
for mode in 640 600 444 755; do
    cp plain file
    touch -d "@$time" file
    chmod $mode file
    "$bitlaw" compress -q -f -m none --mix fast file
    attributes "compress: mode $mode and time" file.blw $mode $time
    "$bitlaw" decompress -q -f -o restored file.blw
    attributes "decompress -o: mode $mode and time" restored $mode $time
    rm -f file
    "$bitlaw" decompress -q file.blw
    attributes "decompress: mode $mode and time" file $mode $time
    rm -f file file.blw restored
done
cp plain file
touch -d "@$time.123456789" file
"$bitlaw" compress -q -m none --mix fast file
[[ $(stat -c %y file) == "$(stat -c %y file.blw)" ]]
judge "times to the nanosecond" stat file file.blw
# -c and standard input know no file: the shell's file has the shell's mode.
umask 077
"$bitlaw" compress -q -m none --mix fast -c file >from-c.blw
[[ $(stat -c %a from-c.blw) == 600 && $(stat -c %Y from-c.blw) != "$time" ]]
judge "-c leaves its output alone" stat from-c.blw
"$bitlaw" compress -q -m none --mix fast -o from-pipe.blw < <(cat file)
[[ $(stat -c %a from-pipe.blw) == 600 && $(stat -c %Y from-pipe.blw) != "$time" ]]
judge "from a pipe: umask and the present time" stat from-pipe.blw
"$bitlaw" decompress -q -o from-stdin <file.blw
[[ $(stat -c %a from-stdin) == 600 ]]
judge "from standard input: umask" stat from-stdin
umask 022
"$bitlaw" decompress -q -f -o from-stdin <file.blw
[[ $(stat -c %a from-stdin) == 644 ]]
judge "and another umask" stat from-stdin
if [[ $(id -u) == 0 ]]; then
    chown 1234:5678 file
    "$bitlaw" compress -q -f -m none --mix fast file
    [[ $(stat -c %u:%g file.blw) == 1234:5678 ]]
    judge "root keeps the owner" stat file.blw
    if command -v setpriv >/dev/null; then
        chmod 660 file && chown 0:5678 file && chmod 777 . && chmod 755 "$work"
        setpriv --reuid 4321 --regid 4321 --groups 5678 "$bitlaw" compress -q -f -m none --mix fast -o theirs.blw file
        [[ $(stat -c %u:%g:%a theirs.blw) == 4321:5678:600 || $(stat -c %u:%g:%a theirs.blw) == 4321:5678:660 ]]
        judge "another user keeps the group and gives nobody more" stat theirs.blw
    fi
else
    ok "root keeps the owner (not tried: not root here)"
fi
if command -v zstd >/dev/null; then
    touch -d "@$time" file && chmod 640 file
    zstd -q -f file && "$bitlaw" compress -q -f -m none --mix fast file
    [[ $(stat -c '%a %Y' file.zst) == "$(stat -c '%a %Y' file.blw)" ]]
    judge "as zstd does" stat file.zst file.blw
else
    ok "as zstd does (not tried: no zstd here)"
fi
finish
