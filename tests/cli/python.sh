#!/bin/bash
# The Python package over the C library, its installation, and its example.
# shellcheck source-path=SCRIPTDIR source=common.bash disable=SC2181
project=$(cd "$(dirname "$0")/../.." && pwd)
library=$(dirname "$(realpath "${BITLAW:-build/bitlaw}")")/libbitlaw.so
source "$(dirname "$0")/common.bash"

python=
# Debian's own has Debian's NumPy, pandas and matplotlib.
for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [[ -z $python ]]; then
    ok "skipped: no Python 3.9 or later"
    finish
elif has_asan; then
    ok "skipped: Python cannot load a library with AddressSanitizer"
    finish
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$project/src/python BITLAW_LIBRARY=$library

make_text 60000 >text
tail -c 8000 text >held
check "train" train_tiny model text@:50K --tokens 100K
BITLAW=$bitlaw MODEL=$PWD/model TEXT=$PWD/held "$python" "$project/tests/python/test_bitlaw.py" -v >out 2>&1
code=$?
# test_x (module.Class) ... ok
sed -n 's/^\(test_[a-z_]*\) .* \.\.\. ok$/ok \1/p; s/^\(test_[a-z_]*\) .* \.\.\. skipped \(.*\)$/ok \1, skipped: \2/p' out
[[ $code == 0 ]] && grep -q '^Ran [1-9][0-9]* tests' out
judge "all tests of the package" cat out

# As make install lays it out: the package finds the library of its own prefix.
version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
mkdir -p "prefix/lib/$version/dist-packages"
cp -r "$project/src/python/bitlaw" "prefix/lib/$version/dist-packages"
cp "$library" prefix/lib/libbitlaw.so.0
env -u BITLAW_LIBRARY PYTHONPATH=$PWD/prefix/lib/$version/dist-packages "$python" -c '
import bitlaw, sys
assert bitlaw.__file__.startswith(sys.argv[1]) and bitlaw._library._places()[0] == sys.argv[1] + "/lib/libbitlaw.so.0"
assert bitlaw.decompress(bitlaw.compress(b"abc")) == b"abc"' "$PWD/prefix" 2>err
judge "installed, it finds its library" cat err
make -n -C "$project" install PREFIX="$PWD/other" DESTDIR= >commands 2>err
grep -q "install .*src/python/bitlaw/.*other.*/lib/python3.*/dist-packages/bitlaw" commands
judge "make install copies it" cat err commands

if "$python" -c 'import matplotlib, pandas' 2>/dev/null; then
    MPLCONFIGDIR=$work "$python" "$project/src/python/examples/draw_curves.py" "$project/experiments/03-scaling/wiki8" curves.svg >out 2>err
    [[ $? == 0 ]] && grep -q '</svg>' curves.svg && grep -q '^1M bytes: best of the sizes run 20,[0-9]* parameters, adjusted 38\.' out
    judge "the example draws learning curves and the U-curve" cat out err
else
    "$python" "$project/src/python/examples/draw_curves.py" "$project/experiments/03-scaling/wiki8" curves.svg >out 2>err
    [[ $? == 1 ]] && grep -q 'apt-get install python3-matplotlib' err
    judge "skipped: the example needs matplotlib and pandas, and says so" cat err
fi
finish
