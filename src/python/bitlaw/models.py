"""Models and stacks: compress, restore, measure, sample."""

from __future__ import annotations

import array
import contextlib
import ctypes
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Union

from . import _library
from ._arguments import bytes_of, integer, integer_or_zero, name_of
from ._library import InputOutput, StackOptions, check, library, opened

try:
    import numpy
except ImportError:  # arrays are the standard library's then
    numpy = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

Buffer = Union[bytes, bytearray, memoryview, "array.array[Any]", "numpy.ndarray[Any, Any]"]
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
    """Bytes in and out of a call that streams."""

    def __init__(self, data: Buffer, what: str) -> None:
        self.data = bytes_of(data, what)
        self.place = 0
        self.result = bytearray()
        self.error: BaseException | None = None
        self.is_stopped = False
        self.io = InputOutput(
            struct_size=ctypes.sizeof(InputOutput),
            read=_library.READ(self._read),
            write=_library.WRITE(self._write),
            progress=_library.PROGRESS(lambda *_: self.is_stopped),
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
        return self.is_stopped

    def run(self, function: Any, owner: _Owner | None) -> bytes:
        """What the function of the library writes with the owner's object.

        It runs in a thread of its own: signals reach the main thread only, so that what their handlers raise, such as
        KeyboardInterrupt, is raised here, and never in a callback, through which it could not pass. It ends the call.
        """

        def work() -> None:
            try:
                with owner._used() if owner else contextlib.nullcontext() as handle:
                    check(function(handle, ctypes.byref(self.io)))  # here, as errors belong to threads
            except BaseException as error:
                self.error = self.error or error
            finally:
                done.set()

        done = threading.Event()  # not join(), which takes a thread for ended once it was interrupted, to Python 3.12
        thread = threading.Thread(target=work)
        try:
            thread.start()
            done.wait()
        except BaseException:
            self.is_stopped = True
            if thread.is_alive():
                done.wait()
            raise
        if self.error is not None:
            raise self.error
        return bytes(self.result)


class _Owner:
    """Owns an object of the library, as a context too. Freed once: when it is closed and no call uses it any more."""

    _kind: str
    _free: Any  # the library's function, which takes the handle
    _handle: int | None  # none: not opened, or freed
    _uses: int
    _is_closed: bool
    # Of all objects, and held for a moment only. A signal's handler may close what its own thread is about to use.
    _lock = threading.RLock()

    def __new__(cls, *_: Any, **__: Any) -> Self:
        self = super().__new__(cls)
        self._handle, self._uses, self._is_closed = None, 0, False
        return self

    def close(self) -> None:
        """Later calls raise ValueError; those in progress end as they would, the last one frees it. A model's stacks stay."""
        with self._lock:
            self._is_closed = True
        self._free_unused()

    def _free_unused(self) -> None:
        with self._lock:
            if self._uses > 0 or not self._is_closed:
                return
            handle, self._handle = self._handle, None
        if handle:
            self._free(handle)

    @contextlib.contextmanager
    def _used(self) -> Iterator[int]:
        """The handle, which stays valid in the context."""
        with self._lock:
            self._uses += 1
        try:
            if self._is_closed or not self._handle:
                raise _library.BitlawUsageError(f"the {self._kind} was closed")
            yield self._handle
        finally:
            with self._lock:
                self._uses -= 1
            self._free_unused()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __reduce_ex__(self, _protocol: Any) -> Any:
        raise TypeError(f"a {self._kind} cannot be copied or pickled; open it again from its file")


# A child must not find it held by a thread that it does not have.
os.register_at_fork(
    before=_Owner._lock.acquire, after_in_parent=_Owner._lock.release, after_in_child=_Owner._lock.release
)


class Stack(_Owner):
    """What predicts: a network, frozen or learning, experts that learn the data, or both, mixed.

    level: 1 to 9 as `bitlaw compress -1` to `-9`; the other arguments replace its parts.
    model: a Model, a path, the name of an installed model, a model file's bytes, "init:PRESET[:SEED]" (fresh weights, which learn)
        or "none".
    mix: None (the level's; without a level none, but "full" for the model "none"), "none", "fast" or "full".
    learn: the network learns what it codes.
    embed_model: archives hold the model and restore alone.
    fallback: when blocks are coded without the model: "never", "worse" or "best".
    streams, block_bytes: how data are cut; 0 leaves it to the library. One stream is one context from end to end.
    """

    _kind = "stack"
    _free = library.bitlaw_stack_close

    def __init__(
        self,
        model: Model | Path | Buffer | None = None,
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
            level=integer(level, "level", 0, 9),
            mix=_named(_MIXES, mix, "mix"),
            learn=bool(learn),
            learn_rate=learn_rate,
            embed_model=bool(embed_model),
            fallback=_named(_FALLBACKS, fallback, "fallback"),
            block_bytes=integer(block_bytes, "block_bytes", 0, 2**24),
            streams=integer(streams, "streams", 0, 4096),
            memory=integer_or_zero(memory, "memory", 2**20, 2**30),
        )
        if model is None or isinstance(model, (str, os.PathLike)):
            options.network = None if model is None else name_of(model, "model")
            self._handle = opened(library.bitlaw_stack_open(ctypes.byref(options)))
            return
        with contextlib.ExitStack() as opening:
            owner = model if isinstance(model, Model) else opening.enter_context(Model(model))
            options.model = opening.enter_context(owner._used())
            self._handle = opened(library.bitlaw_stack_open(ctypes.byref(options)))

    def compress(self, data: Buffer) -> bytes:
        """An archive of the data."""
        return _Transfer(data, "data").run(library.bitlaw_compress_stream, self)

    def score(self, data: Buffer) -> Any:
        """Bits of each byte: -log2 of the probability that it was given after all before it. float64 [len(data)]."""
        plain = bytes(bytes_of(data, "data"))
        bits, pointer = _doubles(len(plain))
        with self._used() as handle:
            check(library.bitlaw_score(handle, plain, len(plain), pointer, _library.PROGRESS(0), None))
        return bits

    def next(self, text: Buffer = b"") -> Any:
        """The distribution of the byte that follows the text. float64 [256]."""
        plain = bytes(bytes_of(text, "text"))
        probability, pointer = _doubles(256)
        with self._used() as handle:
            check(library.bitlaw_next(handle, plain, len(plain), pointer))
        return probability

    def sample(self, prompt: Buffer | str = b"", count: int = 200, *, seed: int = 1, temperature: float = 1.0) -> bytes:
        """So many bytes drawn one after another behind the prompt; the same for a seed on every machine."""
        start = prompt.encode() if isinstance(prompt, str) else bytes(bytes_of(prompt, "prompt"))
        count = integer(count, "count", 0, sys.maxsize)
        seed = integer(seed, "seed", 0, 2**64 - 1)
        output = ctypes.create_string_buffer(max(count, 1))
        with self._used() as handle:
            check(library.bitlaw_sample(handle, start, len(start), seed, temperature, output, count))
        return output.raw[:count]


class Model(_Owner):
    """A network: a model file, model.blm of a training folder, an installed model by its name ("200k"), or bytes of one."""

    _kind = "model"
    _free = library.bitlaw_model_close

    def __init__(self, source: Path | Buffer) -> None:
        if isinstance(source, (str, os.PathLike)):
            self._handle = opened(library.bitlaw_model_open(name_of(source, "model")))
        else:
            content = bytes(bytes_of(source, "model"))
            self._handle = opened(library.bitlaw_model_read(content, len(content)))

    @property
    def id(self) -> int:
        """The id by which archives name it."""
        with self._used() as handle:
            return library.bitlaw_model_id(handle)

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


def set_threads(count: int = 0) -> None:
    """Threads that one call uses, 1 to 256, or 0 for all processors. Changes speed only, never a bit."""
    check(library.bitlaw_set_threads(integer(count, "count", 0, 256)))


def compress(data: Buffer, model: Model | Path | Buffer | None = None, **options: Any) -> bytes:
    """An archive of the data by a stack of these options (see Stack); without any by level 2, which needs no model."""
    if model is None and not options:
        options = {"level": 2}
    with Stack(model, **options) as stack:
        return stack.compress(data)


def decompress(archive: Buffer, model: Model | Path | Buffer | None = None) -> bytes:
    """The bytes of an archive. Its model is the one given, the one inside, or an installed one with its id."""
    transfer = _Transfer(archive, "archive")
    # Archives without a network, or whose network began with fresh weights, describe it themselves.
    if model is None or (isinstance(model, str) and (model == "none" or model.startswith("init:"))):
        return transfer.run(library.bitlaw_restore_stream, None)
    if isinstance(model, Model):
        return transfer.run(library.bitlaw_restore_stream, model)
    with Model(model) as own:
        return transfer.run(library.bitlaw_restore_stream, own)


def score(data: Buffer, model: Model | Path | Buffer | None = None, **options: Any) -> Sequence[float]:
    """Bits of each byte, float64 [len(data)], by a stack of these options (see Stack); without any by level 2."""
    if model is None and not options:
        options = {"level": 2}
    with Stack(model, **options) as stack:
        return stack.score(data)
