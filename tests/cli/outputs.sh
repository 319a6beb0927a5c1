#!/bin/bash
# What is written: no input is lost and none made of an output, whatever the names, links, races and signals.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 60000 >text
check "train" train_tiny model text --tokens 12K
cp text keep

no_temporary() { [[ -z $(find . -name '*.tmp-*' ! -name '*.tmp-4711-0') ]]; }

# ---- What is listed before anything is opened -----------------------------------------------------------------------
mkdir set
(
    cd set || exit 1
    echo one >a.txt
    echo two >b.txt
    echo left over >set.tmp-4711-0
)
(cd set && "$bitlaw" data text -q -o set . && "$bitlaw" data text -q -f -o set . && "$bitlaw" data text -q -f -o set .)
[[ $? == 0 && $(<set/set) == $'one\ntwo' && $(grep -c '"hash": .*"file_bytes"' set/set.json) == 2 ]]
judge "a set in the folder of its sources, made three times" head set/set set/set.json
echo other >set/set
refuse "a source that has the output's name" 1 "cannot write set/set and its manifest: set/set is one of the inputs" \
    "$bitlaw" data text -f -o set/set set
check "the source" grep -q other set/set
rm set/set*
cp text set/a.json
refuse "a source that has the manifest's name" 1 "set/a.json is one of the inputs" "$bitlaw" data text -f -o set/a set
ln set/a.txt set/hard
refuse "a source under another name" 1 "one of the inputs" "$bitlaw" data text -f -o set/hard set/a.txt
refuse "a range of a source" 1 "one of the inputs" "$bitlaw" data text -f -o set/hard set/a.txt@1:2
check "the sources" test "$(cat set/a.txt set/hard)" == $'one\none'
: >empty.json
refuse "a manifest that is there" 1 "empty.json exists already" "$bitlaw" data text -o empty text
check "no set without its manifest" test ! -e empty

# ---- Outputs that are inputs ----------------------------------------------------------------------------------------
cp model/model.blm m.blm
cp m.blm m.keep
ln -s m.blm soft.blm
refuse "export onto its model" 1 "one of the inputs" "$bitlaw" export -f -m m.blm --model-precision int8 -o m.blm
refuse "through a link" 1 "one of the inputs" "$bitlaw" export -f -m soft.blm --model-precision int8 -o m.blm
refuse "onto a link" 1 "one of the inputs" "$bitlaw" export -f -m m.blm --model-precision int8 -o soft.blm
refuse "onto the model of a folder" 1 "one of the inputs" \
    "$bitlaw" export -f -m model --model-precision int8 -o model/model.blm
refuse "onto a state" 1 "one of the inputs" \
    "$bitlaw" export -f --from-state -m model --model-precision int8 -o model/state.bls
refuse "an archive onto its model" 1 "one of the inputs" "$bitlaw" compress -f -m m.blm -o m.blm text
check "an archive" "$bitlaw" compress -q --fallback never -m m.blm -o text.blw text
refuse "what is restored onto the model" 1 "one of the inputs" "$bitlaw" decompress -f -m m.blm -o soft.blm text.blw
mkdir places && cp m.blm places/found.blm
refuse "onto a model that is found late" 1 "one of the inputs" \
    env BITLAW_MODELS=places "$bitlaw" decompress -f -o places/found.blm text.blw
same "the models" m.blm m.keep
same "the model that was found" places/found.blm m.keep
refuse "an archive onto its source" 1 "it is the input itself" "$bitlaw" compress -f -m m.blm -o text text
ln -s text text2.blw
ln text text2
refuse "onto a link to its source" 1 "it is the input itself" "$bitlaw" compress -f -m m.blm text2
cp text.blw other && cp text other.blw
refuse "onto another source" 1 "other.blw: it is one of the inputs" bash -c "'$bitlaw' compress -qf -m m.blm other other.blw -k 2>&1 >/dev/null | head -n 1 >&2; exit 1"
same "the other source" other.blw keep
refuse "standard output onto its source" 1 "cannot write standard output: it is the input itself" \
    bash -c "'$bitlaw' compress -m m.blm -c text >>text"
