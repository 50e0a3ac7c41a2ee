"""The native file of a graph: its edges as compressed rows, and its names."""

import os
from functools import partial
from typing import Any

import numpy as np

from fastsgns.formats import faults
from fastsgns.formats.files import by_magic, is_url, local_path, naming
from fastsgns.formats.header import MAX_BYTES
from fastsgns.formats.schema import Array, Content, Schema, Value, Words
from fastsgns.formats.sniffing import is_native
from fastsgns.graph.building import Rows, expand
from fastsgns.graph.rows import find_edges, transpose


def is_saved(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a native one does: the length of a header, then the header."""
    name = local_path(path)
    if is_url(name) or not os.path.isfile(name):
        return False
    with open(name, "rb") as file:
        head = file.peek(9)[:9]
        if not is_native(head, MAX_BYTES) and (decompress := by_magic(head)):
            with naming(name), decompress(file) as inner:
                head = inner.read(9)
    return is_native(head, MAX_BYTES)


def _build(cls: Any, content: Content) -> Any:
    return cls(_rows(content), content.words[""], content.values["is_directed"])


def _rows(content: Content) -> Rows:
    arrays, negative = content.arrays, content.arrays.get("is_negative")
    signs = None if negative is None else (1 - 2 * negative.astype(np.int8)).astype(np.int8)
    return Rows(arrays["out_offsets"], arrays["out_targets"], arrays.get("out_weights"), signs)


def _is_negative(graph: Any) -> np.ndarray | None:
    return None if graph.signs is None else (graph.signs < 0).astype(np.uint8)


def _fault(content: Content) -> str | None:
    offsets, targets = content.arrays["out_offsets"], content.arrays["out_targets"]
    fault = faults.of_rows(("out_offsets", "out_targets"), offsets, targets, content.sizes["nodes"])
    is_directed = fault or content.values["is_directed"]
    return fault if is_directed else _fault_of_an_undirected_graph(content)


def _fault_of_an_undirected_graph(content: Content) -> str | None:
    rows = _rows(content)
    _, sources, _ = transpose(rows.offsets, rows.targets, None, content.sizes["nodes"])
    back = find_edges(rows.offsets, rows.targets, rows.targets, expand(rows.offsets))
    attributes = (rows.weights, rows.signs)
    if (
        not np.array_equal(sources, rows.targets)
        or np.any(back < 0)
        or any(values is not None and np.any(values[back] != values) for values in attributes)
    ):
        return "the edges of an undirected graph do not all go both ways"
    return None


SCHEMA = Schema(
    "graph",
    arrays={
        "out_offsets": Array("int64", "nodes + 1"),
        "out_targets": Array("int32", "edges"),
        "out_weights": Array("float32", "edges", is_optional=True, fault=faults.not_positive),
        "is_negative": Array(
            "uint8", "edges", _is_negative, is_optional=True, fault=partial(faults.of_ids, n=2)
        ),
    },
    values={"is_directed": Value(bool)},
    build=_build,
    words={"": Words("nodes", "names")},
    fault=_fault,
)
