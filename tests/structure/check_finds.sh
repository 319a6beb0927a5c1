#!/bin/bash
# A check must be able to fail: plants one offence at a time in an empty project and expects its rule to be broken.
set -uo pipefail
check=$(dirname "$(realpath "$0")")/check.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
# Writes line $3 to file $2 of a clean project (and $5 to $4, ...); rule $1, and no other, must fail.
expect() {
    local rule=$1 broken
    shift
    local planted="$*"
    planted=${planted:0:100}
    rm -rf "$work/project"
    mkdir -p "$work/project/src/base" "$work/project/include/bitlaw/base"
    echo 'CXXFLAGS += -ffp-contract=off' >"$work/project/Makefile"
    while [[ -n ${1:-} ]]; do
        mkdir -p "$(dirname "$work/project/$1")"
        printf '%b\n' "$2" >"$work/project/$1"
        shift 2
    done
    [[ -z ${formatted:-} ]] || cp "$(dirname "$check")/../../.clang-format" "$work/project"
    broken=$("$check" "$work/project" | sed -n 's/^not ok //p')
    if [[ $broken == "$rule" ]]; then
        echo "ok finds: ${rule:-nothing} ($planted)"
    else
        echo "not ok finds: ${rule:-nothing} ($planted), but got '$broken'"
        status=1
    fi
}

arrows="includes run along the arrows of docs/DESIGN.md only"
namespaces="every layer has its own namespace"
printing="only cli prints or ends the process"
fast="nothing asks for fast-math or the building machine's instructions"
intrinsics="intrinsics are known to the kernels and to the floating-point state only"
openmp="OpenMP is known to the kernels and to parallel_for only"

expect "" "" ""
expect "$arrows" src/base/x.cpp '#include "bitlaw/model/model.hpp"'
expect "$arrows" src/train/x.cpp '#include "bitlaw/coding/codec.hpp"'
expect "$arrows" src/coding/x.cpp '#include "bitlaw/train/trainer.hpp"'
expect "$arrows" src/entropy/x.cpp '#include "bitlaw/symbols/symbol.hpp"'
expect "$arrows" src/learn/x.cpp '#include "bitlaw/train/corpus.hpp"'
expect "$arrows" src/predict/x.cpp '#include "bitlaw/coding/codec.hpp"'
expect "" src/predict/x.cpp '#include "bitlaw/learn/learner.hpp"'
expect "$arrows" src/laws/x.cpp '#include "bitlaw/model/model.hpp"'
expect "$arrows" src/datasets/x.cpp '#include "bitlaw/baselines/compressor.hpp"'
expect "$arrows" src/table/x.cpp '#include "bitlaw/studies/study_plan.hpp"'
expect "$arrows" src/capi/x.cpp '#include "bitlaw/train/trainer.hpp"'
expect "$arrows" include/bitlaw/kernels/x.hpp '#pragma once\n#include "bitlaw/model/model.hpp"'
expect "$arrows" src/studies/x.cpp '#  include <bitlaw/cli/command.hpp>'
expect "" src/cli/x.cpp '#include "bitlaw/table/table.hpp"'
expect "" src/kernels/x.cpp '#include "body/dot.hpp"'
expect "private headers are included from their own layer only" src/model/x.cpp '#include "../kernels/body.hpp"'
expect "every folder of include and src is a layer, or the Python package" src/util/x.cpp 'int x;'
expect "public headers include only the standard library and bitlaw's own" include/bitlaw/base/x.hpp \
    '#pragma once\n#include <Eigen/Core>'
expect "every public header has #pragma once" include/bitlaw/base/x.hpp 'int x();'
expect "the core uses no library for JSON or formatting" src/coding/x.cpp '#include <nlohmann/json.hpp>'
expect "" include/bitlaw/format/x.hpp '#pragma once\n#include <nlohmann/json_fwd.hpp>'
floors="inside a layer no file includes one above it"
expect "$floors" src/model/x.hpp '#include "y.hpp"' src/model/y.cpp '#include "y.hpp"\n#include "x.hpp"'
expect "$floors" include/bitlaw/model/blocks/x.hpp '#pragma once\n#include "bitlaw/model/y.hpp"' \
    src/model/y.cpp '#include "bitlaw/model/blocks/x.hpp"'
