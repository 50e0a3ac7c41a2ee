"""The native file of FastTextKeyedVectors: that of KeyedVectors, and the rows of n-grams."""

from dataclasses import replace
from typing import Any

import numpy as np

from fastsgns.corpus.subwords import RULES, SubwordScheme, make_table
from fastsgns.errors import FormatError
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import Array, Content, Value
from fastsgns.matrices import PaddedRows
from fastsgns.vectors import storage
from fastsgns.vectors.second import link_output
from fastsgns.vectors.subword_rows import SubwordRows

SCHEME = "subwords"


def save(kv: Any, path: Any, ignore: Any = ()) -> None:
    """Write `kv` (a FastTextKeyedVectors) to one file; see `KeyedVectors.save`."""
    storage.check_before_save(kv)
    kv.recalc_char_ngram_buckets()
    saving.save(path, SCHEMA, kv, refuse_not_finite=False, ignore=ignore)


def subwords_of(content: Content, vectors: str, keys: list[Any], order: object) -> SubwordRows:
    """Return the rows of words and n-grams that a file has.

    Parameters
    ----------
    content : Content
        Its values have the parts of `scheme_values` under the name `SCHEME`, and its arrays
        ``buckets``.
    vectors : str
        The name of the array of rows.
    keys : list of V keys
    order : object
        As for `SubwordRows`.

    Raises
    ------
    FormatError
        If words have n-grams of buckets that have no row.
    """
    scheme = SubwordScheme(**content.values[SCHEME])
    buckets = content.arrays["buckets"]
    table = make_table(keys, scheme, buckets)
    if len(table.buckets) != len(buckets):
        raise FormatError("words have n-grams of buckets that have no row")
    return SubwordRows(scheme, table, PaddedRows(content.arrays[vectors]), keys, order)


def scheme_values(path: str = "scheme") -> dict[str, Value]:
    """Return the values of a `SubwordScheme` that is the attribute `path` of an object."""
    numbers = {name: Value(int, rule, source=f"{path}.{name}") for name, rule in RULES.items()}
    return {**numbers, "is_pruned": Value(bool, source=f"{path}.is_pruned")}


def fault_of_rows(content: Content, vectors: str) -> str | None:
    """Return how buckets contradict the scheme, or the rows in the array `vectors`; or None."""
    values, buckets = content.values[SCHEME], content.arrays.get("buckets")
    if values["hash_count"] and not values["bucket"]:
        return "it has hash_count, but no buckets"
    has_buckets = SubwordScheme(**values).has_buckets
    if (buckets is not None) != has_buckets or (vectors in content.arrays) != has_buckets:
        return f"{SCHEME} and the arrays {vectors!r} and 'buckets' contradict each other"
    if buckets is None:
        return None
    n_own = 0 if values["hash_count"] else content.sizes["words"]
    return fault_of_buckets(buckets, values["bucket"], n_own, content.sizes["n_rows"])


def fault_of_buckets(buckets: np.ndarray, bucket: int, n_own: int, n_rows: int) -> str | None:
    """Return how buckets contradict their number and that of rows, `n_own` of words; or None.

    Examples
    --------
    >>> fault_of_buckets(np.array([4, 2]), 10, 3, 5)
    'buckets do not ascend'
    >>> fault_of_buckets(np.array([2, 4]), 10, 3, 6)
    '3 rows of words and 2 buckets, but 6 rows'
    """
    if fault := faults.of_ids("buckets", buckets, bucket):
        return fault
    if (buckets[1:] <= buckets[:-1]).any():
        return "buckets do not ascend"
    if n_rows != n_own + len(buckets):
        return f"{n_own} rows of words and {len(buckets)} buckets, but {n_rows} rows"
    return None


def _fault(content: Content) -> str | None:
    return storage.fault_of_attributes(content) or fault_of_rows(content, "rows")


def _build(cls: Any, content: Content) -> Any:
    kv = cls.__new__(cls)  # a derived class may take other arguments
    scheme = content.values[SCHEME]
    kinds.class_of("subword vectors").__init__(kv, 0)
    storage.fill(kv, content.arrays["vectors"], content)
    if scheme["hash_count"] and not all(isinstance(key, str) for key in kv.index_to_key):
        raise FormatError("it has hash_count, and keys that are not str")
    kv.scheme = SubwordScheme(**scheme)
    if kv.scheme.has_buckets:
        kv.subwords = subwords_of(content, "rows", kv.index_to_key, kv.key_table.order)
    for name in ("vocab", "ngrams"):
        factors = content.arrays.get(f"{name}_lockf")
        if factors is not None:
            setattr(kv, f"vectors_{name}_lockf", factors)
    if "output" in content.arrays:
        link_output(kv, content.arrays["output"])
    return kv


def _factors(name: str) -> Any:
    """Return a function of vectors that returns their lock factors, None if all of them are 1."""

    def read(kv: Any) -> np.ndarray | None:
        factors = np.asarray(getattr(kv, f"vectors_{name}_lockf"), np.float32)
        return None if factors.shape == (1,) and factors[0] == 1 else factors

    return read


def _lockf(name: str, size: str) -> list[Array]:
    return [Array("float32", n, _factors(name), is_optional=True) for n in ("1", size)]


def _rows(kv: Any) -> np.ndarray | None:
    return None if kv.subwords is None else kv.subwords.array


def _buckets(kv: Any) -> np.ndarray | None:
    return None if kv.subwords is None else kv.subwords.table.buckets


SCHEMA = replace(
    storage.SCHEMA,
    kind="subword vectors",
    arrays={
        **storage.SCHEMA.arrays,
        "rows": Array("float32", "n_rows, vector_size", _rows, is_optional=True),
        "buckets": Array("int32", "n_buckets", _buckets, is_optional=True),
        "vocab_lockf": _lockf("vocab", "words"),
        "ngrams_lockf": _lockf("ngrams", "n_buckets"),
    },
    values={**storage.SCHEMA.values, SCHEME: scheme_values()},
    build=_build,
    fault=_fault,
)
