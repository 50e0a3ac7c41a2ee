"""Changes of inputs that leave the outer structure of a file as it is.

A fuzzer that changes bytes alone hardly gets past a checksum, a header of JSON with offsets, or a
compression. A mutator therefore takes a file apart, changes a part, and puts the file together
again. It is called ``mutate(data, rng, change)``, where ``change(data)`` changes bytes.
"""

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Change = Callable[[bytes], bytes]
Mutator = Callable[[bytes, random.Random, Change], bytes]

NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32, 2**53),
    *(2**62, 2**63 - 1, 2**63, -(2**31), -(2**63), 10**30),
)
FLOATS = (0.0, -0.0, 0.5, -1.0, 1e-45, 1e-30, 1e30, 3.4e38, 1e300, float("nan"), float("inf"))
TEXTS = (
    *("", " ", "a", "b", "nan", "inf", "-1", "0", "1e999", "0x10", "1_0", "\ufeff", "\0", "\n"),
    *("\u3000", "\u0085", "\ud800", "\u202e", "\x1b[2J", "a" * 300, '"', "\\", "__class__"),
    *("<", ">", "#", "%", ",", ";", "\t", "\r", "Infinity", "٣", "True", "None", "../x"),
)
WORDS = (
    *(text.encode("utf-8", "surrogatepass") for text in TEXTS),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"1 2\n", b": x\n"),
    *(b"18446744073709551616", b"9223372036854775807", b"1e-400", b"+.5", b".", b"-", b"1.0.0"),
    *(b"\r\n", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\xa0", b'"a b"', b'""', b"1e5", b"2"),
)


