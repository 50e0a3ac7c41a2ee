"""Matrices of numpy that are written block by block."""

import io

import numpy as np
import pytest

from fastsgns.formats import npy


class Pipe(io.BytesIO):
    """A file that can only be written from its beginning to its end."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation("seek")

    tell = seek


@pytest.mark.parametrize("file_type", [io.BytesIO, Pipe])
@pytest.mark.parametrize("sizes", [[], [0], [3, 1, 20000], [1] * 1200])
def test_numpy_reads_the_matrix(file_type, sizes):
    blocks = [np.random.default_rng(i).normal(size=(n, 3)) for i, n in enumerate(sizes)]
    blocks = [block.astype(np.float32) for block in blocks]
    file = file_type()
    npy.write_blocks(file, iter(blocks), 3)
    matrix = np.load(io.BytesIO(file.getvalue()))
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, np.concatenate([np.empty((0, 3)), *blocks]))


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    def blocks():
        yield np.ones((2, 3), np.float32)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        npy.write_blocks(tmp_path / "rows.npy", blocks(), 3)
    assert list(tmp_path.iterdir()) == []
