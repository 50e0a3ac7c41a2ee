"""Matrices of numpy, .npy, written block by block."""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastsgns.formats.writing import destination


def write_blocks(path: Any, blocks: Iterable[np.ndarray], d: int) -> None:
    """Write blocks of rows as one float32 matrix, whose number of rows need not be known before.

    The header is written again at the end. Where the file can't be written again from its
    beginning, as a pipe, the matrix is kept in memory first.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    blocks : iterable of ndarray of float32, shape (n, d)
    d : int

    Examples
    --------
    >>> write_blocks("rows.npy", [np.ones((2, 3), np.float32), np.zeros((1, 3), np.float32)], 3)
    >>> np.load("rows.npy").shape
    (3, 3)
    """
    with destination(path) as file:
        target = file if file.seekable() else io.BytesIO()
        start, n_rows = target.tell(), 0
        _write_header(target, 0, d)
        for block in blocks:
            target.write(np.ascontiguousarray(block, "<f4").data)
            n_rows += len(block)
        target.seek(start)
        _write_header(target, n_rows, d)
        if target is not file:
            file.write(target.getvalue())
        else:
            target.seek(0, io.SEEK_END)


def _write_header(file: Any, n_rows: int, d: int) -> None:
    """Write the header, whose length does not depend on the number of rows: numpy leaves room."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, d)}
    np.lib.format.write_array_header_1_0(file, header)
