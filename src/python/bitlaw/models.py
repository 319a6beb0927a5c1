"""Models and stacks: compress, restore, measure, sample."""

from __future__ import annotations

import array
import ctypes
import os
from typing import TYPE_CHECKING, Any, Union

from . import _library
from ._library import InputOutput, StackOptions, check, library, opened

try:
    import numpy
except ImportError:  # arrays are the standard library's then
    numpy = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

Buffer = Union[bytes, bytearray, memoryview]
Path = Union[str, "os.PathLike[str]"]

_MIXES = {None: 0, "none": 1, "fast": 2, "full": 3}
_FALLBACKS = {"never": 0, "worse": 1, "best": 2}


def _doubles(count: int) -> tuple[Any, Any]:
    """An array of so many doubles, and a pointer to it."""
    if numpy is not None:
        values = numpy.zeros(count, dtype=numpy.float64)
        return values, values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
    values = array.array("d", bytes(8 * count))
    if count == 0:
        return values, (ctypes.c_double * 1)()
    return values, (ctypes.c_double * count).from_buffer(values)


def _named(table: dict, value: Any, what: str) -> int:
    if value not in table:
        choices = ", ".join(str(name) for name in table)
        raise _library.BitlawUsageError(f"{what} is {value!r}; choose one of {choices}")
    return table[value]


class _Transfer:
    """Bytes in and out of a call that streams. What a callback raises is raised again behind the call."""

    def __init__(self, data: Buffer) -> None:
        self.data = memoryview(data).cast("B")
        self.place = 0
        self.result = bytearray()
        self.error: BaseException | None = None
        self.io = InputOutput(
            struct_size=ctypes.sizeof(InputOutput),
            read=_library.READ(self._read),
            write=_library.WRITE(self._write),
            input_bytes=len(self.data),
        )

    def _read(self, _context: int, buffer: int, capacity: int, size: Any) -> int:
        piece = self.data[self.place : self.place + capacity]
        ctypes.memmove(buffer, bytes(piece), len(piece))
        self.place += len(piece)
        size[0] = len(piece)
        return 0

    def _write(self, _context: int, piece: int, size: int) -> int:
        try:
            self.result += ctypes.string_at(piece, size)
        except MemoryError as error:
            self.error = error
            return 1
        return 0

    def finish(self, status: int) -> bytes:
        if self.error is not None:
            raise self.error
        check(status)
        return bytes(self.result)


