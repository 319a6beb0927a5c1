"""Compress with small transformers, and see what every byte costs.

    >>> import bitlaw
    >>> archive = bitlaw.compress(b"some text", mix="full")      # no model: experts that learn the data alone
    >>> bitlaw.decompress(archive)
    b'some text'
    >>> model = bitlaw.Model("checkpoints/200k.blm")
    >>> model.score(b"The history of the")                       # bits of each byte, an array
    >>> model.sample(b"The history of ", 100, seed=3)
    >>> bitlaw.read_study("experiments/03-scaling/wiki8")        # a pandas DataFrame, a row a run

Everything is computed by libbitlaw.so, which is looked for in BITLAW_LIBRARY, beside this package and where the system
has its libraries. Arrays are NumPy's where it is installed, otherwise the standard library's.
"""

from ._library import BitlawError, BitlawUsageError, version
from .models import Model, Stack, compress, decompress, score, set_threads
from .tables import read_fit, read_metrics, read_study

__all__ = [
    "BitlawError",
    "BitlawUsageError",
    "Model",
    "Stack",
    "compress",
    "decompress",
    "read_fit",
    "read_metrics",
    "read_study",
    "score",
    "set_threads",
    "version",
]