same "the source" text keep
refuse "a table onto its data" 1 "one of the inputs" "$bitlaw" table --no-models --compressors gzip text --svg text
cp text t.csv
refuse "a table's files onto its data" 1 "t.csv: it is one of the inputs" \
    "$bitlaw" table --no-models --compressors gzip t.csv -o t
check "a set" "$bitlaw" data text -q -o made text
refuse "a table onto a manifest" 1 "made.json: it is one of the inputs" \
    "$bitlaw" table --no-models --compressors gzip made -o made
refuse "a table onto a model" 1 "m.blm: it is one of the inputs" \
    "$bitlaw" table -m m.blm --compressors none text --svg m.blm
cp text model/metrics.csv
refuse "a training onto its data" 1 "model/metrics.csv: it is one of the inputs" \
    "$bitlaw" train -q -f --data model/metrics.csv "${tiny[@]}" -o model
refuse "a training onto its validation" 1 "model/metrics.csv: it is one of the inputs" \
    "$bitlaw" train -q -f --data text --validation model/metrics.csv@1K:40K "${tiny[@]}" -o model
same "the data" model/metrics.csv keep
mkdir study && cp text study/results.csv
printf '%s\n' 'folder = study' 'data = study/results.csv' 'held_out = text' 'sizes = 4K' 'train_on = 10K' >study.conf
refuse "a study onto its data" 1 "study/results.csv: it is one of the inputs" "$bitlaw" study run study.conf
same "its data" study/results.csv keep

# ---- Links ----------------------------------------------------------------------------------------------------------
# linked NAME OUT COMMAND...: OUT is a link to what must stay; COMMAND replaces the link.
linked() {
    local name=$1 out=$2
    shift 2
    rm -f "$out" && cp keep precious && ln -s "$PWD/precious" "$out"
    "$@" >"$work/out" 2>"$work/err" && [[ ! -L $out && -s $out ]] && cmp -s precious keep
    judge "-f replaces a link: $name" bash -c "ls -l $out; cat $work/err"
}
linked compress out "$bitlaw" compress -qf -m m.blm -o out text
linked decompress out "$bitlaw" decompress -qf -m m.blm -o out text.blw
linked export out "$bitlaw" export -qf -m m.blm --model-precision int8 -o out
linked data out "$bitlaw" data text -qf -o out text
linked "a manifest" out.json "$bitlaw" data text -qf -o out text
linked "a table" out.csv "$bitlaw" table -q --no-models --compressors gzip text -o out
linked "a training's model" model/model.blm train_tiny model text --tokens 12K -f
linked "a training's log" model/metrics.csv train_tiny model text --tokens 12K -f
refuse "without -f a link stays" 1 "exists already" bash -c "ln -sf precious out; '$bitlaw' compress -m m.blm -o out text"
refuse "a name of an open file" 1 "another name of an open file" \
    bash -c "ln -sf /proc/self/fd/1 stdout; '$bitlaw' compress -f -m m.blm -o stdout text >regular"

# ---- Races ----------------------------------------------------------------------------------------------------------
head -c 5000 text >small
# race NAME COMMAND...: of two at once, exactly one succeeds, and the other says why.
race() {
    local name=$1 i sum=0 job
    shift
    for ((i = 0; i < 5; ++i)); do
        rm -f raced raced.json
        "$@" 2>err1 &
        job=$!
        "$@" 2>err2
        local a=$?
        wait $job
        local b=$?
        ((sum += (a == 0) + (b == 0)))
        cat err1 err2 | grep -q "exists already" || ((sum += 100))
    done
    ((sum == 5))
    judge "exactly one of two: $name" echo "$sum successes of 5"
}
race compress "$bitlaw" compress -q -m m.blm -o raced small
race decompress "$bitlaw" decompress -q -m m.blm -o raced text.blw
race data "$bitlaw" data text -q -o raced small
race export "$bitlaw" export -q -m m.blm --model-precision int8 -o raced

