"""The native file of a graph: its edges as compressed rows, and its names."""

import os
from functools import partial
from typing import Any

import numpy as np

from fastsgns.formats import faults, kinds
from fastsgns.formats.files import by_magic, is_url, local_path, naming
from fastsgns.formats.header import MAX_BYTES
from fastsgns.formats.schema import Array, Content, Schema, Value, Words
from fastsgns.formats.sniffing import is_native
from fastsgns.graph.building import Rows
from fastsgns.graph.temporal import reverses
from fastsgns.graph.types import NodeTypes


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
    types = None
    if "type_ids" in content.arrays:
        types = NodeTypes(content.arrays["type_ids"], content.words["type_"])
    graph = cls.__new__(cls)  # a derived class may take other arguments
    is_directed = content.values["is_directed"]
    kinds.class_of("graph").__init__(graph, _rows(content), content.words[""], is_directed, types)
    return graph


def _rows(content: Content) -> Rows:
    arrays, negative = content.arrays, content.arrays.get("is_negative")
    signs = None if negative is None else (1 - 2 * negative.astype(np.int8)).astype(np.int8)
    weights, times = arrays.get("out_weights"), arrays.get("times")
    return Rows(arrays["out_offsets"], arrays["out_targets"], weights, signs, times)


def _is_negative(graph: Any) -> np.ndarray | None:
    return None if graph.signs is None else (graph.signs < 0).astype(np.uint8)


def _types(index: int) -> Any:
    return lambda graph: None if graph.types is None else graph.types[index]


def _fault(content: Content) -> str | None:
    offsets, targets = content.arrays["out_offsets"], content.arrays["out_targets"]
    times, n = content.arrays.get("times"), content.sizes["nodes"]
    names = "out_offsets", "out_targets"
    fault = faults.of_rows(names, offsets, targets, n, may_repeat=times is not None)
    fault = fault or _fault_of_types(content) or _fault_of_times(offsets, targets, times)
    is_directed = fault or content.values["is_directed"]
    return fault if is_directed else _fault_of_an_undirected_graph(content)


def _fault_of_types(content: Content) -> str | None:
    ids, names = content.arrays.get("type_ids"), content.words.get("type_")
    if (ids is None) != (names is None):
        return "it holds types of nodes without their names, or names without types"
    return None if ids is None else faults.of_ids("type_ids", ids, content.sizes["types"])


def _fault_of_times(
    offsets: np.ndarray, targets: np.ndarray, times: np.ndarray | None
) -> str | None:
    if times is None or len(times) < 2:
        return None
    is_wrong = (targets[1:] == targets[:-1]) & (times[1:] <= times[:-1])
    starts = offsets[1:-1]
    is_wrong[starts[(starts > 0) & (starts < len(times))] - 1] = False  # another source
    return "the times of an edge do not ascend" if is_wrong.any() else None


def _fault_of_an_undirected_graph(content: Content) -> str | None:
    rows = _rows(content)
    back = reverses(rows.offsets, rows.targets, content.sizes["nodes"])
    attributes = (rows.weights, rows.signs, rows.times)
    if back is None or any(
        values is not None and np.any(values[back] != values) for values in attributes
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
        "times": Array("float64", "edges", is_optional=True, fault=faults.not_finite),
        "type_ids": Array("int32", "nodes", _types(0), is_optional=True),
    },
    values={"is_directed": Value(bool)},
    build=_build,
    words={
        "": Words("nodes", "names"),
        "type_": Words("types", _types(1), is_optional=True),
    },
    fault=_fault,
    set_by_build=(
        "names",
        "types",
        "is_directed",
        "out_offsets",
        "out_targets",
        "out_weights",
        "signs",
        "times",
    ),
)
