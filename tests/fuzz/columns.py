"""Vectors in columns: Parquet and Arrow IPC, which pyarrow reads, and tables of any types."""

import io
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from fastsgns import KeyedVectors

from .arrays import exported
from .mutators import FLOATS, NUMBERS, TEXTS
from .reading import STEM, Reader, check_vectors


def parquets() -> Iterable[bytes]:
    return exported("parquet")[:2]


def arrows() -> Iterable[bytes]:
    streams = []
    for data in exported("arrow")[:2]:
        table = pa.ipc.open_file(io.BytesIO(data)).read_all()
        out = io.BytesIO()
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
        streams.append(out.getvalue())
    return [*exported("arrow")[:2], *streams]


TYPES = [
    pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.int8(), pa.int64(),
    pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null(), pa.date32(),
    pa.timestamp("us"), pa.duration("s"), pa.decimal128(5, 1),
]  # fmt: skip


def any_type(rng: random.Random, depth: int = 0) -> Any:
    way = rng.randrange(8 if depth < 2 else 2)
    if way == 2:
        return pa.list_(any_type(rng, depth + 1))
    if way == 3:
        return pa.large_list(any_type(rng, depth + 1))
    if way == 4:
        return pa.list_(any_type(rng, depth + 1), rng.randrange(1, 4))
    if way == 5:
        return pa.dictionary(pa.int8(), rng.choice(TYPES[:2]))
    if way == 6:
        return pa.struct([("x", any_type(rng, depth + 1))])
    if way == 7:
        return pa.list_(pa.float32(), 2)
    return rng.choice(TYPES)


def any_value(of: Any, rng: random.Random) -> Any:
    """Return a Python object of a type of columns, now and then a missing one."""
    types = pa.types
    if rng.random() < 0.05 or types.is_null(of):
        return None
    if types.is_fixed_size_list(of):
        return [any_value(of.value_type, rng) for _ in range(of.list_size)]
    if types.is_list(of) or types.is_large_list(of):
        n = 2 if rng.random() < 0.9 else rng.randrange(4)
        return [any_value(of.value_type, rng) for _ in range(n)]
    if types.is_struct(of):
        return {"x": any_value(of.field(0).type, rng)}
    if types.is_dictionary(of):
        return any_value(of.value_type, rng)
    if types.is_binary(of):
        return rng.choice(TEXTS).encode("utf-8", "replace")
    if types.is_boolean(of):
        return rng.random() < 0.5
    if types.is_floating(of):
        number = rng.choice(FLOATS)
        return np.float16(min(number, 6e4)) if of == pa.float16() else number
    if types.is_integer(of):
        low, high = (0, 2**64 - 1) if of == pa.uint64() else (-128, 127)
        high = 2**63 - 1 if of == pa.int64() else high
        return min(max(rng.choice(NUMBERS), low), high)
    if types.is_decimal(of):
        return None
    if types.is_temporal(of):
        return rng.randrange(1000)
    return rng.choice(TEXTS).encode("utf-8", "replace").decode()


def any_table(seed: bytes) -> Any:
    """Make a table from bytes: columns of any types, several chunks, or none."""
    rng = random.Random(seed)
    n = rng.choice([0, 1, 2, 3, 20])
    names = ["key", "vector", *rng.sample(["output", "count", "x", "vector_scale", "key"], 2)]
    kinds = [any_type(rng) for _ in names]
    if rng.random() < 0.7:
        kinds[0] = rng.choice(TYPES[:8])
    if rng.random() < 0.7:
        kinds[1] = rng.choice(
            [pa.list_(pa.float32()), pa.list_(pa.float64(), 2), pa.list_(pa.int8(), 2),
             pa.large_list(pa.float16()), pa.list_view(pa.float32())]
        )  # fmt: skip
    chunks = []
    for _ in range(rng.choice([1, 1, 2])):
        columns = []
        for name, kind in zip(names, kinds):
            values: list[Any] = [any_value(kind, rng) for _ in range(n)]
            if name == "key" and pa.types.is_string(kind):
                values = [f"{value}{i}" for i, value in enumerate(values)]
            columns.append(pa.array(values, kind))
        chunks.append(pa.table(columns, names=names))
    return pa.concat_tables(chunks)


def read_table(path: Path) -> Any:
    data = path.read_bytes()
    try:
        table = any_table(data)
    except (pa.ArrowException, TypeError, OverflowError, ValueError) as error:
        raise ValueError(f"{STEM}: there is no such table: {error!r:.100}") from None
    try:
        return KeyedVectors.from_arrow(table)
    except ValueError as error:
        raise type(error)(f"{STEM}: {error}") from None


def read_written(path: Path) -> Any:
    data = path.read_bytes()
    try:
        parquet.write_table(any_table(data), path, compression="none")
    except (pa.ArrowException, TypeError, OverflowError, ValueError) as error:
        raise ValueError(f"{STEM}: there is no such table: {error!r:.100}") from None
    return KeyedVectors.from_parquet(path)


def tables() -> Iterable[bytes]:
    return [bytes([i]) for i in range(40)]


READERS = {
    "parquet": Reader(KeyedVectors.from_parquet, parquets, ".parquet", check=check_vectors),
    "arrow": Reader(KeyedVectors.from_arrow, arrows, ".arrow", check=check_vectors),
    "table": Reader(read_table, tables, ".bytes", check=check_vectors),
    "table-parquet": Reader(read_written, tables, ".parquet", check=check_vectors),
}
