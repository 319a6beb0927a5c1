"""Screening of parts that the tool does not have, in PyTorch (Debian's python3-torch), before any is written in C++.

    /usr/bin/python3 experiments/01-recipe/screening.py [--optimizer adamw|muon] [--convolutions ACER] [--taps 3] [--tokens 1000000]
        [--parts PART,PART,...] [--activation relu2|gelu|swiglu|reglu] [--rotary-base 10000] [--seed 1]
        [--training PART,PART,...]
    experiments/01-recipe/screening.sh     # all rows of screening.csv that are missing

One run of the 200k network (width 64, 4 layers) on data/wiki8 with 8 sequences of 256 bytes a step; prints the bits per byte of the
first 524,288 bytes of data/wiki-valid in chunks of 256. One million tokens take 1 to 2 minutes on two idle processors.

Convolutions are depthwise, causal, over this and the `taps` positions before, weights starting at zero:
E on the embeddings, A on the input of attention, C on the input of the MLP, R added to the residual stream of each layer.

Parts, each taken from the network or added to it:
no-qk-norm      queries and keys as they come, scores over sqrt(head width)
random-start    projections into the residual stream and the output start at random instead of zero
tied            the output is the embedding table, over sqrt(width)
cap             logits are 15 tanh(logit / 15)
value-table     a table of the alphabet is added to the values of each layer, with a learned factor per layer
value-residual  the first layer's values are added to those of each later layer, with a learned factor
input-residual  each layer reads a x + b x0, x0 the embedded input, a and b learned per layer and column
half-rotary     half of each head's pairs are turned, from base 10000 on; the others carry no position
ngrams          of each two bytes that follow each other a row of a table of 1024, by their hash, is added to the embedding

Parts of training:
average         the mean of the weights with half-life 1/50 of the steps is measured, beside the fall to zero
batch-ramp      2 sequences a step for the first eighth of the bytes, 4 until a quarter, then 8: 1.5 times as many steps
length-ramp     sequences of 64 for the first eighth of the bytes, 128 until a quarter, then 256; as many bytes a step
length-cut      likewise, but sequences of 256 are drawn and cut, so that what is read stays
carried         a stream's next sequence goes on where the one before ended, and attention sees the 256 positions before, those of the sequence before
                without a gradient; measured likewise, one context running on (so is `running`, which is trained without)
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
PARTS = ["no-qk-norm", "random-start", "tied", "cap", "value-table", "value-residual", "input-residual", "half-rotary", "ngrams"]
TRAINING = ["average", "batch-ramp", "length-ramp", "length-cut", "carried", "running"]
NGRAM_ROWS = 1024


def rms_norm(x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def convolve(x, taps):
    y = x
    for j in range(taps.shape[0]):
        y = y + taps[j] * F.pad(x, (0, 0, j + 1, 0))[:, : x.shape[1]]
    return y


def parameters(options):
    def into_stream(rows):
        return torch.randn(rows, WIDTH) * rows**-0.5 * (2 * LAYERS) ** -0.5 if "random-start" in options.parts else torch.zeros(rows, WIDTH)

    p = {"embedding": torch.randn(256, WIDTH)}
    if "tied" not in options.parts:
        p["output"] = torch.randn(WIDTH, 256) * WIDTH**-0.5 if "random-start" in options.parts else torch.zeros(WIDTH, 256)
    if "value-table" in options.parts:
        p["value_table"] = torch.randn(256, HEAD_WIDTH)
    if "ngrams" in options.parts:
        p["ngrams"] = torch.zeros(NGRAM_ROWS, WIDTH)
    # Gate and the other factor stand side by side, each about 2/3 as wide, so that the number of weights stays.
    hidden, up = (176, 352) if options.activation.endswith("glu") else (HIDDEN, HIDDEN)
    for layer in range(LAYERS):
        p[f"qkv{layer}"] = torch.randn(WIDTH, QUERIES + 2 * HEAD_WIDTH) * WIDTH**-0.5
        p[f"attention_out{layer}"] = into_stream(QUERIES)
        p[f"up{layer}"] = torch.randn(WIDTH, up) * WIDTH**-0.5
        p[f"down{layer}"] = into_stream(hidden)
        if "value-table" in options.parts:
            p[f"value_factor{layer}"] = torch.zeros(1)
        if "value-residual" in options.parts and layer > 0:
            p[f"value_factor{layer}"] = torch.zeros(1)
        if "input-residual" in options.parts:
            p[f"stream_factor{layer}"] = torch.ones(WIDTH)
            p[f"input_factor{layer}"] = torch.zeros(WIDTH)
        for place in set(options.convolutions) & set("ACR"):
            p[f"taps{place}{layer}"] = torch.zeros(options.taps, WIDTH)
    if "E" in options.convolutions:
        p["tapsE"] = torch.zeros(options.taps, WIDTH)
    return {name: tensor.requires_grad_(True) for name, tensor in p.items()}


def rotate(x, options, first=0):
    half = HEAD_WIDTH // 2
    turns = float(options.rotary_base) ** (-torch.arange(half).float() / half)
    if "half-rotary" in options.parts:
        turns = torch.cat([10000.0 ** (-torch.arange(half // 2).float() / (half // 2)), torch.zeros(half - half // 2)])
    angles = torch.outer(torch.arange(first, first + x.shape[1]).float(), turns)
    cosine, sine = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


def activate(x, activation):
    if activation.endswith("glu"):
        gate, other = x.chunk(2, -1)
        return (F.silu(gate) if activation == "swiglu" else F.relu(gate)) * other
    return F.gelu(x, approximate="tanh") if activation == "gelu" else F.relu(x).pow(2)


def logits(p, symbols, options, n, before):
    """symbols: [b, h + n], of which the first h only enter the later ones' taps. before: each layer's (keys, values) of the positions before these, []
    for none; becomes those of these positions."""
    b = symbols.shape[0]
    normed = (lambda x: x) if "no-qk-norm" in options.parts else rms_norm
    score_factor = HEAD_WIDTH**-0.5 if "no-qk-norm" in options.parts else 10.0 / HEAD_WIDTH
    at = lambda place, x: convolve(x, p[place]) if place in p else x
    x = p["embedding"][symbols]
    if "ngrams" in p:
        x = x + p["ngrams"][(F.pad(symbols, (1, 0))[:, :-1] * 40_503 + symbols * 977) % 65_521 % NGRAM_ROWS]
    x = at("tapsE", x)[:, -n:]
    x0, first_values = x, None
    earlier = before[0][0].shape[1] if before else 0
    distance = torch.arange(n)[:, None] + earlier - torch.arange(earlier + n)
    mask = torch.where((distance >= 0) & (distance < POSITIONS), 0.0, -math.inf)
    after = []
    for layer in range(LAYERS):
        if "input-residual" in options.parts:
            x = x * p[f"stream_factor{layer}"] + x0 * p[f"input_factor{layer}"]
        if f"tapsR{layer}" in p:
            x = x + convolve(rms_norm(x), p[f"tapsR{layer}"]) - rms_norm(x)
        z = at(f"tapsA{layer}", rms_norm(x)) @ p[f"qkv{layer}"]
        q = rotate(normed(z[..., :QUERIES].reshape(b, n, HEADS, HEAD_WIDTH)), options, earlier)
        k = normed(z[..., QUERIES:QUERIES + HEAD_WIDTH].reshape(b, n, 1, HEAD_WIDTH))
        v = z[..., QUERIES + HEAD_WIDTH:]
        if "value-table" in options.parts:
            v = v + p[f"value_factor{layer}"] * p["value_table"][symbols]
        if "value-residual" in options.parts:
            first_values = v if layer == 0 else first_values
            v = v if layer == 0 else v + p[f"value_factor{layer}"] * first_values
        after.append((k.detach(), v.detach()))
        if before:
            k, v = torch.cat([before[layer][0], k], 1), torch.cat([before[layer][1], v], 1)
        k = rotate(k, options)[:, :, 0]
        scores = torch.einsum("bihd,bjd->bhij", q, k) * score_factor + mask
        attended = torch.einsum("bhij,bjd->bihd", scores.softmax(-1), v).reshape(b, n, QUERIES)
        x = x + attended @ p[f"attention_out{layer}"]
        hidden = activate(at(f"tapsC{layer}", rms_norm(x)) @ p[f"up{layer}"], options.activation)
        x = x + hidden @ p[f"down{layer}"]
    before[:] = after
    result = rms_norm(x) @ (p["output"] if "output" in p else p["embedding"].T * WIDTH**-0.5)
    return 15 * torch.tanh(result / 15) if "cap" in options.parts else result


def orthogonal(g):
    x = g / (g.norm() + 1e-7)
    x = x.T if g.shape[0] > g.shape[1] else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.shape[0] > g.shape[1] else x


def loss(p, targets, options, before=None, history=None):
    """targets: [b, n]; history: [b, taps + 1], the symbols before them; before: see logits."""
    n = targets.shape[1]
    inputs = F.pad(targets, (1, 0))[:, :n] if history is None else torch.cat([history, targets], 1)[:, :-1]
    result = logits(p, inputs, options, n, [] if before is None else before)
    return F.cross_entropy(result.reshape(-1, 256), targets.reshape(-1))


def symbols(data, starts, length):
    return torch.from_numpy(np.stack([data[i : i + length] for i in starts]).astype(np.int64))


def shapes(total, options):
    """(sequences, positions) of each step."""
    done = 0
    while done < total:
        small = 4 if done < total // 8 else 2 if done < total // 4 else 1
        positions = POSITIONS // small if {"length-ramp", "length-cut"} & set(options.training) else POSITIONS
        sequences = SEQUENCES // small if "batch-ramp" in options.training else SEQUENCES * POSITIONS // positions
        yield sequences, positions
        done += sequences * positions


def train(p, options):
    data = np.memmap("data/wiki8", dtype=np.uint8, mode="r")
    random = np.random.RandomState(options.seed)
    first = {name: torch.zeros_like(tensor) for name, tensor in p.items()}
    second = {name: torch.zeros_like(tensor) for name, tensor in p.items()}
    average = {name: tensor.detach().clone() for name, tensor in p.items()}
    total = options.tokens // (SEQUENCES * POSITIONS) * SEQUENCES * POSITIONS
    warmup = max(1, int(0.02 * total / (SEQUENCES * POSITIONS))) * SEQUENCES * POSITIONS
    done, before = 0, []
    steps = list(shapes(total, options))
    keep = 0.5 ** (50 / len(steps))
    for step, (sequences, positions) in enumerate(steps):
        share = min(1.0, (done + sequences * positions) / warmup, (total - done) / total)
        done += sequences * positions
        if "carried" in options.training:
            starts = starts + positions if step > 0 else random.randint(options.taps + 1, len(data) - total // sequences - 1, sequences)
            history = symbols(data, starts - options.taps - 1, options.taps + 1)
            loss(p, symbols(data, starts, positions), options, before, history).backward()
        else:
            cut = POSITIONS // positions if "length-cut" in options.training else 1
            starts = random.randint(0, len(data) - cut * positions - 1, sequences // cut)
            loss(p, symbols(data, starts, cut * positions).reshape(-1, positions), options).backward()
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
                average[name].mul_(keep).add_(tensor, alpha=1 - keep)
    if "average" in options.training:
        with torch.no_grad():
            for name, tensor in p.items():
                tensor.copy_(average[name])


def measure(p, options):
    """Nats per byte of the first 524,288 held-out bytes."""
    valid = np.memmap("data/wiki-valid", dtype=np.uint8, mode="r")[:524_288].astype(np.int64)
    with torch.no_grad():
        if {"carried", "running"} & set(options.training):
            streams = torch.from_numpy(valid.reshape(32, -1))
            padded, before = F.pad(streams, (options.taps + 1, 0)), []
            return np.mean([loss(p, streams[:, i : i + POSITIONS], options, before, padded[:, i : i + options.taps + 1]).item()
                            for i in range(0, streams.shape[1], POSITIONS)])
        chunks = torch.from_numpy(valid.reshape(-1, POSITIONS))
        return np.mean([loss(p, chunks[i : i + 64], options).item() for i in range(0, len(chunks), 64)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimizer", choices=["adamw", "muon"], default="muon")
    parser.add_argument("--convolutions", default="")
    parser.add_argument("--taps", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--parts", default="", type=lambda text: [part for part in text.split(",") if part])
    parser.add_argument("--activation", choices=["relu2", "gelu", "swiglu", "reglu"], default="relu2")
    parser.add_argument("--rotary-base", type=float, default=10000.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--training", default="", type=lambda text: [part for part in text.split(",") if part])
    options = parser.parse_args()
    for given, known in (options.parts, PARTS), (options.training, TRAINING):
        if set(given) - set(known):
            parser.error(f"there is no part {', '.join(sorted(set(given) - set(known)))}; parts are {', '.join(known)}")
    torch.manual_seed(options.seed)
    begin = time.time()
    p = parameters(options)
    train(p, options)
    mean = measure(p, options)
    count = sum(tensor.numel() for tensor in p.values())
    print(f"{' '.join(sys.argv[1:])},{count},{mean / math.log(2):.4f},{time.time() - begin:.0f}")


if __name__ == "__main__":
    main()