expect "" src/model/x.hpp '#include "y.hpp"' src/model/y.cpp '#include "y.hpp"\n#include "z.hpp"'
long="no source file has more than 400 lines"
expect "$long" src/model/x.cpp "$(printf '%.0s\\n' {1..400})int x;"
expect "" src/model/x.cpp "$(printf '%.0s\\n' {1..399})int x;"
expect "every .cpp includes its own header first" src/model/x.hpp '' src/model/x.cpp '#include <vector>\n#include "x.hpp"'
expect "every .cpp includes its own header first" include/bitlaw/model/x.hpp '#pragma once' src/model/x.cpp \
    '#include "x.hpp"\n#include "bitlaw/model/x.hpp"'
expect "" include/bitlaw/model/x.hpp '#pragma once' src/model/x.cpp '#include "bitlaw/model/x.hpp"\n#include <vector>'
expect "$namespaces" src/model/x.cpp 'namespace bitlaw {'
expect "$namespaces" include/bitlaw/model/x.hpp '#pragma once\nnamespace bitlaw::train {'
expect "" src/kernels/x.hpp 'namespace bitlaw::kernels::plain {'
expect "Scorer and Stepper are known to predict only" src/coding/x.cpp 'predict::Stepper stepper(model, 1, 0);'
expect "Scorer and Stepper are known to predict only" src/cli/x.cpp '#include "bitlaw/predict/scorer.hpp"'
expect "" src/predict/x.cpp '#include "bitlaw/predict/scorer.hpp"'
expect "" src/base/x.cpp 'namespace bitlaw {'
expect "headers qualify names instead of using namespaces" include/bitlaw/train/x.hpp \
    '#pragma once\nusing namespace bitlaw::model;'
expect "" src/train/x.cpp 'using namespace model;'
expect "$openmp" src/train/x.cpp '#pragma omp parallel for'
expect "$openmp" src/model/x.cpp 'int n = omp_get_num_threads();'
expect "" src/base/parallel.cpp '#pragma omp parallel'
expect "no OpenMP reduction clauses" src/kernels/x.cpp '#pragma omp parallel for reduction(+ : sum)'
expect "$intrinsics" src/model/x.cpp '#include <immintrin.h>'
expect "$intrinsics" src/coding/x.cpp 'auto y = _mm256_add_ps(a, b);'
expect "" src/kernels/x.cpp 'auto y = _mm512_add_ps(a, b);'
expect "$fast" experiments/demo/demo.sh 'g++ -Ofast x.cpp'
expect "$fast" src/model/x.cpp '#pragma GCC optimize("fast-math")'
expect "$fast" Makefile 'CXXFLAGS += -ffp-contract=off -ffast-math'
expect "every file is compiled with -ffp-contract=off" Makefile 'CXXFLAGS += -O2'
expect "$printing" src/train/x.cpp '    std::cerr << "loss";'
expect "$printing" src/model/x.cpp '    printf("x");'
expect "$printing" src/coding/x.cpp '    std::exit(1);'
expect "" src/base/x.cpp '    std::snprintf(text, size, "x");'
expect "" src/model/x.cpp '    // std::cout << "only a comment"'
if clang-format --version 2>/dev/null | grep -q ' version 14\.'; then
    formatted=yes expect "sources are as make format leaves them" src/base/x.cpp 'int   x;'
    formatted=yes expect "" src/base/x.cpp 'int x;'
fi

# Writes line $2 to include/bitlaw/base/x.hpp of an empty project; headers.sh must say $1 of it.
compiles() {
    rm -rf "$work/project"
    mkdir -p "$work/project/src" "$work/project/include/bitlaw/base"
    printf '#pragma once\n%b\n' "$2" >"$work/project/include/bitlaw/base/x.hpp"
    printf '#pragma once\n#include <vector>\nstruct Y {};\n' >"$work/project/include/bitlaw/base/a.hpp"
    local got
    got=$("$(dirname "$check")/headers.sh" "$work/project" 2>/dev/null | sed -n 's/ compiles: .*//p' | sort -u | head -n 1)
    if [[ $got == "$1" ]]; then
        echo "ok finds: headers $1 ($2)"
    else
        echo "not ok finds: headers $1 ($2), but got '$got'"
        status=1
    fi
}
compiles ok '#include <vector>\ninline std::vector<int> x;'
compiles "not ok" 'inline std::vector<int> x;'
compiles "not ok" 'struct Y { int y; };'
exit $status
