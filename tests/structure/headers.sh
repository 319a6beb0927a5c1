#!/bin/bash
# Every header compiles alone and all public ones together: tests/structure/headers.sh [ROOT]. One run of the compiler without
# code generation. A header with a .cpp of its own is not compiled again: check.sh wants that file to include it first.
set -uo pipefail
cd "${1:-$(dirname "$0")/../..}" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mapfile -t public < <(cd include && find bitlaw -name '*.hpp' | sort)
printf '#include "%s"\n' "${public[@]}" >"$work/together.cpp"
# What a name means must not depend on the order.
printf '#include "%s"\n' "${public[@]}" | tac >"$work/backwards.cpp"
while read -r header; do
    name=${header#include/bitlaw/} name=${name#src/}
    [[ -f src/${name%.hpp}.cpp ]] || echo "#include \"$PWD/$header\"" >"$work/${name//\//.}.cpp"
done < <(find include/bitlaw src -name '*.hpp' | sort)

for file in "$work"/*.cpp; do
    name=$(basename "$file" .cpp)
    if "${CXX:-g++}" -std=c++20 -Iinclude -fopenmp -fsyntax-only -Wall -Wextra -Werror "$file"; then
        echo "ok compiles: $name"
    else
        echo "not ok compiles: $name"
        failed=1
    fi
done
exit "${failed:-0}"
