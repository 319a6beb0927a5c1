# model.csv -> pays.csv: the most nodes to which a doubling still makes a step at least 1.5 times faster.
BEGIN {
    FS = ","
    OFS = ","
    print "network", "leaves", "link", "cores", "nodes", "step_s", "speedup", "communication_share"
}
NR == 1 { next }
{
    key = $1 "," $2 "," $3 "," $4
    if (key != last) { if (last != "") print last, nodes, seconds, gain, share; last = key; going = 1; before = 0 }
    if (going && (!before || before / $8 >= 1.5)) { nodes = $5; seconds = $8; gain = $11; share = $9 / $8; before = $8 } else going = 0
}
END { print last, nodes, seconds, gain, share }
