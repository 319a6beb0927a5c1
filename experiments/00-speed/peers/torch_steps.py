"""Whole training steps, scoring and stepping of bitlaw's vanilla network in PyTorch (Debian's 1.13), on the CPU.

No part of bitlaw: experiments/00-speed/run.sh runs it beside the tool. Prints one line a measurement,
"row <tab> threads <tab> library <tab> GFLOP/s", rows named as bitlaw names them; the median of the runs counts.
Operations are counted as bitlaw counts them (forward_flops() in include/bitlaw/model/config.hpp).

usage: torch_steps.py train|run [--threads N] [--runs N] [--widths 64,128] [--contexts 512,2048] [--precisions fp32,bf16]

The network is the paper's: post-norm, tanh GELU, rotary positions, full causal attention, untied output. What costs time
for nothing was avoided: queries, keys and values are one product; the mask is added within the product of
queries and keys (baddbmm); the optimizer updates all tensors at once (foreach); gradients are not clipped, which
bitlaw's steps do.
"""

import argparse
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

PRESETS = {64: ("vanilla-200k", 4), 128: ("vanilla-800k", 4), 256: ("vanilla-3.2m", 8)}  # name, heads
LAYERS = 4
ALPHABET = 256
BATCH_TOKENS = 8192  # of a training step and of scoring; bitlaw's steps have 16,384
STREAMS = 64


def multiplied_parameters(width):
    """All parameters but the embedding table: 12 C^2 in matrices, F + 5 C in biases and gains, the output with its bias."""
    return LAYERS * (12 * width * width + 9 * width) + width * ALPHABET + ALPHABET


def forward_flops(width, keys):
    """Of one position a visible number of keys in `keys`: 2 a multiplied parameter, 4 H D a visible key."""
    return sum(2.0 * multiplied_parameters(width) + 4.0 * LAYERS * width * k for k in keys)


def rotate(x, cosine, sine):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cosine - b * sine, b * cosine + a * sine), dim=-1)


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.scale = 1.0 / math.sqrt(width // heads)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.norm1 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.norm2 = nn.LayerNorm(width)

    def after_attention(self, x, attended):
        x = self.norm1(x + self.out(attended))
        return self.norm2(x + self.down(F.gelu(self.up(x), approximate="tanh")))

    def forward(self, x, angles, mask):
        """x [B, T, C] over whole sequences."""
        b, t, c = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)  # [B, H, T, D]
        q, k = rotate(q, *angles), rotate(k, *angles)
        q, k, v = (y.reshape(b * self.heads, t, -1) for y in (q, k, v))
        scores = torch.baddbmm(mask.to(q.dtype), q, k.transpose(1, 2), alpha=self.scale)
        attended = torch.bmm(F.softmax(scores, dim=-1).to(v.dtype), v)
        return self.after_attention(x, attended.view(b, self.heads, t, -1).transpose(1, 2).reshape(b, t, c))

    def step(self, x, angles, cache, position):
        """x [B, C], one position of every stream; cache = keys [B H, D, K], values [B H, K, D]."""
        b, c = x.shape
        keys, values = cache
        q, k, v = self.qkv(x).view(b, 3, self.heads, -1).permute(1, 0, 2, 3).unbind(0)  # [B, H, D]
        q, k = rotate(q, *angles), rotate(k, *angles)
        keys[:, :, position] = k.reshape(b * self.heads, -1)
        values[:, position] = v.reshape(b * self.heads, -1)
        q = q.reshape(b * self.heads, 1, -1) * self.scale
        p = F.softmax(torch.bmm(q, keys[:, :, : position + 1]), dim=-1)
        return self.after_attention(x, torch.bmm(p, values[:, : position + 1]).view(b, c))


