#!/bin/bash
# Which model: given, embedded, or found by its id.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
source "$(dirname "$0")/common.bash"
make_text 30000 >text
check "train one" train_tiny one text --tokens 8K
check "train another" train_tiny two text --tokens 8K --seed 2
id_of() { "$bitlaw" info --json "$1" | sed -n 's/^{"model": "\(.*\)",$/\1/p'; }
one=$(id_of one) two=$(id_of two)
[[ $one =~ ^[0-9a-f]{16}$ && $two =~ ^[0-9a-f]{16}$ && $one != "$two" ]]
judge "ids" echo "'$one' '$two'"

check "compress with a folder's model" "$bitlaw" compress --fallback never -q -m one text
check "compress with a file" "$bitlaw" compress --fallback never -q -m one/model.blm -o same.blw text
same "the same archive" text.blw same.blw
refuse "wrong model: both ids and places" 1 \
    "needs model $one; the given two is model $two; looked in .*home/checkpoints.*-m" \
    "$bitlaw" decompress -m two -o out text.blw
refuse "no model: id and places" 1 \
    "needs model $one; looked in .*home/checkpoints, .*home/share/bitlaw \(no models there\)" \
    "$bitlaw" decompress -o out text.blw
mkdir shelf && cp two/model.blm shelf/3.2m.blm && echo junk >shelf/broken.blm
refuse "what was found is told" 1 "needs model $one.*shelf.*3.2m is $two, broken cannot be read" \
    env BITLAW_MODELS=nowhere:shelf "$bitlaw" test text.blw
refuse "a place that cannot be read is told" 1 "looked in .*shelf/broken.blm \(Not a directory\), " \
    env BITLAW_MODELS=shelf/broken.blm "$bitlaw" test text.blw
check "no output after an error" test ! -e out

mkdir shelf/other && cp one/model.blm shelf/other/
check "found in BITLAW_MODELS by its id" \
    env BITLAW_MODELS=nowhere:shelf "$bitlaw" decompress -q -o out text.blw
same "found: identical" out text
check "found although another is given" env BITLAW_MODELS=shelf "$bitlaw" test -m two text.blw
mkdir "$work/home/checkpoints" && cp one/model.blm "$work/home/checkpoints/tiny.blm"
check "found in checkpoints" "$bitlaw" test text.blw
check "compress without -m" "$bitlaw" compress --fallback never -q -o chosen.blw text
same "with the model found" chosen.blw text.blw
cp two/model.blm "$work/home/checkpoints/3.2m.blm"
check "3.2m is preferred" bash -c "'$bitlaw' compress --fallback never -c text | cmp - <('$bitlaw' compress --fallback never -m two -c text)"
rm -r "$work/home/checkpoints"

# An archive with its model restores alone.
check "--embed-model" "$bitlaw" compress --fallback never -q -m one --embed-model -o alone.blw text
mkdir empty && mv alone.blw empty
check "restores in a folder without the model" bash -c "cd empty && '$bitlaw' decompress -q alone.blw"
same "embedded: identical" empty/alone text
model_bytes=$("$bitlaw" list --json empty/alone.blw | sed -n 's/.*"model_bytes": \([0-9]*\).*/\1/p')
stored=$("$bitlaw" info --json one | sed -n 's/.*"stored_bytes": \([0-9]*\).*/\1/p')
[[ -n $stored && $model_bytes == "$stored" ]]
judge "the model's bytes are told" echo "$model_bytes, $stored"

# The same model in other precisions: other ids, other sizes, archives that restore.
for precision in fp32 bf16 int8; do
    check "export $precision" "$bitlaw" export -m one --weight-format $precision -o $precision.blm
    grep -Eq "^$precision.blm: model [0-9a-f]{16} in $precision, [0-9,]+ bytes when embedded; of $one in bf16" "$work/err"
    judge "says what it made of what" cat "$work/err"
    check "compress with $precision" "$bitlaw" compress --fallback never -qf -m $precision.blm --embed-model -o $precision.blw text
    check "restore with $precision" bash -c "'$bitlaw' decompress -c $precision.blw | cmp - text"
done
[[ $(id_of bf16.blm) == "$one" && $(id_of int8.blm) != "$one" && $(id_of fp32.blm) != "$one" ]]
judge "ids of the exported" echo "$one: $(id_of fp32.blm) $(id_of bf16.blm) $(id_of int8.blm)"
size() { stat -c %s "$1"; }
(($(size int8.blm) * 16 < $(size bf16.blm) * 10 && $(size bf16.blm) * 16 < $(size fp32.blm) * 10))
judge "sizes of the exported" ls -l
check "embed in int8 at once" "$bitlaw" compress --fallback never -q -m one --embed-model --weight-format int8 -o at-once.blw text
same "as with the exported model" int8.blw at-once.blw
refuse "export does not overwrite" 1 "int8.blm exists already; use -f" \
    "$bitlaw" export -m one --weight-format int8 -o int8.blm
check "export -f" "$bitlaw" export -qf -m one --weight-format int8 -o int8.blm
# A training's own weights, which its model file has rounded; also in the middle of a run.
check "export --from-state" "$bitlaw" export -m one --from-state --weight-format fp32 -o trained.blm
check "export --from-state in bf16" "$bitlaw" export -m one --from-state --weight-format bf16 -o rounded.blm
[[ $(id_of rounded.blm) == "$one" && $(id_of trained.blm) != "$one" && $(id_of trained.blm) != "$(id_of fp32.blm)" ]]
judge "ids of the trained weights" echo "$one: $(id_of trained.blm) $(id_of rounded.blm)"
check "compress with the trained weights" "$bitlaw" compress --fallback never -qf -m trained.blm --embed-model -o trained.blw text
check "restore with them" bash -c "'$bitlaw' decompress -c trained.blw | cmp - text"
refuse "--from-state of nothing" 2 "needs a training folder" "$bitlaw" export --from-state --weight-format fp32 -o x.blm
refuse "--from-state of a model file" 1 "is no training state" "$bitlaw" export -m int8.blm --from-state --weight-format fp32 -o x.blm
refuse "a precision that does not exist" 2 "choose fp32, bf16, int8, quantised or trellis" \
    "$bitlaw" export -m one --weight-format int4 -o int4.blm
refuse "a precision of no embedded model" 2 "add --embed-model" \
    "$bitlaw" compress --fallback never -m one --weight-format int8 -o none.blw text
finish
