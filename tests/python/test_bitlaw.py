"""The Python package against the tool: BITLAW is the tool, MODEL a training folder, TEXT a file. Run by tests/cli/python.sh."""

import array
import copy
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
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
            bitlaw.Stack("none", mix="none")
        with self.assertRaises(bitlaw.BitlawUsageError):
            bitlaw.Stack(level=10)

    def test_threads_and_version(self):
        bitlaw.set_threads(1)
        self.assertIn(bitlaw.version(), tool("--version").decode())
        with self.assertRaises(bitlaw.BitlawUsageError):
            bitlaw.set_threads(100000)


class Names(unittest.TestCase):
    def test_installed_models(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, BITLAW_MODELS=folder):
            Path(folder, "tiny-one.blm").write_bytes(Path(MODEL, "model.blm").read_bytes())
            self.assertEqual(bitlaw.Model("tiny-one").id, bitlaw.Model(MODEL).id)
            archive = bitlaw.compress(TEXT[:500], "tiny-one")
            self.assertEqual(bitlaw.decompress(archive, "tiny-one"), TEXT[:500])
            self.assertEqual(list(bitlaw.score(TEXT[:50], "tiny-one")), list(bitlaw.score(TEXT[:50], MODEL)))
        with self.assertRaisesRegex(bitlaw.BitlawError, "tiny-one"):
            bitlaw.Model("tiny-one")

    def test_none(self):
        archive = bitlaw.compress(TEXT[:500], "none")
        self.assertEqual(archive, bitlaw.compress(TEXT[:500], mix="full"))
        self.assertEqual(bitlaw.decompress(archive, "none"), TEXT[:500])
        with self.assertRaisesRegex(bitlaw.BitlawUsageError, "none is no model"):
            bitlaw.Model("none")

    def test_fresh_weights(self):
        archive = bitlaw.compress(TEXT[:500], "init:50k:3", learn=True)
        self.assertEqual(bitlaw.decompress(archive, "init:50k:3"), TEXT[:500])

    def test_models_in_memory(self):
        for content in (Path(MODEL, "model.blm").read_bytes(), bytearray(Path(MODEL, "model.blm").read_bytes())):
            archive = bitlaw.compress(TEXT[:500], content)
            self.assertEqual(bitlaw.decompress(archive, content), TEXT[:500])
            self.assertEqual(bitlaw.Model(content).id, bitlaw.Model(MODEL).id)

    def test_null_bytes(self):
        for use in (bitlaw.Model, bitlaw.Stack, lambda name: bitlaw.compress(b"", name), lambda name: bitlaw.decompress(b"", name)):
            for name in (MODEL + "\0b", Path(MODEL + "\0b")):
                with self.assertRaisesRegex(ValueError, "null byte"):
                    use(name)

    def test_what_is_no_name(self):
        for source in (3, 1.5, [MODEL], object()):
            with self.assertRaises(TypeError):
                bitlaw.Model(source)
            with self.assertRaises(TypeError):
                bitlaw.Stack(source)


