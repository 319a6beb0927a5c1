#!/usr/bin/env python3
"""Draws a study's learning curves and its U-curve with matplotlib.

    PYTHONPATH=src/python src/python/examples/draw_curves.py experiments/03-scaling/wiki8 curves.svg

Left: held-out bits per byte of every run against the bytes that it was trained on, a line for each size. Right: the
adjusted rate, model counted, against the size, a line for each amount of data; its lowest point is the best size.
"""

import sys

import bitlaw

try:
    import matplotlib
except ImportError:
    sys.exit("this example needs matplotlib; type: sudo apt-get install python3-matplotlib python3-pandas")

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main(study: str, picture: str) -> None:
    runs = bitlaw.read_study(study)
    runs = runs[runs["status"] == "done"].copy()
    # "n8K-u1M-p2-k512-s1": the amount of different bytes as the study names it; runs have whole steps of it.
    runs["amount"] = runs["run"].str.split("-").str[1].str[1:]
    figure, (learning, sizes) = plt.subplots(1, 2, figsize=(11, 4.5))

    groups = list(runs.groupby("size_aimed_at"))
    for i, (size, of_size) in enumerate(groups):
        curve = of_size.groupby("trained_bytes")["held_out_bits_per_byte"].min()
        learning.plot(curve.index, curve, marker=".", color=plt.cm.viridis(i / len(groups)), label=f"N = {size:,.0f}")
    learning.set(xscale="log", xlabel="bytes trained on", ylabel="bits per byte", title="Learning curves")

    groups = sorted(runs.groupby("amount"), key=lambda group: group[1]["unique_bytes"].max())
    for i, (amount, of_amount) in enumerate(groups):
        # The best number of passes of each size, seeds averaged.
        means = of_amount.groupby(["size_aimed_at", "passes"])[["parameters", "adjusted_rate"]].mean()
        curve = means.groupby("size_aimed_at").min()
        color = plt.cm.viridis(i / len(groups))
        sizes.plot(curve["parameters"], 100 * curve["adjusted_rate"], marker=".", color=color, label=f"D = {amount}")
        best = curve["adjusted_rate"].idxmin()
        sizes.plot(curve["parameters"][best], 100 * curve["adjusted_rate"][best], "o", mfc="none", color=color, ms=10)
        print(f"{amount} bytes: best of the sizes run {curve['parameters'][best]:,.0f} parameters, "
              f"adjusted {100 * curve['adjusted_rate'][best]:.2f} %")
    sizes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="adjusted rate, %", ylim=(None, 150),
              title="With the model counted, S = D")

    for axes in (learning, sizes):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(picture)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