def as_bytes(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change bytes, or numbers in them."""
    return numbers(data, rng) if data and rng.random() < 0.3 else change(data)


def numbers(data: bytes, rng: random.Random) -> bytes:
    """Replace one little-endian number somewhere, by another or by one that differs by one."""
    form = rng.choice("bhiqfd")
    size = struct.calcsize("<" + form)
    if len(data) < size:
        return data
    start = rng.randrange(len(data) - size + 1)
    if rng.random() < 0.5:
        start -= start % size
    (old,) = struct.unpack_from("<" + form, data, start)
    if form in "fd":
        new = rng.choice(FLOATS)
        raw = (
            struct.pack("<d", new)
            if form == "d"
            else np.float32(np.clip(new, -3e38, 3e38)).tobytes()
        )
    else:
        mask = (1 << 8 * size) - 1
        new = old + rng.choice([-1, 1, 2, -2]) if rng.random() < 0.5 else rng.choice(NUMBERS)
        raw = (new & mask).to_bytes(size, "little")
    return data[:start] + raw + data[start + size :]


def text(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change a text by lines and words."""
    kind = rng.randrange(8)
    if kind < 3:
        return change(data)
    separator = b"\n" if kind < 6 else rng.choice([b" ", b"\t", b","])
    parts = data.split(separator)
    at = rng.randrange(len(parts))
    way = rng.randrange(6)
    if way == 0:
        parts[at] = rng.choice(WORDS)
    elif way == 1:
        parts.insert(at, rng.choice(WORDS))
    elif way == 2:
        del parts[at]
    elif way == 3:
        parts.insert(rng.randrange(len(parts) + 1), parts[at])
    elif way == 4:
        other = rng.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    else:
        place = rng.randrange(len(parts[at]) + 1)
        parts[at] = parts[at][:place] + rng.choice(WORDS) + parts[at][place:]
    return separator.join(parts)


# Several files in one input


def join(*parts: bytes) -> bytes:
    """Make one input of the contents of several files."""
    head = b"".join(len(part).to_bytes(3, "little") + part for part in parts[:-1])
    return head + parts[-1]


def split(data: bytes, n: int) -> list[bytes]:
    """Take any input apart into `n` files."""
    parts = []
    for _ in range(n - 1):
        length = int.from_bytes(data[:3], "little")
        parts.append(data[3 : 3 + length])
        data = data[3 + length :]
    return [*parts, data]


def several(*mutators: Mutator) -> Mutator:
    """Return a mutator of one of several files."""

    def mutate(data: bytes, rng: random.Random, change: Change) -> bytes:
        parts = split(data, len(mutators))
        at = rng.randrange(len(parts))
        parts[at] = mutators[at](parts[at], rng, change)
        return join(*parts)

    return mutate


# Compression

COMPRESSIONS = {".gz": gzip, ".bz2": bz2, ".xz": lzma}


def compressed(suffix: str, inner: Mutator) -> Mutator:
    """Return a mutator of the content of a compressed file, and seldom of the file itself."""
    module: Any = COMPRESSIONS[suffix]

    def mutate(data: bytes, rng: random.Random, change: Change) -> bytes:
        if rng.random() < 0.15:
            return change(data)
        try:
            content = module.decompress(data)
        except (OSError, EOFError, lzma.LZMAError, ValueError, zlib.error):
            return change(data)
        return bytes(module.compress(inner(content, rng, change)))

    return mutate


# JSON


def json_text(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change one value of JSON."""
    if rng.random() < 0.15:
        return change(data)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return change(data)
    return json.dumps(changed(value, rng), ensure_ascii=rng.random() < 0.8).encode(
        "utf-8", "surrogatepass"
    )


def changed(value: Any, rng: random.Random) -> Any:
    """Return a value of JSON of which a part is another one."""
    holder = [value]
    at: Any = 0
    here: Any = holder
    while isinstance(here[at], (list, dict)) and here[at] and rng.random() < 0.85:
        here = here[at]
        at = rng.choice(list(here)) if isinstance(here, dict) else rng.randrange(len(here))
    way = rng.randrange(10)
    if here is holder or way < 6:
        here[at] = other(here[at], rng)
    elif isinstance(here, dict):
        if way == 6:
            del here[at]
        elif way == 7:
            here[rng.choice(TEXTS)] = here[at]
        elif way == 8:
            here[rng.choice(list(here))] = here[at]
        else:
            here[rng.choice(TEXTS)] = here.pop(at)
    elif way == 6:
        del here[at]
    elif way == 7:
        here.append(here[at])
    else:
        here[rng.randrange(len(here))] = here[at]
    return holder[0]


def other(value: Any, rng: random.Random) -> Any:
    """Return another value of JSON, often of the same type."""
    if type(value) is int and rng.random() < 0.5:
        return value + rng.choice([-2, -1, 1, 2, 8, -value])
    if isinstance(value, bool) and rng.random() < 0.7:
        return not value
    if isinstance(value, str) and rng.random() < 0.4:
        return value + rng.choice(TEXTS)
    if isinstance(value, (list, dict)) and rng.random() < 0.2:
        return [value]
    kind = rng.randrange(8)
    if kind < 2:
        return rng.choice(NUMBERS)
    if kind < 4:
        return rng.choice(FLOATS)
    if kind < 6:
        return rng.choice(TEXTS)
    return rng.choice([None, True, False, [], {}, [1], [[]], {"type": "array", "array": 0}])


# safetensors and the native file

SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "I64": 8, "I32": 4, "U8": 1, "BF16": 2, "I16": 2, "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "BOOL": 1,
}  # fmt: skip
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1",
}  # fmt: skip
META, OWN = "__metadata__", "fastsgns"
Tensors = list[tuple[str, Any, bytes]]


def open_tensors(data: bytes) -> tuple[dict[str, Any], Tensors]:
    """Return the metadata of a file of safetensors, and name, entry and bytes of each tensor."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    metadata = header.pop(META, {})
    tensors = [
        (name, entry, body[entry["data_offsets"][0] : entry["data_offsets"][1]])
        for name, entry in header.items()
    ]
    return metadata, tensors


def close_tensors(metadata: Any, tensors: Tensors) -> bytes:
    """Return the file, with the offsets that the tensors have now."""
    header: dict[str, Any] = {META: metadata}
    end = 0
    for name, entry, content in tensors:
        start, end = end, end + len(content)
        header[name] = {**entry, "data_offsets": [start, end]} if isinstance(entry, dict) else entry
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded + b"".join(part for _, _, part in tensors)


def tensors(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change a file of safetensors, or a native one, whose metadata hold JSON in a string."""
    if rng.random() < 0.05:
        return change(data)
    try:
        metadata, parts = open_tensors(data)
        own = json.loads(metadata[OWN]) if OWN in metadata else None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return change(data)
    for _ in range(rng.choice([1, 1, 1, 2])):
        kind = rng.randrange(20)
        if kind < 5 and own is not None:
            own = changed(own, rng)
        elif kind == 5:
            metadata = changed(metadata, rng)
        elif parts:
            parts = _changed_tensors(parts, rng, change)
    if own is not None and isinstance(metadata, dict):
        metadata[OWN] = json.dumps(own)
    return close_tensors(metadata, parts)


def _changed_tensors(parts: Tensors, rng: random.Random, change: Change) -> Tensors:
    parts = list(parts)
    at = rng.randrange(len(parts))
    name, entry, content = parts[at]
    way = rng.randrange(12) if rng.random() < 0.6 else 0
    if way < 6:
        parts[at] = (name, entry, _changed_numbers(entry, content, rng))
    elif way == 6:
        parts[at] = _resized(name, entry, change(content), rng)
    elif way == 7:
        parts[at] = _resized(name, entry, content[: rng.randrange(len(content) + 1)], rng)
    elif way == 8:
        parts[at] = (name, changed(entry, rng), content)
    elif way == 9:
        del parts[at]
    elif way == 10:
        parts.append(
            (rng.choice([*TEXTS, name + "s", "own:0", "attr:x", "weights"]), entry, content)
        )
    else:
        other_name = rng.choice(parts)[0]
        parts[at] = (other_name, entry, content)
    return parts


def _changed_numbers(entry: Any, content: bytes, rng: random.Random) -> bytes:
    """Replace one number of an array, in its own type."""
    dtype = DTYPES.get(str(entry.get("dtype"))) if isinstance(entry, dict) else None
    size = np.dtype(dtype).itemsize if dtype else 0
    if not size or len(content) < size:
        return content
    values = np.frombuffer(content[: len(content) // size * size], dtype).copy()
    at = rng.randrange(len(values))
    way = rng.randrange(4)
    with np.errstate(all="ignore"):
        if way == 0:
            values[at] = values[rng.randrange(len(values))]
        elif values.dtype.kind == "f":
            values[at] = np.float64(rng.choice(FLOATS)).astype(values.dtype)
        elif way == 1:
            values[at] += np.array(rng.choice([1, 255, 2])).astype(values.dtype)
        else:
            bits = 8 * size
            number = rng.choice(NUMBERS) % (1 << bits)
            values[at] = np.frombuffer(number.to_bytes(size, "little"), dtype)[0]
    return values.tobytes()


def _resized(name: str, entry: Any, content: bytes, rng: random.Random) -> tuple[str, Any, bytes]:
    """Return an array of other content, of the shape that fits if there is one."""
    if not isinstance(entry, dict) or not isinstance(entry.get("shape"), list):
        return name, entry, content
    size = SIZES.get(str(entry.get("dtype")), 1)
    content = content[: len(content) // size * size]
    shape = list(entry["shape"])
    n = len(content) // size
    if len(shape) > 1 and rng.random() < 0.7:
        row = 1
        for length in shape[1:]:
            row *= length if isinstance(length, int) else 1
        if row > 0:
            shape[0] = n // row
            return name, {**entry, "shape": shape}, content[: shape[0] * row * size]
    return name, {**entry, "shape": [n]}, content


# Archives of numpy


def archive(data: bytes, rng: random.Random, change: Change) -> bytes:
    """Change a member of a zip archive, whose checksum is then right again."""
    if rng.random() < 0.1:
        return change(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            members = [(info.filename, opened.read(info)) for info in opened.infolist()]
    except Exception:
        return change(data)
    if not members:
        return change(data)
    at = rng.randrange(len(members))
    name, content = members[at]
    way = rng.randrange(10)
    if way < 6:
        members[at] = (name, _changed_npy(content, rng, change))
    elif way == 6:
        del members[at]
    elif way == 7:
        members.append((rng.choice([name, "output.npy", "word_ends.npy", "x.npy", "x"]), content))
    else:
        members[at] = (rng.choice(members)[0], content)
    out = io.BytesIO()
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(out, "w", method) as written:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            try:
                written.writestr(info, content)
            except (ValueError, UnicodeError):
                return change(data)
    return out.getvalue()


def _changed_npy(content: bytes, rng: random.Random, change: Change) -> bytes:
    length = int.from_bytes(content[8:10], "little")
    head, body = content[: 10 + length], content[10 + length :]
    way = rng.randrange(6)
    if way < 2:
        return head + numbers(body, rng)
    if way == 2:
        return head + change(body)
    if way == 3:
        old, new = rng.choice(
            [
                (b"<f4", b"<f2"), (b"<f4", b">f4"), (b"<f4", b"<i4"), (b"<f4", b"|b1"),
                (b"<f4", b"<c8"), (b"<f4", b"|O"), (b"False", b"True"), (b"<U", b">U"),
                (b"(", b"(1, "), (b"(3", b"(4"), (b"(3", b"(-3"), (b"2)", b"0)"), (b"<f4", b"<m8"),
                (b"<U", b"|S"), (b",)", b", 1)"), (b"<f4", b"<f16"), (b"<f4", b"|V4"),
            ]
        )  # fmt: skip
        text_ = head[10:].replace(old, new, 1)
        return head[:8] + len(text_).to_bytes(2, "little") + text_ + body
    if way == 4:
        text_ = change(head[10:])[:60000]
        return head[:8] + len(text_).to_bytes(2, "little") + text_ + body
    return change(content)


def simple_change(rng: random.Random) -> Change:
    """Return a change of bytes for tests, where there is no fuzzer that changes them."""

    def change(data: bytes) -> bytes:
        if not data:
            return bytes([rng.randrange(256)])
        at = rng.randrange(len(data))
        way = rng.randrange(6)
        if way == 0:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        if way == 1:
            return data[:at]
        if way == 2:
            return data[:at] + rng.choice(WORDS) + data[at:]
        if way == 3:
            return data[:at] + data[at + rng.randrange(1, 9) :]
        if way == 4:
            start = rng.randrange(len(data))
            return data[:at] + data[start : start + 16] + data[at:]
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]

    return change


def any_of(choices: Sequence[Mutator]) -> Mutator:
    """Return a mutator that chooses one of several each time."""
    return lambda data, rng, change: rng.choice(choices)(data, rng, change)
