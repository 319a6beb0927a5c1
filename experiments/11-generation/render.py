#!/usr/bin/python3
"""Pictures, sounds and a table of what run.sh drew: render.py BITLAW FOLDER.

samples.csv: bits per byte that a network pays for a continuation behind its prompt, and the share of it that stands in the prompt
(places at which 8 bytes begin that the prompt has).
"""
import glob
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy

JUDGES = {"text": "3.2m", "image": "images-800k", "audio": "speech-800k"}
SCALE, WIDTH, GAP = 5, 64, 8


def judged(bitlaw, data, prompt, text):
    with tempfile.TemporaryDirectory() as folder:
        open(folder + "/input", "wb").write(prompt + text)
        command = [bitlaw, "eval", "-q", "-T1", "-m", f"checkpoints/{JUDGES[data]}.blm", "--data", folder + "/input"]
        subprocess.run(command + ["--per-byte", folder + "/bits.npy"], check=True, stdout=subprocess.DEVNULL)
        return numpy.load(folder + "/bits.npy")[len(prompt) :].mean()


def copied(prompt, text, size=8):
    places = range(len(text) - size + 1)
    return sum(text[i : i + size] in prompt for i in places) / len(places)


def png(path, pixels):
    """pixels: gray [rows, columns]."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 0)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def wav(path, samples, rate=16000):
    """8 bits a sample, unsigned."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    open(path, "wb").write(struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data)


def shown(text):
    """Printable ASCII as it is, all else as \\xHH."""
    return "".join(chr(b) if 32 <= b < 127 else "\n" if b == 10 else f"\\x{b:02X}" for b in text)


def order(path):
    name = path.rsplit(".", 1)[1] if not path.endswith(".2m") else "3.2m"
    first = ["truth", "200k", "3.2m", "images-200k", "images-800k", "speech-200k", "speech-800k", "contexts"]
    return (first.index(name) if name in first else len(first), name)


def main(bitlaw, folder):
    table = open(folder + "/samples.csv", "w")
    table.write("data,generator,bytes,judge,bits_per_byte,copied_share\n")
    for data in ("text", "image", "audio"):
        start = f"{folder}/continued/{data}."
        prompt = open(start + "prompt", "rb").read()
        files = [path for path in glob.glob(start + "*") if not path.endswith("prompt")]
        names = sorted((path[len(start) :] for path in files), key=lambda name: order(start + name))
        drawn = {name: open(start + name, "rb").read() for name in names}
        for name, text in drawn.items():
            bits = judged(bitlaw, data, prompt, text)
            table.write(f"{data},{name},{len(text)},{JUDGES[data]},{bits:.3f},{copied(prompt, text):.3f}\n")
        if data == "text":
            with open(folder + "/text.txt", "w") as file:
                file.write(f"[prompt, {len(prompt)} bytes, its end]\n...{shown(prompt[-300:])}\n")
                for name, text in drawn.items():
                    file.write(f"\n[{name}]\n{shown(text)}\n")
        if data == "image":
            tiles = []
            for text in drawn.values():
                patch = numpy.frombuffer(prompt + text, numpy.uint8).reshape(-1, WIDTH)
                large = patch.repeat(SCALE, 0).repeat(SCALE, 1)
                tiles.append(numpy.pad(large, ((GAP, GAP), (GAP, GAP)), constant_values=255))
            while len(tiles) % 3:
                tiles.append(numpy.full_like(tiles[0], 255))
            png(folder + "/image.png", numpy.vstack([numpy.hstack(tiles[i : i + 3]) for i in range(0, len(tiles), 3)]))
            open(folder + "/image.txt", "w").write("\n".join(", ".join(names[i : i + 3]) for i in range(0, len(names), 3)) + "\n")
        if data == "audio":
            for name, text in drawn.items():
                wav(f"{folder}/continued/audio-{name}.wav", prompt + text)
            with open(folder + "/audio.csv", "w") as file:
                file.write("place," + ",".join(names) + "\n")
                for i in range(len(prompt) + len(drawn["truth"])):
                    file.write(f"{i}," + ",".join(str((prompt + text)[i]) for text in drawn.values()) + "\n")
    table.close()


main(*sys.argv[1:])
