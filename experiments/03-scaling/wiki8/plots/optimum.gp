set terminal svg size 940, 540 font "DejaVu Sans,Helvetica,Arial,sans-serif,13" background "white" name "optimum"
set output "optimum.svg"
set encoding utf8
set border 3 lw 1 lc rgb "#888888"
set grid lw 0.6 lc rgb "#e6e6e6"
set tics nomirror out scale 0.6 textcolor rgb "#444444"
set key outside right top Left reverse samplen 1.8 spacing 1.25 noenhanced textcolor rgb "#444444"
set title "The best number of parameters when the model is counted" noenhanced font ",15" textcolor rgb "#222222"
set xlabel "bytes coded S" noenhanced
set ylabel "best N" noenhanced
set logscale xy
set xrange [666667:1.5e+09]
set xtics ("100K" 1e+05, "" 2e+05 1, "" 3e+05 1, "" 4e+05 1, "" 5e+05 1, "" 6e+05 1, "" 7e+05 1, "" 8e+05 1, "" 9e+05 1, "1M" 1e+06, "" 2e+06 1, "" 3e+06 1, "" 4e+06 1, "" 5e+06 1, "" 6e+06 1, "" 7e+06 1, "" 8e+06 1, "" 9e+06 1, "10M" 1e+07, "" 2e+07 1, "" 3e+07 1, "" 4e+07 1, "" 5e+07 1, "" 6e+07 1, "" 7e+07 1, "" 8e+07 1, "" 9e+07 1, "100M" 1e+08, "" 2e+08 1, "" 3e+08 1, "" 4e+08 1, "" 5e+08 1, "" 6e+08 1, "" 7e+08 1, "" 8e+08 1, "" 9e+08 1, "1G" 1e+09, "" 2e+09 1, "" 3e+09 1, "" 4e+09 1, "" 5e+09 1, "" 6e+09 1, "" 7e+09 1, "" 8e+09 1, "" 9e+09 1)
set yrange [7486.85:1.55173e+07]
set ytics ("1K" 1000, "" 2000 1, "" 3000 1, "" 4000 1, "" 5000 1, "" 6000 1, "" 7000 1, "" 8000 1, "" 9000 1, "10K" 10000, "" 20000 1, "" 30000 1, "" 40000 1, "" 50000 1, "" 60000 1, "" 70000 1, "" 80000 1, "" 90000 1, "100K" 1e+05, "" 2e+05 1, "" 3e+05 1, "" 4e+05 1, "" 5e+05 1, "" 6e+05 1, "" 7e+05 1, "" 8e+05 1, "" 9e+05 1, "1M" 1e+06, "" 2e+06 1, "" 3e+06 1, "" 4e+06 1, "" 5e+06 1, "" 6e+06 1, "" 7e+06 1, "" 8e+06 1, "" 9e+06 1, "10M" 1e+07, "" 2e+07 1, "" 3e+07 1, "" 4e+07 1, "" 5e+07 1, "" 6e+07 1, "" 7e+07 1, "" 8e+07 1, "" 9e+07 1)
$data0 << EOD
1e+06 18328.274720017256 21466.995006143472
3200000 45536.88436216817 48642.89412903584
1e+07 108398.70423989714 116034.59337466532
3.2e+07 245624.80428560922 280077.45850667096
1e+08 547364.8275359999 674095.6719753753
1e+09 2763947.1958933664 4055133.872775885
EOD
$data1 << EOD
1e+06 47635.94751452682
3200000 117960.85397376615
1e+07 286667.335426646
3.2e+07 709435.9080399448
1e+08 1723051.5358580018
1e+09 10344877.244561994
EOD
$data2 << EOD
1e+06 29663.48787807251
3200000 73571.83966038372
1e+07 179064.04130244468
3.2e+07 443809.629089844
1e+08 1079456.1491711496
1e+09 6498888.848651417
EOD
$data3 << EOD
1e+06 18328.274720017256
3200000 45536.88436216817
1e+07 111015.84235302273
3.2e+07 275613.1597299637
1e+08 671438.2547158907
1e+09 4055133.872775885
EOD
$data4 << EOD
1e+06 11230.276105163926
3200000 27952.869727027995
1e+07 68268.40919929644
3.2e+07 169791.0110607433
1e+08 414358.13855655387
1e+09 2511127.6336237458
EOD
$data5 << EOD
1e+06 3014656
3200000 3014656
1e+07 3014656
3.2e+07 1720320
1e+08 786432
EOD
$data6 << EOD
1e+06 21272.061055030535 20570.90218529587 22132.27847981715
3200000 46101.9469075213 44975.5686890387 47303.747227735825
1e+07 107407.12409073589 99646.56018120884 114456.94370021923
3.2e+07 295076.15859607543 274379.2365877936 313059.83099881513
EOD
$data7 << EOD
1e+08 786431.9999999994 0 471859.1999999997
EOD
plot $data0 using 1:2:3 with filledcurves lc rgb "#dddddd" fs solid noborder title "all forms at 2", \
     $data1 with lines lw 2 lc rgb "#440154" title "0.5 bytes a parameter", \
     $data2 with lines lw 2 lc rgb "#345e8d" title "1 byte a parameter", \
     $data3 with lines lw 2 lc rgb "#21a685" title "2 bytes a parameter", \
     $data4 with lines lw 2 lc rgb "#aad628" title "4 bytes a parameter", \
     $data5 with steps lw 1.4 dt 3 lc rgb "#888888" title "largest measured", \
     $data6 using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.6 lc rgb "#000000" title "measured", \
     $data7 using 1:2:3:4 with vectors head filled size screen 0.012,20 lw 2 lc rgb "#000000" title "or beyond"
