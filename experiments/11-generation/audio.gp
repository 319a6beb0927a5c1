# The picture of audio.csv, in this folder.
set terminal svg size 900, 620 font "DejaVu Sans,Helvetica,Arial,sans-serif,12" background "white"
set output "audio.svg"
set datafile separator comma
set key off
set border 2 lw 1 lc rgb "#888888"
set tics nomirror out scale 0.5 textcolor rgb "#444444"
set xrange [0:2048]
set yrange [*:*]
unset ytics
set arrow from 1024, graph 0 to 1024, graph 1 nohead lc rgb "#c03030" dt 2
columns = system("head -n 1 audio.csv | tr ',' ' '")
set multiplot layout words(columns) - 1, 1 margins 0.13, 0.965, 0.06, 0.99 spacing 0, 0.02
do for [i = 2:words(columns)] {
    set label 1 word(columns, i) at graph -0.01, 0.5 right textcolor rgb "#222222"
    if (i == words(columns)) { set xtics ("0" 0, "64 ms" 1024, "128 ms" 2048) } else { set xtics ("" 1024) }
    plot "audio.csv" skip 1 using 1:i with lines lw 1 lc rgb (i == 2 ? "#444444" : "#345e8d")
}
unset multiplot
