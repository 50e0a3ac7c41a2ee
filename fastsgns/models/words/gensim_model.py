"""Live models of gensim 4: a Word2Vec with all its matrices, in either direction.

Both packages can continue the training of the other's model. They keep the Huffman tree that the
model was trained with, although they order words of equal counts differently in a new tree.
"""

from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.formats import kinds
from fastsgns.kernels.objective import SIMD_PAD, Paths
from fastsgns.matrices import Matrices, TreeWords
from fastsgns.models.parameters import SubwordParameters
from fastsgns.models.words.tree import paths_of
from fastsgns.vectors.attributes import columns_of
from fastsgns.vectors.gensim_vectors import check_vectors, copy_own, import_gensim
from fastsgns.vectors.keyedvectors import KeyedVectors

PARAMETERS = (
    "vector_size", "alpha", "min_alpha", "window", "min_count", "max_vocab_size", "sample", "seed",
    "workers", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "null_word",
    "sorted_vocab", "batch_words", "compute_loss", "comment", "max_final_vocab", "shrink_windows",
    "hashfxn",
)  # fmt: skip
STATE = (
    "effective_min_count", "corpus_count", "corpus_total_words", "train_count", "total_train_time",
    "min_alpha_yet_reached", "running_training_loss",
)  # fmt: skip
UINT32 = 2**32
THEIRS = {  # attributes of gensim's Word2Vec
    *PARAMETERS, *STATE, "wv", "syn1", "syn1neg", "cum_table", "layer1_size", "lifecycle_events",
    "load", "random", "raw_vocab", "corpus_iterable", "model_trimmed_post_training", "callbacks",
    "word_ngrams", "load_fasttext_format",
}  # fmt: skip
OURS_ALONE = {"softmax": 0, "matrices": "two", "hash_count": 0}
OF_SUBWORDS = ("min_n", "max_n", "bucket")  # attributes of the vectors of gensim's FastText
NOT_OF_FASTTEXT = ("compute_loss", "comment")  # parameters that its constructor lacks


def fill(model: Any, theirs: Any) -> None:
    """Set the parameters, words and matrices of a new model to those of a Word2Vec of gensim.

    Raises
    ------
    TypeError
        If `theirs` is not one.
    ValueError
        If its matrices do not fit its words.
    """
    check_model(theirs, model.PARAMETERS is SubwordParameters)
    for name in OF_SUBWORDS if model.PARAMETERS is SubwordParameters else ():
        setattr(model, name, getattr(theirs.wv, name))
    for name in (*PARAMETERS, *STATE):
        if getattr(theirs, name, None) is not None:
            setattr(model, name, getattr(theirs, name))
    model.epochs_begun = model.epochs_trained = int(model.epochs) * int(model.train_count)
    events = getattr(theirs, "lifecycle_events", None)
    model.lifecycle_events = None if events is None else [dict(event) for event in events]
    wv: KeyedVectors = type(model.wv).from_gensim(theirs.wv)
    arrays = {"input": wv.array}
    for role, name in (("output", "syn1neg"), ("tree", "syn1")):
        matrix = getattr(theirs, name, None)
        if matrix is None or not len(wv):
            continue
        if matrix.shape != wv.array.shape:
            raise ValueError(
                f"{name} of the model of gensim has shape {matrix.shape}, and its vectors "
                f"{wv.array.shape}; was its wv replaced? KeyedVectors.from_gensim takes the vectors"
            )
        arrays[role] = np.array(matrix[: len(wv) - (role == "tree")], np.float32)
    matrices = Matrices(arrays, model.layout)
    if "tree" in arrays:
        matrices.tree_words = _tree_of(theirs.wv)
    model.set_arrays(wv, matrices)
    table = getattr(theirs, "cum_table", None)
    if "output" in arrays and table is not None and len(table):
        model.cum_table = table
    copy_own(theirs, model, THEIRS)


