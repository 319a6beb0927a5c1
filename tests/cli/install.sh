#!/bin/bash
# What `make install` puts into a prefix works from there: tool, libraries by pkg-config and by CMake, file types, completions.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
tool=$(realpath "${BITLAW:-build/bitlaw}")
build=$(dirname "$tool")
source "$(dirname "$0")/common.bash"
if [[ ! -e $build/static/libbitlaw.a ]] || ! command -v make >/dev/null; then
    ok "make install (not tried: no make or no static library here)"
    finish
fi
# Programs that use a library with a sanitizer need it too, which is not what is tested here.
if nm "$build/static/libbitlaw.a" 2>/dev/null | grep -qE '__(asan|ubsan|tsan)_'; then
    ok "make install (not tried: a sanitizer is built in)"
    finish
fi
prefix=$work/prefix
install_to() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$project" --no-print-directory OUT="$build" "$@"
}
check "make install" install_to install-files PREFIX="$prefix"
check "the tool runs" "$prefix/bin/bitlaw" --version
for file in lib/libbitlaw.so lib/libbitlaw.a lib/pkgconfig/bitlaw.pc lib/cmake/bitlaw/bitlaw-config.cmake include/bitlaw/bitlaw.h \
    share/man/man1/bitlaw.1 share/man/man1/bitlaw-recover.1 share/misc/bitlaw.magic share/mime/packages/bitlaw.xml \
    share/bash-completion/completions/bitlaw share/zsh/site-functions/_bitlaw share/fish/vendor_completions.d/bitlaw.fish; do
    [[ -s $prefix/$file ]] || echo "$file"
done >missing
[[ ! -s missing ]]
judge "every file is there" cat missing
check "DESTDIR" install_to install-files PREFIX=/usr DESTDIR="$work/stage"
check "holds the same, but for the prefix" bash -c "! diff -rq '$prefix' '$work/stage/usr' | grep -v '/pkgconfig/\|pkgconfig: bitlaw.pc\|bitlaw.pc differ'"
grep -q '^prefix=/usr$' "$work/stage/usr/lib/pkgconfig/bitlaw.pc"
judge "the prefix is what it will be" cat "$work/stage/usr/lib/pkgconfig/bitlaw.pc"

make_text 20000 >text
"$tool" compress -q -m none --mix fast -o text.blw text
cat >consumer.c <<'C'
#include <bitlaw/bitlaw.h>
#include <stdio.h>
int main(void) {
    static double bits[9];
    bitlaw_stack_options options = BITLAW_STACK_OPTIONS_INIT;
    options.mix = BITLAW_MIX_FAST;
    bitlaw_stack* stack = bitlaw_stack_open(&options);
    if (stack == NULL || bitlaw_score(stack, "some text", 9, bits, NULL, NULL) != BITLAW_OK) return 1;
    bitlaw_stack_close(stack);
    printf("bitlaw %s: %.3f\n", bitlaw_version(), bits[0]);
    return 0;
}
C
if command -v pkg-config >/dev/null && command -v gcc >/dev/null; then
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    check "pkg-config knows the version" bash -c "pkg-config --modversion bitlaw | grep -qx '$("$tool" --version | sed 's/bitlaw \([^,]*\),.*/\1/')'"
    # shellcheck disable=SC2046
    check "a program by pkg-config" gcc -o shared consumer.c $(pkg-config --cflags --libs bitlaw)
    check "runs" env LD_LIBRARY_PATH="$prefix/lib" ./shared
    # shellcheck disable=SC2046
    check "statically" gcc -o static consumer.c $(pkg-config --cflags bitlaw) "$prefix/lib/libbitlaw.a" \
        $(pkg-config --libs --static bitlaw | sed 's/-lbitlaw//')
    check "runs alone" ./static
    [[ $(./static) == "$(LD_LIBRARY_PATH=$prefix/lib ./shared)" ]] && ! ldd ./static | grep -q libbitlaw
    judge "with the same result" ldd ./static
    nm --defined-only -g "$prefix/lib/libbitlaw.a" | awk 'NF == 3 && $2 == "T" {print $3}' | grep -v '^bitlaw_' >names
    [[ ! -s names ]]
    judge "the static library shows nothing but its interface" head -n 3 names
else
    ok "a program by pkg-config (not tried: no pkg-config or no gcc here)"
fi
if command -v cmake >/dev/null; then
    mkdir cmake && cp consumer.c cmake
    cat >cmake/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(consumer C)
find_package(bitlaw 0.1 CONFIG REQUIRED)
foreach(kind bitlaw static)
  add_executable(by-${kind} consumer.c)
  target_link_libraries(by-${kind} PRIVATE bitlaw::${kind})
endforeach()
CMAKE
    check "a project by CMake" bash -c "cmake -S cmake -B cmake/build -DCMAKE_PREFIX_PATH='$prefix' && cmake --build cmake/build"
    check "its programs run" bash -c "cmake/build/by-bitlaw | cmp - <(cmake/build/by-static)"
    sed -i 's/bitlaw 0.1 /bitlaw 7.0 /' cmake/CMakeLists.txt
    ! cmake -S cmake -B cmake/other -DCMAKE_PREFIX_PATH="$prefix" >out 2>&1 && grep -q 'considered but not accepted' out
    judge "a version that it is not" cat out
else
    ok "a project by CMake (not tried: no cmake here)"
fi
if command -v file >/dev/null; then
    for kind in archive model state; do
        case $kind in
            archive) sample=text.blw name='bitlaw archive, format 2, arithmetic 1, no model' mime=application/x-bitlaw ;;
            model)
                sample=$project/tests/golden/modern-bf16.blm mime=application/x-bitlaw-model
                name="bitlaw model, format 2, arithmetic 1, width 4, 1 layers, weights in bf16, id "
                ;;
            *) sample=model/state.bls name='bitlaw training state, format 2' mime=application/x-bitlaw-state ;;
        esac
        [[ $kind != state ]] || check "train" train_tiny model text --tokens 20K
        file -b -m "$prefix/share/misc/bitlaw.magic" "$sample" >out
        grep -q "^$name" out && [[ $(file -b --mime-type -m "$prefix/share/misc/bitlaw.magic" "$sample") == "$mime" ]]
        judge "file knows a $kind" cat out
    done
    id=$("$tool" info --json "$project/tests/golden/modern-bf16.blm" | grep -o '"model": "[0-9a-f]*"' | cut -d '"' -f 4)
    file -b -m "$prefix/share/misc/bitlaw.magic" "$project/tests/golden/modern-bf16.blm" >out
    [[ -n $id ]] && grep -q "id $id\$" out
    judge "and a model's id" cat out
else
    ok "file knows the formats (not tried: no file here)"
fi
if command -v update-mime-database >/dev/null; then
    check "the MIME types are taken" update-mime-database "$prefix/share/mime"
    grep -q '^50:application/x-bitlaw:\*\.blw$' "$prefix/share/mime/globs2" && grep -qa 'application/x-bitlaw-model' "$prefix/share/mime/magic"
    judge "by suffix and by content" cat "$prefix/share/mime/globs2"
else
    ok "the MIME types are taken (not tried: no update-mime-database here)"
fi
install_to uninstall PREFIX="$work/stage/usr" DESTDIR= >out 2>&1
find "$work/stage" ! -type d >left
[[ ! -s left ]]
judge "uninstall leaves nothing" cat left
finish
