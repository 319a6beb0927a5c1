# Bits per byte against the number of symbols: results.csv, runs of equal time and of equal bytes; raw, and with the model's bytes shared by 100 MB.
set terminal svg size 900,460 background "white"
set output "rates.svg"
set datafile separator ","
set logscale x 2
set xrange [180:20000]
set xlabel "symbols"
set ylabel "bits per byte of wiki-valid's second half"
set key outside right top
set style line 1 lc rgb "#345e8d"
set style line 2 lc rgb "#c0602a"
rows(network, equal, cut) = "< awk -F, '$1 == \"".network."\" && $3 == \"".equal."\" && ($2 == \"cut\") == ".cut."' results.csv | sort -t, -k4,4n"
plot for [i = 1:2] rows(word("50k 200k", i), "time", 0) using 4:13 with linespoints ls i lw 2 pt 7 title word("50k 200k", i).", equal time, raw", \
    for [i = 1:2] rows(word("50k 200k", i), "time", 0) using 4:14 with linespoints ls i pt 6 dt 2 title word("50k 200k", i).", equal time, adjusted", \
    for [i = 1:2] rows(word("50k 200k", i), "time", 1) using 4:13 with points ls i pt 9 ps 1.3 title word("50k 200k", i).", equal time, bytes that occur", \
    for [i = 1:2] rows(word("50k 200k", i), "bytes", 0) using 4:13 with linespoints ls i pt 4 dt 3 title word("50k 200k", i).", 1 MB, raw"
