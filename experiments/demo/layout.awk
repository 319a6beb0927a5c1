# Lays out the demo's figure: ranges of the axes, a horizontal line for each compressor, and labels at the right margin
# that do not overlap. Reads training.dat (bytes, bits per byte), then table.csv; needs -v tokens=BYTES -v network=NAME, the row of the network alone.
# Writes gnuplot commands. The vertical axis is logarithmic; "height" is a position on it, 0 at the bottom, 1 at the top.

function add(name, y, colour) { ++n; label[n] = name; value[n] = y; colour_of[n] = colour }
function height(y) { return log(y / ymin) / log(ymax / ymin) }

NR == 1 { xmin = $1 }
FNR == NR { if ($2 > top) top = $2; next }
FNR == 1 { split("#d55e00 #009e73 #cc79a7 #b8860b", colours, " "); next }
{
    split($0, cell, ",")
    if (cell[1] ~ /^bitlaw/ && cell[1] != network) {
        name = cell[1]
        sub(/^bitlaw /, "", name)
        add(name (cell[6] > cell[5] ? ", model counted" : ""), cell[6], "#56707f")
    } else if (cell[1] == network) {
        add("bitlaw, data only", cell[5], "#0072b2")
        add("bitlaw, data and model", cell[6], "#0072b2")
        printf "raw = %s; adjusted = %s; bitlaw = \"%s\"\n", cell[5], cell[6], cell[1]
    } else {
        add(cell[1], cell[5], colours[++classical])
        printf "set arrow %d from graph 0, first %s to graph 1, first %s nohead lw 1.6 dt (10, 5) lc rgb \"%s\" back\n",
            n, cell[5], cell[5], colours[classical]
    }
}

END {
    ymin = value[1]
    for (i = 1; i <= n; ++i) {
        if (value[i] < ymin) ymin = value[i]
        if (value[i] > top) top = value[i]
    }
    ymin *= 0.88
    ymax = top * 1.04
    xmin = (xmin < tokens ? xmin : tokens / 2) / 1.15
    printf "tokens = %s; set xrange [%s:%s]; set yrange [%s:%s]\n", tokens, xmin, tokens * 1.25, ymin, ymax

    # From the bottom up, then neighbours closer than a line of text push each other apart until none is.
    for (i = 1; i <= n; ++i) order[i] = i
    for (i = 2; i <= n; ++i)
        for (j = i; j > 1 && value[order[j]] < value[order[j - 1]]; --j) {
            swap = order[j]; order[j] = order[j - 1]; order[j - 1] = swap
        }
    gap = 0.052
    for (i = 1; i <= n; ++i) at[i] = height(value[order[i]])
    for (round = 0; round < 1000; ++round) {
        moved = 0
        for (i = 2; i <= n; ++i) {
            need = gap - (at[i] - at[i - 1])
            if (need > 1e-6) { at[i] += need / 2; at[i - 1] -= need / 2; moved = 1 }
        }
        if (at[1] < 0.01) { at[1] = 0.01 }
        if (at[n] > 0.99) { at[n] = 0.99 }
        if (!moved) break
    }
    for (i = 1; i <= n; ++i) {
        k = order[i]
        printf "set arrow %d from graph 1, first %s to graph 1.025, graph %.4f nohead lw 1 lc rgb \"%s\"\n", 50 + i, value[k], at[i],
            colour_of[k]
        printf "set label %d \"%s  %.2f\" at graph 1.03, graph %.4f left noenhanced textcolor rgb \"%s\"\n", 50 + i, label[k],
            value[k], at[i], colour_of[k]
    }
}