# ---- Zeros ----------------------------------------------------------------------------------------------------------
(head -c 50000 /dev/zero; cat small; head -c 300000 /dev/zero; cat small; head -c 150001 /dev/zero) >zeros
check "zeros" "$bitlaw" compress -q -m m.blm zeros
check "restored" "$bitlaw" decompress -q -m m.blm -o holes zeros.blw
check "restored without holes" "$bitlaw" decompress -q --no-sparse -m m.blm -o whole zeros.blw
same "the bytes" holes zeros
same "the bytes without holes" whole zeros
# tmpfs, ext4, xfs, btrfs and overlayfs have holes.
(($(stat -c %b holes) * 512 < 100000 && $(stat -c %b whole) * 512 >= 500000))
judge "runs of zeros become holes" stat -c '%n %s %b' holes whole
check "to a pipe" bash -c "'$bitlaw' decompress -m m.blm -c zeros.blw | cmp - zeros"

# ---- Sources that change --------------------------------------------------------------------------------------------
cat text text text >long
BITLAW_ISA=scalar "$bitlaw" compress -q -T1 --fallback never --block-size 60K -m m.blm -o changed.blw long 2>err &
job=$!
wait_for 20 bash -c "ls | grep -q 'changed.blw.tmp-'"
sleep 0.3
tr a-z A-Z <text | dd of=long conv=notrunc bs=1000000 seek=0 2>/dev/null
wait $job
[[ $? == 1 ]] && grep -q "^bitlaw: compress: long changed while it was read" err && [[ -s changed.blw ]]
judge "a source that changes while it is compressed" cat err

# ---- One stop that comes as two signals -----------------------------------------------------------------------------
lost=0 left=0
for ((i = 0; i < 3; ++i)); do
    rm -rf stopped long.blw
    timeout 0.$((2 * i + 3)) "$bitlaw" train -q --data text "${tiny[@]}" --tokens 500M -o stopped 2>err
    [[ $? == 124 && -e stopped/state.bls ]] && grep -q "the state is in stopped/state.bls" err || ((lost += 1))
    BITLAW_ISA=scalar timeout 0.$((2 * i + 3)) "$bitlaw" compress -q -T1 -m m.blm long 2>err
    no_temporary || ((left += 1))
done
((lost == 0 && left == 0))
judge "timeout's two signals" echo "$lost states lost, $left temporary files left: $(cat err)"
rm -rf stopped
"$bitlaw" train -q --data text "${tiny[@]}" --tokens 500M -o stopped 2>err &
job=$!
wait_for 20 test -s stopped/metrics.csv
kill -TERM $job
kill -TERM $job
kill -INT $job
wait $job
code=$?
[[ $code == 143 && -s stopped/state.bls ]] && grep -q "state.bls, so the same command" err
judge "three signals at once" echo "exit code $code: $(cat err)"
# A scheduler's second SIGTERM may come seconds later, while the first one is still being obeyed: a step takes long here.
rm -rf stopped
BITLAW_ISA=scalar "$bitlaw" train -q --data text "${tiny[@]}" --width 8 -T1 --batch-tokens 64K --tokens 500M -o stopped 2>err &
job=$!
wait_for 20 test -s stopped/train.conf
sleep 0.3
kill -TERM $job
sleep 1.3
kill -TERM $job 2>/dev/null
wait $job
code=$?
[[ $code == 143 && -s stopped/state.bls ]] && grep -q "state.bls, so the same command" err && no_temporary
judge "SIGTERM again after more than a second" bash -c "echo exit code $code; cat err; ls stopped"
timeout 0.5 "$bitlaw" data random -q --bytes 100G -o random 2>err
[[ $? == 124 && ! -e random ]] && no_temporary && grep -q "stopped by a signal; nothing was written" err
judge "random bytes are stopped, too" cat err

no_temporary
judge "nothing is left over" find . -name '*.tmp-*'
finish