def check_model(theirs: Any, has_subwords: bool = False) -> None:
    """Raise a TypeError unless an object is a Word2Vec, or a FastText, of gensim 4."""
    name = type(theirs).__name__
    if hasattr(theirs, "dv"):
        raise TypeError(
            f"a {name} of gensim has vectors of documents, and Word2Vec has none; take its vectors "
            "with KeyedVectors.from_gensim(model.dv) or KeyedVectors.from_gensim(model.wv)"
        )
    if hasattr(getattr(theirs, "wv", None), "vectors_ngrams") and not has_subwords:
        raise TypeError(
            f"a {name} of gensim has vectors of n-grams, and Word2Vec has none; take it with "
            "FastText.from_gensim(model), or the vectors of its words with "
            "KeyedVectors.from_gensim(model.wv)"
        )
    check_vectors(getattr(theirs, "wv", theirs))
    if not all(hasattr(theirs, name) for name in ("sg", "hs", "negative", "epochs")):
        raise TypeError(
            f"a {name} is not a Word2Vec of gensim; take vectors with KeyedVectors.from_gensim"
        )
    if has_subwords and not hasattr(theirs.wv, "vectors_ngrams"):
        raise TypeError(f"a {name} of gensim is not a FastText; take it with Word2Vec.from_gensim")


def _tree_of(theirs: Any) -> TreeWords:
    """Return the Huffman tree of gensim's vectors, which their attributes code and point have."""
    codes, points = theirs.expandos["code"], theirs.expandos["point"]
    lengths = np.fromiter(map(len, codes), np.int64, len(codes))
    labels = np.zeros(lengths.sum() + SIMD_PAD, np.float32)
    labels[: lengths.sum()] = 1 - np.concatenate(codes).astype(np.float32)
    nodes = np.concatenate(points).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    paths = Paths(nodes, labels, starts, int(lengths.max(initial=0)))
    counts = np.array(theirs.expandos["count"])
    return TreeWords(counts, np.arange(len(codes)), paths)


def to_gensim(model: Any) -> Any:
    """Return a gensim.models.Word2Vec with copies of all that a model has; see `Word2Vec`."""
    for name, only in OURS_ALONE.items():
        if getattr(model, name, only) != only:
            raise ValueError(
                f"gensim has no model with {name}={getattr(model, name)!r}, only {only!r}; "
                "model.wv.to_gensim() has its vectors"
            )
    given = {name: getattr(model, name) for name in PARAMETERS}
    has_subwords = model.PARAMETERS is SubwordParameters
    if has_subwords:
        given |= {name: getattr(model, name) for name in OF_SUBWORDS}
        given = {name: value for name, value in given.items() if name not in NOT_OF_FASTTEXT}
        model.current_arrays().absorb()
    gensim = import_gensim()
    theirs = (gensim.FastText if has_subwords else gensim.Word2Vec)(**given)
    for name in STATE:
        setattr(theirs, name, getattr(model, name))
    theirs.raw_vocab = {}
    copy_own(model, theirs, vars(kinds.class_of(model.SCHEMA.kind)()))
    theirs.wv = model.wv.to_gensim()
    matrices = model.current_arrays()
    counts = theirs.wv.expandos.get("count")
    if not len(model.wv) or counts is None:
        return theirs
    kept = sampling.keep_probabilities(counts, model.sample)
    theirs.wv.expandos["sample_int"] = (kept * (UINT32 - 1)).astype(np.uint32)
    if (output := matrices.in_role("output")) is not None:
        theirs.syn1neg = np.array(output)
        theirs.make_cum_table()
        if matrices.noise is not None:
            theirs.cum_table = model.cum_table
    if (tree := matrices.vectors.get("tree")) is not None:
        theirs.syn1 = np.zeros(model.wv.array.shape, np.float32)
        theirs.syn1[: len(tree)] = tree
        theirs.wv.expandos |= columns_of(paths_of(matrices, counts))
    return theirs
