#!/bin/bash
# Builds twice, in two folders and under different circumstances, and compares every byte: tests/reproducible/reproducible.sh [MAKE_ARGUMENT...]
# Takes as long as two builds. make test-reproducible
set -uo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
# REPRODUCIBLE_TARGETS: fewer of them, for a look in between.
read -ra targets <<<"${REPRODUCIBLE_TARGETS:-build/bitlaw build/libbitlaw.so build/static/libbitlaw.a}"

# build FOLDER NAME=VALUE... -- MAKE_ARGUMENT...
build() {
    local folder=$1
    shift
    local -a settings=()
    while [[ $1 != -- ]]; do settings+=("$1") && shift; done
    shift
    mkdir -p "$folder"
    cp -r "$work"/source/{Makefile,src,include} "$folder"
    # Not from a cache, which would give the second build the first one's objects.
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL CCACHE_DISABLE=1 "${settings[@]}" make -C "$folder" --no-print-directory "$@" "${targets[@]}" \
        >"$work/log" 2>&1 || { tail -n 20 "$work/log" && echo "not ok a build in $folder" && exit 1; }
}

# Both builds get the sources of this moment.
mkdir "$work/source"
cp -r "$project"/{Makefile,src,include} "$work/source"
umask 022
build "$work/a" TZ=UTC LC_ALL=C -- -j"$(nproc)" "$@"
umask 077
# The second folder is reached through a symbolic link, has another length, and its files another order.
mkdir "$work/real"
ln -s "$work/real" "$work/link"
build "$work/link/another folder"  TZ=Asia/Kathmandu LC_ALL=C.UTF-8 HOME=/nonexistent -- -j1 "$@"
status=0
for target in "${targets[@]}"; do
    if cmp "$work/a/$target" "$work/link/another folder/$target"; then echo "ok $target: $(sha256sum <"$work/a/$target" | cut -d ' ' -f 1)"; else
        echo "not ok $target"
        status=1
    fi
done
exit $status
