#!/bin/bash
# modern against vanilla at equal minutes of one core, the paper's networks with a learning rate, batch, schedule and precision of their own.
#
#   experiments/01-recipe/rivals.sh            about 8 hours of one core
#
# First each vanilla network is tuned, TUNING minutes (3) a run: one option after the other, then around the best. Then it trains for MINUTES (30), once with the
# paper's context of 2048 and once with the shorter one that served it best in training, and so does its modern rival, with its
# defaults. Last, variants of modern from run.sh train as long, by the speeds measured there. Minutes are counted at speeds that
# are measured in turns, best on a machine that does nothing else (5 rounds before the long runs, rivals-speeds.csv; once for options that differ in no speed), and each run gets the bytes
# that it reads in its minutes at its median speed, so that what else the machine does changes no result. Rows go to rivals.csv as they
# come; a run whose row is there is not repeated. Held out: the first 1,000,000 bytes of wiki-valid in tuning, all of it at the end;
# weights as stored, continuous.
# Needs build/bitlaw, data/wiki8 and data/wiki-valid (data/fetch.sh). From the environment: BITLAW (build/bitlaw), TUNING, MINUTES,
# JOBS (runs at once, one thread each: the number of processors).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export here=experiments/01-recipe runs=data/.train/rivals bitlaw=${BITLAW:-build/bitlaw} tuning=${TUNING:-3} minutes=${MINUTES:-30}
mkdir -p "$runs"
. "$here/measure.bash"
export results=$here/rivals.csv speeds=$here/rivals-speeds.csv
[[ -s $speeds ]] || echo "preset,options,round,bytes_per_second" >"$speeds"
[[ -s $results ]] || echo "preset,minutes,options,bytes_per_second,bytes_trained,held_out_bits_per_byte" >"$results"

# run PRESET MINUTES SPEED HELD_OUT OPTIONS...: trains, measures, appends a row. A long run that was stopped goes on.
run() {
    local preset=$1 time=$2 speed=$3 held_out=$4 bits bytes resume=()
    shift 4
    local key="$preset,$time,$*" out="$runs/$preset-$time${*// /}"
    if grep -q "^$key," "$results"; then return; fi
    bytes=$(bytes_in "$time" "$speed")
    [[ ! -f $out/bytes ]] || bytes=$(<"$out/bytes")
    [[ ! -f $out/state.bls ]] || resume=(--resume)
    mkdir -p "$out" && echo "$bytes" >"$out/bytes"
    "$bitlaw" train -q -T 1 --data data/wiki8 --preset "$preset" --tokens "$bytes" --out "$out" "${resume[@]}" "$@" || return
    bits=$(measured "$out" "$held_out") || return 255  # and no further runs
    echo "$key,$speed,$bytes,$bits" | tee -a "$results"
}

