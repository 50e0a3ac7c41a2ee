"""The spectrum of PMI on a random half of the sentences: what one matrix cannot represent."""

from dataclasses import asdict
from typing import Any

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.study.material import Material
from fastsgns.study.pairs import count_pairs, frequent_block, nonempty
from fastsgns.study.spectrum import approximation_errors, dense_pmi, self_pmi, signs

FLOOR = 0.2
NEGATIVE = 5


def half(corpus: EncodedCorpus, seed: int) -> EncodedCorpus:
    """Draw each sentence with probability one half."""
    kept = np.random.default_rng(seed).random(len(corpus)) < 0.5
    lengths = np.diff(corpus.offsets)
    ids = np.asarray(corpus.ids)[np.repeat(kept, lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths[kept])])
    counts = np.bincount(ids, minlength=len(corpus.vocabulary))
    return EncodedCorpus(ids, offsets, corpus.vocabulary.recounted(counts))


def spectrum(material: Material, seed: int, shuffled: bool = False) -> dict[str, Any]:
    """Measure eigenvalues and diagonal of PMI, and the errors of one matrix and of two.

    The corpus is a random half of the sentences. See `fastsgns.study.spectrum` for the measures.
    Pairs that do not occur get the count 0.2, so that their logarithm is finite.

    Parameters
    ----------
    material : Material
    seed : int
        Seed of the random half.
    shuffled : bool
        Permute all tokens first. In this control, words are independent.

    Returns
    -------
    dict
        ``signs``: a `Signs`; ``self``: a `Diagonal`; ``errors``: an `Errors` for PMI - log 5 and
        rank `exact_dimensions`.
    """
    sizes = material.settings
    corpus = half(material.corpus, seed)
    if shuffled:
        ids = np.random.default_rng(seed).permutation(corpus.ids)
        corpus = EncodedCorpus(ids, corpus.offsets, corpus.vocabulary)
    counts = count_pairs(corpus, sizes.window, material.workers)
    pmi = dense_pmi(nonempty(frequent_block(counts, sizes.n_exact)), FLOOR)
    errors = approximation_errors(pmi - np.log(NEGATIVE), [sizes.exact_dimensions])[0]
    return {"signs": asdict(signs(pmi)), "self": asdict(self_pmi(pmi)), "errors": asdict(errors)}
