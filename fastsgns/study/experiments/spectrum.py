"""The spectrum of PMI on a random half of the sentences: what one matrix can't represent."""

from typing import Any

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.study.material import Material
from fastsgns.study.pairs import PairCounts

FLOOR = 0.2
N_LARGEST = 100


def half(corpus: EncodedCorpus, seed: int) -> EncodedCorpus:
    """Take each sentence with probability one half."""
    kept = np.random.default_rng(seed).random(len(corpus)) < 0.5
    lengths = np.diff(corpus.offsets)
    ids = np.asarray(corpus.ids)[np.repeat(kept, lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths[kept])])
    counts = np.bincount(ids, minlength=len(corpus.vocabulary))
    return EncodedCorpus(ids, offsets, corpus.vocabulary.recounted(counts))


def spectrum(material: Material, seed: int, shuffled: bool = False) -> dict[str, Any]:
    """Eigenvalues of PMI, and PMI of words with themselves, on a random half of the sentences.

    Cells that don't occur count 0.2, so that their logarithm is finite. The eigenvalues of the
    symmetric matrix say what a product W W' of one matrix can't reach: those below 0.

    Parameters
    ----------
    material : Material
    seed : int
        Draws the half.
    shuffled : bool
        Permute all tokens first: a text without any association, the control.

    Returns
    -------
    dict
        Shares of eigenvalues below 0, of all and of the 100 largest by magnitude; share of the
        squared sum they carry; share of words whose PMI with themselves is above 0, and its mean.
    """
    corpus = half(material.corpus, seed)
    if shuffled:
        ids = np.random.default_rng(seed).permutation(corpus.ids)
        corpus = EncodedCorpus(ids, corpus.offsets, corpus.vocabulary)
    found = PairCounts.of(corpus, material.settings.window, material.settings.n_exact)
    counts = found.first(len(found.counts)).counts + FLOOR
    margin = counts.sum(axis=1)
    pmi = np.log(counts * margin.sum() / np.outer(margin, margin))
    values = np.linalg.eigvalsh(pmi)
    largest = values[np.argsort(-np.abs(values))[:N_LARGEST]]
    diagonal = np.diag(pmi)
    return {
        "negative": float((values < 0).mean()),
        "negative of largest": float((largest < 0).mean()),
        "negative energy": float((values[values < 0] ** 2).sum() / (values**2).sum()),
        "self positive": float((diagonal > 0).mean()),
        "self mean": float(diagonal.mean()),
    }
