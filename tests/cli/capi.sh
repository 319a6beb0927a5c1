#!/bin/bash
# The C interface: its example and its promises, compiled as C11 against the shared library.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
build=$(dirname "$(realpath "${BITLAW:-build/bitlaw}")")
source "$(dirname "$0")/common.bash"
if ! command -v gcc >/dev/null || [[ ! -e $build/libbitlaw.so ]]; then
    ok "the C interface (not tried: no gcc or no shared library here)"
    finish
fi
make_text 30000 >text
check "train" train_tiny model text --tokens 30K
# A program that loads a library with a sanitizer must have it too.
sanitizer=()
if has_asan; then sanitizer=(-fsanitize=address); fi
flags=(-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -frounding-math -I "$project/include")
for program in example check stack score; do
    check "compile $program.c" gcc "${flags[@]}" "${sanitizer[@]}" -o $program "$project/tests/capi/$program.c" -L "$build" -lbitlaw \
        -lpthread -lm -Wl,-rpath,"$build"
done
check "the header is C++ too" bash -c "echo '#include <bitlaw/bitlaw.h>' |
    g++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -I '$project/include' -fsyntax-only -x c++ -"
./example model text >out 2>err
[[ $? == 0 ]] && grep -Eq '^bitlaw [0-9.]+, model [0-9a-f]{16}: 30000 -> [0-9]+ bytes, restored$' out
judge "example" cat out err
./example nowhere text >out 2>err
[[ $? == 1 ]] && grep -q '^open: cannot open nowhere' err
judge "example without a model" cat err
./score model text >out 2>err
[[ $? == 0 ]] && grep -Eq '^30000 bytes, [0-9.]+ bits; byte [0-9]+ is [0-9]+ and cost [0-9.]+ bits, where [0-9]+ was the likeliest$' out
judge "example of measuring" cat out err
sed -n '/^## From C/,/^## /p' "$project/README.md" | grep -E '^(bitlaw_|options)' | sed 's/ *\/\*.*//; s/"200k.blm"/argv[1]/' >shown
while IFS= read -r line; do grep -qF "${line%;}" "$project/tests/capi/score.c" || echo "$line"; done <shown >lacking
[[ -s shown && ! -s lacking ]]
judge "README shows what the example does" cat lacking
./check model text | tee out
[[ ${PIPESTATUS[0]} == 0 ]] && (($(grep -c '^ok' out) > 20))
judge "every promise" cat out
./stack model text | tee out
[[ ${PIPESTATUS[0]} == 0 ]] && (($(grep -c '^ok' out) > 60))
judge "every promise of stacks" cat out
"$bitlaw" sample -m model --prompt "the " --bytes 24 --seed 5 | od -An -tx1 | tr -d ' \n' >sampled
[[ $(sed -n 's/^sample //p' out) == "$(<sampled)" ]]
judge "the library draws what the tool draws" cat sampled
nm -D --defined-only --with-symbol-versions "$build/libbitlaw.so" >symbols
for symbol in bitlaw_compress@@BITLAW_0.1 bitlaw_score@@BITLAW_0.2; do
    grep -q " $symbol\$" symbols
    judge "the symbol $symbol" cat symbols
done
sed -n 's/^BITLAW_API .*[ *]\(bitlaw_[a-z_]*\)(.*/\1/p' "$project/include/bitlaw/bitlaw.h" | sort >declared
sed -n 's/.* T \(bitlaw_[a-z_]*\)@@.*/\1/p' symbols | sort >exported
same "what the header declares is exported" declared exported
check "an archive of the library is the tool's" bash -c "'$bitlaw' compress -q -m model -o tool.blw text &&
    '$bitlaw' test -q -m model tool.blw"
exported=$(nm -D --defined-only "$build/libbitlaw.so" | awk '$2 != "A" {print $3}' | grep -v '^bitlaw_' | head -n 3)
[[ -z $exported ]]
judge "the library exports nothing but its interface" echo "$exported"
finish
