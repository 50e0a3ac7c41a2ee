"""Sessions of KeyedVectors and FastTextKeyedVectors."""

from typing import Any

import numpy as np

from fastsgns import KeyedVectors
from fastsgns.vectors import exchange
from fastsgns.vectors.fasttext import FastTextKeyedVectors

from . import corpora, lifetime
from .checks import check, check_same, content, plain
from .draws import Dice, among, constant, mostly, whole
from .querying import check_vectors, has_cosines
from .subject import Setting, Subject, may_refuse

MOST_KEYS = 400
TABLE = {
    "vector_size": mostly(whole(1, 60), among(1, 2, 512)), "count": among(0, 0, 0, 5),
    "dtype": among(np.float32, np.float32, np.float32, np.float64, np.float16, "f4"),
    "mapfile_path": among(None),
}  # fmt: skip
SUBWORDS = TABLE | {
    "min_n": whole(1, 4), "max_n": whole(4, 7), "bucket": whole(1, 3000),
    "hash_count": mostly(constant(0), whole(1, 4)), "dtype": among(np.float32),
}  # fmt: skip
del SUBWORDS["mapfile_path"]
SCALES = (1.0, 1.0, 1.0, 1e-20, 1e-6, 1e6, 1e15)


def rows(dice: Dice, n: int, size: int, dtype: Any) -> np.ndarray:
    """Draw vectors: of one scale, of several, with zeros, equal ones, and parallel ones."""
    found = dice.rng.normal(size=(n, size))
    kind = dice.pick(("plain", "plain", "scales", "zeros", "equal", "parallel"))
    if kind == "scales" and np.dtype(dtype) != np.float16:
        found *= dice.rng.choice(SCALES, (n, 1))
    elif kind == "zeros":
        found[dice.rng.random(n) < 0.3] = 0
    elif kind == "equal" and n:
        found[:] = found[0]
    elif kind == "parallel" and n:
        found = found[:1] * dice.rng.uniform(0.5, 2, (n, 1))
    return found.astype(dtype)


def keys(dice: Dice, n: int, text_only: bool) -> list[Any]:
    """Draw keys, all different."""
    kind = dice.pick(("words", "words", "odd", "integers", "mixed"))
    words: list[Any] = [f"w{i}" for i in range(n)]
    if kind == "odd" or (text_only and kind != "words"):
        return [*corpora.ODD, *words][:n]
    if kind == "integers":
        return [int(i) for i in dice.rng.permutation(10 * n + 10)[:n]]
    if kind == "mixed":
        return [*corpora.SPACED, (1, "a"), 2.5, b"x", *words][:n]
    return words


def make(cls: Any) -> Any:
    def make_vectors(setting: Setting) -> Any:
        dice, given = setting.dice, setting.parameters
        n = max(given["count"], dice.pick((0, 1, 2, 10, 50, MOST_KEYS)))
        with may_refuse(None, cls, also=(ValueError,)):
            kv = cls(**given)
        check(len(kv.vectors) == given["count"], "rows that were asked for")
        chosen = keys(dice, n, cls is FastTextKeyedVectors)
        counts = (
            {"count": np.sort(dice.rng.integers(1, 10**6, n))[::-1]} if dice.chance(0.7) else None
        )
        kv.add_vectors(chosen, rows(dice, n, kv.vector_size, kv.vectors.dtype), counts)
        check(len(kv) >= n, f"{len(kv)} keys of {n}")
        if cls is FastTextKeyedVectors and dice.chance(0.7) and n:
            kv.vectors_ngrams[:] = rows(dice, len(kv.vectors_ngrams), kv.vector_size, np.float32)
            kv.adjust_vectors()
        return kv

    return make_vectors


def ask(kv: Any, setting: Setting) -> tuple[Any, Any]:
    return kv, check_vectors(kv, setting)


def add(kv: Any, setting: Setting) -> tuple[Any, Any]:
    """Add new keys, and replace the vectors of present ones."""
    dice, n_before = setting.dice, len(kv)
    new = [f"new {i}" for i in range(dice.integer(0, 20)) if f"new {i}" not in kv]
    old = dice.some(kv.index_to_key, 5)
    given = rows(dice, len(new) + len(old), kv.vector_size, kv.vectors.dtype)
    replace = dice.chance(0.5)
    before = kv.vectors.copy()
    with may_refuse(kv, type(kv).add_vectors):
        kv.add_vectors([*new, *old], given, replace=replace)
    check(len(kv) == n_before + len(new), f"{len(kv)} keys")
    if kv.subwords is None:
        for key, vector in zip(new, given):
            np.testing.assert_array_equal(kv[key], vector.astype(kv.vectors.dtype))
        for key, vector in zip(old, given[len(new) :]):
            expected = vector.astype(kv.vectors.dtype) if replace else before[kv.get_index(key)]
            np.testing.assert_array_equal(kv[key], expected)
    return kv, len(kv)


