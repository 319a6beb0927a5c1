#!/usr/bin/env python3
"""Levels of a quantised model, a byte each: levels.py FOLDER OUT

FOLDER comes from `bitlaw export --safetensors` of a quantised model: every row of a matrix is a step times whole
numbers. The step is the greatest that explains the row's values, which bf16 has rounded. Writes the levels of all
matrices, row by row, to OUT, and prints their number, the number of rows, and the largest deviation in steps.
"""
import array
import json
import struct
import sys


def tensors(path):
    """Name -> (shape, values) of all tensors of a safetensors file in fp32 or bf16."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = data[8 + length + begin : 8 + length + end]
        if entry["dtype"] == "BF16":
            raw = b"".join(b"\0\0" + raw[i : i + 2] for i in range(0, len(raw), 2))
        values = array.array("f")
        values.frombytes(raw)
        yield name, entry["shape"], values


def levels_of(row):
    """(levels, deviation) by the greatest step of which all values are multiples within bf16's rounding."""
    sizes = sorted({abs(x) for x in row if x != 0})
    if not sizes:
        return [0] * len(row), 0.0
    for divisor in range(1, 64):
        step = sizes[0] / divisor
        # The most exact estimate of the step comes from the largest value.
        step = sizes[-1] / max(1, round(sizes[-1] / step))
        errors = [abs(x / step - round(x / step)) for x in sizes]
        if all(error <= 0.02 + x / step / 128 for error, x in zip(errors, sizes)):
            return [round(x / step) for x in row], max(errors)
    raise SystemExit("no step explains a row: is this a quantised model?")


def main():
    folder, out = sys.argv[1:]
    levels, rows, worst = bytearray(), 0, 0.0
    for name, shape, values in tensors(folder + "/model.safetensors"):
        if len(shape) != 2:
            continue
        width = shape[1]
        for first in range(0, len(values), width):
            row, error = levels_of(values[first : first + width])
            worst = max(worst, error)
            levels.extend(max(-128, min(127, level)) & 255 for level in row)
            rows += 1
    with open(out, "wb") as file:
        file.write(levels)
    print(f"{len(levels)} levels, {rows} rows, largest deviation {worst:.3f} steps")


main()
