# Bits per byte against the number of symbols: results.csv, runs of equal time; raw, and with the model's bytes shared by 100 MB.
set terminal svg size 900,460 background "white"
set output "rates.svg"
set datafile separator ","
set logscale x 2
set xlabel "symbols"
set ylabel "bits per byte of wiki-valid's second half"
set key outside right top
row(network, kind, column_of) = (strcol(1) eq network && strcol(3) eq "time" && (strcol(2) eq "cut") == kind) ? column(column_of) : NaN
plot for [network in "50k 200k"] "results.csv" using 4:(row(network, 0, 13)) with points pointtype 7 title network.", raw", \
    for [network in "50k 200k"] "results.csv" using 4:(row(network, 0, 14)) with points pointtype 6 title network.", adjusted", \
    for [network in "50k 200k"] "results.csv" using 4:(row(network, 1, 13)) with points pointtype 9 title network.", raw, cut alphabet"