def attributes(kv: Any, setting: Setting) -> tuple[Any, Any]:
    dice = setting.dice
    if not len(kv):
        return kv, None
    key, name = dice.pick(kv.index_to_key), dice.pick(("count", "mine", "weight"))
    value = dice.pick({"count": (1, 5, 10**9), "mine": ("a", "b"), "weight": (0.5, 1e30)}[name])
    with may_refuse(kv, type(kv).set_vecattr, also=(TypeError, ValueError)):
        kv.set_vecattr(key, name, value)
    check(kv.get_vecattr(key, name) == value, f"attribute {name} of {key!r}")
    if dice.chance(0.5) and "count" in kv.expandos:
        kv.sort_by_descending_frequency()
        counts = kv.expandos["count"]
        check(bool((np.diff(counts) <= 0).all()), "counts do not descend")
        check(kv.get_vecattr(key, name) == value, f"attribute {name} of {key!r}, sorted")
    return kv, plain(kv.index_to_key)


EXACT = ("native", "binary", "safetensors", "npz", "parquet", "arrow")
ROUNDED = ("text", "glove", "vec", "tsv")


def export(kv: Any, setting: Setting) -> tuple[Any, Any]:
    """Write a format and read it: the same keys and vectors, or a documented refusal."""
    dice = setting.dice
    kind = dice.pick((*EXACT, *ROUNDED))
    if kind == "glove" and not len(kv):  # which is an empty file, and refused
        kind = "text"
    form = exchange.format_of(kind)
    path = setting.folder / f"vectors{dice.pick(form.suffixes or ('.glove',))}"
    before = content(kv)
    with may_refuse(kv, type(kv).export, also=(ValueError, TypeError, NotImplementedError)):
        kv.export(kind, path)
    check_same(content(kv), before, "export has changed the vectors")
    loaded = KeyedVectors.from_file(path, kind) if kind != "native" else type(kv).load(path)
    check(len(loaded) == len(kv), f"{kind}: {len(loaded)} keys of {len(kv)}")
    expected = {str(key): np.asarray(kv[key], np.float32) for key in kv.index_to_key}
    found = {str(key): np.asarray(loaded[key], np.float32) for key in loaded.index_to_key}
    check(found.keys() == expected.keys(), f"{kind}: keys {list(found)[:5]}, {list(expected)[:5]}")
    for key, vector in found.items():
        if kind in EXACT:
            np.testing.assert_array_equal(vector, expected[key])
        else:
            np.testing.assert_allclose(vector, expected[key], rtol=1e-5, atol=1e-40)
    return kv, None


def compressed(kv: Any, setting: Setting) -> tuple[Any, Any]:
    """Write word2vec's text or binary, compressed."""
    dice, binary = setting.dice, setting.dice.chance(0.5)
    path = setting.folder / f"vectors{dice.pick(('', '.gz', '.bz2', '.xz'))}"
    with may_refuse(kv, type(kv).save_word2vec_format, also=(ValueError, TypeError)):
        kv.save_word2vec_format(path, binary=binary)
    loaded = KeyedVectors.load_word2vec_format(path, binary=binary)
    check(len(loaded) == len(kv), f"{len(loaded)} keys of {len(kv)}")
    return kv, None


def frames(kv: Any, setting: Setting) -> tuple[Any, Any]:
    """Through a DataFrame."""
    with may_refuse(kv, also=(ValueError, TypeError)):
        loaded = KeyedVectors.from_dataframe(kv.to_pandas())
    np.testing.assert_array_equal(loaded.vectors, kv.vectors)
    return kv, None


def subset(kv: Any, setting: Setting) -> tuple[Any, Any]:
    chosen = setting.dice.some(kv.index_to_key, 30)
    if not chosen:
        return kv, None
    other = kv.vectors_for_all(chosen, allow_inference=setting.dice.chance(0.5), copy_vecattrs=True)
    check(list(other.index_to_key) == chosen, "keys of a subset")
    for key in chosen:
        np.testing.assert_array_equal(other[key], kv[key])
    return kv, None


def normalize(kv: Any, setting: Setting) -> tuple[Any, Any]:
    is_exact = has_cosines(kv)
    kv.unit_normalize_all()
    norms = np.linalg.norm(kv.vectors.astype(np.float64), axis=1)
    slack = 2e-3 if kv.vectors.dtype == np.float16 else 1e-5
    is_unit = (abs(norms - 1) < slack) | (norms == 0)
    check(bool(is_unit.all()) or not is_exact, f"norms {norms[~is_unit]}")
    return kv, None


def unseen(kv: Any, setting: Setting) -> tuple[Any, Any]:
    """Vectors of words that are not there, and of sentences."""
    words = ["unseen", "w", "ä", "w1w2", "😀"]
    with may_refuse(kv, type(kv).get_vector, also=(KeyError,)):
        found = [kv.get_vector(word) for word in words]
        found.append(kv.get_sentence_vector(words))
    check(bool(np.isfinite(found).all()), "an inferred vector is not finite")
    return kv, plain(found)


STEPS = {
    "ask": ask, "ask again": ask, "add": add, "attributes": attributes, "export": export,
    "compressed": compressed, "frames": frames, "subset": subset,
} | lifetime.STEPS  # fmt: skip
SUBJECTS = [
    Subject("KeyedVectors", KeyedVectors, TABLE, make(KeyedVectors),
            {"normalize": normalize} | STEPS),
    Subject("FastTextKeyedVectors", FastTextKeyedVectors, SUBWORDS, make(FastTextKeyedVectors),
            {"unseen": unseen} | STEPS),
]  # fmt: skip
