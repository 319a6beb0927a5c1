#!/bin/bash
# Training by several processes under mpirun: the same files as by one. RANKS="1 2 3 4 8" tries more than 2.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
mpi=$(dirname "$(realpath "${BITLAW:-build/bitlaw}")")/mpi/bitlaw
source "$(dirname "$0")/common.bash"
if ! command -v mpirun >/dev/null || [[ ! -x $mpi ]]; then
    ok "training by ranks: skipped, since OpenMPI or $mpi is missing (apt-get install openmpi-bin libopenmpi-dev)"
    finish
fi
read -ra counts <<<"${RANKS:-2}"
mpirun=(mpirun --oversubscribe --allow-run-as-root --bind-to none)

# 8 leaves of 4,096 bytes a step.
make_text 300000 >text
options=(--data text@:250K --validation text@250K: --preset 200k --width 32 --context 64 --batch-tokens 32K --tokens 256K
    --validation-bytes 20K -T1 -q)

# on_ranks COUNT DIR [OPTION...]
on_ranks() {
    local ranks=$1 out=$2
    shift 2
    "${mpirun[@]}" -n "$ranks" "$mpi" train "${options[@]}" -o "$out" "$@"
}

# refuse_ranks NAME CODE PATTERN COMMAND...: this exit code, and one line of the tool's own, which matches; mpirun adds others.
refuse_ranks() {
    local name=$1 code=$2 pattern=$3 status=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    if [[ $status != "$code" ]]; then not_ok "$name" "exit code $status, not $code: $(cat "$work/err")"
    elif (($(grep -c '^bitlaw: ' "$work/err") != 1)); then not_ok "$name" "not one line: $(cat "$work/err")"
    elif ! grep -Eq -- "^bitlaw: .*$pattern" "$work/err"; then not_ok "$name" "no '$pattern' in: $(cat "$work/err")"
    else ok "$name"; fi
}

check "one process" "$bitlaw" train "${options[@]}" -o straight
for ranks in "${counts[@]}"; do
    check "$ranks ranks" on_ranks "$ranks" "r$ranks"
    for file in model.blm state.bls; do
        same "$file of $ranks ranks" straight/$file "r$ranks/$file"
    done
    refuse_ranks "$ranks ranks stop" 1 "train: stopped after step 5 of 8.*--resume" on_ranks "$ranks" "p$ranks" --stop-after-steps 5
    check "$ranks ranks resume" on_ranks "$ranks" "p$ranks" --resume
    same "state of $ranks ranks in two pieces" straight/state.bls "p$ranks/state.bls"
done
check "2 ranks with 2 threads each" "${mpirun[@]}" -n 2 "$mpi" train "${options[@]}" -T2 -o threads
same "their model" straight/model.blm threads/model.blm
refuse_ranks "one process begins, 2 ranks go on" 1 "stopped after step 3" \
    "${mpirun[@]}" -n 1 "$mpi" train "${options[@]}" -o mixed --stop-after-steps 3
check "2 ranks resume it" on_ranks 2 mixed --resume
same "its state" straight/state.bls mixed/state.bls
cut -d, -f1-6 straight/metrics.csv >one.csv
cut -d, -f1-6 r"${counts[0]}"/metrics.csv >many.csv
same "the rates in metrics.csv" one.csv many.csv

check "a step with fewer leaves than ranks" on_ranks 2 few --batch-tokens 4K --tokens 8K
[[ $(grep -c "warning: a step has 1 leaf of 4,096 bytes, so 1 of 2 ranks has nothing to do" "$work/err") == 1 ]]
judge "it is told, once" cat "$work/err"

# ---- Ranks that do not belong together ------------------------------------------------------------------------------------
cp text other && printf x | dd of=other bs=1 seek=1000 conv=notrunc 2>/dev/null
cp "$mpi" patched && printf ' ' >>patched
train=(train "${options[@]}" -o refused)
refuse_ranks "other options" 1 "rank 1 of 2 on .* has seed 7, but rank 0 on .* has seed 1" \
    "${mpirun[@]}" -n 1 "$mpi" "${train[@]}" : -n 1 "$mpi" "${train[@]}" --seed 7
other=("${train[@]/text@/other@}")
refuse_ranks "other data" 1 "rank 1 of 2 on .* has training data of 250000 bytes \(other" \
    "${mpirun[@]}" -n 1 "$mpi" "${train[@]}" : -n 1 "$mpi" "${other[@]}"
refuse_ranks "another program" 1 "rank 1 of 2 on .* has program [0-9a-f]{16}, but rank 0" \
    "${mpirun[@]}" -n 1 "$mpi" "${train[@]}" : -n 1 ./patched "${train[@]}"
refuse_ranks "data that one rank lacks" 1 "rank 1 of 2 on .*: cannot open nowhere" \
    "${mpirun[@]}" -n 1 "$mpi" "${train[@]}" : -n 1 "$mpi" "${train[@]/text@/nowhere@}"
check "nothing was begun" test ! -e refused/model.blm
"${mpirun[@]}" -n 2 "$bitlaw" "${train[@]}" >out 2>err
[[ $? == 1 ]] && grep -q "^bitlaw: train: mpirun started 2 processes, and this program cannot share work" err
judge "a program without MPI says so" cat err

# ---- Ranks that are ended -------------------------------------------------------------------------------------------------
long=("${options[@]/256K/64M}")
# begin NAME: a long run of 2 ranks in the background, once it has saved a state.
begin() {
    # Not through a function: the signal must reach mpirun.
    (exec "${mpirun[@]}" --mca odls_base_sigkill_timeout 60 -n 2 "$mpi" train "${long[@]}" --save-every 2 -o "$1" 2>"$1.err") &
    job=$!
    wait_for 60 test -s "$1/state.bls"
}
begin killed
kill -KILL "$(pgrep -P "$job" -f "$mpi" | tail -n 1)"
wait $job
[[ $? != 0 ]] && grep -q "rank [01] .*signal 9" killed.err
judge "a rank that dies ends the job with a line" cat killed.err
check "the last state is whole" "$bitlaw" export -q -m killed --from-state --weight-format fp32 -o killed.blm
begin asked
kill -TERM $job
wait $job
code=$?
[[ $code != 0 ]] && grep -q "^bitlaw: train: stopped after step .*--resume" asked.err
judge "SIGTERM saves and says how to go on" cat asked.err
step=$(sed -n 's/^bitlaw: train: stopped after step \([0-9]*\) .*/\1/p' asked.err)
check "and goes on from there" bash -c "'${mpirun[0]}' ${mpirun[*]:1} -n 2 '$mpi' train ${long[*]} -o asked --resume \
    --stop-after-steps $((step + 1)) 2>&1 | grep -q 'stopped after step $((step + 1))'"

check "bench" "${mpirun[@]}" -n 2 "$mpi" bench --quick --runs 1 -T1 --only "step 200k, 16" --json
grep -q '"ranks": 2' "$work/out" && grep -q '"leaves": 16' "$work/out" && grep -Eq '"share": 0\.[0-9]+' "$work/out"
judge "it says what of a step is communication" cat "$work/out"
check "bench --ranks alone" "$bitlaw" bench --ranks --quick --runs 1 -T1 --only "step 200k, 16" --json
finish
