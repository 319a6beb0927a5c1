# Speed-up over one node against nodes: the model of model.csv, nodes of 32 cores.
set terminal svg size 1000,460 background "white"
set output "scaling.svg"
set datafile separator ","
set logscale xy 2
set xrange [1:256]
set yrange [0.5:256]
set xlabel "nodes of 32 cores"
set ylabel "steps a second over one node's"
set key left top
set multiplot layout 1,2
row(network, leaves, link) = (strcol(1) eq network && column(2) == leaves && strcol(3) eq link && column(4) == 32)
do for [link in "'10 Gbit/s' '100 Gbit/s'"] {
    set title link
    plot x with lines dashtype 3 linecolor "gray" title "ideal", \
        for [network in "200k 3.2m 10m"] "model.csv" using (row(network, 64, link) ? column(5) : NaN):11 with linespoints \
            dashtype 2 title network.", 64 leaves", \
        for [network in "200k 3.2m 10m"] "model.csv" using (row(network, 1024, link) ? column(5) : NaN):11 with linespoints \
            title network.", 1,024 leaves"
}
unset multiplot
