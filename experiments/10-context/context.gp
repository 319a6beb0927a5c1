# The picture of context.csv, in this folder.
set terminal svg size 1230, 820 font "DejaVu Sans,Helvetica,Arial,sans-serif,12" background "white"
set output "context.svg"
set datafile separator comma
set border 3 lw 1 lc rgb "#888888"
set grid lw 0.6 lc rgb "#e6e6e6"
set tics nomirror out scale 0.6 textcolor rgb "#444444"
set logscale x 2
set format x "%.0f"
set xtics 64, 4
set yrange [0:8.5]
set key at graph 0.99, graph 0.99 right top samplen 1.6 spacing 1.05 font ",10" textcolor rgb "#444444" maxrows 7
of(data, protocol, system) = sprintf("< grep -F '%s,%s,%s,' context.csv", data, protocol, system)
set multiplot layout 2, 3 margins 0.052, 0.975, 0.075, 0.94 spacing 0.045, 0.13
do for [protocol in "chunked continuous"] {
    do for [data in "text images audio"] {
        what = protocol eq "chunked" ? "independent windows" : "pieces, from an empty context on"
        set title sprintf("%s: %s", data, what) textcolor rgb "#222222"
        set xlabel protocol eq "chunked" ? "bytes of the window" : "bytes of the piece"
        set ylabel data eq "text" ? "bits per byte of all of them" : ""
        set xrange [64:(protocol eq "chunked" ? (data eq "text" ? 8192 : 2048) : 65536)]
        set key at graph 0.99, graph (data eq "images" ? 0.42 : 0.99)
        small = data eq "text" ? "200k" : (data eq "images" ? "images-200k" : "speech-200k")
        tiny = data eq "text" ? "-" : (data eq "images" ? "images-50k" : "speech-50k")
        medium = data eq "text" ? "800k" : (data eq "images" ? "images-800k" : "speech-800k")
        if (protocol eq "chunked") {
            plot of(data, protocol, "gzip -9") using 5:6 with lines lw 1.6 dt 2 lc rgb "#999999" title "gzip -9", \
                 of(data, protocol, "xz -9e") using 5:6 with lines lw 1.6 dt 4 lc rgb "#666666" title "xz -9e", \
                 of(data, protocol, "7z PPMd -o8") using 5:6 with lines lw 1.8 lc rgb "#c03030" title "PPMd", \
                 of(data, protocol, tiny) using 5:6 with lines lw 2 lc rgb "#b9d8a8" title (data eq "text" ? "" : tiny), \
                 of(data, protocol, small) using 5:6 with lines lw 2 lc rgb "#7fb2e0" title small, \
                 of(data, protocol, medium) using 5:6 with lines lw 2 lc rgb "#345e8d" title medium, \
                 of(data, protocol, "3.2m") using 5:6 with lines lw 2 lc rgb "#000000" title (data eq "text" ? "3.2m" : "")
        } else {
            plot of(data, protocol, "gzip -9") using 5:6 with lines lw 1.6 dt 2 lc rgb "#999999" title "gzip -9", \
                 of(data, protocol, "xz -9e") using 5:6 with lines lw 1.6 dt 4 lc rgb "#666666" title "xz -9e", \
                 of(data, protocol, "7z PPMd -o8") using 5:6 with lines lw 1.8 lc rgb "#c03030" title "PPMd", \
                 of(data, protocol, "experts (full)") using 5:6 with lines lw 1.8 lc rgb "#d98d00" title "mixed contexts", \
                 of(data, protocol, medium) using 5:6 with lines lw 2 lc rgb "#345e8d" title medium, \
                 of(data, "learning", small) using 5:6 with lines lw 2 dt 3 lc rgb "#7fb2e0" title small." learning", \
                 of(data, "learning", medium) using 5:6 with lines lw 2 dt 3 lc rgb "#345e8d" title medium." learning"
        }
    }
}
unset multiplot
