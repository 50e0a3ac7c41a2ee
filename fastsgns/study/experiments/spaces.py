"""Spaces: the vectors of a trained model by role, and the combinations people use."""

from dataclasses import dataclass

import numpy as np

from fastsgns.models.word2vec import Word2Vec

COMBINED = ("input", "output", "sum", "concatenation")


@dataclass(frozen=True)
class Spaces:
    """What a pair's score is made of: ``input[i] . output[j] + bias[j]`` for a true pair.

    Attributes
    ----------
    input, output, negative : ndarray of float32, shape (V, d)
        Vectors of focus words, of true contexts, and of drawn ones; may be one array.
    bias : ndarray of float32, shape (1,) or (V,)
        Added to the score, by context.
    """

    input: np.ndarray
    output: np.ndarray
    negative: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, model: Word2Vec) -> "Spaces":
        """Take the vectors of a model as they enter its scores.

        Raises
        ------
        ValueError
            If it has no output vectors.
        """
        matrices = model._current()
        output, negative = map(matrices.in_role, ("output", "negative"))
        if output is None:
            raise ValueError("the model has no output vectors; train with negative > 0")
        bias = np.zeros(1, np.float32) if matrices.bias is None else matrices.bias
        return cls(model.wv.vectors, output, output if negative is None else negative, bias)

    def combined(self) -> dict[str, np.ndarray]:
        """Give the vectors that users may take of a word, by the names of `COMBINED`."""
        both = np.concatenate([self.input, self.output], axis=1)
        return dict(zip(COMBINED, (self.input, self.output, self.input + self.output, both)))

    def scores(self, focus: np.ndarray, contexts: np.ndarray, role: str = "output") -> np.ndarray:
        """Score focus words with one context each, or with several: shape of `contexts`."""
        rows = getattr(self, role)[contexts]
        found = np.einsum("nd,n...d->n...", self.input[focus], rows)
        return found + np.broadcast_to(self.bias, len(self.output))[contexts]

    def loss(self, pairs: np.ndarray, negatives: np.ndarray) -> float:
        """Mean loss a pair, ``-log s(x_ij) - sum_n log s(-x_in)`` with s the logistic function.

        Mikolov et al. (2013), "Distributed Representations ...", equation 4.

        Parameters
        ----------
        pairs : ndarray of int, shape (n, 2)
        negatives : ndarray of int, shape (n, k)
        """
        focus, context = pairs.T
        positive = np.logaddexp(0, -self.scores(focus, context).astype(np.float64))
        drawn = self.scores(focus, negatives, "negative").astype(np.float64)
        return float((positive + np.logaddexp(0, drawn).sum(axis=1)).mean())
