#!/bin/bash
# Learning curves in the terminal and as SVG.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 60000 >text
for width in 32 16; do
    check "train $width" train_tiny "run $width" text@:50K --validation text@50K: --tokens 200K --width $width
done

check "plot" "$bitlaw" plot "run 32" "run 16"
[[ $(LC_ALL=C awk 'length > 80' "$work/out") == "" ]] && ! LC_ALL=C grep -q $'[\x80-\xff\033]' "$work/out" &&
    grep -Eq '^ *[0-9.]+ \|.*\.' "$work/out" && grep -q '[ab]$' "$work/out" && grep -q '0 .*bytes trained on .*199K' "$work/out"
judge "ASCII where the locale is C, 80 columns" cat "$work/out"
last() { tail -n 1 "$1/metrics.csv" | cut -d, -f4 | xargs printf '%.4f'; }
grep -q "^a  training [0-9.]*, validation $(last "run 32")  run 32$" "$work/out" &&
    grep -q "^b  training [0-9.]*, validation $(last "run 16")  run 16$" "$work/out"
judge "the last figures of each run" cat "$work/out"
check "UTF-8" env LC_ALL=C.UTF-8 TERM=xterm "$bitlaw" plot "run 32"
LC_ALL=C grep -q $'\xe2\xa0' "$work/out" && ! grep -q $'\033' "$work/out"
judge "braille in UTF-8, no colours in a file" cat "$work/out"
check "TERM=dumb" env LC_ALL=C.UTF-8 TERM=dumb "$bitlaw" plot "run 32"
! LC_ALL=C grep -q $'[\x80-\xff]' "$work/out"
judge "no braille on a dumb terminal" cat "$work/out"
if command -v script >/dev/null; then
    shown() { script -qec "env LC_ALL=C.UTF-8 $* '$bitlaw' plot 'run 32'" /dev/null </dev/null; }
    shown TERM=xterm | grep $'\033\[36m' >/dev/null
    judge "colours on a terminal" shown TERM=xterm
    ! shown TERM=xterm NO_COLOR=1 | grep $'\033' >/dev/null && ! shown TERM=dumb | grep $'\033' >/dev/null
    judge "NO_COLOR and TERM=dumb" shown TERM=dumb
fi

for axis in bytes flops minutes; do
    check "SVG against $axis" "$bitlaw" plot "run 32" "run 16/metrics.csv" --x $axis -o $axis.svg
    grep -q '</svg>' $axis.svg && grep -q 'run 32, validation' $axis.svg && [[ ! -s $work/out ]]
    judge "its curves against $axis" cat "$work/out"
done
check "logarithmic, and both at once" "$bitlaw" plot "run 32" --x flops --log -o log.svg --terminal
grep -q 'operations of training' "$work/out"
judge "operations" cat "$work/out"
# Exactly: bytes times the operations a byte that info tells.
per_byte=$("$bitlaw" info --json "run 32" | sed -n 's/.*"training_flops_per_byte": \([0-9.]*\).*/\1/p')
expected=$(awk -v p="${per_byte:-0}" 'BEGIN {printf "%.2g", p * 198656}')
[[ -z $per_byte ]] || grep -q "$expected\$" "$work/out"
judge "as many operations as info says" echo "$expected" "$per_byte"

# A resumed run's seconds begin anew in its file; its minutes do not.
{ head -n 50 "run 32/metrics.csv"; tail -n +51 "run 32/metrics.csv" | awk -F, -v OFS=, '{$7 = 0.001 * NR; print}'; } >resumed.csv
check "a resumed run" "$bitlaw" plot resumed.csv --x minutes
refuse "no training" 1 "cannot open .*nothing" "$bitlaw" plot nothing
echo "a,b" >other.csv
refuse "another CSV" 1 "other.csv is no metrics.csv" "$bitlaw" plot other.csv
head -n 1 resumed.csv >empty.csv
refuse "no rows" 1 "no rows yet" "$bitlaw" plot empty.csv
{ cat empty.csv; echo "1,x,2"; } >bad.csv
refuse "a broken row" 1 "bad.csv:2: this is no row" "$bitlaw" plot bad.csv
refuse "operations without options" 1 "train.conf" "$bitlaw" plot resumed.csv --x flops
refuse "the runs stay" 2 "ends in .svg" "$bitlaw" plot resumed.csv -o resumed.csv
refuse "an axis that is none" 2 "hours" "$bitlaw" plot resumed.csv --x hours
finish
