#!/usr/bin/env bash
# Whole files with context mixing, alone or beside a model; every archive is restored and compared.
# Usage: experiments/05-mixing/targets.sh FILE[@SKIP[:BYTES]] [MODEL [OPTION...]]...   MODEL: none (the default) or a model's name or file.
# One row a call goes to targets.csv; one that is there is not measured again. From the environment: BITLAW (build/bitlaw).
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
bitlaw=$(realpath "${BITLAW:-$root/build/bitlaw}")
export BITLAW_MODELS=${BITLAW_MODELS:-$root/checkpoints}
readonly csv=$here/targets.csv
work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-mixing.XXXXXX")
trap 'rm -rf "$work"' EXIT
[[ -f $csv ]] || echo "file,skipped,bytes,model,options,packed,pack_seconds,restore_seconds" >"$csv"
path=$1 skip=0 bytes=1000000000 model=${2:-none}
[[ $path != *@* ]] || { skip=${path##*@} && path=${path%@*}; }
[[ $skip != *:* ]] || { bytes=${skip##*:} && skip=${skip%:*}; }
options=${*:3}
tail -c +$((skip + 1)) "$path" | head -c "$bytes" >"$work/plain" || true
row=$(basename "$path"),$skip,$(stat -c %s "$work/plain"),$(basename "$model" .blm),$options
! grep -qF "$row," "$csv" || exit 0
seconds() {
    local TIMEFORMAT='%U %S'
    { time "$@" >"$work/said" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}
# shellcheck disable=SC2086
pack=$(seconds "$bitlaw" compress -qf -T1 -m "$model" --mix full $options -o "$work/packed" "$work/plain")
with=()
[[ $model == none ]] || with=(-m "$model")
restore=$(seconds "$bitlaw" decompress -qf -T1 "${with[@]}" -o "$work/back" "$work/packed")
cmp "$work/plain" "$work/back"
echo "$row,$(stat -c %s "$work/packed"),$pack,$restore" | tee -a "$csv"
