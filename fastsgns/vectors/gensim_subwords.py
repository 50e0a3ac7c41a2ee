"""Live objects of gensim 4: the rows of its FastTextKeyedVectors become ours, and ours theirs."""

from typing import Any

import numpy as np

from fastsgns.corpus.subwords import SubwordScheme
from fastsgns.formats.saving import KEYED
from fastsgns.runtime import packages
from fastsgns.vectors.gensim_vectors import COMPUTED, copy_own, import_gensim, without_slots
from fastsgns.vectors.subword_rows import SubwordRows


def fill(kv: Any, theirs: Any) -> None:
    """Set the scheme and the rows of `kv`, which has the keys and vectors of `theirs` already.

    Each bucket gets a row, as gensim has random rows for those that no word uses.

    Parameters
    ----------
    kv : FastTextKeyedVectors
    theirs : gensim.models.KeyedVectors
        Without the rows of n-grams, `kv` is not changed.
    """
    ngrams = getattr(theirs, "vectors_ngrams", None)
    if ngrams is None:
        return
    bucket = len(ngrams) if theirs.bucket else 0
    kv.scheme = SubwordScheme(theirs.min_n, theirs.max_n, bucket)
    if not kv.scheme.has_buckets:
        return
    _, kept = without_slots(theirs)
    rows = np.concatenate([theirs.vectors_vocab[kept], ngrams], dtype=np.float32)
    buckets = np.arange(bucket, dtype=np.int32)
    table = kv.key_table
    kv.subwords = SubwordRows.of(kv.scheme, table.index_to_key, rows, buckets, table.order)
    for name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
        setattr(kv, name, np.array(getattr(theirs, name, np.ones(1)), np.float32))


def to_gensim(kv: Any) -> Any:
    """Return a gensim.models.fasttext.FastTextKeyedVectors with copies of all of `kv`.

    Buckets without rows get rows of zeros.

    Raises
    ------
    ValueError
        If gensim has no such scheme: floret's, or that of a pruned model.
    """
    scheme, table = kv.scheme, kv.key_table
    if scheme.hash_count or scheme.is_pruned:
        raise ValueError(
            "gensim has neither floret's scheme (hash_count) nor pruned models; "
            "KeyedVectors.to_gensim(kv) makes gensim's KeyedVectors of the words"
        )
    import_gensim()
    module = packages.need("gensim.models.fasttext", "it needs the package gensim")
    theirs = vars(module)["FastTextKeyedVectors"](
        kv.vector_size, scheme.min_n, scheme.max_n, scheme.bucket if kv.subwords else 0
    )
    theirs.index_to_key, theirs.key_to_index = list(kv.index_to_key), dict(kv.key_to_index)
    theirs.next_index = table.next_index
    theirs.vectors = np.array(kv.array)
    theirs.vectors_vocab = np.array(kv.vectors_vocab)
    theirs.vectors_ngrams = np.zeros((theirs.bucket, kv.vector_size), np.float32)
    if kv.subwords is not None:
        theirs.vectors_ngrams[kv.subwords.table.buckets] = kv.vectors_ngrams
    theirs.recalc_char_ngram_buckets()
    for name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
        setattr(theirs, name, np.array(getattr(kv, name), np.float32))
    theirs.expandos = {
        name: np.array(values) for name, values in kv.expandos.items() if name not in COMPUTED
    }
    copy_own(kv, theirs, KEYED)
    return theirs
