# Joins what run.sh measured: merge.awk PEERS.tsv MEMORY.tsv OURS.jsonl, with variables as run.sh sets them. Writes table.md,
# table.json and out/table.txt into the folder `out`. A figure is the median over the rounds; the best peer of a row is the one with the greatest median, and a
# row in bf16 is compared with peers in fp32 too.

FNR == 1 { ++part }

part == 1 { split($0, f, "\t"); add_peer(f[1] SUBSEP f[2], f[3], f[4]); next }
part == 2 { split($0, f, "\t"); memory[++memories] = f[1]; kilobytes[memories] = f[2]; next }

/"name": / {
    name = text("name")
    row_threads = number("threads")
    isa = text("isa")
    if (main_isa == "") {
        main_isa = isa
        machine = text("machine")
        date = text("date")
    }
    if (name ~ /^fp32 peak/ && (row_threads != threads || isa != main_isa)) {
        next
    }
    key = name SUBSEP row_threads SUBSEP isa
    if (!(key in count)) {
        order[++rows] = key
    }
    n = ++count[key]
    gflops[key, n] = number("gflops")
    share[key, n] = number("share")
    bytes[key, n] = number("bytes_per_second")
    runs[key] += number("runs")
}

END {
    print_heading()
    for (r = 1; r <= rows; ++r) {
        key = order[r]
        split(key, parts, SUBSEP)
        shown = parts[1]
        if (shown !~ /^fp32 peak/) {
            if (parts[2] != threads) {
                shown = shown ", " parts[2] (parts[2] == 1 ? " thread" : " threads")
            }
            if (parts[3] != main_isa) {
                shown = shown ", " parts[3]
            }
        }
        speed = median(gflops, key, count[key])
        part_of_peak = median(share, key, count[key])
        best = ""
        best_speed = 0
        if (parts[3] == main_isa) {
            find_best(parts[1] SUBSEP parts[2])
            if (sub(/, bf16$/, "", parts[1])) {
                find_best(parts[1] SUBSEP parts[2])
            }
        }
        print_row(shown, speed, part_of_peak, best, best_speed, median(bytes, key, count[key]), parts[2], parts[3], runs[key])
    }
    print_end()
}

function add_peer(row, peer, value) {
    if (!((row, peer) in peer_count)) {
        peers_of[row] = peers_of[row] "\t" peer
    }
    peer_speed[row, peer, ++peer_count[row, peer]] = value
}

# Of this row of the peers' file: `best` and `best_speed` when greater than what they hold.
function find_best(row,    i, n, names, m) {
    n = split(substr(peers_of[row], 2), names, "\t")
    for (i = 1; i <= n; ++i) {
        m = median(peer_speed, row SUBSEP names[i], peer_count[row, names[i]])
        if (m > best_speed) {
            best_speed = m
            best = names[i]
        }
    }
}

# Values of a JSON object that stands on one line.
function text(name) { return match($0, "\"" name "\": \"[^\"]*\"") ? substr($0, RSTART + length(name) + 5, RLENGTH - length(name) - 6) : "" }
function number(name) { return match($0, "\"" name "\": [0-9.eE+-]+") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0 : 0 }

function median(values, key, n,    i, j, v, sorted) {
    for (i = 1; i <= n; ++i) {
        v = values[key, i]
        for (j = i - 1; j >= 1 && sorted[j] > v; --j) {
            sorted[j + 1] = sorted[j]
        }
        sorted[j + 1] = v
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function with_commas(n,    s) {
    s = sprintf("%.0f", n)
    while (match(s, /[0-9][0-9][0-9][0-9](,|$)/)) {
        s = substr(s, 1, RSTART) "," substr(s, RSTART + 1)
    }
    return s
}

function print_heading(    note, made) {
    txt = out "/out/table.txt"
    md = out "/table.md"
    json = out "/table.json"
    line = "%-60s  %9s  %8s  %13s  %-32s  %5s\n"
    note = sprintf("%s, %d threads, %s, %s. Load average %s at the start, %s at the end; threads that wait %s.", machine,
                   threads, main_isa, date, load, load_end, wait == "active" ? "spin" : "sleep")
    if (load >= 1) {
        note = note " Other work ran beside this: the figures are low and uneven."
    }
    made = sprintf("%s rounds of `%s`, %d seconds. Peers: %s%s.", rounds, command, seconds, versions == "" ? "none" : versions,
                   core == "" ? "" : " (OpenBLAS as " core ")")
    printf("%s\n%s\n\n", note, made) > txt
    printf(line, "kernel or step", "bytes/s", "GFLOP/s", "share of peak", "best peer, GFLOP/s", "ratio") > txt
    printf("# Speed, and the best of others\n\n%s\n%s\n\n", note, made) > md
    print("| kernel or step | bytes/s | GFLOP/s | share of peak | best peer, GFLOP/s | ratio |") > md
    print("|---|---:|---:|---:|---|---:|") > md
    printf("[") > json
}

function print_row(name, speed, part_of_peak, peer, peer_speed, rate, threads, isa, runs,    peered, shown, members) {
    peered = peer != ""
    shown = "-"
    members = "\"peer\": null, \"peer_gflops\": null, \"ratio\": null"
    if (peered) {
        shown = sprintf("%.2f", speed / peer_speed)
        members = sprintf("\"peer\": \"%s\", \"peer_gflops\": %.3f, \"ratio\": %.4f", peer, peer_speed, speed / peer_speed)
        peer = sprintf("%s %.1f", peer, peer_speed)
    } else {
        peer = "-"
    }
    members = members ", \"bytes_per_second\": " (rate > 0 ? sprintf("%.0f", rate) : "null")
    rate = rate > 0 ? with_commas(rate) : "-"
    part_of_peak = sprintf("%.5f", part_of_peak)
    printf(line, name, rate, sprintf("%.1f", speed), sprintf("%.1f %%", part_of_peak * 100), peer, shown) > txt
    printf("| %s | %s | %.1f | %.1f %% | %s | %s |\n", name, rate, speed, part_of_peak * 100, peer, shown) > md
    printf("%s\n  {\"name\": \"%s\", \"gflops\": %.3f, \"share\": %s, %s, \"machine\": \"%s\", \"threads\": %d, ", comma, name, speed,
           part_of_peak, members, machine, threads) > json
    printf("\"isa\": \"%s\", \"runs\": %d, \"date\": \"%s\"}", isa, runs, date) > json
    comma = ","
}

function print_end(    i) {
    print("\n]") > json
    if (memories == 0) {
        return
    }
    print("\nmemory of training at context 2048, 16,384 tokens a step (greatest resident size)") > txt
    print("\n| training at context 2048, 16,384 tokens a step | greatest resident memory, MB |\n|---|---:|") > md
    for (i = 1; i <= memories; ++i) {
        printf("%-60s  %6.0f MB\n", memory[i], kilobytes[i] * 1024 / 1e6) > txt
        printf("| %s | %.0f |\n", memory[i], kilobytes[i] * 1024 / 1e6) > md
    }
}
