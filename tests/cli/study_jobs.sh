#!/bin/bash
# A study as jobs: commands for any scheduler, rows joined, status, and what Slurm is asked, with sbatch and squeue that only write down
# what they are told. tests/cluster/slurm.sh has a real Slurm.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 40000 >text
make_text 60000 | tail -c 5000 >held

# write_config NAME [LINE...]
write_config() {
    local name=$1
    shift
    printf '%s\n' "data = text" "held_out = held" "held_out_bytes = 2000" "sizes = 8K 12K 16K" "layers = 1" "contexts = 32" \
        "train_on = 4000 passes 1 2" "train_on = 8000" "share_within = 2" "batch_bytes = 256" "batch_power = 0" "$@" >"$name.conf"
}
# rows NAME: run, status and rates, sorted: what no interruption may change.
rows() { tail -n +2 "$1/results.csv" | cut -d, -f1,2,20-22 | sort; }
count() { "$bitlaw" study status "$1.conf" --json | sed -n 's/.*"'"$2"'": \([0-9]*\).*/\1/p' | head -n 1; }

write_config straight
check "a study by one process" "$bitlaw" study run straight.conf -T1 -q

# ---- Commands -------------------------------------------------------------------------------------------------------------
write_config spread
check "plan --commands" "$bitlaw" study plan --commands spread.conf -T1
cp "$work/out" commands
[[ $(wc -l <commands) == 6 ]] && ! grep -qv "^cd '$PWD' && '$bitlaw' study run '$PWD/spread.conf' --trunk '[^']*' -T 1 -q\$" commands
judge "a line for each trunk" cat commands
loader=$(ldconfig -p 2>/dev/null | grep -o '/.*/ld-linux-x86-64\.so\.2$' | head -n 1)
if [[ -n $loader ]]; then
    "$loader" "$bitlaw" study plan --commands spread.conf -T1 | cmp - commands
    judge "the program is named, not the loader that started it" "$loader" "$bitlaw" study plan --commands spread.conf -T1
fi
head -n 4 commands | (cd / && xargs -d '\n' -P 2 -I{} sh -c '{}') >out 2>err
[[ $? == 0 && ! -e spread/results.csv && $(find spread/rows -name '*.csv' | wc -l) == 4 ]]
judge "each by itself, from another folder, with rows of its own" cat err
[[ $(count spread done) == 4 && $(count spread waiting) == 2 && $(count spread failed) == 0 ]]
judge "status counts them" "$bitlaw" study status spread.conf
"$bitlaw" study plan --commands spread.conf >left
[[ $(wc -l <left) == 2 ]]
judge "only what is left is planned" cat left
check "fit reads the rows where they are" "$bitlaw" study fit spread.conf -q
sh -c "$(head -n 1 commands)"
check "a command that is given again does nothing" test "$(find spread/rows -name '*.csv' -exec cat {} + | sort | uniq -d | grep -vc '^run,')" == 0
check "run takes what is left and joins all rows" "$bitlaw" study run spread.conf -T1 -q
[[ $(rows spread) == $(rows straight) ]]
judge "the rows are those of one process" diff <(rows spread) <(rows straight)
cp spread/results.csv before
"$bitlaw" study run spread.conf -T1 -q && cmp before spread/results.csv
judge "joining again changes nothing" diff before spread/results.csv
refuse "a trunk that the study does not have" 2 "no trunk nothing" "$bitlaw" study run spread.conf --trunk nothing
refuse "--trunk of status" 2 "goes with 'study run' only" "$bitlaw" study status spread.conf --trunk x
refuse "--watch of run" 2 "goes with 'study status' only" "$bitlaw" study run spread.conf --watch
check "--watch ends when all is done" timeout 20 "$bitlaw" study status --watch spread.conf

# ---- Status ---------------------------------------------------------------------------------------------------------------
write_config long "train_on = 16000 passes 500"
sed -i '/^train_on = [48]000/d' long.conf
"$bitlaw" study run long.conf -T1 -q 2>err &
job=$!
wait_for 60 bash -c "'$bitlaw' study status long.conf --json | grep -q '\"running\": 1,'"
judge "a trunk that runs" "$bitlaw" study status long.conf
"$bitlaw" study status long.conf >out
grep -Eq "^3 trunks: 0 done, 1 running, 2 waiting, 0 failed; [0-9,]+ bytes/s" out
judge "the last line says how far all is" cat out
kill -TERM $job
wait $job
[[ $(count long running) == 0 && $(count long waiting) == 3 ]]
judge "a trunk that was stopped waits" "$bitlaw" study status long.conf
status=$(find long/out -name '*.status' | head -n 1)
sed -i 's/^state=.*/state=training/; s/^time=.*/time=1000000000/' "$status"
[[ $(count long failed) == 1 ]]
judge "one that is silent without having stopped has failed" "$bitlaw" study status long.conf
mkdir long/slurm && basename "$status" .status >long/slurm/001.trunks && printf 'one\nthe last words\n' >long/slurm/001-0.log
"$bitlaw" study status long.conf | grep -q "failed .* the last words"
judge "its log has the last word" "$bitlaw" study status long.conf
printf 'a = "\0' >"$status"
check "a status that cannot be read is none" test "$(count long failed)" == 0

