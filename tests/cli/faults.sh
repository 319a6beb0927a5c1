#!/bin/bash
# Full disks, closed pipes and signals: exit code 1, the source whole, nothing half-written.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 400000 >text
check "train" train_tiny model text --tokens 12K
cp text keep

refuse "/dev/full by -c" 1 "No space left" bash -c "'$bitlaw' compress -m model -c text >/dev/full"
check "compress" "$bitlaw" compress -q -m model text
refuse "/dev/full by -o" 1 "No space left" "$bitlaw" decompress -m model -o /dev/full text.blw
refuse "a table to /dev/full" 1 "cannot write to standard output" bash -c "'$bitlaw' list text.blw >/dev/full"
refuse "a sample to /dev/full" 1 "No space left" bash -c "'$bitlaw' sample -m model --bytes 10 >/dev/full"
refuse "a closed pipe" 1 "Broken pipe" \
    bash -c "set -o pipefail; '$bitlaw' decompress -m model -c text.blw | true"

mkdir disk
if ((EUID == 0)) && mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null; then
    mounted=$PWD/disk
    refuse "a full disk" 1 "disk/out: No space left on device; free some space" \
        "$bitlaw" decompress -m model -o disk/out text.blw
    check "nothing left on it" test -z "$(ls disk)"
    cp model/model.blm . && head -c 30000 text >disk/in
    refuse "a full disk with --rm" 1 "No space left" \
        "$bitlaw" compress --rm --embed-model -m model.blm disk/in
    check "the source is there" cmp disk/in <(head -c 30000 text)
    refuse "training onto a full disk" 1 "No space left" train_tiny disk/run text --tokens 4096
    umount disk && mounted=
else
    ok "a full disk (not tried: needs root)"
fi

# Input that cannot be read to its end: another process's memory begins with nothing.
refuse "unreadable input" 1 "cannot read /proc/self/mem: Input/output error" \
    "$bitlaw" compress -m model -o unread.blw /proc/self/mem
check "nothing of it is left" bash -c "! ls | grep -q unread"

# A filter that waits for its input ends at the first signal.
mkfifo slow
exec 7<>slow
"$bitlaw" compress -m model -o waiting.blw - <slow 2>err &
job=$!
wait_for 20 bash -c "ls | grep -q 'waiting.blw.tmp-'"
kill -TERM $job
wait $job
code=$?
exec 7>&-
[[ $code == 143 ]] && grep -q "^bitlaw: compress: stopped by a signal" err
judge "SIGTERM while waiting" cat err
check "nothing of it is left" bash -c "! ls | grep -q waiting"

# Where the system denies threads, fewer do the same.
check "64 threads" "$bitlaw" compress -q -T64 --streams 64 --fallback never -m model -o threads.blw text
for limit in 300000 500000 800000 1200000; do
    if has_asan; then continue; fi
    check "memory too little for 64 threads, $limit KiB" bash -c "ulimit -v $limit
        '$bitlaw' compress -q -T64 --streams 64 --fallback never -m model -c text | cmp - threads.blw"
done

# A limit of a file's size is an error like a full disk.
refuse "a limit of the size" 1 "out: File too large; raise the file size limit" \
    bash -c "ulimit -f 100; '$bitlaw' decompress -m model -o out text.blw"
check "nothing of it is left" bash -c "! ls | grep -q '^out'"

# One whose reader sleeps ends so too, and one that waits for somebody to open the other end of a pipe.
mkfifo full nobody
exec 7<>full
# ends_soon NAME: SIGTERM ends the job within ten seconds, and it says so.
ends_soon() {
    sleep 0.3
    kill -TERM $job
    for ((i = 0; i < 100; ++i)); do
        kill -0 $job 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL $job 2>/dev/null && echo "it went on" >>err
    wait $job
    code=$?
    [[ $code == 143 ]] && grep -q "stopped by a signal" err
    judge "$1" echo "exit code $code: $(cat err)"
}
"$bitlaw" decompress -m model -c text.blw >full 2>err &
job=$!
wait_for 20 read -r -t 0 -u 7
ends_soon "SIGTERM while the reader sleeps"
exec 7>&-
"$bitlaw" compress -m model -c nobody 2>err >out &
job=$!
ends_soon "SIGTERM while nobody writes a named pipe"
"$bitlaw" compress -m model -o nobody text 2>err &
job=$!
ends_soon "SIGTERM while nobody reads a named pipe"
check "a named pipe at both ends" bash -c "cat text >nobody & '$bitlaw' compress -m model -c nobody | cmp - text.blw"
check "a slow reader" bash -c "'$bitlaw' decompress -m model -c text.blw | (sleep 0.5; cmp - text)"

# One Ctrl-C ends a shell's loop, too.
cat >loop.sh <<END
for i in 1 2 3; do "$bitlaw" compress -q -m model -o loop.blw - ; echo round >>rounds; done
END
exec 7<>slow
(trap - INT; exec setsid bash loop.sh <slow 2>err) &
job=$!
wait_for 20 bash -c "ls | grep -q 'loop.blw.tmp-'"
kill -INT -- -$job
wait $job
code=$?
exec 7>&-
[[ $code == 130 && ! -e rounds ]] && ! ls | grep -q 'loop.blw'
judge "SIGINT ends a loop, too" echo "exit code $code: $(ls; cat err)"

# A file that is cut short while it is trained on.
cp text shrinking
train_tiny shrunk shrinking --tokens 100M 2>err &
job=$!
wait_for 20 test -s shrunk/metrics.csv
truncate -s 0 shrinking
wait $job
code=$?
[[ $code == 1 && $(wc -l <err) == 1 ]] && grep -q "^bitlaw: a file that was being read has become shorter" err
judge "a file cut short" echo "exit code $code: $(cat err)"

# Stopped at random moments of the work itself, with and without mercy.
is_whole() { cmp -s long <(cat text text text text); }
begin_slow_work() {
    cat text text text text >long
    BITLAW_ISA=scalar "$bitlaw" compress -q --rm -T1 -m model long 2>err &
    job=$!
    sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
}
for ((i = 0; i < 5; ++i)); do
    begin_slow_work
    kill -TERM $job
    wait $job
    code=$?
    if [[ $code == 0 && -f long.blw ]]; then
        ok "SIGTERM $i (came too late)"
    elif [[ $code == 143 && ! -e long.blw && -z $(find . -name '*.tmp-*') ]] && is_whole; then
        ok "SIGTERM $i: source whole, nothing left"
    else
        not_ok "SIGTERM $i" "exit code $code: $(ls; cat err)"
    fi
    rm -f long.blw
    begin_slow_work
    kill -KILL $job
    wait $job 2>/dev/null
    if [[ -e long.blw ]]; then
        check "SIGKILL $i: a complete archive" "$bitlaw" test -q -m model long.blw
    elif is_whole; then
        ok "SIGKILL $i: source whole"
    else
        not_ok "SIGKILL $i" "no archive and no source"
    fi
    rm -f long.blw long.blw.tmp-*
done
same "the source" text keep
finish
