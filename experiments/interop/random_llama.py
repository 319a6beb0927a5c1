#!/usr/bin/env python3
"""Writes a Llama-family network with random bf16 weights, as others publish theirs: random_llama.py FOLDER [LAYERS]

Its shape is that of SmolLM-135M: 30 layers, width 576, 9 heads and 3 of keys and values, MLP of 1,536, 49,152 tokens, tied.
The tokens are byte pairs joined at random. Python's own library only; the same files every time.
"""
import json
import pathlib
import random
import struct
import sys

folder = pathlib.Path(sys.argv[1])
layers = int(sys.argv[2]) if len(sys.argv) > 2 else 30
width, heads, kv_heads, hidden, vocabulary = 576, 9, 3, 1536, 49152
head = width // heads
folder.mkdir(parents=True, exist_ok=True)
rng = random.Random(1)

config = {"model_type": "llama", "hidden_act": "silu", "hidden_size": width, "intermediate_size": hidden,
          "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads,
          "vocab_size": vocabulary, "max_position_embeddings": 2048, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
          "tie_word_embeddings": True, "bos_token_id": 0, "torch_dtype": "bfloat16"}
(folder / "config.json").write_text(json.dumps(config, indent=1))

# Weights: cuts of one drawn sequence, normal with deviation 1 / sqrt(inputs).
DRAWN = 1 << 18
drawn = [rng.gauss(0, 1) for _ in range(DRAWN)]


def halves(deviation):
    """The sequence, scaled, in bf16: the upper half of fp32."""
    floats = struct.pack(f"<{DRAWN}f", *(x * deviation for x in drawn))
    return b"".join(floats[i + 2:i + 4] for i in range(0, len(floats), 4)) * 2


scaled = {inputs: halves(inputs**-0.5) for inputs in (width, hidden)}
ones = struct.pack("<H", 0x3F80) * width
tensors = [("model.embed_tokens.weight", vocabulary, width)]
for layer in range(layers):
    name = f"model.layers.{layer}."
    tensors += [(name + "input_layernorm.weight", 0, width), (name + "self_attn.q_proj.weight", width, width),
                (name + "self_attn.k_proj.weight", kv_heads * head, width), (name + "self_attn.v_proj.weight", kv_heads * head, width),
                (name + "self_attn.o_proj.weight", width, width), (name + "post_attention_layernorm.weight", 0, width),
                (name + "mlp.gate_proj.weight", hidden, width), (name + "mlp.up_proj.weight", hidden, width),
                (name + "mlp.down_proj.weight", width, hidden)]
tensors += [("model.norm.weight", 0, width)]
header, end = {}, 0
for name, rows, columns in tensors:
    begin, end = end, end + 2 * max(rows, 1) * columns
    header[name] = {"dtype": "BF16", "shape": [rows, columns] if rows else [columns], "data_offsets": [begin, end]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(folder / "model.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for name, rows, columns in tensors:
        left = 2 * rows * columns
        if not rows:
            file.write(ones)
        while left > 0:
            at = 2 * rng.randrange(DRAWN)
            piece = scaled[columns][at:at + min(left, 2 * DRAWN)]
            file.write(piece)
            left -= len(piece)

# Tokens: the start, GPT-2's letters for the 256 bytes, then joined pairs.
printable = [b for b in range(256) if 33 <= b <= 126 or b >= 161 and b != 173]
others = iter(range(256, 512))
tokens = ["<|endoftext|>"] + [chr(b if b in printable else next(others)) for b in range(256)]
known, merges = set(tokens), []
while len(tokens) < vocabulary:
    left, right = rng.choice(tokens[1:2000]), rng.choice(tokens[1:300])
    if left + right not in known:
        known.add(left + right)
        tokens.append(left + right)
        merges.append(left + " " + right)
tokenizer = {"added_tokens": [{"id": 0, "content": tokens[0], "special": True}], "pre_tokenizer": {"type": "ByteLevel"},
             "model": {"type": "BPE", "vocab": {token: number for number, token in enumerate(tokens)}, "merges": merges}}
(folder / "tokenizer.json").write_text(json.dumps(tokenizer))
