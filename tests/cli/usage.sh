#!/bin/bash
# Wrong usage: exit code 2 (1 for what only the file system can tell) and one line that helps.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 3000 >text
mkdir folder

refuse "unknown command" 2 "there is no command 'frobnicate'; see 'bitlaw --help'" "$bitlaw" frobnicate
refuse "unknown option" 2 "compress: .*--frobnicate" "$bitlaw" compress --frobnicate text
refuse "unknown short option" 2 "decompress: .*-X" "$bitlaw" decompress -X text
refuse "missing value" 2 "compress: .*-m" "$bitlaw" compress text -m
refuse "missing required option" 2 "train: --data is required" "$bitlaw" train -o out
refuse "threads 257" 2 "--threads: .257. must lie in 0 \.\. 256" \
    "$bitlaw" train -T257 --data text -o out
refuse "threads -1" 2 "threads" "$bitlaw" info -T -1
refuse "threads two" 2 "'two' is not a size" "$bitlaw" info -T two
refuse "unknown preset lists the presets" 2 \
    "no preset '900k'; choose one of 50k, 200k, 800k, 3.2m, 10m, gated-200k, gated-relu2-200k, vanilla-200k, vanilla-800k, vanilla-3.2m" \
    "$bitlaw" train --data text --preset 900k -o out
refuse "bad size" 2 "tokens: '12Q' is not a size" "$bitlaw" train --data text --tokens 12Q -o out
refuse "bad real number" 2 "--learning-rate: '1e' must be a number" "$bitlaw" train --data text --lr 1e -o out
refuse "nan" 2 "--learning-rate: 'nan' must be a number" "$bitlaw" train --data text --lr nan -o out
refuse "temperature too small" 2 "temperature: 1e-40 is too small; it must be 0 or lie in 0\.001 \.\. 100" \
    "$bitlaw" sample --temperature 1e-40
refuse "tokens and minutes" 2 "exclude each other" "$bitlaw" train --data text --tokens 1K --minutes 1 -o out
refuse "config that is no network" 2 "head_width is 5, but must be a multiple of 16" "$bitlaw" train --data text --head-width 5 -o out
refuse "unknown architecture" 2 "choose modern, gated, gated-relu2, llama, llama-tied or vanilla" "$bitlaw" train --data text --architecture x -o out
refuse "unknown cache" 2 "cache: .fp16. is not known" "$bitlaw" train --data text --cache fp16 -o out
refuse "unknown precision" 2 "choose fp32 or bf16" "$bitlaw" train --data text --arithmetic int8 -o out
refuse "bf16 needs pairs" 2 "context is 63, but must be even" \
    "$bitlaw" train --data text --arithmetic bf16 --context 63 -o out
refuse "bad range" 2 "does not lie in the file" "$bitlaw" train -q --data text@1K:9K -o out
refuse "unknown protocol" 2 "choose continuous or chunked" "$bitlaw" eval -m m --data text --protocol x
refuse "several inputs for -o" 2 "-o names one output" "$bitlaw" compress -o out text text
refuse "-o with -c" 2 "contradict" "$bitlaw" compress -c -o out text
refuse "an empty name of the output" 2 "--output: the name is empty" "$bitlaw" compress -o "" text
refuse "an empty name of the model" 2 "--model: the name is empty" "$bitlaw" compress -m "" text
refuse "a level whose network is not here" 2 "level -9 needs the model 3.2m.blm, which is not installed; the best one that can run is -2" \
    "$bitlaw" -9 text
refuse "a level of compress" 2 "level -7 needs the model 200k.blm" "$bitlaw" compress -7 text
refuse "no level" 2 "write ./-0" "$bitlaw" compress -0 text
refuse "a file that begins so" 1 "cannot open -9: No such file" "$bitlaw" compress -- -9
refuse "--json of what does not list" 2 "--json is for list" "$bitlaw" compress --json text
refuse "export to standard output" 2 "a model is written to a file" "$bitlaw" export --weight-format int8 -o -
refuse "--rm with -o -" 2 "--rm cannot know" "$bitlaw" compress --rm -o - text
refuse "--rm with -c" 2 "--rm" "$bitlaw" compress -c --rm text
refuse "test with -o" 2 "writes nothing" "$bitlaw" test -o out text
refuse "several inputs into one archive" 2 "an archive holds one file" "$bitlaw" compress -c text text
refuse "block too large" 2 "block-size" "$bitlaw" compress --block-size 1G text
refuse "info of nothing that exists" 1 "no file and no preset '900k'; the presets are 50k, 200k" \
    "$bitlaw" info 900k

