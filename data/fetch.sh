#!/usr/bin/env bash
# Gets data sets: finds each one, unpacks it, checks its hash, and prints the path of the result.
# Usage: data/fetch.sh NAME...  |  data/fetch.sh --list  |  data/fetch.sh --help
#
# A set is looked for in data/ of this checkout, then in the folders of BITLAW_DATA, then on the network; gcide comes
# from a Debian package. What is made here is made under data/.fetch and moved into place when it is whole and verified,
# so that a full disk, a broken download, a signal or a second call at the same time leave nothing half-written.
# Exit codes: 0 done, 1 a set could not be got, 2 wrong usage.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
data=$root/data
work=$data/.fetch
sums=$data/SHA256SUMS
mirror=${BITLAW_MIRROR:-http://mattmahoney.net/dc}
IFS=: read -r -a folders <<< "${BITLAW_DATA-$root/../shared/data}"

names=(wiki8 wiki-valid enwik8 enwik9 enwik8.first3M gutenberg20M canterbury silesia librispeech imagenet-sample models
    chinchilla gcide demo)

# The other sets stand in SHA256SUMS; these two are published with SHA-1.
declare -A sha1=(
    [enwik8]=57b8363b814821dc9d47aa4d41f58733519076b2
    [enwik9]=2996e86fb978f93cca8f566cc56998923e7fe581
)

gcide_package=dict-gcide
gcide_version=0.48.5+nmu2  # whose text SHA256SUMS names
held_out_bytes=5000000     # of the demo, never in its training file
demo_seconds=120           # for the demo's download, so that a slow line does not use up the demo's time

tried=()    # what failed, and where
scratch=()  # the unfinished work of this process

trap '((${#scratch[@]} == 0)) || rm -rf "${scratch[@]}"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf 'fetch: %s\n' "$*" >&2; }

describe() {
    case $1 in
        wiki8) echo "English Wikipedia as plain text, 100,000,000 bytes: for training" ;;
        wiki-valid) echo "other 5,000,000 bytes of the same dump: held out, never for training" ;;
        enwik8) echo "first 100,000,000 bytes of the English Wikipedia's XML of 2006-03-03" ;;
        enwik9) echo "first 1,000,000,000 bytes of the same" ;;
        enwik8.first3M) echo "first 3,000,000 bytes of enwik8" ;;
        gutenberg20M) echo "English books of the 19th century, 20,000,000 bytes" ;;
        canterbury) echo "the Canterbury corpus, 11 files" ;;
        silesia) echo "dickens, mr, x-ray and xml of the Silesia corpus" ;;
        librispeech) echo "speech, 112 FLAC files of 16 kHz, split by speaker" ;;
        imagenet-sample) echo "125 photographs (JPEG), one a class" ;;
        models) echo "a pretrained model of 264,128 parameters and its vocabulary" ;;
        chinchilla) echo "245 training runs of Chinchilla, as Epoch AI read them off its paper: a table" ;;
        gcide) echo "Collaborative International Dictionary of English, 39,952,321 bytes" ;;
        demo) echo "train and held-out for 'make demo': from wiki8, enwik8 or gcide, the first to be had" ;;
        *) return 1 ;;
    esac
}

