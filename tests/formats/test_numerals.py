"""Numbers written as text in C, byte for byte as Python's formatting."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastsgns.formats import numerals, word2vec

PATTERNS = {9: "%.9g", 17: "%.17g"}
usual = st.floats(min_value=-1e3, max_value=1e3, allow_nan=False)
powers = st.builds(lambda m, e: m * 10.0**e, st.integers(-99999, 99999), st.integers(-30, 30))
near_powers = st.builds(
    lambda e, n: float(np.nextafter(10.0**e, np.inf if n else -np.inf)),
    st.integers(-25, 20), st.booleans(),
)  # fmt: skip
halves = st.builds(lambda n, e: (n + 0.5) * 2.0**e, st.integers(10**8, 10**9), st.integers(-40, 4))
anything = st.one_of(usual, powers, near_powers, halves, st.floats(), st.floats(width=32))


def written(rows, n_digits):
    text = np.full(rows.size * numerals.LONGEST_NUMERAL + len(rows), 7, np.uint8)
    ends = np.empty(len(rows), np.int64)
    numerals.lines(rows, n_digits, text, ends)
    starts = [0, *ends.tolist()]
    return [text[i:j].tobytes().decode() for i, j in pairwise(starts)]


@pytest.mark.parametrize("n_digits", PATTERNS)
@given(st.lists(anything, min_size=1, max_size=20))
@example([0.0, -0.0, 1e-5, 9.9999999995, 0.00099999999951, 999999999.5, 1e16, 1e17, 5e-324, -1e308])
@example([float("nan"), float("inf"), -float("inf"), 1e-11, 1e-12, 1e-19, 9.99e-20, 123456789.0])
def test_numbers_are_written_as_python_writes_them(n_digits, values):
    expected = "".join(" " + PATTERNS[n_digits] % value for value in values) + "\n"
    assert written(np.array([values]), n_digits) == [expected]
    column = np.array(values)[:, None]
    assert "".join(written(column, n_digits)) == expected.rstrip().replace(" ", "\n ")[1:] + "\n"


@pytest.mark.parametrize(("n_digits", "scale"), [(9, 1.0), (17, 1.0), (17, 1e-7), (9, 1e6)])
def test_many_random_numbers(n_digits, scale):
    rows = np.random.default_rng(3).standard_normal((40, 500)) * scale
    expected = ["".join(" " + PATTERNS[n_digits] % x for x in row) + "\n" for row in rows.tolist()]
    assert written(rows, n_digits) == expected


def test_memory_that_is_too_short_is_refused():
    rows, text, ends = np.ones((2, 3)), np.empty(2 * 76, np.uint8), np.empty(2, np.int64)
    numerals.lines(rows, 9, text, ends)
    for arguments in (
        (rows, 9, text[:-1], ends),
        (rows, 17, text, ends[:1]),
        (rows, 8, text, ends),
    ):
        with pytest.raises(ValueError, match=r"too short|allowed are 9 and 17"):
            numerals.lines(*arguments)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_blocks_of_any_layout_are_written_in_order(tmp_path, monkeypatch, binary, order, dtype):
    monkeypatch.setattr(word2vec, "BLOCK", 500)
    vectors = np.asarray(np.random.default_rng(1).standard_normal((90, 4)), dtype, order=order)
    word2vec.write(tmp_path / "v", [f"w{i}" for i in range(90)], vectors, binary=binary)
    read = np.float32 if binary else np.float64
    words, found, _ = word2vec.read(tmp_path / "v", binary=binary, datatype=read)
    assert words == [f"w{i}" for i in range(90)]
    expected = vectors.astype(np.float32) if dtype != np.float64 or binary else vectors
    np.testing.assert_array_equal(found.astype(expected.dtype), expected)