class _Owner:
    """Owns an object of the library, as a context too; closed once."""

    _handle: int | None = None
    _kind: str
    _free: Any  # the library's function, which takes the handle

    def close(self) -> None:
        """Frees it; it cannot be used any more. Stacks that were made of a model stay."""
        handle, self._handle = self._handle, None
        if handle:
            self._free(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def _open(self) -> int:
        if not self._handle:
            raise _library.BitlawUsageError(f"the {self._kind} was closed")
        return self._handle


class Stack(_Owner):
    """What predicts: a network, frozen or learning, experts that learn the data, or both, mixed.

    level: 1 to 9 as `bitlaw compress -1` to `-9`; the other arguments replace its parts.
    model: a Model, a path, the name of an installed model, "init:PRESET[:SEED]" (fresh weights, which learn) or "none".
    mix: None (the level's, without a level none), "none", "fast" or "full".
    learn: the network learns what it codes.
    embed_model: archives hold the model and restore alone.
    fallback: when blocks are coded without the model: "never", "worse" or "best".
    streams, block_bytes: how data are cut; 0 leaves it to the library. One stream is one context from end to end.
    """

    _kind = "stack"
    _free = library.bitlaw_stack_close

    def __init__(
        self,
        model: Model | Path | None = None,
        *,
        level: int = 0,
        mix: str | None = None,
        learn: bool = False,
        learn_rate: float = 0.0,
        embed_model: bool = False,
        fallback: str = "best",
        streams: int = 0,
        block_bytes: int = 0,
        memory: int = 0,
    ) -> None:
        options = StackOptions(
            struct_size=ctypes.sizeof(StackOptions),
            level=level,
            mix=_named(_MIXES, mix, "mix"),
            learn=learn,
            learn_rate=learn_rate,
            embed_model=embed_model,
            fallback=_named(_FALLBACKS, fallback, "fallback"),
            block_bytes=block_bytes,
            streams=streams,
            memory=memory,
        )
        if isinstance(model, Model):
            options.model = model._open()
        elif model is not None:
            options.network = os.fsencode(model)
        self._handle = opened(library.bitlaw_stack_open(ctypes.byref(options)))

    def compress(self, data: Buffer) -> bytes:
        """An archive of the data."""
        transfer = _Transfer(data)
        return transfer.finish(library.bitlaw_compress_stream(self._open(), ctypes.byref(transfer.io)))

    def score(self, data: Buffer) -> Any:
        """Bits of each byte: -log2 of the probability that it was given after all before it. float64 [len(data)]."""
        plain = bytes(data)
        bits, pointer = _doubles(len(plain))
        check(library.bitlaw_score(self._open(), plain, len(plain), pointer, _library.PROGRESS(0), None))
        return bits

    def next(self, text: Buffer = b"") -> Any:
        """The distribution of the byte that follows the text. float64 [256]."""
        plain = bytes(text)
        probability, pointer = _doubles(256)
        check(library.bitlaw_next(self._open(), plain, len(plain), pointer))
        return probability

    def sample(self, prompt: Buffer | str = b"", count: int = 200, *, seed: int = 1, temperature: float = 1.0) -> bytes:
        """So many bytes drawn one after another behind the prompt; the same for a seed on every machine."""
        start = prompt.encode() if isinstance(prompt, str) else bytes(prompt)
        output = ctypes.create_string_buffer(max(count, 1))
        check(library.bitlaw_sample(self._open(), start, len(start), seed, temperature, output, count))
        return output.raw[:count]


class Model(_Owner):
    """A network: a model file, or model.blm of a training folder, or bytes of one."""

    _kind = "model"
    _free = library.bitlaw_model_close

    def __init__(self, source: Path | bytes) -> None:
        if isinstance(source, bytes):
            self._handle = opened(library.bitlaw_model_read(source, len(source)))
        else:
            self._handle = opened(library.bitlaw_model_open(os.fsencode(source)))

    @property
    def id(self) -> int:
        """The id by which archives name it."""
        return library.bitlaw_model_id(self._open())

    def stack(self, **options: Any) -> Stack:
        """A stack with this network; the options are Stack's."""
        return Stack(self, **options)

    def compress(self, data: Buffer, **options: Any) -> bytes:
        """An archive of the data by this network; the options are Stack's."""
        with self.stack(**options) as stack:
            return stack.compress(data)

    def decompress(self, archive: Buffer) -> bytes:
        """The bytes of an archive that this network made."""
        return decompress(archive, self)

    def score(self, data: Buffer, **options: Any) -> Any:
        """Bits of each byte, float64 [len(data)]; one stream unless the options, which are Stack's, say another number."""
        with self.stack(**{"streams": 1, **options}) as stack:
            return stack.score(data)

    def next(self, text: Buffer = b"") -> Any:
        """The distribution of the byte that follows the text. float64 [256]."""
        with self.stack() as stack:
            return stack.next(text)

    def sample(self, prompt: Buffer | str = b"", count: int = 200, *, seed: int = 1, temperature: float = 1.0) -> bytes:
        """So many bytes drawn one after another behind the prompt, as `bitlaw sample` draws them."""
        with self.stack() as stack:
            return stack.sample(prompt, count, seed=seed, temperature=temperature)


def compress(data: Buffer, model: Model | Path | None = None, **options: Any) -> bytes:
    """An archive of the data by a stack of these options (see Stack); without any by level 2, which needs no model."""
    if model is None and not options:
        options = {"level": 2}
    with Stack(model, **options) as stack:
        return stack.compress(data)


def decompress(archive: Buffer, model: Model | Path | None = None) -> bytes:
    """The bytes of an archive. Its model is the one given, the one inside, or an installed one with its id."""
    transfer = _Transfer(archive)
    if model is None:
        return transfer.finish(library.bitlaw_restore_stream(None, ctypes.byref(transfer.io)))
    if isinstance(model, Model):
        return transfer.finish(library.bitlaw_restore_stream(model._open(), ctypes.byref(transfer.io)))
    with Model(model) as opened_model:
        return transfer.finish(library.bitlaw_restore_stream(opened_model._open(), ctypes.byref(transfer.io)))


def score(data: Buffer, model: Model | Path | None = None, **options: Any) -> Sequence[float]:
    """Bits of each byte, float64 [len(data)], by a stack of these options (see Stack); without any by level 2."""
    if model is None and not options:
        options = {"level": 2}
    with Stack(model, **options) as stack:
        return stack.score(data)
