# The picture of results.csv: gnuplot -c pareto.gp FILE BYTES TITLE, in this folder; FILE is a name of the first column.
file = ARG1
bytes = ARG2 + 0
set terminal svg size 760, 480 font "DejaVu Sans,Helvetica,Arial,sans-serif,13" background "white"
set output "pareto-".file.".svg"
set datafile separator comma
set logscale x
set xrange [0.03:*]
set offsets 0, 0, 0.05, 0.1
set xlabel "processor seconds a megabyte, compressing and restoring together"
set ylabel "bits a byte"
set title ARG3
set key off
set grid
rows(program, ours) = strcol(1) eq file && $2 == bytes && (strstrt(program, "bitlaw") == 1) == ours
rate(program, ours) = rows(program, ours) ? 8.0 * $4 / $2 : NaN
cost(n) = ($5 + $6) / $2 * 1e6 + 0.02
plot "results.csv" skip 1 using (cost(0)):(rate(strcol(3), 0)) with points pt 6 lc rgb "#666666", \
     "results.csv" skip 1 using (cost(0)):(rate(strcol(3), 0)):3 with labels left offset 0.6, 0.4 tc rgb "#666666" font ",10", \
     "results.csv" skip 1 using (cost(0)):(rate(strcol(3), 1)) with points pt 7 lc rgb "#b03030", \
     "results.csv" skip 1 using (cost(0)):(rate(strcol(3), 1)):3 with labels left offset 0.6, -0.5 tc rgb "#b03030" font ",11"
