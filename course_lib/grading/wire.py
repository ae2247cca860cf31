"""The line between a notebook's process and ours: frames of data, and nothing but data.

A frame is a letter (what it is), a head in JSON and a body of raw numbers. `pack` turns a value into both, `unpack`
makes it again: numbers, words, lists, dictionaries, tensors and arrays by their bytes. Whatever else a value is,
`special` describes as data. Nothing is ever run or imported because a frame asks for it, as a pickle can.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

SIZES = struct.Struct(">cII")
HEAD, BODY = 4_000_000, 64_000_000  # bytes; the largest honest answer has less than a hundredth of it
DTYPES = {str(kind).removeprefix("torch."): kind for kind in (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128)}  # fmt: skip
CONTAINERS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
Special = Callable[[Any], Any]


@dataclass(frozen=True)
class Holding:
    """What `special` gives for a value that holds others: their data are packed with the rest."""

    kind: str
    words: dict[str, Any]
    data: Any


class Broken(ValueError):
    """What came over the line is no frame, or too large; the text says what."""


def send(line: BinaryIO, letter: bytes, head: Any, body: bytes = b"") -> None:
    """Write one frame: sizes, a head as JSON, a body of bytes."""
    words = json.dumps(head).encode()
    if len(words) > HEAD or len(body) > BODY:
        raise Broken(f"it has {(len(words) + len(body)) / 1e6:.0f} MB, more than the {BODY / 1e6:.0f} MB that are read")
    line.write(SIZES.pack(letter, len(words), len(body)) + words + body)
    line.flush()


def receive(line: BinaryIO) -> tuple[bytes, bytes, bytes] | None:
    """Letter, head (not yet read) and body of the next frame; None at the end of the line."""
    first = line.read(SIZES.size)
    if len(first) < SIZES.size:
        return None
    letter, head, body = SIZES.unpack(first)
    if head > HEAD or body > BODY:
        raise Broken("a frame is too large")
    words, rest = line.read(head), line.read(body)
    return (letter, words, rest) if len(words) == head and len(rest) == body else None


def loads(head: bytes) -> dict[str, Any]:
    """The head as a dictionary, whatever somebody wrote there."""
    try:
        found = json.loads(head)
    except (ValueError, RecursionError) as error:
        raise Broken(f"a frame's head is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Broken("a frame's head is no dictionary")
    return found


def pack(value: Any, special: Special) -> tuple[Any, bytes]:
    """The value as JSON, and the numbers of its tensors."""
    parts: list[bytes] = []
    try:
        head = _pack(value, special, parts)
    except RecursionError:
        raise Broken("it holds itself, or lists in lists without end") from None
    return head, b"".join(parts)


def _pack(value: Any, special: Special, parts: list[bytes]) -> Any:
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        return value if abs(value) < 2**62 else {"big": hex(value)}
    if value is Ellipsis:
        return {"dots": True}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if kind is range:
        return {"range": [value.start, value.stop, value.step]}
    if isinstance(value, Tensor):
        return {"tensor": _tensor(value, parts)}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        words = [value.dtype.str, list(value.shape), _blob(np.ascontiguousarray(value).tobytes(), parts)]
        return {"array" if isinstance(value, np.ndarray) else "scalar": words}
    for name, container in CONTAINERS.items():
        if isinstance(value, container):
            return {name: [_pack(item, special, parts) for item in container.__iter__(value)]}
    if isinstance(value, dict):
        return {"dict": [[_pack(key, special, parts), _pack(item, special, parts)] for key, item in value.items()]}
    for plain in (int, float, str):
        if isinstance(value, plain):
            return plain.__getnewargs__(value)[0]
    found = special(value)
    if isinstance(found, Holding):
        return {found.kind: {**found.words, "data": _pack(found.data, special, parts)}}
    return found


def _tensor(value: Tensor, parts: list[bytes]) -> list[Any]:
    """Kind, shape, place of its numbers, and whether they are there: sparse, meta or plain."""
    value = value.detach() if type(value) is Tensor else value.detach().as_subclass(Tensor)
    kind = str(value.dtype).removeprefix("torch.")
    if kind not in DTYPES:
        raise Broken(f"tensors of {kind} cannot be judged")
    shape = list(value.shape)
    if value.is_meta:
        return [kind, shape, None, "meta"]
    if value.numel() * value.element_size() > BODY:
        raise Broken(f"a tensor of shape {tuple(shape)} is more than the {BODY / 1e6:.0f} MB that are read")
    plain = value.to_dense() if value.layout != torch.strided else value
    numbers = plain.cpu().resolve_conj().resolve_neg().contiguous().flatten().view(torch.uint8).numpy().tobytes()
    return [kind, shape, _blob(numbers, parts), "plain" if value.layout == torch.strided else "sparse"]


def _blob(numbers: bytes, parts: list[bytes]) -> list[int]:
    begin = sum(map(len, parts))
    if begin + len(numbers) > BODY:
        raise Broken(f"it has more than the {BODY / 1e6:.0f} MB that are read")
    parts.append(numbers)
    return [begin, begin + len(numbers)]


def unpack(head: Any, body: bytes, special: Special) -> Any:
    """The value again. Somebody may have written head and body by hand: what does not fit is Broken."""
    try:
        return _unpack(head, body, special)
    except Broken:
        raise
    except Exception as error:
        raise Broken(f"this is no value: {type(error).__name__}") from None


def _unpack(head: Any, body: bytes, special: Special) -> Any:
    if not isinstance(head, dict):
        if head is None or isinstance(head, bool | int | float | str):
            return head
        raise Broken("a value is written as what it is not")
    ((kind, words),) = head.items()
    if kind in CONTAINERS:
        return CONTAINERS[kind](_unpack(item, body, special) for item in words)
    if kind == "dict":
        return {_unpack(key, body, special): _unpack(item, body, special) for key, item in words}
    if kind == "tensor":
        return _tensor_again(words, body)
    if kind in ("array", "scalar"):
        dtype, shape, (begin, end) = words
        if np.dtype(dtype).kind not in "biufc":
            raise Broken("an array of objects")
        array = np.frombuffer(body[begin:end], np.dtype(dtype)).reshape(shape).copy()
        return array if kind == "array" else array[()]
    if kind == "big":
        return int(words, 16)
    if kind == "dots":
        return Ellipsis
    if kind == "complex":
        return complex(*words)
    return range(*words) if kind == "range" else special(head)


def _tensor_again(words: list[Any], body: bytes) -> Tensor:
    kind, shape, place, how = words
    if how == "meta":
        return torch.empty(shape, dtype=DTYPES[kind], device="meta")
    begin, end = place
    if begin == end:
        return torch.empty(shape, dtype=DTYPES[kind]) if 0 in shape else _refuse()
    plain = torch.frombuffer(bytearray(body[begin:end]), dtype=DTYPES[kind]).reshape(shape)
    return plain.to_sparse() if how == "sparse" else plain


def _refuse() -> Tensor:
    raise Broken("a tensor without its numbers")
