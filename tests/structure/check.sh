#!/bin/bash
# Checks what docs/DESIGN.md says about the sources' structure: tests/structure/check.sh [ROOT]
# Prints the offending lines, then "ok NAME" or "not ok NAME" for each rule. Exits 1 when a rule is broken.
set -uo pipefail
here=$(dirname "$(realpath "$0")")
cd "${1:-$here/../..}" || exit 1

status=0
# Fails rule $1 if standard input holds a line.
rule() {
    local name=$1 offences
    offences=$(cat)
    if [[ -n $offences ]]; then
        echo "$offences"
        echo "not ok $name"
        status=1
    else
        echo "ok $name"
    fi
}

# Lines "file:number:text" of the C++ files under the given places that match pattern $1; no // comments.
lines() {
    local pattern=$1
    shift
    find "$@" \( -name '*.cpp' -o -name '*.hpp' -o -name '*.inl' \) -type f 2>/dev/null | sort |
        xargs -r -d '\n' grep -nHE -e "$pattern" | grep -vE '^[^:]*:[0-9]+: *//' || true
}

# The layers that each layer may include, as docs/DESIGN.md draws them. capi needs no training, laws no model.
readonly ground="base entropy symbols kernels"
readonly core="$ground model learn predict train coding"
readonly sources="format datasets baselines laws interop"
declare -A may_include=(
    [base]="base"
    [entropy]="base entropy"
    [symbols]="base symbols"
    [kernels]="base kernels"
    [model]="$ground model"
    [learn]="$ground model learn"
    [predict]="$ground model learn predict"
    [train]="$ground model learn predict train"
    [coding]="$ground model learn predict coding"
    [format]="base format"
    [datasets]="$core format datasets"
    [baselines]="$core datasets baselines"
    [laws]="base laws"
    [interop]="$core format interop"
    [table]="$core $sources table"
    [studies]="$core $sources studies"
    [cli]="$core $sources table studies cli"
    [capi]="$ground model learn predict coding capi"
)
readonly libraries="$core $sources table studies capi"
layers=$(tr ' ' '|' <<<"$core $sources table studies cli")
readonly layers

for layer in "${!may_include[@]}"; do
    allowed=$(tr ' ' '|' <<<"${may_include[$layer]}")
    lines '^ *# *include *["<]bitlaw/' "include/bitlaw/$layer" "src/$layer" |
        grep -vE "[\"<]bitlaw/(($allowed)/|bitlaw\.h\")" | sed "s/\$/  <- $layer must not include this/"
done | rule "includes run along the arrows of docs/DESIGN.md only"

# A floor holds units (x.hpp with x.cpp) that include only what lies below it.
{
    find include src \( -name '*.cpp' -o -name '*.hpp' \) -type f 2>/dev/null | sed 's/$/:/'
    lines '^ *# *include *"' include src
} | awk -f "$here/floors.awk" | grep '<-' | rule "inside a layer no file includes one above it"

# A file is one noun: where it grows longer, another one is in it.
find include src \( -name '*.cpp' -o -name '*.hpp' -o -name '*.inl' \) -type f 2>/dev/null | sort |
    xargs -r -d '\n' awk 'FNR == 401 { print FILENAME "  <- more than 400 lines" }' |
    rule "no source file has more than 400 lines"

