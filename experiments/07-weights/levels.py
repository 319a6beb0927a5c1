#!/usr/bin/env python3
"""Levels of a model in the format trellis, a byte each: levels.py FOLDER OUT

FOLDER comes from `bitlaw export --safetensors` of such a model: every stored row of a matrix (of the output every
column) is a step times whole numbers, a path through the trellis. The step is the greatest that explains the row's
values, which bf16 has rounded. What is written is each level's place among those of its state, which is all that a
coder has to tell: (level + parity) / 2. Prints the number of levels and of rows, and the largest deviation in steps.
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


NEXT = [(0, 2), (5, 7), (1, 3), (6, 4), (2, 0), (4, 6), (3, 1), (7, 5)]


def places_of(levels):
    """Each level's place among those of its state; none: the levels are no path."""
    state, places = 0, []
    for level in levels:
        if (level ^ state) & 1:
            return None
        places.append((level + (state & 1)) >> 1)
        state = NEXT[state][places[-1] & 1]
    return places


def row_places(row):
    """(places, deviation) by the greatest step of which the row is a path within bf16's rounding."""
    sizes = sorted({abs(x) for x in row if x != 0})
    if not sizes:
        return [0] * len(row), 0.0
    for divisor in range(1, 256):
        step = sizes[0] / divisor
        # The most exact estimate of the step comes from the largest value.
        step = sizes[-1] / max(1, round(sizes[-1] / step))
        errors = [abs(x / step - round(x / step)) for x in sizes]
        if all(error <= 0.02 + x / step / 128 for error, x in zip(errors, sizes)):
            places = places_of([round(x / step) for x in row])
            if places is not None:
                return places, max(errors)
    raise SystemExit("no step explains a row: is this a model in the format trellis?")


def main():
    folder, out = sys.argv[1:]
    levels, rows, worst = bytearray(), 0, 0.0
    for name, shape, values in tensors(folder + "/model.safetensors"):
        if len(shape) != 2:
            continue
        width = shape[1]
        cut = [values[first : first + width] for first in range(0, len(values), width)]
        if name == "output":
            cut = [list(column) for column in zip(*cut)]
        for row in cut:
            places, error = row_places(row)
            worst = max(worst, error)
            levels.extend(max(-128, min(127, place)) & 255 for place in places)
            rows += 1
    with open(out, "wb") as file:
        file.write(levels)
    print(f"{len(levels)} levels, {rows} rows, largest deviation {worst:.3f} steps")


main()