# best PRESET [WITHOUT]: the options of its best tuning run; WITHOUT: of those that do not name this option.
best() {
    grep "^$1,$tuning," "$results" | cut -d, -f3,6 | { if [[ $# == 2 ]]; then grep -v -e "$2"; else cat; fi; } |
        sort -t, -k2,2g | head -n 1 | cut -d, -f1
}

# same_speed OPTIONS: without those that change no speed.
same_speed() { sed -E 's/--(lr|decay) [^ ]*( |$)//g; s/ $//' <<<"$1"; }

# known_speeds PRESET OPTIONS: those that were measured for it, or for options that differ in no speed.
known_speeds() {
    local preset options round value wanted
    wanted=$(same_speed "$2")
    while IFS=, read -r preset options round value; do
        [[ $preset != "$1" || $(same_speed "$options") != "$wanted" ]] || echo "$value"
    done <"$speeds"
}

# tuning_run PRESET OPTIONS...
tuning_run() {
    local at
    if ! grep -q "^$1,$tuning,${*:2}," "$results"; then
        at=$(known_speeds "$1" "${*:2}" | median)
        run "$1" "$tuning" "${at:-$(for _ in 1 2 3; do speed "$@"; done | median)}" data/wiki-valid@:1M "${@:2}"
    fi
}

# changed OPTIONS NAME VALUE: the options with this one set, in its place if it is there.
changed() {
    if [[ $1 == *"$2 "* ]]; then sed "s/$2 [^ ]*/$2 $3/" <<<"$1"; else echo "$1 $2 $3"; fi
}

# bits PRESET OPTIONS: of its tuning run.
bits() { grep -F -- "$1,$tuning,$2," "$results" | cut -d, -f6; }

# tuned PRESET: one option after the other, each along its values for as long as they help, with the best of what came before.
tuned() {
    local options="--arithmetic bf16 --lr 0.0005" candidate name value values words
    read -ra words <<<"$options"
    tuning_run "$1" "${words[@]}" || return
    while read -r name values; do
        for value in $values; do
            candidate=$(changed "$options" "$name" "$value")
            # A step holds a sequence at least.
            [[ $name$value != --batch-tokens1024 || $candidate == *--context* ]] || break
            read -ra words <<<"$candidate"
            tuning_run "$1" "${words[@]}" </dev/null || return
            [[ $(printf '%s\n' "$(bits "$1" "$candidate")" "$(bits "$1" "$options")" | sort -g | head -n 1) != "$(bits "$1" "$options")" ]] || break
            options=$candidate
        done
    done <<'END'
--lr 0.001 0.002 0.004 0.008 0.016
--batch-tokens 2048
--batch-tokens 8192
--decay 0.5 0.25
--context 1024 512
--batch-tokens 1024
--arithmetic fp32
END
}

# contenders: the long runs, each as preset and options.
contenders() {
    local size
    for size in 200k 800k; do
        echo "$size"
        echo "vanilla-$size $(best "vanilla-$size")"
        echo "vanilla-$size $(best "vanilla-$size" --context)"
    done
}

export -f run best same_speed known_speeds tuning_run changed bits tuned

jobs=${JOBS:-$(nproc)}
printf '%s\n' vanilla-200k vanilla-800k | xargs -P "$jobs" -I{} bash -c 'tuned {}' || exit
# Each also with the best options of the other, since one option after the other can miss what two do together.
crossed() {
    local words
    read -ra words <<<"$(best "$2" "${@:3}")"
    tuning_run "$1" "${words[@]}"
}
crossed vanilla-200k vanilla-800k && crossed vanilla-800k vanilla-200k || exit
crossed vanilla-200k vanilla-800k --context && crossed vanilla-800k vanilla-200k --context || exit
# neighbours PRESET [WITHOUT]: what the lists above left out, around the best options.
neighbours() {
    local change name options words
    for change in "--lr 0.5" "--lr 2" "--decay 0.4"; do
        options=$(best "$@") name=${change% *}
        read -ra words <<<"$(changed "$options" "$name" "$(value_of "$options" "$name" "${change#* }")")"
        tuning_run "$1" "${words[@]}" || return
    done
}
# value_of OPTIONS NAME FACTOR: its value times the factor.
value_of() { sed -E "s/.*$2 ([^ ]*).*/\1/" <<<"$1" | awk -v f="$3" '{ print $1 * f }'; }
for size in 200k 800k; do
    neighbours "vanilla-$size" --context && neighbours "vanilla-$size" || exit
done
for ((round = 1; round <= 5; ++round)); do
    contenders | while read -r preset options; do
        (($(known_speeds "$preset" "$options" | wc -l) < round)) || continue
        read -ra words <<<"$options"
        echo "$preset,$options,$round,$(speed "$preset" "${words[@]}" </dev/null)" >>"$speeds"
    done
done
contenders | while read -r preset options; do
    echo "$preset $minutes $(known_speeds "$preset" "$options" | median) data/wiki-valid $options"
done | xargs -P "$jobs" -I{} bash -c 'run {}'

# variant PRESET NAME OPTIONS...: one of run.sh, as a command line for run.
variant() { echo "$1 $minutes $(grep "^$1,$2," "$here/speeds.csv" | cut -d, -f4 | median) data/wiki-valid ${*:3}"; }
{ variant 800k without-taps --taps 0 && variant 200k context-256 --context 256; } | xargs -P "$jobs" -I{} bash -c 'run {}'