help() {
    sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}"
    printf '\nNames:\n'
    local name
    for name in "${names[@]}"; do printf '  %-16s %s\n' "$name" "$(describe "$name")"; done
    printf '\nPlaces, in this order:\n  %s\n' "$data"
    ((${#folders[@]} == 0)) || printf '  %s\n' "${folders[@]}"
    printf '  %s (enwik8, enwik9)\n  Debian package %s (gcide)\n' "$mirror" "$gcide_package"
    printf '\nBITLAW_DATA=FOLDER:... replaces the folders; BITLAW_MIRROR=URL the place of enwik8.zip and enwik9.zip.\n'
}

list() {
    local name state
    for name in "${names[@]}"; do
        if [[ ! -e $data/$name ]]; then
            state="not here"
        elif check "$name" "$data/$name"; then
            state="ready"
        else
            state="damaged"
        fi
        printf '%-16s %-9s %s\n' "$name" "$state" "$(describe "$name")"
    done
}

# check NAME PATH: whether PATH holds the set NAME, by its hashes.
check() {
    local name=$1 path=$2 list
    [[ -e $path ]] || return 1
    if [[ $name == demo ]]; then
        (cd "$path" && sha256sum --check --strict --status SHA256SUMS) 2> /dev/null
    elif [[ -n ${sha1[$name]:-} ]]; then
        sha1sum --check --strict --status 2> /dev/null <<< "${sha1[$name]}  $path"
    else
        for list in "$sums" "$work/$name.SHA256SUMS"; do
            if [[ -e $list ]] && check_listed "$name" "$path" "$list"; then return 0; fi
        done
        return 1
    fi
}

# check_listed NAME PATH LIST: the lines of LIST are "hash  NAME" or, for a folder, "hash  NAME/FILE".
check_listed() {
    awk -v name="$1" -v path="$2" '
        { file = substr($0, 67) }
        file == name || index(file, name "/") == 1 { print substr($0, 1, 66) path substr(file, length(name) + 1) }' "$3" |
        sha256sum --check --strict --status 2> /dev/null
}

# need TOOL PACKAGE: whether TOOL is there.
need() {
    command -v "$1" > /dev/null && return 0
    tried+=("$1 is not installed: apt-get install $2")
    return 1
}

# run WHAT COMMAND...: runs COMMAND; when it fails, its last words are noted as what happened to WHAT. They are kept in
# memory, since a full disk is one of the failures. Standard output goes where the caller sends it.
run() {
    local what=$1 words
    shift
    { words=$("$@" 2>&1 >&3); } 3>&1 && return 0
    words=$(grep "^[^[:space:]]" <<< "$words" | tail -n 1) || true
    tried+=("$what: ${words:-failed}")
    return 1
}

# cut_bytes FILE BEGIN COUNT OUT: a range of bytes.
cut_bytes() {
    run "$1" dd if="$1" of="$4" bs=1M iflag=skip_bytes,count_bytes,fullblock skip="$2" count="$3" status=none
}

# unpack FILE OUT: by its suffix.
unpack() {
    case $1 in
        *.xz) need xz xz-utils && run "$1" xz -dc -- "$1" > "$2" ;;
        *.bz2) need bzip2 bzip2 && run "$1" bzip2 -dc -- "$1" > "$2" ;;
        *) run "$1" cp -- "$1" "$2" ;;
    esac
}

