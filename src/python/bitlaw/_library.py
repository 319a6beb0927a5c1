"""libbitlaw.so and its C interface (bitlaw/bitlaw.h), by ctypes."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, c_char_p, c_double, c_int, c_size_t, c_uint64, c_void_p
from pathlib import Path


class BitlawError(Exception):
    """Damaged or wrong data, another model, no memory: what the library says, in one line."""


class BitlawUsageError(BitlawError, ValueError):
    """An argument makes no sense."""


OK, FAILED, WRONG_USE = 0, 1, 2


class StackOptions(ctypes.Structure):
    """bitlaw_stack_options."""

    _fields_ = [
        ("struct_size", c_size_t),
        ("level", c_int),
        ("model", c_void_p),
        ("network", c_char_p),
        ("mix", c_int),
        ("learn", c_int),
        ("learn_rate", c_double),
        ("embed_model", c_int),
        ("fallback", c_int),
        ("block_bytes", c_uint64),
        ("streams", c_uint64),
        ("memory", c_uint64),
    ]


READ = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t, POINTER(c_size_t))
WRITE = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t)
PROGRESS = ctypes.CFUNCTYPE(c_int, c_void_p, c_uint64, c_uint64)


class InputOutput(ctypes.Structure):
    """bitlaw_io."""

    _fields_ = [
        ("struct_size", c_size_t),
        ("context", c_void_p),
        ("read", READ),
        ("write", WRITE),
        ("progress", PROGRESS),
        ("input_bytes", c_uint64),
    ]


# Result and arguments of each function.
_PROTOTYPES = {
    "bitlaw_version": (c_char_p, []),
    "bitlaw_last_error": (c_char_p, []),
    "bitlaw_last_status": (c_int, []),
    "bitlaw_set_threads": (c_int, [c_size_t]),
    "bitlaw_model_open": (c_void_p, [c_char_p]),
    "bitlaw_model_read": (c_void_p, [c_char_p, c_size_t]),
    "bitlaw_model_close": (None, [c_void_p]),
    "bitlaw_model_id": (c_uint64, [c_void_p]),
    "bitlaw_stack_open": (c_void_p, [POINTER(StackOptions)]),
    "bitlaw_stack_close": (None, [c_void_p]),
    "bitlaw_score": (c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_double), PROGRESS, c_void_p]),
    "bitlaw_next": (c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_double)]),
    "bitlaw_sample": (c_int, [c_void_p, c_char_p, c_size_t, c_uint64, c_double, c_void_p, c_size_t]),
    "bitlaw_compress_stream": (c_int, [c_void_p, POINTER(InputOutput)]),
    "bitlaw_restore_stream": (c_int, [c_void_p, POINTER(InputOutput)]),
}


def _places() -> list[str]:
    """Where the library may be, the first one counts."""
    if given := os.environ.get("BITLAW_LIBRARY"):
        return [given]
    here = Path(__file__).resolve()
    # PREFIX/lib/pythonX.Y/dist-packages/bitlaw/_library.py, and src/python/bitlaw/_library.py of a checkout.
    beside = [here.parent / "libbitlaw.so", here.parents[3] / "libbitlaw.so.0", here.parents[3] / "build/libbitlaw.so"]
    return [str(path) for path in beside if path.exists()] + ["libbitlaw.so.0"]


def _load() -> ctypes.CDLL:
    place = _places()[0]
    try:
        loaded = ctypes.CDLL(place)
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise ImportError(
            f"cannot use {place}: {error}; build it with make, install it with make install, or name it by BITLAW_LIBRARY"
        ) from None
    return loaded


library = _load()


def check(status: int) -> None:
    """Raises what a call that returned this status failed with."""
    if status != OK:
        text = library.bitlaw_last_error().decode(errors="replace")
        raise (BitlawUsageError if status == WRONG_USE else BitlawError)(text)


def opened(pointer: int | None) -> int:
    """The object, unless the call that should have made it failed."""
    if not pointer:
        check(library.bitlaw_last_status() or FAILED)
    return pointer  # type: ignore[return-value]


def version() -> str:
    """The library's version, "0.1.0"."""
    return library.bitlaw_version().decode()
