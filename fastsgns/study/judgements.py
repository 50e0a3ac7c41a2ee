"""Judgements: scores of pairs of words, by people or by a proxy, and agreement with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats.files import local_path
from fastsgns.vectors.evaluation import read_pairs

SETS = {
    "WordSim353": "wordsim353.tsv",
    "WordSim353 similarity": "wordsim353_sim.tsv",
    "WordSim353 relatedness": "wordsim353_rel.tsv",
    "SimLex-999": "simlex999.tsv",
    "MEN": "men_dev2000.tsv",
    "MTurk-771": "mturk771.tsv",
}


@dataclass(frozen=True)
class Judgements:
    """Pairs and their scores.

    Attributes
    ----------
    name : str
    pairs : ndarray, shape (n, 2)
        Words, or their ids.
    scores : ndarray of float, shape (n,)
    """

    name: str
    pairs: np.ndarray
    scores: np.ndarray

    def known(self, ids: dict[Any, int]) -> "Judgements":
        """Return the pairs of known words, as ids; unknown words are tried in lower case."""
        known = [[ids.get(w, ids.get(str(w).lower(), -1)) for w in pair] for pair in self.pairs]
        table = np.array(known, np.int64).reshape(-1, 2)
        kept = (table >= 0).all(axis=1)
        return Judgements(self.name, table[kept], self.scores[kept])

    def agreement(self, left: np.ndarray, right: np.ndarray) -> float:
        """Return the Spearman correlation of the scores with the cosines of the pairs.

        The cosine of a pair (a, b) is ``(cos(left[a], right[b]) + cos(left[b], right[a])) / 2``.

        Parameters
        ----------
        left, right : ndarray, shape (V, d)
            The vectors of the first and of the second word of a pair; may be the same array.

        Returns
        -------
        float
            0 if all cosines are equal.

        Examples
        --------
        >>> pairs = np.array([[0, 1], [0, 2], [1, 2]])
        >>> judged = Judgements("toy", pairs, np.array([3.0, 1.0, 2.0]))
        >>> rows = np.array([[1.0, 0.0], [1.0, 0.5], [0.5, 1.0]])
        >>> round(judged.agreement(rows, rows), 3)
        1.0
        """
        from scipy.stats import spearmanr

        cosines = cosine(left, right, self.pairs) + cosine(left, right, self.pairs[:, ::-1])
        if not np.ptp(cosines) or not np.ptp(self.scores):
            return 0.0
        return float(spearmanr(cosines, self.scores).statistic)


def cosine(left: np.ndarray, right: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return ``cos(left[a], right[b])`` of each pair (a, b); 0 for a vector of zeros."""
    a, b = left[pairs[:, 0]], right[pairs[:, 1]]
    lengths: np.ndarray = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines: np.ndarray = np.einsum("ij,ij->i", a, b) / np.maximum(lengths, 1e-30)
    return cosines


def load(folder: str | Path) -> list[Judgements]:
    """Read the files of `SETS` that a folder has: two words and a score per line, with tabs.

    Raises
    ------
    ValueError
        If the folder has none of them, or if one of them has no pairs.
    """
    judged = []
    for name, file in SETS.items():
        path = Path(local_path(folder)) / file
        if path.exists():
            if not (rows := list(read_pairs(path))):
                raise FormatError(f"{path} has no line of two words and a score, with tabs between")
            *pairs, scores = zip(*rows)
            judged.append(Judgements(name, np.array(pairs).T, np.array(scores)))
    if not judged:
        raise ValueError(f"{folder} has none of {', '.join(SETS.values())}")
    return judged
