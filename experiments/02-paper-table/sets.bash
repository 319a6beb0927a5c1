# Sourced by run.sh, train.sh and checkpoints/measure.sh, which set root, bitlaw and sets: the data sets of the table, made unless they are there.

# made NAME KIND [OPTION...]
made() {
    local name=$1
    shift
    [[ -f $sets/$name && -f $sets/$name.json ]] || "$bitlaw" data "$@" -f -o "$sets/$name" >&2
}

# made_images FOLDER PART: the first 100 files by name are the part train, the other 25 the part test.
made_images() {
    local -A cut=([train]=--first [test]=--skip)
    made "imagenet-$2" images "${cut[$2]}" 100 "$1"
}

# made_speech FOLDER PART
made_speech() { made "libri-$2" audio "$1/$2"; }
