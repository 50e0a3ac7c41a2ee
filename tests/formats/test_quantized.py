"""float16 and int8 in files: what is lost, what comes back, and what is refused."""

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors
from fastsgns.formats.quantized import BLOCK_ROWS, dequantize, quantize
from fastsgns.vectors.exchange import FORMATS

NARROW = [kind for kind, form in FORMATS.items() if form.has_dtypes]


def path_of(tmp_path, kind):
    if kind in ("parquet", "arrow"):
        need("pyarrow")
    return tmp_path / f"vectors{(FORMATS[kind].suffixes or ('',))[0]}"


def vectors(n=5, dtype=np.float32):
    rng = np.random.default_rng(2)
    numbers = rng.standard_normal((n, 6)) * rng.lognormal(0, 2, n)[:, None]
    numbers[n // 2] = 0
    words = [f"w{index}" for index in range(n)]
    return KeyedVectors.from_arrays(words, numbers.astype(dtype), range(n, 0, -1))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 5, BLOCK_ROWS + 3])
def test_no_number_changes_by_more_than_half_a_scale(n, dtype):
    numbers = vectors(n, dtype).vectors if n else np.zeros((0, 6), dtype)
    codes, scales = quantize(numbers)
    assert codes.dtype == np.int8 and scales.dtype == np.float32 and scales.shape == (n,)
    assert np.abs(codes.astype(int)).max(initial=0) <= 127
    np.testing.assert_array_equal(
        np.abs(codes.astype(int)).max(axis=1, initial=0), 127 * numbers.any(axis=1)
    )
    error = np.abs(dequantize(codes, scales) - numbers.astype(float))
    assert (error <= 0.5001 * scales[:, None] + 1e-30).all()


@pytest.mark.parametrize("value", [1e-45, 1e-40, 3e38])
def test_tiny_and_large_numbers_stay_finite(value):
    codes, scales = quantize(np.array([[value, -value, 0]], np.float32))
    loaded = dequantize(codes, scales)
    assert np.isfinite(loaded).all()
    assert abs(loaded[0, 0] - np.float32(value)) <= max(1e-5 * value, 1e-43)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", np.float16, np.int8])
@pytest.mark.parametrize("kind", NARROW)
def test_numbers_of_each_type_come_back(tmp_path, kind, dtype):
    kv, path = vectors(), path_of(tmp_path, kind)
    kv.export(kind, path, dtype=dtype)
    loaded = KeyedVectors.from_file(path)
    assert loaded.index_to_key == kv.index_to_key and loaded.expandos.keys() == {"count"}
    if np.dtype(dtype) == np.int8:
        np.testing.assert_array_equal(loaded.vectors, dequantize(*quantize(kv.vectors)))
        assert loaded.vectors.dtype == np.float32
    else:
        np.testing.assert_array_equal(loaded.vectors, kv.vectors.astype(dtype))
        assert loaded.vectors.dtype == dtype


@pytest.mark.parametrize("kind", [kind for kind in NARROW if FORMATS[kind].holds_output])
def test_a_second_matrix_has_scales_of_its_own(tmp_path, kind):
    first, second, path = vectors(), 100 * vectors().vectors[:, ::-1], path_of(tmp_path, kind)
    both = KeyedVectors.from_arrays(first.index_to_key, first.vectors, output=second)
    both.export(kind, path, dtype="int8")
    loaded = KeyedVectors.from_file(path)
    np.testing.assert_array_equal(loaded.vectors, dequantize(*quantize(first.vectors)))
    np.testing.assert_array_equal(loaded.output.vectors, dequantize(*quantize(second)))
    assert not loaded.expandos


def test_int8_is_a_quarter_of_the_size(tmp_path):
    kv = KeyedVectors.from_arrays(range(1000), np.ones((1000, 300), np.float32))
    sizes = {}
    for dtype in ("float32", "float16", "int8"):
        kv.export("npz", tmp_path / f"{dtype}.npz", dtype=dtype)
        sizes[dtype] = (tmp_path / f"{dtype}.npz").stat().st_size
    assert sizes["float16"] < 0.52 * sizes["float32"] and sizes["int8"] < 0.27 * sizes["float32"]


def test_the_scales_are_an_array_of_the_file(tmp_path):
    kv = vectors()
    kv.export("npz", tmp_path / "v.npz", dtype="int8")
    with np.load(tmp_path / "v.npz") as arrays:
        codes, scales = arrays["vectors"], arrays["vector_scale"]
    assert codes.dtype == np.int8
    np.testing.assert_array_equal(
        codes * scales[:, None], KeyedVectors.from_npz(tmp_path / "v.npz").vectors
    )


def test_an_attribute_of_the_name_of_the_scales(tmp_path):
    kv = vectors()
    kv.expandos["vector_scale"] = np.arange(5.0)
    kv.export("npz", tmp_path / "v.npz")
    assert KeyedVectors.from_npz(tmp_path / "v.npz").expandos["vector_scale"].tolist() == [
        *range(5)
    ]
    with pytest.warns(UserWarning, match="instead of your attribute 'vector_scale'"):
        kv.export("npz", tmp_path / "v.npz", dtype="int8")
    assert "vector_scale" not in KeyedVectors.from_npz(tmp_path / "v.npz").expandos


@pytest.mark.parametrize("kind", NARROW)
def test_numbers_that_a_type_cannot_hold_are_refused(tmp_path, kind):
    kv, path = vectors(), path_of(tmp_path, kind)
    kv.vectors[1, 1] = 1e6
    with pytest.raises(ValueError, match=r"row 1 .*too large for float16, whose largest is 65504"):
        kv.export(kind, path, dtype="float16")
    kv.vectors[1, 1] = np.nan
    with pytest.raises(ValueError, match=r"row 1 .*not finite"):
        kv.export(kind, path, dtype="int8")
    with pytest.warns(UserWarning, match="not finite: row 1"):
        kv.export(kind, path, dtype="float16")
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_type_that_a_format_does_not_hold_is_refused(tmp_path, kind):
    path = path_of(tmp_path, kind)
    for dtype in ("int4", "float128", object, "int16"):
        with pytest.raises(ValueError, match=r"dtype is .*; allowed are float16, .*int8"):
            vectors().export(kind, path, dtype=dtype)
    if kind not in NARROW:
        with pytest.raises(ValueError, match=f"{kind} has a type of numbers of its own.*npz"):
            vectors().export(kind, path, dtype="float16")
    assert not list(tmp_path.iterdir())
