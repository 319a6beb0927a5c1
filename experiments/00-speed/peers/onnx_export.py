"""Writes bitlaw's vanilla networks as ONNX files for onnx_steps.js, with random weights, in fp32.

usage: onnx_export.py FOLDER [--widths 64,128] [--contexts 512,2048]

score-NAME-CONTEXT.onnx  symbols [B, T] -> probabilities [B, T, V]
step-NAME-STREAMS.onnx   symbols [S], angles, keys and values of the P positions before [S H, D, P] and [S H, P, D] of
                         each layer -> probabilities [S, V] and the position's own keys and values. The caller places these;
                         nothing is copied inside the network, and P varies.
"""

import argparse
import os

import torch
from torch.nn import functional as F

from torch_steps import BATCH_TOKENS, LAYERS, PRESETS, STREAMS, Network, numbers, rotate


class Scorer(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, symbols):
        return F.softmax(self.network(symbols), dim=-1)


class Stepper(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, symbols, cosine, sine, *caches):
        x = self.network.embed(symbols)
        b, c = x.shape
        new = []
        for number, layer in enumerate(self.network.layers):
            keys, values = caches[2 * number], caches[2 * number + 1]
            q, k, v = layer.qkv(x).view(b, 3, layer.heads, -1).permute(1, 0, 2, 3).unbind(0)  # [S, H, D]
            q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
            q = q.reshape(b * layer.heads, 1, -1) * layer.scale
            k = k.reshape(b * layer.heads, -1, 1)
            v = v.reshape(b * layer.heads, 1, -1)
            p = F.softmax(torch.cat((torch.bmm(q, keys), torch.bmm(q, k)), dim=-1), dim=-1)  # [S H, 1, P + 1]
            attended = torch.bmm(p[:, :, :-1], values) + p[:, :, -1:] * v
            x = layer.after_attention(x, attended.view(b, c))
            new += [k, v]
        return (F.softmax(self.network.output(x), dim=-1), *new)


def export(module, inputs, path, names, axes=None):
    torch.onnx.export(module.eval(), inputs, path, input_names=names, dynamic_axes=axes, opset_version=15)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--widths", type=numbers, default=[64, 128, 256])
    parser.add_argument("--contexts", type=numbers, default=[512, 2048])
    arguments = parser.parse_args()
    torch.manual_seed(1)
    for width in arguments.widths:
        name, heads = PRESETS[width]
        for context in arguments.contexts:
            network = Network(width, heads, context)
            symbols = torch.zeros((BATCH_TOKENS // context, context), dtype=torch.long)
            path = os.path.join(arguments.folder, f"score-{name}-{context}.onnx")
            export(Scorer(network), (symbols,), path, ["symbols"])
        for streams in (1, STREAMS):
            angle = torch.zeros(width // heads // 2)
            caches = [cache[..., :8] if number % 2 == 0 else cache[:, :8]
                      for layer in network.caches(streams, 16, torch.float32) for number, cache in enumerate(layer)]
            names = ["symbols", "cosine", "sine"] + [f"{what}{i}" for i in range(LAYERS) for what in ("keys", "values")]
            axes = {n: {2 if n.startswith("keys") else 1: "past"} for n in names[3:]}
            inputs = (torch.zeros(streams, dtype=torch.long), angle, angle, *caches)
            path = os.path.join(arguments.folder, f"step-{name}-{streams}.onnx")
            export(Stepper(network), inputs, path, names, axes)


if __name__ == "__main__":
    main()
