# Sourced by run.sh, rates.sh, rivals.sh and ../00-speed/precision.sh, which set bitlaw.

# measured MODEL DATA: bits per byte of DATA, weights as stored, continuous protocol. Fails without a figure.
measured() {
    local bits
    bits=$("$bitlaw" eval -q -T 1 -m "$1" --data "$2" --json | sed -n 's/.*"bits_per_byte": *\([0-9.]*\).*/\1/p' | head -n 1)
    [[ -n $bits ]] && echo "$bits"
}

# speed PRESET OPTIONS...: bytes that a second of training on one thread reads, the median over the steps of a short run.
speed() {
    local preset=$1 bytes=400K out
    shift
    case $preset in *800k) bytes=200K ;; *3.2m) bytes=100K ;; esac
    out=$(mktemp -d) || return
    "$bitlaw" train -q -T 1 --preset "$preset" --data data/wiki8 --tokens "$bytes" --out "$out/run" "$@" &&
        tail -n +3 "$out/run/metrics.csv" | cut -d, -f8 | median
    rm -rf "$out"
}

# bytes_in MINUTES SPEED
bytes_in() { awk -v m="$1" -v s="$2" 'BEGIN { printf "%.0f", 60 * m * s }'; }

# median, of the numbers on standard input.
median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
export -f measured speed bytes_in median
