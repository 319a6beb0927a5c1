# parts.csv -> model.csv: seconds of a step on 1 to 256 nodes. docs/SCALING.md explains every term.
BEGIN {
    FS = ","
    OFS = ","
    # Seconds before the first byte of a message arrives, and bytes a second of a node's link, each way.
    name[1] = "10 Gbit/s"; latency[1] = 20e-6; bandwidth[1] = 10e9 / 8 * 0.9
    name[2] = "100 Gbit/s"; latency[2] = 3e-6; bandwidth[2] = 100e9 / 8 * 0.9
    # Within a node: memory is copied twice.
    inside_latency = 1e-6
    inside_bandwidth = 5e9
}
NR == 1 { next }
{
    order[++networks] = $1
    bytes[$1] = 4 * $2   # of a gradient
    leaf[$1] = $4 * 4096 / (int(4096 / $3) * $3)
    update[$1] = $5
}
function ceil(x) { return int(x) + (x > int(x)) }
function max(a, b) { return a > b ? a : b }
# A leaf has 64 tiles of 64 tokens, which are what threads share. Of an update, the largest matrix is a block of four of some 44 C x C, and
# one thread's.
function speed(threads) { return 64 / ceil(64 / threads) }
function update_speed(threads) { return threads < 11 ? threads : 11 }
# Seconds of a step of `leaves` on `nodes` nodes of `ranks` ranks with `threads` threads each.
function step(network, leaves, nodes, ranks, threads, net,    all, outside, inside, wire, trades, compute, chain) {
    all = nodes * ranks
    compute = ceil(leaves / all) * leaf[network] / speed(threads)
    # Each rank sends 2 (R - 1) / R of the gradient; what leaves a node shares its link.
    outside = ranks * 2 * bytes[network] * (all - ranks) / all
    inside = 2 * bytes[network] * max(ranks - 1, 0) / all
    wire = (nodes > 1 ? outside / bandwidth[net] : 0) + ranks * inside / inside_bandwidth
    trades = 2 * max(all - ranks, 0) * latency[net] / ranks + 2 * (ranks - 1) * inside_latency
    # Bits are added up from rank to rank, then told to all.
    chain = (nodes - 1) * latency[net] + nodes * (ranks - 1) * inside_latency + (nodes > 1 ? log(nodes) / log(2) * latency[net] : 0)
    communication = wire + trades + chain
    renewal = update[network] / update_speed(threads)
    return compute + communication + renewal
}
END {
    print "network", "leaves", "link", "cores", "nodes", "ranks", "threads", "step_s", "communication_s", "update_s", "speedup", "efficiency"
    for (n = 1; n <= networks; ++n)
        for (leaves = 16; leaves <= 1024; leaves *= 4)
            for (net = 1; net <= 2; ++net)
                for (cores = 16; cores <= 64; cores *= 2) {
                    for (nodes = 1; nodes <= 256; nodes *= 2) {
                        best = 0
                        for (threads = 4; threads <= cores; threads *= 2) {
                            seconds = step(order[n], leaves, nodes, cores / threads, threads, net)
                            if (!best || seconds < best) {
                                best = seconds; best_threads = threads; best_communication = communication; best_update = renewal
                            }
                        }
                        if (nodes == 1) alone = best
                        print order[n], leaves, name[net], cores, nodes, nodes * cores / best_threads, best_threads, best, \
                            best_communication, best_update, alone / best, alone / best / nodes
                    }
                }
}
