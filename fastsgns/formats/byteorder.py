"""The byte order of numbers in binary files, which is little-endian in all of them."""

import sys

import numpy as np

ORDER = sys.byteorder
USUAL = 1e-12, 1e6  # nearly all numbers of vectors have a magnitude in this range, or are 0
POSSIBLE = 1e-20, 1e20
FEWEST = 8  # numbers that tell the order


def check(what: str) -> None:
    """Raise an error on a big-endian processor, for which binary files were never tested.

    Parameters
    ----------
    what : str
        The files, in the plural.

    Raises
    ------
    NotImplementedError
        It names the formats that can be used instead.

    Examples
    --------
    >>> check("native files")
    """
    if ORDER != "little":
        raise NotImplementedError(
            f"{what} hold little-endian numbers, and this processor is {ORDER}-endian: fastsgns "
            "neither reads nor writes them here. Use a text format: "
            "kv.save_word2vec_format(path) and KeyedVectors.load_word2vec_format(path), or "
            "kv.export('text', path)"
        )


def is_swapped(row: np.ndarray) -> bool:
    """Return whether a row of float32 has possible magnitudes only with its bytes reversed.

    In the wrong order the last byte of each number is its exponent, so that all magnitudes from
    1e-38 to 1e38 are about equally likely. Of 8 numbers in the right order, the chance that all are
    usual in the wrong order is 1e-5.

    Examples
    --------
    >>> row = np.linspace(-0.2, 0.3, 20, dtype=np.float32)
    >>> is_swapped(row), is_swapped(row.byteswap())
    (False, True)
    """
    if len(row) < FEWEST or np.all(_is_between(row, *POSSIBLE)):
        return False
    return bool(np.all(_is_between(row.byteswap(), *USUAL)))


def _is_between(row: np.ndarray, low: float, high: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        sizes = np.abs(row)
        return np.asarray((sizes == 0) | (sizes > low) & (sizes < high))
