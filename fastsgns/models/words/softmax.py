"""Full softmax: how much of it is learnt at once, and where it is too slow."""

from fastsgns.errors import warn

MOST_ROWS = 64
MOST_SCORES = 1 << 24
MANY_WORDS = 50_000


def batch_rows(n_words: int) -> int:
    """How many hidden vectors a batch holds: 64, or fewer where their scores exceed 64 MB.

    Each worker keeps the score of every hidden vector of a batch with every word.

    Parameters
    ----------
    n_words : int
        Above 50,000 there is a UserWarning: the time an example takes grows with it.

    Examples
    --------
    >>> batch_rows(2_000)
    64
    """
    if n_words > MANY_WORDS:
        warn(
            f"full softmax scores all {n_words:,} words for every hidden vector, and its cost "
            "grows with their number; negative=5 or hs=1 instead of softmax=1, or "
            "max_final_vocab, is faster"
        )
    return max(1, min(MOST_ROWS, MOST_SCORES // max(n_words, 1)))
