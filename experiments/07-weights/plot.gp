# gnuplot -e "rates='rates.csv'; out='rates.svg'" plot.gp
if (!exists("rates")) rates = "rates.csv"
if (!exists("out")) out = "rates.svg"
set terminal svg size 720,440 font "sans,12" background "white"
set output out
set datafile separator ","
set xlabel "bits a weight, all included"
set ylabel "more bits on the second half of wiki-valid, %"
set logscale y
set yrange [0.05:20]
set grid
set key top right
models = "200k 800k 3.2m"
ours(m) = sprintf("< grep -E '^%s,.* bits,' %s | sort -t, -k5n", m, rates)
plain(m) = sprintf("< grep -E '^%s,(quantised|int8),' %s", m, rates)
plot for [i = 1:3] ours(word(models, i)) using 5:10 with linespoints lc i pt 7 title word(models, i), \
     for [i = 1:3] plain(word(models, i)) using 5:10 with points lc i pt 6 title (i == 1 ? "rounding alone (quantised, int8)" : "")
