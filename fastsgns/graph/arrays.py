"""Which axis of an array has the edges: the rules for arrays of edges and pairs, and for matrices.

The columns of an edge are its source, its target and perhaps its weight or its time. An array of E
edges with k columns has the shape (k, E), such as the ``edge_index`` of torch_geometric, or (E, k),
such as what ``numpy.loadtxt`` returns. A square array is the adjacency matrix of n nodes. A shape
that can be two of these, such as (2, 3), is an error, so that no array is read in the wrong way.
"""

from typing import Any

import numpy as np

MOST_WHOLE = 2.0**53  # up to which floats represent all whole numbers


def by_column(array: np.ndarray, widths: tuple[int, ...], call: str, what: str) -> np.ndarray:
    """Return an array of edges with a row for each column: sources, targets, and so on.

    Parameters
    ----------
    array : ndarray
    widths : tuple of int
        The allowed numbers of columns.
    call : str
        What takes the columns as arguments, for messages; ``{}`` is where they are.
    what : str
        What the array contains, for messages.

    Returns
    -------
    ndarray, shape (k, E)
        A view. Of an array of floats, sources and targets are whole numbers.

    Raises
    ------
    ValueError
        If the shape is ambiguous or of another form, or a node is not a whole number.

    Examples
    --------
    >>> by_column(np.array([[0.0, 1.0]] * 4), (2,), "from_edges({})", "edges").shape
    (2, 4)
    >>> by_column(np.eye(2), (2,), "from_edges({})", "edges")
    Traceback (most recent call last):
    ValueError: an array of edges of shape (2, 2) may have one of them per column or per row; say \
which: from_edges(a[0], a[1]) for columns, from_edges(a[:, 0], a[:, 1]) for rows
    """
    shape = array.shape
    if array.ndim == 2 and shape[0] in widths and shape[1] in widths:
        columns = ", ".join(f"a[{i}]" for i in range(shape[0]))
        rows = ", ".join(f"a[:, {i}]" for i in range(shape[1]))
        raise ValueError(
            f"an array of {what} of shape {shape} may have one of them per column or per row; say "
            f"which: {call.format(columns)} for columns, {call.format(rows)} for rows"
        )
    if array.ndim != 2 or not (shape[0] in widths or shape[1] in widths):
        forms = " or ".join(f"({k}, n) or (n, {k})" for k in widths)
        raise ValueError(f"an array of {what} has shape {forms}, not {shape}")
    array = array if shape[0] in widths else array.T
    if array.dtype.kind == "f":
        check_whole(array[:2], what)
    return array


def whole(nodes: np.ndarray) -> np.ndarray:
    """Return the nodes in a row of an array, as int64 if they are floats."""
    return nodes.astype(np.int64) if nodes.dtype.kind == "f" else nodes


def check_whole(nodes: np.ndarray, what: str) -> None:
    """Raise a ValueError if a float in an array of nodes is not a whole number."""
    odd = nodes[~((nodes == np.rint(nodes)) & (np.abs(nodes) <= MOST_WHOLE))]
    if len(odd):
        raise ValueError(
            f"a node in the array of {what} is {odd[0]}; nodes in an array of floats are whole "
            "numbers. Drop the rows with missing nodes, or give lists of names"
        )


def is_square(array: np.ndarray) -> bool:
    """Return whether an array can be an adjacency matrix."""
    return array.ndim == 2 and array.shape[0] == array.shape[1]


def entries(matrix: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows, the columns and the values of the entries of a matrix that are not 0.

    Raises
    ------
    TypeError
        If they are not numbers.

    Examples
    --------
    >>> [axis.tolist() for axis in entries(np.array([[0, 2], [0.5, 0]]))]
    [[0, 1], [1, 0], [2.0, 0.5]]
    """
    array = np.asarray(matrix)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"the adjacency matrix is an array of {array.dtype}; it has the weight of an edge, or "
            "0, for each pair of nodes"
        )
    rows, columns = np.nonzero(array)
    return rows, columns, array[rows, columns]
