name = "residuals"
csv = name.".csv"
set terminal svg size 940, 540 font "DejaVu Sans,Helvetica,Arial,sans-serif,13" background "white"
set output name.".svg"
set datafile separator comma
set datafile columnheaders

# The numbers of the series of each style, as words, and what their first rows say.
array titles[999]
array shades[999]
array heights[999]
law = curve = line = point = grey = red = black = step = optimum = arrow = band = cross = ""
last = -1
note(i) = (last = i, titles[i + 1] = stringcolumn("title"), shades[i + 1] = column("shade"), \
    heights[i + 1] = column("y"), sprintf(" %d", i))
found(style) = strcol("style") eq style && column("series") != last ? note(column("series")) : ""
stats csv using (law = law.found("law"), curve = curve.found("curve"), line = line.found("line"), \
    point = point.found("point"), grey = grey.found("grey"), red = red.found("red"), black = black.found("black"), \
    step = step.found("step"), optimum = optimum.found("optimum"), arrow = arrow.found("arrow"), \
    band = band.found("band"), cross = cross.found("cross"), 0) nooutput

# Of series k of a list, which may be empty; @word is replaced by the text of that name.
number(list) = k <= words(list) ? word(list, k) + 0 : 0
x(list) = column("series") == number(list) ? column("x") : NaN
shade(list) = shades[number(list) + 1]
name_of(list) = titles[number(list) + 1]
law_lines = 'for [k=1:words(law)] csv using (x(law)):"y" with lines lw 1.4 dt (6, 4) lc palette frac shade(law) notitle'
curves = 'for [k=1:words(curve)] csv using (x(curve)):"y" with lines lw 2 lc palette frac shade(curve) title name_of(curve)'
lines = 'for [k=1:words(line)] csv using (x(line)):"y" with linespoints pt 7 ps 0.6 lw 2 lc palette frac shade(line) title name_of(line)'
points = 'for [k=1:words(point)] csv using (x(point)):"y" with points pt 7 ps 0.6 lc palette frac shade(point) title name_of(point)'
red_lines = 'for [k=1:words(red)] csv using (x(red)):"y" with lines lw 1.8 dt (6, 4) lc rgb "#c03030" title name_of(red)'
black_lines = 'for [k=1:words(black)] csv using (x(black)):"y" with lines lw 2.4 lc rgb "#000000" title name_of(black)'
crosses = 'for [k=1:words(cross)] csv using (x(cross)):"y" with points pt 2 ps 1.2 lw 2 lc rgb "#c03030" title name_of(cross)'
steps = 'for [k=1:words(step)] csv using (x(step)):"y" with steps lw 1.4 dt 3 lc rgb "#888888" title name_of(step)'
arrows = 'for [k=1:words(arrow)] csv using (x(arrow)):"y":"low":"high" with vectors head filled size screen 0.012,20 lw 2 lc rgb "#000000" title name_of(arrow)'
bands = 'for [k=1:words(band)] csv using (x(band)):"low":"high" with filledcurves lc rgb "#dddddd" fs solid noborder title name_of(band)'
optima = 'for [k=1:words(optimum)] csv using (x(optimum)):"y":"low":"high"'
grey_lines = 'for [k=1:words(grey)] heights[number(grey) + 1] with lines lw 1.4 dt k + 1 lc rgb "#888888" title name_of(grey)'

# Small to large is dark to light: matplotlib's viridis as far as it is seen on white.
set palette defined (0 "#440154", 1 "#453781", 2 "#345e8d", 3 "#24828e", 4 "#21a685", 5 "#56c667", 6 "#aad628")
unset colorbox
set border 3 lw 1 lc rgb "#888888"
set grid lw 0.6 lc rgb "#e6e6e6"
set tics nomirror out scale 0.6 textcolor rgb "#444444"
set key outside right top Left reverse samplen 1.8 spacing 1.25 noenhanced textcolor rgb "#444444"
set title font ",15" textcolor rgb "#222222"
# Sizes with the letters that bitlaw uses: gnuplot's own k is small.
letters = "1 10 100 1K 10K 100K 1M 10M 100M 1G 10G 100G 1T 10T 100T 1P"
set xtics ("1" 1)
do for [e = 0:15] { do for [m = 1:9] {
    set xtics add (m == 1 ? word(letters, e + 1) : "" m * 10.0**e m > 1)
} }
set logscale x
set xrange [*:*] noextend
set title "Residuals of the law"
set xlabel "parameters N"
set ylabel "residual, %"
set xzeroaxis lw 1 lc rgb "#888888"
set offsets graph 0.06, graph 0.06, graph 0.06, graph 0.06
plot @lines
