# gnuplot -e "rates='rates.csv'; out='rates.svg'" plot.gp
if (!exists("rates")) rates = "rates.csv"
if (!exists("out")) out = "rates.svg"
set terminal svg size 960,480 font "sans,12" background "white"
set output out
set datafile separator ","
set logscale y
set grid
set xrange [2.4:6.1]
set yrange [0.04:20]
set key top right
# Rows of one way, in the order of their bits.
of(m, way) = sprintf("< grep -E '^%s,%s,' %s | sort -t, -k5n", m, way, rates)
models = "200k 800k 3.2m"
set multiplot layout 1,2
set xlabel "bits a weight, all included"
set ylabel "more bits on the second half of wiki-valid, %"
set title "three sizes"
plot for [i = 1:3] of(word(models, i), "[0-9.]+ bits") using 5:10 with linespoints lc i pt 7 title word(models, i), \
     for [i = 1:3] of(word(models, i), "(quantised|trellis)") using 5:10 with points lc i pt 6 title (i == 1 ? "rounding alone" : ""), \
     for [i = 1:2] of(word(models, i), "trained .*") using 5:($10 > 0.04 ? $10 : 0.042) with points lc i pt 9 ps 1.5 title (i == 1 ? "rounded while training" : "")
unset ylabel
set title "the 200k: what each part is worth"
plot of("200k", "[0-9.]+ bits none") using 5:10 with linespoints lc 4 pt 7 title "steps by the curvature", \
     of("200k", "[0-9.]+ bits none rate") using 5:10 with linespoints lc 5 dt 2 pt 7 title "and bits weighed", \
     of("200k", "[0-9.]+ bits rows") using 5:10 with linespoints lc 6 pt 7 title "errors to rows", \
     of("200k", "[0-9.]+ bits both") using 5:10 with linespoints lc 7 pt 7 title "and to columns", \
     of("200k", "[0-9.]+ bits") using 5:10 with linespoints lc 1 dt 2 pt 7 title "and bits weighed", \
     of("200k", "trained .*") using 5:10 with points lc 1 pt 9 ps 1.5 title "rounded while training"
unset multiplot
