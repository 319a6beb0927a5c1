#!/bin/bash
# Tokenizers are made of data, the same ones each time.
source "$(dirname "$0")/common.bash"
make_text 200000 >text

check "a tokenizer of 400 symbols" "$bitlaw" tokenizer train --data text --size 400 -o a.blt
grep -Eq '^a.blt: tokenizer [0-9a-f]{16}, [0-9]+ symbols' "$work/err"
judge "it says what was made" cat "$work/err"
check "and again, by one thread" "$bitlaw" tokenizer train -q -T 1 --data text --size 400 -o b.blt
same "the same file" a.blt b.blt
check "by a range and another cut" "$bitlaw" tokenizer train -q --data text@0:50K --cut none --size 300 -o none.blt
check "of two files" "$bitlaw" tokenizer train -q --data text text@0:10K --size 300 -o two.blt
check "the bytes that occur" "$bitlaw" tokenizer train -q --data text --size bytes -o bytes.blt
check "info" "$bitlaw" info none.blt
grep -q '^symbols  *300$' "$work/out" && grep -q '^text is cut by  *none$' "$work/out"
judge "says what it is" cat "$work/out"
check "info as JSON" "$bitlaw" info --json bytes.blt
grep -q '"merges": 0' "$work/out"
judge "has no merges" cat "$work/out"

refuse "a file that is there" 1 'a.blt' "$bitlaw" tokenizer train -q --data text -o a.blt
check "unless it may be replaced" "$bitlaw" tokenizer train -q -f --data text --size 300 -o a.blt
refuse "too few symbols" 2 '258' "$bitlaw" tokenizer train --data text --size 257 -o x.blt
refuse "too many" 2 '65536' "$bitlaw" tokenizer train --data text --size 65537 -o x.blt
refuse "no data" 2 'data' "$bitlaw" tokenizer train --size 300 -o x.blt
refuse "data that are not there" 1 'nowhere' "$bitlaw" tokenizer train --data nowhere@0:5 --size 300 -o x.blt
refuse "weights" 2 'weights' "$bitlaw" tokenizer train --data text:0.5 --size 300 -o x.blt
refuse "another action" 2 'choose train' "$bitlaw" tokenizer make --data text -o x.blt
refuse "the data as the output" '[12]' 'text' "$bitlaw" tokenizer train -f --data text -o text
: >empty
refuse "an alphabet of nothing" 1 'no byte' "$bitlaw" tokenizer train -q --data empty --size bytes -o x.blt
head -c 100 none.blt >short.blt
refuse "a tokenizer that is cut off" 1 'short.blt' "$bitlaw" info short.blt
{ head -c 60 none.blt; printf x; tail -c +62 none.blt; } >damaged.blt
refuse "a damaged one" 1 'damaged' "$bitlaw" info damaged.blt
[[ ! -e x.blt ]]
judge "nothing is left of what was refused" ls
finish
