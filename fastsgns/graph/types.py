"""NodeTypes: the type of each node of a graph, such as author, paper or venue."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastsgns.corpus.files import Path
from fastsgns.errors import FormatError
from fastsgns.formats.keys import Numbering, is_missing, plain_all
from fastsgns.graph import nodefiles

FORM = "node type"
Types = Mapping[Hashable, Hashable] | Iterable[Hashable]


class NodeTypes(NamedTuple):
    """The type of each node.

    Attributes
    ----------
    ids : ndarray of int32, shape (n_nodes,)
        The number of each node's type.
    names : list of hashable
        The name of each number.
    """

    ids: np.ndarray
    names: list[Hashable]

    @classmethod
    def of(cls, types: Types, names: Sequence[Hashable], are_listed: bool = True) -> "NodeTypes":
        """Return the types of nodes.

        Parameters
        ----------
        types : mapping, or iterable of hashable
            A mapping has the type of each name, and may have other names too. So has a pandas
            Series, unless its index is 0, 1, ... and the names are others. Another iterable has one
            type per node, in the order of `names`.
        names : sequence of hashable
            The names of the nodes.
        are_listed : bool
            Whether the user has listed the names. Otherwise an iterable has the types of the names
            0, 1, ..., and all names must be among these.

        Raises
        ------
        ValueError
            If a node has no type (None or NaN), or there are more or fewer types than nodes.
        TypeError
            If a type can't be hashed, or `types` is neither a mapping nor an iterable.

        Examples
        --------
        >>> types = NodeTypes.of({"ann": "author", "p1": "paper", "bob": "author"}, ["p1", "ann"])
        >>> types.ids.tolist(), types.names
        ([0, 1], ['paper', 'author'])
        """
        types = _by_index(types, names)
        if isinstance(types, Mapping):
            by_node = _look_up(types, names)
        elif isinstance(types, (str, bytes)) or not isinstance(types, Iterable):
            raise TypeError(
                f"node_types is {types!r:.60}; give a mapping of names to types, or a type per node"
            )
        else:
            by_node = _in_order(plain_all(types), names, are_listed)
        numbering = Numbering("the type of node")
        try:
            ids, found = numbering.finish(numbering.add(by_node))
        except ValueError:
            raise _missing(by_node, names) from None
        return cls(ids[:, 0].astype(np.int32), found)

    def counts(self) -> dict[Hashable, int]:
        """Return the number of nodes of each type."""
        return dict(zip(self.names, np.bincount(self.ids, minlength=len(self.names)).tolist()))


def read_types(
    path: Path, delimiter: str | None = None, skip_lines: int | None = None
) -> dict[str, str]:
    r"""Read types of nodes, one ``node type`` per line; nodes and types are str.

    Blank lines, and lines that begin with # or %, are skipped. The file may be compressed. Columns
    are separated and may be in quotes as in a file of edges.

    Parameters
    ----------
    path : str or os.PathLike
    delimiter : str, optional
        The character between the columns. By default a comma in files whose names end in .csv, a
        tab in .tsv, and white space of ASCII in others.
    skip_lines : int, optional
        Number of lines to skip at the beginning. By default none is, and a header is an error.

    Raises
    ------
    FormatError
        (a ValueError) if a line does not have two columns, or gives a node another type than an
        earlier line. The message names the file and the line.
    NotUTF8Error
        (a UnicodeDecodeError) if a line is not UTF-8. The message names the file and the line.

    Examples
    --------
    >>> with open("types.txt", "w") as file:
    ...     _ = file.write("ann author\np1 paper\n")
    >>> read_types("types.txt")
    {'ann': 'author', 'p1': 'paper'}
    """
    by_node: dict[str, str] = {}
    for line in nodefiles.node_lines(path, FORM, delimiter, skip_lines, " to read_types"):
        if len(line.columns) != 2:
            raise nodefiles.fault(line, FORM, f"there are {len(line.columns)} columns instead of 2")
        node, kind = line.columns
        if by_node.setdefault(node, kind) != kind:
            raise FormatError(
                f"{line.place}: node {node!r:.60} has the type {kind!r:.60}, and on an earlier "
                f"line {by_node[node]!r:.60}; keep one of these lines"
            )
    return by_node


def _by_index(types: Any, names: Sequence[Hashable]) -> Any:
    """Return a Series of pandas by its index, unless that only counts its rows; others as is."""
    if isinstance(types, Mapping) or not (hasattr(types, "index") and hasattr(types, "items")):
        return types
    by_index = dict(types.items())
    counts_rows = list(by_index) == list(range(len(by_index)))
    return list(types) if counts_rows and not by_index.keys() >= set(names) else by_index


def _look_up(types: Mapping[Any, Any], names: Sequence[Hashable]) -> list[Any]:
    missing = [name for name in names if name not in types]
    if missing:
        example = next(iter(types), None)
        hint = ""
        if example is not None and type(example) is not type(missing[0]):
            hint = (
                f" Names of the mapping such as {example!r:.40} are of type "
                f"{type(example).__name__}, and those of the graph are of type "
                f"{type(missing[0]).__name__}."
            )
        raise ValueError(
            f"{len(missing)} of {len(names)} nodes have no type, such as {missing[0]!r:.60}.{hint} "
            "Give each node a type; one type such as 'other' can serve for the rest"
        )
    return [types[name] for name in names]


def _in_order(types: list[Any], names: Sequence[Hashable], are_listed: bool) -> list[Any]:
    """Return the types of nodes by position, or by name if the names are numbers."""
    if are_listed:
        if len(types) != len(names):
            raise ValueError(f"there are {len(types)} node_types for {len(names)} nodes")
        return types
    for name in names:
        if not isinstance(name, int) or not 0 <= name < len(types):
            raise ValueError(
                f"node_types are a list of {len(types)}, the types of the nodes 0, 1, ..., but "
                f"{name!r:.60} is a node too; give a mapping of names to types, or also `names`"
            )
    return [types[name] for name in names]  # type: ignore[call-overload]


def _missing(by_node: Sequence[Any], names: Sequence[Hashable]) -> ValueError:
    place = next(i for i, kind in enumerate(by_node) if is_missing(kind))
    return ValueError(
        f"the type of node {names[place]!r:.60} is {by_node[place]!r}; give each node a type; one "
        "type such as 'other' can serve for the rest"
    )
