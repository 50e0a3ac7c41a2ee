"""Spaces: the vectors of a trained model by role, and their usual combinations."""

from dataclasses import dataclass

import numpy as np

from fastsgns.models.word2vec import Word2Vec

COMBINED = ("input", "output", "sum", "concatenation")


@dataclass(frozen=True)
class Spaces:
    """The arrays that determine scores: ``input[i] . output[j] + bias[j]`` for positive pairs.

    Attributes
    ----------
    input, output, negative : ndarray of float32, shape (V, d)
        Vectors of focus words, of positive context words, and of negative samples. They may be
        the same array.
    bias : ndarray of float32, shape (1,) or (V,)
        The bias of all context words, or of each.
    """

    input: np.ndarray
    output: np.ndarray
    negative: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, model: Word2Vec) -> "Spaces":
        """Return the vectors of a model in the roles in which they enter its scores.

        Raises
        ------
        ValueError
            If the model has no output vectors.
        """
        matrices = model.current_arrays()
        output, negative = matrices.in_role("output"), matrices.in_role("negative")
        if output is None:
            raise ValueError("the model has no output vectors; train with negative > 0")
        bias = np.zeros(1, np.float32) if matrices.bias is None else matrices.bias
        return cls(model.wv.vectors, output, output if negative is None else negative, bias)

    def combined(self) -> dict[str, np.ndarray]:
        """Return the word vectors that users can choose, by the names of `COMBINED`."""
        both = np.concatenate([self.input, self.output], axis=1)
        return dict(zip(COMBINED, (self.input, self.output, self.input + self.output, both)))

    def scores(self, focus: np.ndarray, contexts: np.ndarray, output: np.ndarray) -> np.ndarray:
        """Score each focus word with one context word, or with several: the shape of `contexts`.

        `output` has the vectors of the context words.
        """
        scores: np.ndarray = np.einsum("nd,n...d->n...", self.input[focus], output[contexts])
        scores += np.broadcast_to(self.bias, len(self.output))[contexts]
        return scores

    def loss(self, pairs: np.ndarray, negatives: np.ndarray) -> float:
        """Return the mean loss per pair, ``-log s(x_ij) - sum_n log s(-x_in)``.

        s(x) = 1 / (1 + exp(-x)): Mikolov et al. (2013), "Distributed Representations of Words and
        Phrases and their Compositionality", equation 4.

        Parameters
        ----------
        pairs : ndarray of int, shape (n, 2)
        negatives : ndarray of int, shape (n, k)
        """
        focus, context = pairs.T
        positive = self.scores(focus, context, self.output).astype(np.float64)
        negative = self.scores(focus, negatives, self.negative).astype(np.float64)
        losses = np.logaddexp(0, -positive) + np.logaddexp(0, negative).sum(axis=1)
        return float(losses.mean())