class Network(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.width, self.heads = width, heads
        self.embedding = nn.Embedding(ALPHABET, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(LAYERS))
        self.output = nn.Linear(width, ALPHABET)
        half = width // heads // 2
        angle = torch.outer(torch.arange(context).float(), 10000.0 ** (-torch.arange(half).float() / half))
        self.register_buffer("cosine", angle.cos())
        self.register_buffer("sine", angle.sin())
        self.register_buffer("mask", torch.full((1, context, context), float("-inf")).triu(1))

    def embed(self, symbols):
        return self.embedding(symbols) * math.sqrt(self.width)

    def forward(self, symbols):
        x = self.embed(symbols)
        for layer in self.layers:
            x = layer(x, (self.cosine, self.sine), self.mask)
        return self.output(x)

    def caches(self, streams, context, dtype):
        d = self.width // self.heads
        return [(torch.randn(streams * self.heads, d, context).to(dtype),
                 torch.randn(streams * self.heads, context, d).to(dtype)) for _ in self.layers]

    def step(self, symbols, caches, position):
        x = self.embed(symbols)
        angles = (self.cosine[position], self.sine[position])
        for layer, cache in zip(self.layers, caches):
            x = layer.step(x, angles, cache, position)
        return F.softmax(self.output(x).float(), dim=-1)


def median_seconds(run, runs):
    run()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def autocast(precision):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def report(row, precision, flops, seconds, note=""):
    suffix = ", bf16" if precision == "bf16" else ""
    print(f"{row}{suffix}\t{ARGUMENTS.threads}\tPyTorch {precision}{note}\t{flops / seconds / 1e9:.2f}", flush=True)


def train(width, context, precision):
    name, heads = PRESETS[width]
    network = Network(width, heads, context)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, foreach=True)
    symbols = torch.randint(ALPHABET, (BATCH_TOKENS // context, context))

    def run():
        optimizer.zero_grad(set_to_none=True)
        with autocast(precision):
            logits = network(symbols)
        F.cross_entropy(logits.float().view(-1, ALPHABET), symbols.view(-1)).backward()
        optimizer.step()

    flops = 3 * forward_flops(width, range(1, context + 1)) * (BATCH_TOKENS // context)
    report(f"training step {name}, context {context}", precision, flops, median_seconds(run, ARGUMENTS.runs))


@torch.no_grad()
def score(width, context, precision):
    name, heads = PRESETS[width]
    network = Network(width, heads, context).eval()
    symbols = torch.randint(ALPHABET, (BATCH_TOKENS // context, context))

    def run():
        with autocast(precision):
            logits = network(symbols)
        F.cross_entropy(logits.float().view(-1, ALPHABET), symbols.view(-1), reduction="sum")

    flops = forward_flops(width, range(1, context + 1)) * (BATCH_TOKENS // context)
    report(f"score {name}, context {context}", precision, flops, median_seconds(run, ARGUMENTS.runs))


@torch.no_grad()
def step(width, context, streams, precision):
    """Every 16th position of a context, the middle one of each 16, so that the mean position is that of all.

    bf16 here is the whole network in bf16: autocast would convert every weight again for every product.
    """
    name, heads = PRESETS[width]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    network = Network(width, heads, context).eval().to(dtype)
    caches = network.caches(streams, context, dtype)
    symbols = torch.randint(ALPHABET, (streams,))
    positions = range(8, context, 16)

    def run():
        for position in positions:
            network.step(symbols, caches, position)

    flops = streams * forward_flops(width, [position + 1 for position in positions])
    row = f"step {name}, context {context}, {streams} stream" + ("s" if streams > 1 else "")
    report(row, precision, flops, median_seconds(run, ARGUMENTS.runs))
    if streams == 1 and ARGUMENTS.threads > 1:  # products so small may be faster undivided
        torch.set_num_threads(1)
        report(row, precision, flops, median_seconds(run, ARGUMENTS.runs), ", 1 thread")
        torch.set_num_threads(ARGUMENTS.threads)


def numbers(text):
    return [int(word) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["train", "run"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--widths", type=numbers, default=[64, 128, 256])
    parser.add_argument("--contexts", type=numbers, default=[512, 2048])
    parser.add_argument("--precisions", type=lambda text: text.split(","), default=["fp32", "bf16"])
    global ARGUMENTS
    ARGUMENTS = parser.parse_args()
    torch.set_num_threads(ARGUMENTS.threads)
    torch.manual_seed(1)
    for precision in ARGUMENTS.precisions:
        for width in ARGUMENTS.widths:
            for context in ARGUMENTS.contexts:
                if ARGUMENTS.what == "train":
                    train(width, context, precision)
                    continue
                score(width, context, precision)
                if context == 512:
                    step(width, context, STREAMS, precision)
                step(width, context, 1, precision)


if __name__ == "__main__":
    main()
