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
for program in example check; do
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
./check model text | tee out
[[ ${PIPESTATUS[0]} == 0 ]] && (($(grep -c '^ok' out) > 20))
judge "every promise" cat out
check "an archive of the library is the tool's" bash -c "'$bitlaw' compress -q -m model -o tool.blw text &&
    '$bitlaw' test -q -m model tool.blw"
exported=$(nm -D --defined-only "$build/libbitlaw.so" | awk '$2 != "A" {print $3}' | grep -v '^bitlaw_' | head -n 3)
[[ -z $exported ]]
judge "the library exports nothing but its interface" echo "$exported"
finish