refuse "training data missing" 1 "cannot open nowhere: No such file" "$bitlaw" train --data nowhere -o out
refuse "training on a folder without a file" 2 "the folder folder holds no file" "$bitlaw" train --data folder -o out
refuse "training into a file" 1 "text" "$bitlaw" train --data text -o text -q
refuse "no model anywhere" 1 \
    "compress: no model was given and none was found in .*home/checkpoints.*-m" "$bitlaw" compress text
refuse "model missing" 1 "cannot open nowhere" "$bitlaw" compress -m nowhere text
refuse "model is no model" 1 "text" "$bitlaw" compress -m text text
refuse "archive missing" 1 "cannot open nowhere.blw: No such file or directory" \
    "$bitlaw" decompress nowhere.blw
refuse "archive is none" 1 "list: .*archive" "$bitlaw" list text

refuse "unknown instruction set" 2 "BITLAW_ISA is 'mmx'.*scalar" env BITLAW_ISA=mmx "$bitlaw" info
for isa in avx2 avx512; do
    if ! "$bitlaw" info | grep -q "of .*$isa"; then
        refuse "lacking $isa" 2 "$isa is lacking" env BITLAW_ISA=$isa "$bitlaw" info
    fi
done

[[ "$("$bitlaw" info -T1 -T2 --json --json)" == *'"threads": 2'* ]]
judge "of an option given twice the last counts" "$bitlaw" info -T1 -T2

[[ "$("$bitlaw" info -T0 --json)" == "$("$bitlaw" info --json)" ]]
judge "-T0 means all processors" "$bitlaw" info -T0

# Help and version go to standard output with 0; a command that cannot run alone shows its defaults, with 2.
for command in --help "train --help" "compress -h" "decompress --help" "test --help" "list --help" \
    "eval --help" "export --help" "sample --help" "info --help" "bench --help" --version; do
    # shellcheck disable=SC2086
    check "$command" "$bitlaw" $command
    [[ -s $work/out && ! -s $work/err ]] || not_ok "$command" "printed nothing, or to standard error"
done
for command in "" train eval export; do
    # shellcheck disable=SC2086
    "$bitlaw" $command >out 2>err </dev/null
    [[ $? == 2 && ! -s out && $(grep -c -- "--help" err) != 0 ]]
    judge "bare '$command'" cat err
done
grep -q -- "--batch-tokens N=4096" <("$bitlaw" train 2>&1)
judge "values in force" echo "no default"

# As under tar -I: a filter without a command compresses.
refuse "no model for the filter" 1 "no model was given and none was found" bash -c "printf x | '$bitlaw' | cat; exit \${PIPESTATUS[1]}"
refuse "no compressors" 2 "--compressors: the list is empty" "$bitlaw" table --no-models --compressors "" text
refuse "a set to standard output" 2 "has its manifest beside it" "$bitlaw" data random --bytes 10 -o -
refuse "info of a device" 1 "copy what it gives to a regular file" "$bitlaw" info /dev/null
mkdir begun && echo '{}' >begun/run.json
refuse "a training that has not ended" 1 "holds a training that has not ended .*export --from-state" "$bitlaw" compress -m begun -c text
loader=$(ldconfig -p 2>/dev/null | grep -o '/.*/ld-linux-x86-64\.so\.2$' | head -n 1)
if [[ -n $loader ]]; then
    [[ $("$loader" "$bitlaw" --version) == "$("$bitlaw" --version)" ]]
    judge "started through the loader" echo "$loader"
fi

# -qq says nothing, the exit code does.
"$bitlaw" compress -qq nowhere >out 2>err
[[ $? == 1 && ! -s out && ! -s err ]]
judge "-qq" cat err
# A name cannot break the line of its message, nor steer the terminal.
refuse "control characters in a name" 1 "cannot open a\?b\?" "$bitlaw" decompress $'a\nb\033.blw'
[[ ! -e out.blw && ! -e text.blw && -z $(find . -name '*.tmp-*') ]]
judge "nothing was written" ls
finish
