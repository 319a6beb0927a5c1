# Sourced by run.sh, rates.sh and ../00-speed/precision.sh, which set bitlaw.

# measured MODEL DATA: bits per byte of DATA, weights as stored, continuous protocol. Fails without a figure.
measured() {
    local bits
    bits=$("$bitlaw" eval -q -T 1 -m "$1" --data "$2" --json | sed -n 's/.*"bits_per_byte": *\([0-9.]*\).*/\1/p' | head -n 1)
    [[ -n $bits ]] && echo "$bits"
}
export -f measured
