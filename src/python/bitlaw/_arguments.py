"""What callers give, checked before it reaches C, which would cut integers and read names up to a zero byte."""

from __future__ import annotations

import operator
import os
from typing import Any

from ._library import BitlawUsageError

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]


def bytes_of(data: Any, what: str) -> memoryview:
    """The bytes of bytes, bytearray, memoryview, array or a uint8 array of NumPy, in C order; copied only where strided."""
    if numpy is not None and isinstance(data, (numpy.ndarray, numpy.generic)):
        if not isinstance(data, numpy.ndarray) or data.dtype != numpy.uint8:
            raise TypeError(f"{what} is a NumPy {type(data).__name__} of {data.dtype}; give an array of uint8")
        data = numpy.ascontiguousarray(data).reshape(-1)
    try:
        view = memoryview(data)
    except TypeError:
        hint = "; encode() it" if isinstance(data, str) else ""
        raise TypeError(
            f"{what} is of type {type(data).__name__}; give bytes, bytearray, memoryview, array or a uint8 array of NumPy{hint}"
        ) from None
    if view.nbytes == 0:
        return memoryview(b"")  # shapes with a zero cannot be cast
    if view.c_contiguous:
        try:
            return view.cast("B")
        except (TypeError, ValueError):  # a format that is not the machine's own
            pass
    return memoryview(view.tobytes())


def integer(value: Any, what: str, low: int, high: int) -> int:
    """An integer from low to high, both included."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} is of type {type(value).__name__}; give an integer from {low} to {high}") from None
    if not low <= number <= high:
        raise BitlawUsageError(f"{what} is {number}; give an integer from {low} to {high}")
    return number


def integer_or_zero(value: Any, what: str, low: int, high: int) -> int:
    """An integer from low to high, or 0, which leaves it to the library."""
    number = integer(value, what, 0, high)
    if 0 < number < low:
        raise BitlawUsageError(f"{what} is {number}; give 0 or an integer from {low} to {high}")
    return number


def name_of(source: Any, what: str) -> bytes:
    """A path or a name as C takes it."""
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"{what} is of type {type(source).__name__}; give a path, the name of an installed model, or its bytes")
    name = os.fsencode(source)
    if b"\0" in name:
        raise BitlawUsageError(f"{what} is {os.fspath(source)!r}, which has an embedded null byte")
    return name
