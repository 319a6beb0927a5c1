#!/bin/bash
# A study on a real Slurm of this machine's own (as root; Debian's slurm-wlm and munge are installed when they are missing): tasks and a
# node are killed, a task is stopped and queued again, the study is submitted again, and its rows are those of a study without Slurm.
# shellcheck source-path=SCRIPTDIR disable=SC2181,SC2154
here=$(dirname "$(realpath "$0")")
# shellcheck source=../cli/common.bash
source "$here/../cli/common.bash"

if [[ $(id -u) != 0 ]]; then
    not_ok "Slurm" "this test starts daemons and needs root"
    finish
fi
missing=()
command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v sbatch >/dev/null || missing+=(slurm-wlm)
command -v munged >/dev/null || missing+=(munge)
if ((${#missing[@]} > 0)); then
    echo "installing ${missing[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        </dev/null >/dev/null || { not_ok "Slurm" "cannot install ${missing[*]}"; finish; }
fi
slurm_home=$work/slurm
hidden=$work/files/hidden
mkdir -p "$slurm_home" "$hidden"
# shellcheck source=slurm_daemons.bash
source "$here/slurm_daemons.bash"
trap 'stop_slurm; leave' EXIT
start_slurm
judge "munged, slurmctld and three slurmd" tail -n 20 "$slurm_home"/*.log

make_text 600000 >text
make_text 660000 | tail -c 5000 >held
# write_config NAME [LINE...]
write_config() {
    local name=$1
    shift
    printf '%s\n' "data = text" "held_out = held" "held_out_bytes = 2000" "sizes = 8K 16K" "seeds = 1 2" "layers = 1" "contexts = 32" \
        "train_on = 200K" "train_on = 400K" "share_within = 2" "batch_bytes = 256" "batch_power = 0" "slurm_cores = 1" \
        "slurm_time = 30" "slurm_line = --comment='a study, submitted by a test'" "$@" >"$name.conf"
}
# rows NAME: run, status and rates, sorted: what no interruption may change.
rows() { tail -n +2 "$1/results.csv" | cut -d, -f1,2,20-22 | sort; }
count() { "$bitlaw" study status "$1.conf" --json | sed -n 's/.*"'"$2"'": \([0-9]*\).*/\1/p' | head -n 1; }
has() { (($(count "$1" "$2") >= $3)); }
# task_pid NODE: the tool at a trunk on that node.
task_pid() {
    local pid
    for pid in $(pgrep -f "^$bitlaw study run .* --trunk"); do
        { tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -qx "SLURMD_NODENAME=$1" && { echo "$pid"; return 0; }
    done
    return 1
}
is_down() { sinfo --noheader --nodes="$1" --format=%T | grep -q '^down'; }
is_up() { sinfo --noheader --nodes="$1" --format=%T | grep -Eq '^(idle|mixed|alloc)'; }

write_config straight
check "the study without Slurm" "$bitlaw" study run straight.conf -T1 -q

# ---- What is refused ------------------------------------------------------------------------------------------------------
write_config nowhere "slurm_partition = nowhere"
refuse "a partition that does not exist" 1 "Slurm refused the job: .*[Ii]nvalid partition" "$bitlaw" study run --slurm nowhere.conf
check "nothing of it is left" bash -c "[[ -z \$(ls nowhere/slurm) ]]"
write_config unshared "slurm_partition = apart" "folder = hidden/study"
check "a folder that a node does not share is submitted" "$bitlaw" study run --slurm unshared.conf -q
wait_for 60 no_jobs
refuse "and told of when it is submitted again" 1 "failed and left no .*: its node does not share that folder" \
    "$bitlaw" study run --slurm unshared.conf

# ---- Tasks that are killed, stopped and lost ------------------------------------------------------------------------------
write_config sweep
check "submit" "$bitlaw" study run --slurm sweep.conf
grep -q "4 trunks submitted as job [0-9]*, 0 in Slurm already, 0 done" "$work/err"
judge "it says what was submitted" cat "$work/err"
wait_for 60 has sweep running 2
judge "two trunks run, a node each" "$bitlaw" study status sweep.conf
check "submit again" "$bitlaw" study run --slurm sweep.conf
grep -Eq "^0 trunks submitted, [1-4] in Slurm already" "$work/err"
judge "what waits or runs is not doubled" cat "$work/err"

pid=$(task_pid n1)
kill -KILL "$pid"
wait_for 30 has sweep failed 1
judge "a task that is killed counts as failed" "$bitlaw" study status sweep.conf
"$bitlaw" study status sweep.conf >out
grep -q " failed .*ended with exit code 137" out
judge "with what its log says last" cat out

wait_for 60 task_pid n1 >/dev/null
pid=$(task_pid n1)
trunk=$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -A1 -x -e --trunk | tail -n 1)
job=$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^SLURM_JOB_ID=//p')
wait_for 30 grep -q "^state=training" "sweep/out/$trunk.status"
scancel --signal=TERM "$job"
wait_for 30 grep -q "^state=stopped" "sweep/out/$trunk.status"
judge "SIGTERM, as before preemption and the time limit, saves the state" cat "sweep/out/$trunk.status"
says_stopped() { grep -qh "^bitlaw: study: stopped; the states are saved" sweep/slurm/*.log; }
wait_for 20 says_stopped
judge "and the log says so" tail -n 3 sweep/slurm/*.log
is_queued() { [[ -n $(squeue --noheader --jobs="$job" --states=PENDING,RUNNING --format=%i) ]]; }
wait_for 30 is_queued
judge "and the task is queued again" squeue

wait_for 60 task_pid n2 >/dev/null
lost_pid=$(task_pid n2)
lost_trunk=$(tr '\0' '\n' <"/proc/$lost_pid/cmdline" | grep -A1 -x -e --trunk | tail -n 1)
lost_job=$(tr '\0' '\n' <"/proc/$lost_pid/environ" | sed -n 's/^SLURM_JOB_ID=//p')
[[ -n $lost_trunk ]] && squeue --noheader --jobs="$lost_job" --format="%T %N" | grep -qx "RUNNING n2"
judge "the node that will be lost holds a trunk" squeue
victims=()
for pid in $(pgrep -f "$bitlaw study run") $(pgrep -x srun); do
    { tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -qx "SLURMD_NODENAME=n2" && victims+=("$pid" "$(ps -o ppid= -p "$pid")")
done
# Its slurmd first, so that nobody tells of the rest.
# shellcheck disable=SC2086
kill -KILL "${node_pid[n2]}" ${victims[*]} 2>/dev/null
wait_for 90 is_down n2
judge "a node is lost" sinfo
! kill -0 "$lost_pid" 2>/dev/null && [[ $(sed -n 's/^state=//p' "sweep/out/$lost_trunk.status") != done ]]
judge "and its trunk with it, not done" cat "sweep/out/$lost_trunk.status"
start_node n2
scontrol update NodeName=n2 State=RESUME 2>/dev/null
wait_for 60 is_up n2
judge "and comes back" sinfo

check "submit what failed" "$bitlaw" study run --slurm sweep.conf
grep -Eq "^[1-4] trunks submitted as job" "$work/err"
judge "it is submitted again" cat "$work/err"
"$bitlaw" study status sweep.conf --watch --json >watched &
watcher=$!
wait_for 300 no_jobs
judge "all jobs end" squeue --states=all
has sweep done 4
judge "all trunks are done" "$bitlaw" study status sweep.conf
[[ $(sed -n 's/^state=//p' "sweep/out/$lost_trunk.status") == done ]]
judge "the lost one too" cat "sweep/out/$lost_trunk.status"
wait_for 20 bash -c "! kill -0 $watcher"
judge "--watch ends with them" tail -n 2 watched
check "join the rows" "$bitlaw" study run --slurm sweep.conf
[[ $(rows sweep) == $(rows straight) ]] && (($(rows sweep | wc -l) == 8))
judge "results.csv is that of the study without Slurm" diff <(rows sweep) <(rows straight)
check "a report of it" "$bitlaw" study fit sweep.conf -q
finish
