"""Screening of parts that the tool does not have, in PyTorch (Debian's python3-torch), before any is written in C++.

    /usr/bin/python3 experiments/01-recipe/screening.py [--optimizer adamw|muon] [--convolutions ACER] [--taps 3] [--tokens 1000000]

One run of the 200k network (width 64, 4 layers) on data/wiki8 with 8 sequences of 256 bytes a step; prints the bits per byte of the
first 524,288 bytes of data/wiki-valid in chunks of 256. One million tokens take 1 to 2 minutes on two idle processors.

Convolutions are depthwise, causal, over this and the `taps` positions before, weights starting at zero:
E on the embeddings, A on the input of attention, C on the input of the MLP, R added to the residual stream of each layer.
"""
import argparse
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

WIDTH, LAYERS, HEADS, HEAD_WIDTH, HIDDEN, POSITIONS, SEQUENCES = 64, 4, 2, 32, 256, 256, 8
QUERIES = HEADS * HEAD_WIDTH  # one head of keys and values


def rms_norm(x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def convolve(x, taps):
    y = x
    for j in range(taps.shape[0]):
        y = y + taps[j] * F.pad(x, (0, 0, j + 1, 0))[:, : x.shape[1]]
    return y


def parameters(options):
    p = {"embedding": torch.randn(256, WIDTH), "output": torch.zeros(WIDTH, 256)}
    for layer in range(LAYERS):
        p[f"qkv{layer}"] = torch.randn(WIDTH, QUERIES + 2 * HEAD_WIDTH) * WIDTH**-0.5
        p[f"attention_out{layer}"] = torch.zeros(QUERIES, WIDTH)
        p[f"up{layer}"] = torch.randn(WIDTH, HIDDEN) * WIDTH**-0.5
        p[f"down{layer}"] = torch.zeros(HIDDEN, WIDTH)
        for place in set(options.convolutions) & set("ACR"):
            p[f"taps{place}{layer}"] = torch.zeros(options.taps, WIDTH)
    if "E" in options.convolutions:
        p["tapsE"] = torch.zeros(options.taps, WIDTH)
    return {name: tensor.requires_grad_(True) for name, tensor in p.items()}


def rotate(x):
    half = HEAD_WIDTH // 2
    angles = torch.outer(torch.arange(x.shape[1]).float(), 10000.0 ** (-torch.arange(half).float() / half))
    cosine, sine = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


def logits(p, symbols):
    b, n = symbols.shape
    at = lambda place, x: convolve(x, p[place]) if place in p else x
    x = at("tapsE", p["embedding"][symbols])
    mask = torch.full((n, n), -math.inf).triu(1)
    for layer in range(LAYERS):
        if f"tapsR{layer}" in p:
            x = x + convolve(rms_norm(x), p[f"tapsR{layer}"]) - rms_norm(x)
        z = at(f"tapsA{layer}", rms_norm(x)) @ p[f"qkv{layer}"]
        q = rotate(rms_norm(z[..., :QUERIES].reshape(b, n, HEADS, HEAD_WIDTH)))
        k = rotate(rms_norm(z[..., QUERIES:QUERIES + HEAD_WIDTH].reshape(b, n, 1, HEAD_WIDTH)))[:, :, 0]
        v = z[..., QUERIES + HEAD_WIDTH:]
        scores = torch.einsum("bihd,bjd->bhij", q, k) * (10.0 / HEAD_WIDTH) + mask
        attended = torch.einsum("bhij,bjd->bihd", scores.softmax(-1), v).reshape(b, n, QUERIES)
        x = x + attended @ p[f"attention_out{layer}"]
        hidden = F.relu(at(f"tapsC{layer}", rms_norm(x)) @ p[f"up{layer}"]).pow(2)
        x = x + hidden @ p[f"down{layer}"]
    return rms_norm(x) @ p["output"]


def orthogonal(g):
    x = g / (g.norm() + 1e-7)
    x = x.T if g.shape[0] > g.shape[1] else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.shape[0] > g.shape[1] else x


def loss(p, targets):
    inputs = F.pad(targets, (1, 0))[:, : targets.shape[1]]
    return F.cross_entropy(logits(p, inputs).reshape(-1, 256), targets.reshape(-1))


def train(p, options):
    data = np.memmap("data/wiki8", dtype=np.uint8, mode="r")
    random = np.random.RandomState(1)
    first = {name: torch.zeros_like(tensor) for name, tensor in p.items()}
    second = {name: torch.zeros_like(tensor) for name, tensor in p.items()}
    steps = options.tokens // (SEQUENCES * POSITIONS)
    for step in range(steps):
        share = min(1.0, (step + 1) / max(1, int(0.02 * steps)), (steps - step) / steps)
        starts = random.randint(0, len(data) - POSITIONS - 1, SEQUENCES)
        loss(p, torch.from_numpy(np.stack([data[i : i + POSITIONS] for i in starts]).astype(np.int64))).backward()
        with torch.no_grad():
            norm = math.sqrt(sum(tensor.grad.pow(2).sum().item() for tensor in p.values()))
            clip = min(1.0, 1.0 / norm) if options.optimizer == "adamw" else 1.0
            for name, tensor in p.items():
                g, m, v = tensor.grad * clip, first[name], second[name]
                hidden = name.startswith(("qkv", "attention_out", "up", "down"))
                if hidden and options.optimizer == "muon":
                    m.mul_(0.95).add_(g)
                    u = g + 0.95 * m
                    blocks = u.split([QUERIES, HEAD_WIDTH, HEAD_WIDTH], 1) if name.startswith("qkv") else [u]
                    widening = max(1.0, blocks[0].shape[1] / u.shape[0]) ** 0.5
                    tensor.mul_(1 - share * 0.02 * 0.1)
                    tensor.add_(torch.cat([orthogonal(block) for block in blocks], 1), alpha=-share * 0.02 * widening)
                else:
                    m.mul_(0.9).add_(g, alpha=0.1)
                    v.mul_(0.95).addcmul_(g, g, value=0.05)
                    if hidden or name == "output":
                        tensor.mul_(1 - share * 0.012 * 0.1)
                    corrected = (v / (1 - 0.95 ** (step + 1))).sqrt() + 1e-8
                    tensor.add_(m / (1 - 0.9 ** (step + 1)) / corrected, alpha=-share * 0.012)
                tensor.grad = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimizer", choices=["adamw", "muon"], default="muon")
    parser.add_argument("--convolutions", default="")
    parser.add_argument("--taps", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    options = parser.parse_args()
    torch.manual_seed(1)
    begin = time.time()
    p = parameters(options)
    train(p, options)
    valid = np.memmap("data/wiki-valid", dtype=np.uint8, mode="r")[:524_288].astype(np.int64).reshape(-1, POSITIONS)
    with torch.no_grad():
        mean = np.mean([loss(p, torch.from_numpy(valid[i : i + 64])).item() for i in range(0, len(valid), 64)])
    count = sum(tensor.numel() for tensor in p.values())
    print(f"{' '.join(sys.argv[1:])},{count},{mean / math.log(2):.4f},{time.time() - begin:.0f}")


if __name__ == "__main__":
    main()
