#!/bin/bash
# Bits against the position in the file: makes curve.csv (curve.sh; the README has what it costs) and draws curve.svg from it with gnuplot.
# One stream and blocks of 50,000 bytes, which share what is learned; the archives' indexes say what each block took. Bytes 2.5M to 3.5M of gutenberg20M.
# Series that curve.csv has are skipped. BITLAW names the tool, DATA the folder of the data sets.
set -euo pipefail
cd "$(dirname "$0")"
bitlaw=${BITLAW:-../../build/bitlaw}
data=${DATA:-../../data}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tail -c +2500001 "$data/gutenberg20M" 2>/dev/null | head -c 1000000 >"$scratch/text" || true
[[ -e curve.csv ]] || echo "series,position,bits_per_byte" >curve.csv

# block_bits ARCHIVE: end of each block in the text, and its bits per byte, from the archive's trailer.
block_bits() {
    python3 - "$1" <<'END'
import struct, sys
archive = open(sys.argv[1], "rb").read()
trailer = archive[-8 - struct.unpack("<I", archive[-8:-4])[0] :]
place = 1

def varint():
    global place
    value = shift = 0
    while True:
        byte = trailer[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value

varint()
position = 0
for _ in range(varint()):
    coded, plain = varint(), varint()
    position += plain
    print(f"{position},{8 * coded / plain:.4f}")
END
}

learned="--learn --learn-streams 1 --learn-segment 512"
while IFS=';' read -r series model options; do
    ! grep -qF "$series," curve.csv || continue
    # shellcheck disable=SC2086
    "$bitlaw" compress -q -T1 -f -m "$model" --fallback never --block-size 50000 $options -o "$scratch/archive" "$scratch/text"
    block_bits "$scratch/archive" | sed "s/^/$series,/" >"$scratch/rows"
    cat "$scratch/rows" >>curve.csv
done <<END
800k frozen;../../checkpoints/800k.blm;--streams 1
800k learning;../../checkpoints/800k.blm;$learned
800k learning and mixed;../../checkpoints/800k.blm;$learned --mix full
contexts alone;none;--mix full
200k from nothing;init:200k;$learned
END

gnuplot <<'END'
set terminal svg size 940, 480 font "DejaVu Sans,Helvetica,Arial,sans-serif,13" background "white"
set output "curve.svg"
set datafile separator comma
set border 3 lw 1 lc rgb "#888888"
set grid lw 0.6 lc rgb "#e6e6e6"
set tics nomirror out scale 0.6 textcolor rgb "#444444"
set key outside right top Left reverse samplen 1.8 spacing 1.25 textcolor rgb "#444444"
set title "Bits per byte of each 50,000 bytes of gutenberg20M" textcolor rgb "#222222"
set xlabel "position in the file, bytes"
set ylabel "bits per byte"
set format x "%.0f"
set xrange [0:1000000]
set yrange [*:*] noextend
of(name) = sprintf("< grep '^%s,' curve.csv", name)
plot of("800k frozen") using 2:3 with lines lw 2 lc rgb "#888888" title "800k frozen", \
     of("800k learning") using 2:3 with lines lw 2 lc rgb "#345e8d" title "800k learning", \
     of("contexts alone") using 2:3 with lines lw 1.6 dt 2 lc rgb "#c03030" title "contexts alone", \
     of("800k learning and mixed") using 2:3 with lines lw 2.4 lc rgb "#000000" title "800k learning and mixed", \
     of("200k from nothing") using 2:3 with lines lw 1.6 dt 3 lc rgb "#21a685" title "200k from nothing"
END
