"""Scores of pairs of words: how much more often they occur together than by chance."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from math import log
from numbers import Real
from typing import Any

import numpy as np

Scorer = Callable[..., float]
NEVER = float("-inf")


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return the score of word2phrase: (#(a, b) - min_count) / (#(a) #(b)) * len_vocab.

    Parameters
    ----------
    worda_count, wordb_count : int
        How often the two words occur, #(a) and #(b).
    bigram_count : int
        How often they occur next to each other, #(a, b).
    len_vocab : int
        Number of different words and pairs.
    min_count : int
        Is subtracted from the count of the pair, so that rare pairs score low.
    corpus_word_count : int
        Is not used.

    Returns
    -------
    float
        Minus infinity if a word has no count.

    References
    ----------
    Mikolov, Sutskever, Chen, Corrado, Dean: Distributed representations of words and phrases and
    their compositionality, 2013, eq. 6.

    Examples
    --------
    >>> original_scorer(10, 20, 8, 1000, 5, 5000)
    15.0
    """
    product = worda_count * wordb_count
    if product == 0:
        return NEVER
    return (bigram_count - min_count) / float(product) * len_vocab


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return the normalized mutual information, log(P(a, b) / (P(a) P(b))) / -log P(a, b).

    Parameters
    ----------
    worda_count, wordb_count, bigram_count : int
        As for `original_scorer`.
    len_vocab : int
        Is not used.
    min_count : int
        Pairs that occur less often score minus infinity.
    corpus_word_count : int
        Number of tokens; P(a) is #(a) / corpus_word_count.

    Returns
    -------
    float
        From -1 to 1, where 1 is a pair whose words only occur together.

    References
    ----------
    Bouma: Normalized (pointwise) mutual information in collocation extraction, 2009.

    Examples
    --------
    >>> npmi_scorer(8, 8, 8, 1000, 5, 5000)
    1.0
    """
    if bigram_count < min_count:
        return NEVER
    n_tokens = float(corpus_word_count)
    try:
        first, last, both = worda_count / n_tokens, wordb_count / n_tokens, bigram_count / n_tokens
        return log(both / (first * last)) / -log(both)
    except (ValueError, ZeroDivisionError):  # a count is 0, or all tokens are this pair
        return NEVER


SCORERS: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}
ARGUMENTS = tuple(signature(original_scorer).parameters)


def scorer_of(scoring: Any) -> Scorer:
    """Return the function that `scoring` means: "default", "npmi" or a function itself.

    Raises
    ------
    ValueError
        If it is another name, or a function without the parameters that it will be called with.
    TypeError
        If it is neither.
    """
    if isinstance(scoring, str):
        if scoring not in SCORERS:
            raise ValueError(
                f"scoring is {scoring!r:.60}; allowed are 'default', 'npmi', and functions with "
                f"the parameters {', '.join(ARGUMENTS)}"
            )
        return SCORERS[scoring]
    if not callable(scoring):
        raise TypeError(
            f"scoring is {scoring!r:.60}, a {type(scoring).__name__}; allowed are 'default', "
            f"'npmi', and functions with the parameters {', '.join(ARGUMENTS)}"
        )
    parameters: Mapping[str, Any]
    try:
        parameters = signature(scoring).parameters
    except ValueError:  # a function in C may not tell
        parameters = dict.fromkeys(ARGUMENTS)
    takes_any = any(each and each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    if missing := [name for name in ARGUMENTS if name not in parameters and not takes_any]:
        raise ValueError(
            f"the scoring function has no parameters {missing}; it is called with "
            f"{', '.join(ARGUMENTS)}, by these names"
        )
    scorer: Scorer = scoring
    return scorer


def scores_of(
    scorer: Scorer,
    firsts: np.ndarray,
    lasts: np.ndarray,
    pairs: np.ndarray,
    n_types: int,
    min_count: float,
    n_tokens: int,
) -> np.ndarray:
    """Return the scores of many pairs, as the scorer would compute each.

    Parameters
    ----------
    scorer : callable
    firsts, lasts, pairs : ndarray of int64, shape (n,)
        Counts of first words, last words and pairs.
    n_types, min_count, n_tokens
        What the scorer is called with as len_vocab, min_count and corpus_word_count.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    TypeError
        If the scorer returns something else than a number.
    """
    scores = np.full(len(pairs), NEVER)
    is_possible = (firsts > 0) & (lasts > 0) & (pairs > 0)
    largest = firsts.max(initial=0) * float(lasts.max(initial=0))
    if scorer is original_scorer and largest < 2**62:  # products fit into int64
        chosen = np.flatnonzero(is_possible)
        products = (firsts[chosen] * lasts[chosen]).astype(np.float64)
        scores[chosen] = (pairs[chosen] - min_count) / products * n_types
        return scores
    if scorer is npmi_scorer:  # which computes logarithms, so leave out what is too rare
        is_possible &= pairs >= min_count
    chosen = np.flatnonzero(is_possible)
    columns = (counts[chosen].tolist() for counts in (firsts, lasts, pairs))
    listed = [
        scorer(
            worda_count=first, wordb_count=last, bigram_count=pair, len_vocab=n_types,
            min_count=min_count, corpus_word_count=n_tokens,
        )
        for first, last, pair in zip(*columns)
    ]  # fmt: skip
    if wrong := {type(each) for each in listed if not isinstance(each, Real)}:
        raise TypeError(
            f"the scoring function returned a {min(each.__name__ for each in wrong)}; it must "
            "return a number"
        )
    scores[chosen] = listed
    return scores
