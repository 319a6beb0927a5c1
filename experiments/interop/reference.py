#!/usr/bin/python3
"""A model of `bitlaw export --safetensors` in PyTorch: its bits per byte of a file in independent chunks.

    reference.py FOLDER FILE [CHUNK [BYTES]]

agrees with `bitlaw eval --protocol chunked --chunk 512` but for rounding. B chunks, T positions, C width, H heads,
Hkv heads of keys and values, D their width, V alphabet.
"""
import json
import math
import struct
import sys

import torch
import torch.nn.functional as F


def load(folder):
    config = json.load(open(folder + "/config.json"))
    raw = open(folder + "/model.safetensors", "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, t in json.loads(raw[8 : 8 + length]).items():
        begin, end = (8 + length + offset for offset in t["data_offsets"])
        kind = {"F32": torch.float32, "BF16": torch.bfloat16}[t["dtype"]]
        tensors[name] = torch.frombuffer(bytearray(raw[begin:end]), dtype=kind).float().reshape(t["shape"])
    return config, tensors


class Network:
    def __init__(self, config, tensors):
        self.c, self.t = config, tensors
        self.family = config["architecture"]
        self.vanilla = self.family == "vanilla"
        self.llama = self.family.startswith("llama")

    def multiply(self, x, name):
        """[..., K] x W [K, N]; factors are rounded to bf16 where the model does, sums are fp32."""
        w = self.t[name]
        if self.c["arithmetic"] == "bf16":
            x, w = x.bfloat16().float(), w.bfloat16().float()
        return x @ w

    def rms(self, x, gain=None):
        epsilon = self.c["norm_epsilon_e9"] * 1e-9 if gain is not None else 1e-6
        y = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon)
        return y if gain is None else y * gain

    def rotate(self, x):
        """[B, T, H, D]: features i and i + D/2 turn together."""
        d = x.shape[-1]
        frequency = self.c["rotary_base"] ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
        angle = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * frequency  # [T, D/2]
        cos, sin = angle.cos().float()[:, None], angle.sin().float()[:, None]
        a, b = x[..., : d // 2], x[..., d // 2 :]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def attention(self, x, layer):
        batch, length, _ = x.shape
        heads, kv, d = (self.c[size] for size in ("heads", "kv_heads", "head_width"))
        qkv = self.multiply(x, layer + "qkv").split([heads * d, kv * d, kv * d], -1)
        q, k, v = (part.reshape(batch, length, -1, d) for part in qkv)
        scale = 1 / math.sqrt(d)
        if not self.vanilla and not self.llama:
            q, k, scale = self.rms(q), self.rms(k), 10 / d
        q, k = self.rotate(q), self.rotate(k)
        if self.c["cache"] == "bf16":
            k, v = k.bfloat16().float(), v.bfloat16().float()
        k, v = (part.repeat_interleave(heads // kv, 2) for part in (k, v))
        score = torch.einsum("bthd,bshd->bhts", q, k) * scale
        back = torch.arange(length)[:, None] - torch.arange(length)
        seen = (back >= 0) & (back < self.c["window"])
        weight = score.masked_fill(~seen, -math.inf).softmax(-1)
        out = torch.einsum("bhts,bshd->bthd", weight, v).reshape(batch, length, heads * d)
        return self.multiply(out, layer + "attention_out")

    def mlp(self, x, layer):
        up = self.multiply(x, layer + "up")
        if self.vanilla:
            up = F.gelu(up + self.t[layer + "up_bias"], approximate="tanh")
            return self.multiply(up, layer + "down") + self.t[layer + "down_bias"]
        if layer + "gate" not in self.t:
            return self.multiply(F.relu(up).square(), layer + "down")
        gate = self.multiply(x, layer + "gate")
        gate = F.relu(gate).square() if self.family == "gated-relu2" else F.silu(gate)
        return self.multiply(gate * up, layer + "down")

    def bits(self, chunks):
        """[B, T] bytes: the sum of -log2 p over all of them."""
        taps, length, table = self.c["taps"], chunks.shape[1], self.t["embedding"]
        shifted = F.pad(chunks[:, :-1], (1 + taps, 0))  # symbol 0 stands before a context
        x = table[shifted[:, taps:]] * self.c["embedding_factor"]
        for j in range(1, taps + 1):
            x = x + self.t["taps"].reshape(taps, -1)[j - 1] * table[shifted[:, taps - j : taps - j + length]]
        for number in range(self.c["layers"]):
            layer = f"layer{number}."
            for block, name in ((self.attention, "attention"), (self.mlp, "mlp")):
                if self.vanilla:
                    gain_and_bias = (self.t[layer + name + end].flatten() for end in ("_gain", "_bias"))
                    x = F.layer_norm(x + block(x, layer), x.shape[-1:], *gain_and_bias, 1e-5)
                else:
                    name = "gated_mlp" if self.llama and name == "mlp" else name
                    x = x + block(self.rms(x, self.t.get(layer + name + "_gain")), layer)
        x = x if self.vanilla else self.rms(x, self.t.get("output_gain"))
        if self.c["tied"]:
            self.t["output"] = table.T
        logits = self.multiply(x, "output") + self.t.get("output_bias", 0.0)
        return F.cross_entropy(logits.flatten(0, 1).double(), chunks.flatten(), reduction="sum").item() / math.log(2)


def main(folder, file, chunk=512, first=65536):
    network, chunk = Network(*load(folder)), int(chunk)
    data = torch.frombuffer(bytearray(open(file, "rb").read(int(first))), dtype=torch.uint8).long()
    whole = len(data) // chunk * chunk
    pieces = list(data[:whole].reshape(-1, chunk).split(16)) + [data[None, whole:]] * (whole < len(data))
    print(f"{sum(network.bits(piece) for piece in pieces) / len(data):.6f} bits/byte")


torch.set_grad_enabled(False)
main(*sys.argv[1:])
