# Sourced by the scripts of this folder: a folder of their own, the tool where no models are, and the checks.
set -uo pipefail
unset BITLAW_ISA BITLAW_MODELS BITLAW_DATA
export LC_ALL=C

work=$(mktemp -d "${TMPDIR:-/tmp}/bitlaw-cli.XXXXXX")
trap 'leave' EXIT
failures=0

leave() {
    # A job that a signal ends before it has become its command runs this too, and must not clean up.
    [[ $BASHPID == "$$" ]] || return 0
    local job
    for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null; done
    if [[ -n ${mounted:-} ]]; then umount "$mounted"; fi
    cd / && rm -rf "$work"
}

# Copied, because models are also looked for beside the tool's folder.
mkdir -p "$work/home/bin"
cp "$(realpath "${BITLAW:-build/bitlaw}")" "$work/home/bin/bitlaw" || exit 1
bitlaw=$work/home/bin/bitlaw
mkdir "$work/files"
cd "$work/files" || exit 1

# AddressSanitizer reserves terabytes of addresses, so a limit on them would end the tool before it begins.
has_asan() { grep -qa __asan_init "$bitlaw"; }

# The instruction sets of this machine and tool, the plain one first.
list_isas() { "$bitlaw" info | sed -n 's/^instructions .*(of \(.*\))$/\1/p' | tr -d ,; }

ok() { echo "ok $1"; }
not_ok() {
    echo "not ok $1: $2"
    failures=$((failures + 1))
}

# judge NAME COMMAND...: by the exit code of the command before it; COMMAND shows what is wrong.
judge() {
    local status=$? name=$1
    shift
    if ((status == 0)); then ok "$name"; else not_ok "$name" "$("$@" 2>&1)"; fi
}

# check NAME COMMAND...: the command succeeds.
check() {
    local name=$1
    shift
    if "$@" >"$work/out" 2>"$work/err"; then ok "$name"; else
        not_ok "$name" "exit code $? of: $*"
        cat "$work/err"
    fi
}

# refuse NAME CODE PATTERN COMMAND...: the command ends with this exit code (a pattern) and one line on standard error,
# which starts with "bitlaw: " and matches the extended regular expression.
refuse() {
    local name=$1 code=$2 pattern=$3 status=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    # shellcheck disable=SC2053
    if [[ $status != $code ]]; then not_ok "$name" "exit code $status, not $code: $(cat "$work/err")"
    elif (($(wc -l <"$work/err") != 1)); then not_ok "$name" "not one line: $(cat "$work/err")"
    elif ! grep -q '^bitlaw: ' "$work/err"; then not_ok "$name" "no 'bitlaw: ' in front: $(cat "$work/err")"
    elif ! grep -Eq -- "$pattern" "$work/err"; then not_ok "$name" "no '$pattern' in: $(cat "$work/err")"
    else ok "$name"; fi
}

# same NAME FILE FILE: equal bytes.
same() {
    if cmp "$2" "$3" >"$work/err" 2>&1; then ok "$1"; else not_ok "$1" "$(cat "$work/err")"; fi
}

# make_text BYTES >FILE: words that repeat, so that a model can learn something within a second.
make_text() {
    awk 'BEGIN {
        split("the a small old river stone house light of under and but runs falls stands near far green " \
              "winter sea", word, " ")
        x = 12345
        for (n = 0; n < 1000000; ++n) {
            x = (x * 16807) % 2147483647
            printf "%s%s", word[1 + x % 20], x % 11 == 0 ? ".\n" : " "
        }
    }' | head -c "$1"
}

# A network that trains in well under a second.
tiny=(--preset 200k --width 32 --context 64 --batch-tokens 2048)

# train_tiny DIR DATA [OPTION...]
train_tiny() {
    local out=$1 data=$2
    shift 2
    "$bitlaw" train -q --data "$data" "${tiny[@]}" -o "$out" "$@"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

finish() { exit $((failures > 0)); }
