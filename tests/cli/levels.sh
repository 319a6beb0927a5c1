#!/bin/bash
# Levels: what they are, what they need, what they make; and what eval says of mixtures.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 40000 >text
head -c 9000 text >sample
check "levels are told" "$bitlaw" levels
"$bitlaw" levels --json >levels.json
(($(grep -o '"level"' levels.json | wc -l) == 9))
judge "there are nine" cat levels.json
for level in 1 2; do
    check "level -$level" "$bitlaw" compress -q -$level -o $level.blw sample
    check "level -$level restored" "$bitlaw" decompress -q -o $level.restored $level.blw
    same "level -$level restores the sample" sample $level.restored
done
check "the last level counts" "$bitlaw" compress -q -1 -2 -o last.blw sample
same "it is -2" 2.blw last.blw
refuse "a level without its model" 2 "needs the model 200k.blm, which is not installed; the best one that can run is -2" "$bitlaw" compress -4 -c sample
refuse "a level that learns" 2 "level -9" "$bitlaw" compress -9 -c sample
check "a model" train_tiny tiny text --tokens 12K -T 1
check "-m in place of the level's network" "$bitlaw" compress -q -3 -m tiny --fallback never -o 3.blw sample
check "it is restored" "$bitlaw" decompress -q -m tiny -o 3.restored 3.blw
same "level -3 restores the sample" sample 3.restored
check "no level" "$bitlaw" compress -q -m tiny -o network.blw sample
check "is the network alone" "$bitlaw" decompress -q -m tiny -o network.restored network.blw
same "and restores the sample" sample network.restored
mkdir models
cp tiny/model.blm models/200k.blm
check "its model is found" env BITLAW_MODELS=models "$bitlaw" compress -q -4 -o 4.blw sample
check "levels are measured" env BITLAW_MODELS=models "$bitlaw" levels --bytes 3000 sample
# eval says what archives take.
bytes=$("$bitlaw" eval --json -m none --mix full --data sample | grep -o '"estimated_bytes": [0-9]*' | grep -o '[0-9]*$')
[[ $bytes == "$(stat -c %s 2.blw)" ]]
judge "eval of the experts is the archive's size" echo "$bytes"
bytes=$("$bitlaw" eval --json -m tiny --mix fast --data sample | grep -o '"estimated_bytes": [0-9]*' | grep -o '[0-9]*$')
[[ $bytes == "$(stat -c %s 3.blw)" ]]
judge "eval of a mixture is the archive's size" echo "$bytes"
"$bitlaw" eval --json -m tiny --mix full --experts --data sample >experts.json
grep -q '"left_out": "orders"' experts.json && grep -q '"left_out": "network"' experts.json
judge "what each expert is worth" cat experts.json
refuse "experts without a set" 2 "add --mix" "$bitlaw" eval -m tiny --experts --data sample
unnamed=$("$bitlaw" eval --json -m none --data sample | grep -o '"estimated_bytes": [0-9]*' | grep -o '[0-9]*$')
[[ $unnamed == "$(stat -c %s 2.blw)" ]]
judge "without a network the full set is meant" echo "$unnamed"
refuse "chunks of experts" 2 "one piece" "$bitlaw" eval -m none --mix full --protocol chunked --data sample
finish
