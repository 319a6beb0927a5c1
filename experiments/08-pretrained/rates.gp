# rates.csv -> rates.svg: bits per byte of four kinds of data, the model's bytes not counted.
set terminal svg size 760, 420 font 'DejaVu Sans,Helvetica,Arial,sans-serif,13' background 'white'
set output 'rates.svg'
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set border 3 lw 1 lc rgb '#888888'
set grid y lw 0.6 lc rgb '#e6e6e6'
set xtics nomirror scale 0 textcolor rgb '#444444'
set ytics nomirror textcolor rgb '#444444'
set ylabel 'bits per byte, model not counted'
set yrange [0:*]
set key top left textcolor rgb '#444444'
of(way) = sprintf("< awk -F, '$3 == \"%s\" { print $1, $6 }' rates.csv", way)
plot of('tokens') using 2:xtic(1) lc rgb '#8fb8de' title 'tokens, frozen', \
     of('learning') using 2 lc rgb '#3f7fbf' title 'tokens, learning', \
     of('mixed') using 2 lc rgb '#1b3f66' title 'mixed with contexts', \
     of('experts') using 2 lc rgb '#d98b3a' title 'contexts alone'
