# Draws the demo's figure. Called by demo.sh with: folder (training.dat, validation.dat, layout.gp), picture, heading, footer.
load folder . "/layout.gp"

if (!exists("terminal")) { terminal = "svg" }
if (terminal eq "svg") {
    set terminal svg size 1000, 620 font "DejaVu Sans,Helvetica,Arial,sans-serif,14" background "white"
} else {
    set terminal pngcairo size 1000, 620 font "DejaVu Sans,11" background "white"
}
set output picture

set lmargin at screen 0.085
set rmargin at screen 0.745
set tmargin at screen 0.85
set bmargin at screen 0.165
set label 1 "{/:Bold Bits per byte while a transformer learns}" at screen 0.022, 0.95 left font ",19" textcolor rgb "#222222"
set label 2 heading at screen 0.022, 0.895 left noenhanced textcolor rgb "#555555"
set label 3 footer at screen 0.022, 0.028 left noenhanced font ",11" textcolor rgb "#777777"

set logscale xy
set format x "%.0s %cB"
set xtics nomirror out scale 0.6 textcolor rgb "#444444"
set mxtics 10
set ytics (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 16) nomirror out scale 0.6 textcolor rgb "#444444"
unset mytics
set border 3 lw 1 lc rgb "#888888"
set grid ytics lw 0.6 lc rgb "#e6e6e6"
set xlabel "bytes trained on" offset 0, 0.3 textcolor rgb "#444444"
set ylabel "bits per byte" offset 0.8, 0 textcolor rgb "#444444"
set key at graph 0.985, graph 0.97 right top samplen 2.2 spacing 1.25 Left reverse opaque textcolor rgb "#444444"

# What the model's own bytes add.
set arrow 90 from tokens, raw to tokens, adjusted nohead lw 2 dt (2, 3) lc rgb "#0072b2"
set arrow 91 from tokens, raw to graph 1, first raw nohead lw 1 lc rgb "#0072b2"
set arrow 92 from tokens, adjusted to graph 1, first adjusted nohead lw 1 lc rgb "#0072b2"

plot folder . "/training.dat" using 1:2 with lines lw 1.2 lc rgb "#a9cfe8" title "the batches being learned (means)", \
    folder . "/validation.dat" using 1:2 with linespoints lw 2.4 pt 7 ps 0.45 lc rgb "#0072b2" \
        title "beginning of the held-out text", \
    "+" using (tokens):(raw):(0) every ::0::0 with points pt 7 ps 0.8 lc rgb "#0072b2" title "archive of all of it", \
    "+" using (tokens):(adjusted):(0) every ::0::0 with points pt 13 ps 1.0 lc rgb "#0072b2" \
        title "archive with the model inside"
