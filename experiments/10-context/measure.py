#!/usr/bin/python3
"""Bits per byte of contexts of 64 bytes and more: networks, gzip, xz, PPMd and context mixing on the same bytes.

    measure.py BITLAW WORK CSV KIND=FILE@BEGIN:END:WINDOW...

Two samples of each kind of data, drawn evenly from the range: windows of WINDOW bytes, each an independent context, and
pieces of 65,536 bytes. Appends rows to CSV, and skips systems that it has already.
"""
import csv
import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib

import numpy

WINDOW_BYTES = 524288  # of all windows of a kind together
PIECE, PIECES = 65536, 8
SHORTEST = 64
MODELS = {"text": ["200k", "800k", "3.2m"], "images": ["images-50k", "images-200k", "images-800k"],
          "audio": ["speech-50k", "speech-200k", "speech-800k"]}
LEARN = ["--learn", "--learn-streams", "1", "--learn-segment", "512"]  # one context; as many bytes a step as 8 x 64
FIELDS = ["data", "protocol", "system", "bytes", "length", "bits_per_byte", "last_half_bits_per_byte", "kb_per_s", "memory_mb"]


def evenly(data, count, size, step):
    """`count` stretches of `size` bytes that begin at multiples of `step`: [count, size]."""
    places = [(len(data) - size) * i // max(1, count - 1) // step * step for i in range(count)]
    return [data[place : place + size] for place in places]


def lengths_to(longest):
    return [SHORTEST << i for i in range(longest.bit_length()) if SHORTEST << i <= longest]


def run(command):
    """CPU seconds and greatest memory (MB) of a program. (What wait4 says of a child's memory begins with its parent's.)"""
    with tempfile.NamedTemporaryFile() as told:
        timed = ["/usr/bin/time", "-q", "-f", "%U %S %M", "-o", told.name, *command]
        if subprocess.run(timed, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"{' '.join(command)} failed")
        user, system, kilobytes = map(float, told.read().split())
        return user + system, kilobytes / 1024


def in_child(work):
    """What work() returns (numbers), its CPU seconds, and the rise of memory (MB), in a process of its own."""
    read, write = os.pipe()
    if os.fork() == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin = time.process_time()
        result = work()
        spent = time.process_time() - begin
        rise = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        os.write(write, json.dumps([result, spent, rise]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.wait()
    return json.loads(text)


def gzip_sizes(chunks):
    def size(chunk):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        packed = packer.compress(chunk) + packer.flush()
        assert zlib.decompress(packed, 31) == chunk
        return len(packed)

    return in_child(lambda: [size(chunk) for chunk in chunks])


def xz_sizes(chunks):
    # A dictionary greater than the data finds nothing more; the preset's 64 MiB would take its time for every chunk.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": max(4096, len(chunks[0]))}]

    def size(chunk):
        packed = lzma.compress(chunk, lzma.FORMAT_XZ, lzma.CHECK_CRC64, filters=filters)
        assert lzma.decompress(packed) == chunk
        return len(packed)

    return in_child(lambda: [size(chunk) for chunk in chunks])


def ppmd_sizes(chunks):
    """7z packs every file by itself (-ms=off) and says what each takes without the archive's header."""
    with tempfile.TemporaryDirectory() as folder:
        for i, chunk in enumerate(chunks):
            open(f"{folder}/{i:06}", "wb").write(chunk)
        archive = folder + "/all.7z"
        seconds, memory = run(["7z", "a", "-t7z", "-m0=PPMd:o=8:mem=256m", "-ms=off", "-mmt=1", "-bd", "-y", archive, folder + "/0*"])
        listing = subprocess.run(["7z", "l", "-slt", archive], capture_output=True, text=True, check=True).stdout
        assert subprocess.run(["7z", "t", archive], stdout=subprocess.DEVNULL).returncode == 0
    sizes, name = {}, None
    for line in listing.splitlines():
        if line.startswith("Path = ") and not line.endswith(".7z"):
            name = int(os.path.basename(line[7:]))
        if line.startswith("Packed Size = ") and name is not None:
            sizes[name], name = int(line[14:]), None
    return [sizes[i] for i in range(len(chunks))], seconds, memory


class Results:
    def __init__(self, path):
        self.path = path
        self.rows = list(csv.DictReader(open(path))) if os.path.exists(path) else []
        if not self.rows:
            open(path, "w").write(",".join(FIELDS) + "\n")

    def has(self, data, protocol, system):
        return any((r["data"], r["protocol"], r["system"]) == (data, protocol, system) for r in self.rows)

    def add(self, data, protocol, system, count, bits, speed, memory):
        """`bits` {length: mean bits of the first `length` bytes}; what the last half of them costs follows from two."""
        with open(self.path, "a") as file:
            for length, mean in bits.items():
                last = 2 * mean - bits[length // 2] if length // 2 in bits else mean
                row = [data, protocol, system, count * length, length, f"{mean:.4f}", f"{last:.4f}", f"{speed:.1f}", f"{memory:.1f}"]
                file.write(",".join(map(str, row)) + "\n")
        print(data, protocol, system, {n: round(b, 3) for n, b in bits.items()}, f"{speed:.1f} KB/s {memory:.0f} MB", flush=True)


def classical(results, data, protocol, samples):
    for system, sizes in (("gzip -9", gzip_sizes), ("xz -9e", xz_sizes), ("7z PPMd -o8", ppmd_sizes)):
        if results.has(data, protocol, system):
            continue
        header = sizes([b"\0"])[0][0]  # counted once for all contexts, as in `bitlaw table`
        bits = {}
        for length in lengths_to(len(samples[0])):
            cut = [sample[:length] for sample in samples]
            packed, seconds, memory = sizes(cut)
            bits[length] = 8 * (sum(packed) - (len(cut) - 1) * header) / (len(cut) * length)
        results.add(data, protocol, system, len(samples), bits, len(samples) * len(samples[0]) / 1000 / seconds, memory)


def means(bits):
    """Bits of every byte [contexts, length] to the means of the first 64, 128, ... bytes."""
    return {length: float(bits[:, :length].mean()) for length in lengths_to(bits.shape[1])}


def model_option(work, model):
    """A shipped model, or one that run.sh has trained."""
    shipped = f"checkpoints/{model}.blm"
    return ["-m", shipped if os.path.exists(shipped) else f"{work}/{model}/model.blm"]


def network(results, bitlaw, work, data, protocol, system, options, samples):
    """A context for each sample: in chunks all at once, otherwise a run of the tool for each."""
    if results.has(data, protocol, system):
        return
    chunked = protocol == "chunked"
    files = [b"".join(samples)] if chunked else samples
    base = [bitlaw, "eval", "-q", "-T1", *options]
    if chunked:
        base += ["--protocol", "chunked", "--chunk", str(len(samples[0]))]
    bits = []
    for i, file in enumerate(files):
        open(work + "/input", "wb").write(file)
        command = base + ["--data", work + "/input"]
        if i == 0:  # the time of the first file; one pass, without the bits of every byte
            seconds, memory = run(command)
        run(command + ["--per-byte", work + "/bits.npy"])
        bits.append(numpy.load(work + "/bits.npy"))
    bits = numpy.concatenate(bits).reshape(len(samples), -1)
    results.add(data, protocol, system, len(samples), means(bits), len(files[0]) / 1000 / seconds, memory)


def main(bitlaw, work, path, *kinds):
    results = Results(path)
    for kind in kinds:
        data, place = kind.split("=", 1)
        name, numbers = place.rsplit("@", 1)
        begin, end, window = map(int, numbers.split(":"))
        plain = open(name, "rb").read()[begin:end]
        windows = evenly(plain, WINDOW_BYTES // window, window, 2048 if data != "text" else 1)
        pieces = evenly(plain, PIECES, PIECE, 2048)
        classical(results, data, "chunked", windows)
        for model in MODELS[data]:
            network(results, bitlaw, work, data, "chunked", model, model_option(work, model), windows)
        classical(results, data, "continuous", pieces)
        for model in MODELS[data]:
            network(results, bitlaw, work, data, "continuous", model, model_option(work, model), pieces)
        network(results, bitlaw, work, data, "continuous", "experts (full)", ["-m", "none", "--mix", "full"], pieces)
        for model in MODELS[data]:
            network(results, bitlaw, work, data, "learning", model, [*model_option(work, model), *LEARN], pieces)


main(*sys.argv[1:])