class Owners(unittest.TestCase):
    def test_neither_copied_nor_pickled(self):
        model = bitlaw.Model(MODEL)
        for owner in (model, model.stack()):
            for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "open it again from its file"):
                    duplicate(owner)
        self.assertEqual(len(model.score(b"abc")), 3)

    def test_closed_while_it_is_used(self):
        text = TEXT * 2
        expected = list(bitlaw.score(text, MODEL, streams=1, mix="full"))
        freed = []
        for _ in range(3):
            stack = bitlaw.Stack(MODEL, streams=1, mix="full")
            free, results = stack._free, []
            stack._free = lambda handle: (freed.append(len(results)), free(handle))
            threads = [threading.Thread(target=lambda: results.append(stack.score(text))) for _ in range(2)]
            for thread in threads:
                thread.start()
            while stack._uses < 2:
                time.sleep(0)
            stack.close()
            self.assertEqual(freed, [])  # or this test tests nothing
            with self.assertRaisesRegex(ValueError, "closed"):
                stack.score(b"abc")
            stack.close()
            for thread in threads:
                thread.join()
            self.assertEqual([list(bits) for bits in results], [expected] * 2)
            self.assertEqual(len(freed), 1)
            freed.clear()

    def test_a_signal_ends_a_call(self):
        class Rung(Exception):
            pass

        def ring(*_):
            raise Rung

        before = signal.signal(signal.SIGALRM, ring)
        text = TEXT * 10
        archive = bitlaw.compress(text, mix="fast", block_bytes=4096)
        stack = bitlaw.Stack(mix="fast", block_bytes=4096)
        try:
            for call in (lambda: stack.compress(text), lambda: bitlaw.decompress(archive)):
                for after in (0.001, 0.01, 0.03):
                    signal.setitimer(signal.ITIMER_REAL, after)
                    with self.assertRaises(Rung):
                        while True:
                            call()
                    # A signal while the call's thread begins does not wait for its end, which comes at once.
                    deadline = time.monotonic() + 30
                    while stack._uses and time.monotonic() < deadline:
                        time.sleep(0.001)
                    self.assertEqual(stack._uses, 0)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        self.assertEqual(bitlaw.decompress(stack.compress(text)), text)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_a_forked_child(self):
        stack = bitlaw.Stack(MODEL)
        expected = list(stack.score(TEXT[:200]))
        child = os.fork()
        if child == 0:
            same = list(stack.score(TEXT[:200])) == expected
            same &= bitlaw.decompress(stack.compress(TEXT[:200]), MODEL) == TEXT[:200]
            stack.close()
            os._exit(0 if same else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(list(stack.score(TEXT[:200])), expected)


class Arguments(unittest.TestCase):
    def uses(self):
        model, stack = bitlaw.Model(MODEL), bitlaw.Stack(MODEL)
        yield from (model.compress, model.score, model.next, model.decompress)
        yield from (stack.compress, stack.score, stack.next)
        yield from (bitlaw.compress, bitlaw.score, bitlaw.decompress)

    def test_what_is_not_bytes(self):
        wrong = [3, 0, True, None, 1.5, [1, 2], (1,), {1}, "text", object()]
        if numpy is not None:
            wrong += [numpy.zeros(3), numpy.zeros(3, dtype=numpy.int64), numpy.zeros(3, dtype=bool), numpy.uint8(3)]
        for use in self.uses():
            for data in wrong:
                with self.subTest(use=use, data=data), self.assertRaisesRegex(TypeError, "uint8"):
                    use(data)
        for prompt in [data for data in wrong if not isinstance(data, str)]:
            with self.assertRaisesRegex(TypeError, "prompt is .*uint8"):
                bitlaw.Model(MODEL).sample(prompt, 5)

    def check_bytes(self, data, plain):
        self.assertEqual(bitlaw.decompress(bitlaw.compress(data)), plain)
        self.assertEqual(list(bitlaw.score(data, MODEL)), list(bitlaw.score(plain, MODEL)))
        model = bitlaw.Model(MODEL)
        self.assertEqual(list(model.next(data)), list(model.next(plain)))
        self.assertEqual(model.sample(data, 3), model.sample(plain, 3))
        self.assertEqual(model.decompress(bytearray(model.compress(data))), plain)

    def test_what_is_bytes(self):
        plain = TEXT[:60]
        for data in (plain, bytearray(plain), memoryview(plain), array.array("B", plain), array.array("H", plain)):
            self.check_bytes(data, plain)
        self.check_bytes(memoryview(plain)[::2], plain[::2])
        self.check_bytes(memoryview(plain).cast("B", (6, 10)), plain)
        self.check_bytes(memoryview(plain)[:0], b"")

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_arrays_of_numpy(self):
        flat = numpy.frombuffer(TEXT[:60], dtype=numpy.uint8)
        square = flat.reshape(6, 10)
        for data in (flat, square, square.T, flat[::3], flat[::-1], square[:, 2:5], numpy.asfortranarray(square)):
            self.check_bytes(data, data.tobytes())
        for shape in ((0,), (0, 5), (3, 0, 2)):
            self.check_bytes(numpy.zeros(shape, dtype=numpy.uint8), b"")
        self.check_bytes(memoryview(square.T), square.T.tobytes())
        self.check_bytes(memoryview(numpy.zeros((0, 5), dtype=numpy.uint8)), b"")

    def test_ranges(self):
        huge = (-1, 2**31, 2**32, 2**40, 2**64, 2**70, -(2**70))
        for name in ("level", "block_bytes", "streams", "memory"):
            for value in (2**30 + 1 if name == "memory" else 2**24 + 1, *huge):
                with self.assertRaisesRegex(ValueError, f"^{name} is {value}; give .* to [0-9]+$"):
                    bitlaw.Stack(MODEL, **{name: value})
            with self.assertRaisesRegex(TypeError, f"^{name} is of type float"):
                bitlaw.Stack(MODEL, **{name: 1.0})
        with self.assertRaisesRegex(ValueError, "^memory is 5; give 0 or"):
            bitlaw.Stack(mix="full", memory=5)
        model = bitlaw.Model(MODEL)
        for seed in (-1, 2**64, 2**70):
            with self.assertRaisesRegex(ValueError, f"^seed is {seed}; .* 18446744073709551615$"):
                model.sample(b"", 5, seed=seed)
        self.assertEqual(len(model.sample(b"", 5, seed=2**64 - 1)), 5)
        for count in (-1, 2**63, 2**70):
            with self.assertRaisesRegex(ValueError, f"^count is {count};"):
                model.sample(b"", count)
        for threads in (-1, 257, 2**32, 2**64, 2**70):
            with self.assertRaisesRegex(ValueError, f"^count is {threads}; .* 0 to 256$"):
                bitlaw.set_threads(threads)
        with self.assertRaisesRegex(ValueError, "learns"):
            bitlaw.Stack(mix="full", learn=2**40)  # which an int of C would take for 0


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