# So that building shows that every header compiles by itself; headers.sh compiles those without a .cpp.
{
    find include src -name '*.hpp' -type f 2>/dev/null | sed 's/^/header /'
    find src -name '*.cpp' -type f 2>/dev/null | sort | xargs -r -d '\n' grep -m 1 -HE '^ *# *include'
} | awk '
    /^header / { known[substr($0, 8)] = 1; next }
    {
        file = substr($0, 1, index($0, ":") - 1)
        header = file
        sub(/\.cpp$/, ".hpp", header)
        public = "include/bitlaw/" substr(header, 5)
        own = public in known ? substr(public, 9) : ""
        if (header in known) { own = header; sub(/.*\//, "", own) }
        if (own != "" && index($0, "\"" own "\"") == 0) print $0 "  <- " own " should come first"
    }' | rule "every .cpp includes its own header first"

# Private headers sit in the folder of the file that includes them, or below it.
lines '^ *# *include *"' include src | grep -vE '"bitlaw/' | grep -E '\.\.|"/|"(src|include|tests)/' |
    rule "private headers are included from their own layer only"

find include src -mindepth 1 -maxdepth 3 -type d 2>/dev/null |
    grep -vE "^(include/bitlaw(/($layers)(/.*)?)?|src/($layers|capi|python)(/.*)?)\$" |
    rule "every folder of include and src is a layer, or the Python package"

# Standard headers have neither a dot nor a slash in their names.
lines '^ *# *include *<[^>]*[./][^>]*>' include | grep -vE '^include/bitlaw/format/[^:]*:[0-9]+:#include <nlohmann/json_fwd.hpp>$' |
    rule "public headers include only the standard library and bitlaw's own"

# shellcheck disable=SC2046
lines '^ *# *include *<(nlohmann|fmt|CLI)/' $(for layer in $core capi; do echo "src/$layer" "include/bitlaw/$layer"; done) |
    rule "the core uses no library for JSON or formatting"

find include -name '*.hpp' -exec grep -L '^#pragma once' {} + 2>/dev/null | rule "every public header has #pragma once"

# base is one vocabulary that all share: it stands in bitlaw itself. capi is C.
for layer in "${!may_include[@]}"; do
    [[ $layer == base || $layer == capi ]] ||
        lines '^namespace bitlaw' "include/bitlaw/$layer" "src/$layer" | grep -vE ":namespace bitlaw::$layer(::[a-z]+)? \{"
done | rule "every layer has its own namespace"

lines '^ *using +namespace ' include src tests | grep -E '^[^:]*\.hpp:' | rule "headers qualify names instead of using namespaces"

# How known symbols are scored and unknown ones stepped is behind the seam.
lines '(Scorer|Stepper)[^a-zA-Z_]|predict/(scorer|stepper)\.hpp' include src | grep -vE '^(include/bitlaw|src)/predict/' |
    rule "Scorer and Stepper are known to predict only"

lines '# *pragma +omp|[^a-z_]omp_[a-z_]+ *\(|<omp\.h>' include src | grep -vE '^src/(kernels/|base/parallel\.cpp)' |
    rule "OpenMP is known to the kernels and to parallel_for only"

# Its order of summation depends on the number of threads.
lines '# *pragma +omp.*reduction *\(' include src | rule "no OpenMP reduction clauses"

lines '<[a-z]*mmintrin\.h>|<immintrin\.h>|<arm_(neon|sve)\.h>|[^a-zA-Z_]_mm(256|512)?_[a-z]|[^a-zA-Z]__m(128|256|512)' \
    include src | grep -vE '^src/(kernels/|base/float_state\.cpp)' |
    rule "intrinsics are known to the kernels and to the floating-point state only"

# Comments may name the flags; commands may not.
{
    grep -nHE -e '-ffast-math|-Ofast|-march=native|-funsafe-math|-ffp-contract=(fast|on)' \
        Makefile .ci/run data/*.sh experiments/*.sh experiments/*/*.sh 2>/dev/null | grep -vE '^[^:]*:[0-9]+: *#'
    lines 'optimize *\( *"|pragma +(GCC|clang) +(optimize|fp)|STDC +FP_CONTRACT +ON' include src
} | rule "nothing asks for fast-math or the building machine's instructions"

{ grep -qE '^CXXFLAGS .*-ffp-contract=off' Makefile || echo "Makefile: CXXFLAGS lacks it"; } |
    rule "every file is compiled with -ffp-contract=off"

# shellcheck disable=SC2086
lines '(^|[^a-z_])(std::)?(cout|cerr|clog|f?printf|puts|fputs|putchar)( *\(| *<<)|[^a-z_.](std::)?(exit|_exit|quick_exit|abort) *\(' \
    $(for layer in $libraries; do echo "src/$layer" "include/bitlaw/$layer"; done) |
    rule "only cli prints or ends the process"

# Another version breaks lines elsewhere.
if [[ -f .clang-format ]] && clang-format --version 2>/dev/null | grep -q ' version 14\.'; then
    find include src tests -name '*.[ch]pp' -o -name '*.inl' 2>/dev/null | xargs -r clang-format -n 2>&1 |
        grep -oE '^[^ :]+:[0-9]+:[0-9]+: warning' | cut -d: -f1 | sort -u | rule "sources are as make format leaves them"
fi

exit $status