# ---- Slurm, as it is asked ------------------------------------------------------------------------------------------------
write_config sweep "slurm_partition = big" "slurm_account = us" "slurm_time = 1:00:00" "slurm_memory = 2G" "slurm_cores = 3" \
    "slurm_at_once = 4" "slurm_line = --constraint='a b'"
refuse "no Slurm" 1 "there is no Slurm here: sbatch and squeue were not found.*--commands" \
    env PATH=/nowhere "$bitlaw" study run --slurm sweep.conf
mkdir fake
cat >fake/sbatch <<END
#!/bin/sh
echo "\$@" >>$PWD/asked
cp "\$2" $PWD/script
grep -q partition=nowhere "\$2" && { echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2; exit 1; }
echo 77
END
cat >fake/squeue <<END
#!/bin/sh
cat $PWD/queue
END
chmod +x fake/*
export PATH=$PWD/fake:$PATH
: >queue
check "submit" "$bitlaw" study run --slurm sweep.conf
grep -q "6 trunks submitted as job 77, 0 in Slurm already, 0 done" "$work/err"
judge "it says so" cat "$work/err"
for line in array=0-5%4 partition=big account=us time=1:00:00 mem=2G cpus-per-task=3 "constraint='a b'" requeue open-mode=append \
    "output=$PWD/sweep/slurm/001-%a.log"; do
    grep -qFx -- "#SBATCH --$line" script || echo "no $line"
done >missing
[[ ! -s missing ]]
judge "the job has what the config says" cat missing script
check "a script that bash takes" bash -n script
name=$(sed -n 's/^#SBATCH --job-name=//p' script)
for task in 0 1 2; do echo "$name $task RUNNING"; done >queue
echo "$name 3 COMPLETED" >>queue
echo "another 4 RUNNING" >>queue
check "submit again" "$bitlaw" study run --slurm sweep.conf
grep -q "3 trunks submitted as job 77, 3 in Slurm already, 0 done" "$work/err" && grep -q "array=0-2%4" script
judge "what runs is not doubled" cat "$work/err" script
comm -12 <(head -n 3 sweep/slurm/001.trunks | sort) <(sort sweep/slurm/002.trunks) >both
[[ ! -s both && $(wc -l <sweep/slurm/002.trunks) == 3 ]]
judge "no trunk is in both" cat both
echo "$name 0 FAILED" >queue
refuse "a task that failed without a log" 1 "failed and left no .*001-0.log: its node does not share that folder" \
    "$bitlaw" study run --slurm sweep.conf
: >queue
write_config nowhere "slurm_partition = nowhere"
refuse "a partition that does not exist" 1 "Slurm refused the job: .*Invalid partition" "$bitlaw" study run --slurm nowhere.conf
check "nothing of it is left" bash -c "[[ -z \$(ls nowhere/slurm) ]]"
# The script as a task runs it, with an srun that only runs what it is told.
printf '#!/bin/sh\nshift\nexec "$@"\n' >fake/srun
printf '#!/bin/sh\necho "$@" >>%s/controlled\n' "$PWD" >fake/scontrol
chmod +x fake/*
check "a task" env SLURM_ARRAY_TASK_ID=1 SLURM_CPUS_PER_TASK=1 SLURM_JOB_ID=5 bash sweep/slurm/002.sh
check "its rows" test -s "sweep/rows/$(sed -n 2p sweep/slurm/002.trunks).csv"
echo other >sweep/slurm/002.token
refuse "a folder of the same name that is another one" 1 "does not share $PWD/sweep/slurm with the machine that submitted" \
    env SLURM_ARRAY_TASK_ID=0 bash sweep/slurm/002.sh
refuse "a value with a line end in it" 2 "without control characters" \
    bash -c "{ cat spread.conf; printf '%s\n' 'slurm_partition = \"a\\nb\"'; } >odd.conf; '$bitlaw' study plan odd.conf"
finish