# unpack_folder FOLDER OUT: a copy of FOLDER with its packed files unpacked.
unpack_folder() {
    local file out
    while IFS= read -r -d '' file; do
        out=$2/${file#"$1"/}
        out=${out%.xz}
        run "$2" mkdir -p "$(dirname "$out")" && unpack "$file" "${out%.bz2}" || return 1
    done < <(find -L "$1" -type f -print0)
}

# accept HERE NAME SOURCE WHERE: verifies SOURCE and moves it, or a link to it when it lies elsewhere, to data/NAME.
accept() {
    local here=$1 name=$2 source=$3
    if ! check "$name" "$source"; then
        tried+=("$4: damaged, or another version (its hash is not the expected one)")
        return 1
    fi
    if [[ $source != "$here"/* ]]; then
        run "$data/$name" ln -s -- "$(realpath "$source")" "$here/link" || return 1
        source=$here/link
    fi
    run "$data/$name" mv -T -- "$source" "$data/$name"
}

from_folders() {
    local here=$1 name=$2 folder source
    for folder in "${folders[@]}"; do
        [[ -n $folder ]] || continue
        source=$folder/$name
        if [[ -f $source.xz || -f $source.bz2 ]]; then
            [[ -f $source.xz ]] && source+=.xz || source+=.bz2
            say "unpacking $source"
            unpack "$source" "$here/out" && accept "$here" "$name" "$here/out" "$source" && return 0
        elif [[ -d $source && -n $(find -L "$source" -name '*.xz' -print -quit -o -name '*.bz2' -print -quit) ]]; then
            say "unpacking $source"
            rm -rf "$here/out"
            unpack_folder "$source" "$here/out" && accept "$here" "$name" "$here/out" "$source" && return 0
        elif [[ -e $source ]]; then
            accept "$here" "$name" "$source" "$source" && return 0
        elif [[ -d $folder ]]; then
            tried+=("$folder: has no $name")
        else
            tried+=("$folder: no such folder (for $name)")
        fi
    done
    return 1
}

# from_network HERE NAME SECONDS: enwik8 or enwik9 in that time (0: as long as it takes, while bytes arrive).
from_network() {
    local here=$1 name=$2 url=$mirror/$2.zip
    need curl curl || return 1
    say "downloading $url"
    local get=(curl --fail --location --connect-timeout 5 --speed-time 15 --speed-limit 20000 --max-time "$3"
        --output "$here/zip" "$url")
    if [[ -t 2 ]]; then
        "${get[@]}" --progress-bar || { tried+=("$url: download failed") && return 1; }
    else
        run "$url" "${get[@]}" --silent --show-error || return 1
    fi
    # gzip also reads a zip file that has one member.
    run "$url" gzip -dc < "$here/zip" > "$here/out" && rm "$here/zip" && accept "$here" "$name" "$here/out" "$url"
}

# The text of Debian's package. When the machine's package lists are missing or old, it reads lists of its own: no root.
from_debian() {
    local here=$1 deb version words what="Debian package $gcide_package"
    local get=(apt-get -q -o APT::Sandbox::User=root -o Acquire::http::Timeout=15 -o Acquire::Retries=1)
    local own=(-o "Dir::State::lists=$here/lists" -o "Dir::Cache=$here/cache")
    need apt-get apt && need dpkg-deb dpkg || return 1
    run "$here" mkdir -p "$here/lists/partial" "$here/cache/archives/partial" "$here/root" || return 1
    say "downloading $what, about 15 MB"
    if ! (cd "$here" && "${get[@]}" download "$gcide_package") &> /dev/null; then
        say "the package lists are missing or old: reading new ones"
        if ! words=$(cd "$here" && "${get[@]}" "${own[@]}" update 2>&1 &&
            "${get[@]}" "${own[@]}" download "$gcide_package" 2>&1); then
            tried+=("$what: $(grep -m 1 '^[EW]:' <<< "$words" || echo 'download failed')")
            return 1
        fi
    fi
    deb=$(find "$here" -maxdepth 1 -name "${gcide_package}_*.deb")
    version=$(dpkg-deb -f "$deb" Version) && what+=" $version"
    # The dictionary's .dict.dz is a gzip file with an index in its header.
    run "$what" dpkg-deb -x "$deb" "$here/root" &&
        run "$what" gzip -dc < "$here/root/usr/share/dictd/gcide.dict.dz" > "$here/out" || return 1
    if [[ $version != "$gcide_version" ]]; then
        say "warning: $what: its text is taken unverified, the known hash is that of version $gcide_version"
        sha256sum < "$here/out" | sed 's/-$/gcide/' > "$work/gcide.SHA256SUMS"
    fi
    accept "$here" gcide "$here/out" "$what"
}

commas() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<< "$1"; }

# demo_from HERE SOURCE LICENCE FILE TRAIN_BYTES HELD_FILE HELD_BEGIN: makes the demo's folder out of two sets.
demo_from() {
    local here=$1 made=$1/demo file=$data/$4 bytes=$5 held=$data/$6 begin=$7
    mkdir "$made" || return 1
    if [[ $bytes == $(stat -L -c %s "$file") ]]; then
        run "$made" ln -s "$file" "$made/train" || return 1
    else
        cut_bytes "$file" 0 "$bytes" "$made/train" || return 1
    fi
    cut_bytes "$held" "$begin" "$held_out_bytes" "$made/held-out" || return 1
    printf 'source: %s\nlicence: %s\ntrain: the first %s bytes of %s\nheld-out: %s bytes of %s from byte %s on\n' \
        "$2" "$3" "$(commas "$bytes")" "$4" "$(commas "$held_out_bytes")" "$6" "$(commas "$begin")" \
        > "$made/SOURCE.txt" || return 1
    (cd "$made" && sha256sum train held-out SOURCE.txt > SHA256SUMS) && accept "$here" demo "$made" "$made"
}

# The demo's text, from the quickest source.
make_demo() {
    local here=$1 size
    if get wiki8 && get wiki-valid; then
        demo_from "$here" "English Wikipedia, plain text (wiki8)" "CC BY-SA" wiki8 100000000 wiki-valid 0
    elif get enwik8 "$demo_seconds"; then
        demo_from "$here" "English Wikipedia, XML (enwik8)" "CC BY-SA, GFDL" enwik8 90000000 enwik8 95000000
    elif get gcide; then
        size=$(($(stat -L -c %s "$data/gcide") - held_out_bytes))
        demo_from "$here" "English dictionary (Debian's $gcide_package)" "GPL-2+" gcide "$size" gcide "$size"
    else
        return 1
    fi
}

# get NAME [SECONDS]: leaves the verified set in data/NAME, or notes in `tried` why not.
get() {
    local name=$1 seconds=${2:-0} here=$work/$1.part lock status=0
    check "$name" "$data/$name" && return 0
    if ! mkdir -p "$work" 2> /dev/null || ! { exec {lock}> "$work/$name.lock"; } 2> /dev/null; then
        tried+=("$data: cannot be written to")
        return 1
    fi
    flock "$lock"
    # The lock is ours: what stands there was left by a process that was killed.
    rm -rf "$here"
    scratch+=("$here")
    if check "$name" "$data/$name"; then
        :  # another call made it meanwhile
    elif [[ -e $data/$name && $name != demo ]]; then
        tried+=("$data/$name: damaged, or another version (its hash is not the expected one): move it away")
        status=1
    else
        rm -rf "${data:?}/$name"
        mkdir "$here" && obtain "$here" "$name" "$seconds" || status=1
    fi
    rm -rf "$here"
    exec {lock}>&-
    return "$status"
}

obtain() {
    case $2 in
        demo) make_demo "$1" ;;
        enwik8 | enwik9) from_folders "$1" "$2" || from_network "$1" "$2" "$3" ;;
        enwik8.first3M)
            from_folders "$1" "$2" ||
                { get enwik8 "$3" && cut_bytes "$data/enwik8" 0 3000000 "$1/out" && accept "$1" "$2" "$1/out" enwik8; }
            ;;
        gcide) from_folders "$1" "$2" || from_debian "$1" ;;
        *) from_folders "$1" "$2" || { tried+=("network: this script cannot download $2") && return 1; } ;;
    esac
}

if (($# == 0)); then
    help >&2
    exit 2
fi
for name in "$@"; do
    case $name in
        -h | --help) help && exit 0 ;;
        -l | --list) list && exit 0 ;;
    esac
    if ! describe "$name" > /dev/null; then
        say "no data set '$name'; the names are: ${names[*]}"
        exit 2
    fi
done
for name in "$@"; do
    tried=()
    if ! get "$name"; then
        say "cannot get $name; tried:"
        printf '  %s\n' "${tried[@]}" >&2
        exit 1
    fi
    if [[ $name == demo ]]; then
        printf '%s\n' "$data/demo/train" "$data/demo/held-out"
    else
        printf '%s\n' "$data/$name"
    fi
done
