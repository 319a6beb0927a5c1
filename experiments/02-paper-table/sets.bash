# Sourced by run.sh, train.sh and checkpoints/measure.sh, which set root, bitlaw and sets: the data sets of the table, made unless they are there.

# made NAME KIND [OPTION...]
made() {
    local name=$1
    shift
    [[ -f $sets/$name && -f $sets/$name.json ]] || "$bitlaw" data "$@" -f -o "$sets/$name" >&2
}

# made_images FOLDER: the first 100 files by name are for training, the other 25 for testing.
made_images() {
    made imagenet-train images --first 100 "$1"
    made imagenet-test images --skip 100 "$1"
}

# made_speech FOLDER
made_speech() {
    made libri-train audio "$1/train"
    made libri-test audio "$1/test"
}
