"""The Python package against the tool: BITLAW is the tool, MODEL a training folder, TEXT a file. Run by tests/cli/python.sh."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import bitlaw
from bitlaw import _library, models

try:
    import numpy
except ImportError:
    numpy = None
try:
    import pandas
except ImportError:
    pandas = None

TOOL = os.environ["BITLAW"]
MODEL = os.environ["MODEL"]
TEXT = Path(os.environ["TEXT"]).read_bytes()


def tool(*arguments, data=b""):
    return subprocess.run([TOOL, *arguments], input=data, stdout=subprocess.PIPE, check=True).stdout


class Archives(unittest.TestCase):
    def test_round_trips(self):
        model = bitlaw.Model(MODEL)
        for data in (b"", b"a", TEXT[:5000], bytes(range(256)) * 3, memoryview(TEXT)[:100]):
            self.assertEqual(model.decompress(model.compress(data)), bytes(data))
            self.assertEqual(bitlaw.decompress(bitlaw.compress(data, MODEL, mix="fast"), MODEL), bytes(data))
            self.assertEqual(bitlaw.decompress(bitlaw.compress(data)), bytes(data))

    def test_same_archives_as_the_tool(self):
        archive = bitlaw.compress(TEXT[:5000], MODEL)
        self.assertEqual(tool("decompress", "-c", "-m", MODEL, data=archive), TEXT[:5000])
        theirs = tool("compress", "-c", "-m", MODEL, data=TEXT[:5000])
        self.assertEqual(bitlaw.decompress(theirs, MODEL), TEXT[:5000])

    def test_embedded_model(self):
        archive = bitlaw.compress(TEXT[:1000], MODEL, embed_model=True)
        self.assertEqual(bitlaw.decompress(archive), TEXT[:1000])

    def test_damage_is_an_error(self):
        archive = bytearray(bitlaw.compress(TEXT[:2000]))
        archive[len(archive) // 2] ^= 1
        with self.assertRaises(bitlaw.BitlawError):
            bitlaw.decompress(bytes(archive))
        with self.assertRaises(bitlaw.BitlawError):
            bitlaw.decompress(b"no archive")


class Scores(unittest.TestCase):
    def test_sum_is_the_archive(self):
        for options in ({}, {"mix": "fast"}):
            bits = bitlaw.score(TEXT, MODEL, **options)
            self.assertEqual(len(bits), len(TEXT))
            self.assertGreater(min(bits), 0)
            archive = bitlaw.compress(TEXT, MODEL, fallback="never", **options)
            self.assertLess(abs(sum(bits) / 8 - len(archive)), 100 + 0.001 * len(archive))

    def test_same_bits_as_the_tool(self):
        with tempfile.TemporaryDirectory() as folder:
            tool("eval", "-q", "-m", MODEL, "--data", os.environ["TEXT"], "--per-byte", f"{folder}/bits.csv")
            lines = Path(folder, "bits.csv").read_text().splitlines()[1:]
        theirs = [float(line.split(",")[2]) for line in lines]
        for ours, expected in zip(bitlaw.score(TEXT, MODEL), theirs):
            self.assertAlmostEqual(ours, expected, places=9)

    def test_next_agrees_with_score(self):
        model = bitlaw.Model(MODEL)
        shares = model.next(TEXT[:50])
        self.assertEqual(len(shares), 256)
        self.assertAlmostEqual(sum(shares), 1, places=6)
        self.assertAlmostEqual(2 ** -model.score(TEXT[:51])[50], shares[TEXT[50]], places=9)

    def test_without_numpy(self):
        with mock.patch.object(models, "numpy", None):
            bits = bitlaw.score(TEXT[:1000], MODEL)
            self.assertEqual(bits.typecode, "d")
            self.assertEqual(list(bits), list(bitlaw.score(TEXT[:1000], MODEL)))
            self.assertEqual(len(bitlaw.score(b"", MODEL)), 0)

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_arrays(self):
        bits = bitlaw.score(TEXT[:1000], MODEL)
        self.assertEqual((bits.dtype, bits.shape), (numpy.float64, (1000,)))


class Models(unittest.TestCase):
    def test_samples_of_the_tool(self):
        with bitlaw.Model(MODEL) as model:
            ours = model.sample("the ", 60, seed=5)
            self.assertEqual(ours, tool("sample", "-m", MODEL, "--prompt", "the ", "--bytes", "60", "--seed", "5"))
            self.assertEqual(model.sample(b"the ", 0), b"")
            self.assertNotEqual(ours, model.sample(b"the ", 60, seed=6))

    def test_of_bytes(self):
        path = Path(MODEL, "model.blm")
        self.assertEqual(bitlaw.Model(path.read_bytes()).id, bitlaw.Model(path).id)

    def test_closed(self):
        model = bitlaw.Model(MODEL)
        stack = model.stack()
        model.close()
        self.assertEqual(len(stack.score(b"abc")), 3)
        with self.assertRaises(bitlaw.BitlawUsageError):
            model.score(b"abc")

    def test_errors(self):
        with self.assertRaisesRegex(bitlaw.BitlawError, "nowhere"):
            bitlaw.Model("nowhere.blm")
        with self.assertRaises(bitlaw.BitlawUsageError):
            bitlaw.Stack(mix="most")
        with self.assertRaises(bitlaw.BitlawUsageError):
            bitlaw.Stack("none")
        with self.assertRaises(bitlaw.BitlawUsageError):
            bitlaw.Stack(level=10)

    def test_threads_and_version(self):
        bitlaw.set_threads(1)
        self.assertIn(bitlaw.version(), tool("--version").decode())
        with self.assertRaises(bitlaw.BitlawUsageError):
            bitlaw.set_threads(100000)


class Library(unittest.TestCase):
    def test_named_by_the_environment(self):
        with mock.patch.dict(os.environ, BITLAW_LIBRARY="/nowhere/libbitlaw.so"):
            self.assertEqual(_library._places(), ["/nowhere/libbitlaw.so"])
            failed = subprocess.run([sys.executable, "-c", "import bitlaw"], capture_output=True, text=True)
        self.assertIn("cannot use /nowhere/libbitlaw.so", failed.stderr)


@unittest.skipIf(pandas is None, "pandas is not installed")
class Tables(unittest.TestCase):
    def test_study(self):
        folder = Path(__file__).parents[2] / "experiments/03-scaling/wiki8"
        runs = bitlaw.read_study(folder)
        self.assertEqual(len(runs), 125)
        row = runs.iloc[0]
        self.assertEqual((row["run"], row["parameters"]), ("n8K-u1M-p2-k512-s1", 8192))
        self.assertAlmostEqual(row["adjusted_rate"], row["held_out_bits_per_byte"] / 8 + row["model_bytes"] / 1e6)
        optimum = bitlaw.read_fit(folder, "measured_optimum")
        self.assertGreater(optimum["parameters"].min(), 10000)

    def test_metrics(self):
        steps = bitlaw.read_metrics(MODEL)
        self.assertEqual(list(steps["step"]), list(range(1, len(steps) + 1)))


if __name__ == "__main__":
    unittest.main()
