"""CBOW with one or two matrices, trained in batches; negatives outside the pair or the batch."""

from typing import Any, Literal

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.study.experiments.frozen import cbow
from fastsgns.study.material import Material

Matrices = Literal["one", "two"]

NEGATIVE = 5
N_TESTED = 10_000
BLOCK = 16_384
N_TRIES = 200
BIAS_RATE = 0.01  # relative to the vectors' learning rate, as every example updates the bias


def windows(corpus: EncodedCorpus, window: int, n_tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the focus words and contexts of the first tokens that have any; windows do not shrink.

    Returns
    -------
    focus : ndarray of int32, shape (n,)
    contexts : ndarray of int32, shape (n, 2 window)
        -1 outside the sentence.
    """
    ids = np.asarray(corpus.ids[:n_tokens])
    sentence = np.repeat(np.arange(len(corpus)), np.diff(corpus.offsets))[:n_tokens]
    contexts = np.full((len(ids), 2 * window), -1, np.int32)
    for s in range(1, window + 1):
        same = sentence[s:] == sentence[:-s]
        contexts[:-s, 2 * s - 2][same] = ids[s:][same]
        contexts[s:, 2 * s - 1][same] = ids[:-s][same]
    known = (contexts >= 0).any(axis=1)
    return ids[known], contexts[known]


def draw_negatives(
    focus: np.ndarray, contexts: np.ndarray, noise: np.ndarray, n_negatives: int,
    batch: int | None, rng: np.random.Generator,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Draw negatives that are not words of their own example, or not words of their batch.

    Parameters
    ----------
    focus, contexts : ndarray of int32, shapes (n,) and (n, 2 window)
    noise : ndarray of float, shape (V,)
        The noise distribution.
    n_negatives : int
        Number per example.
    batch : int or None
        Negatives avoid the focus and context words of all `batch` consecutive examples. None:
        of their own example.
    rng : Generator

    Returns
    -------
    negatives : ndarray of int32, shape (n, n_negatives)
    n_failed : int
        Negatives that were still among the avoided words after 200 tries.
    """
    table = np.cumsum(noise)

    def draw(n: int) -> np.ndarray:
        ids: np.ndarray = np.searchsorted(table, rng.random(n) * table[-1], "right")
        return ids.astype(np.int32)

    drawn = draw(len(focus) * n_negatives).reshape(len(focus), n_negatives)
    for _ in range(N_TRIES):
        hit = _forbidden(drawn, focus, contexts, batch, len(noise))
        if not hit.any():
            return drawn, 0
        drawn[hit] = draw(int(hit.sum()))
    return drawn, int(_forbidden(drawn, focus, contexts, batch, len(noise)).sum())


def _forbidden(
    drawn: np.ndarray, focus: np.ndarray, contexts: np.ndarray, batch: int | None, n_words: int
) -> np.ndarray:
    """Mark the negatives that are words of their example, or of their batch."""
    if batch is None or batch == 1:
        own = np.column_stack([focus, contexts])
        hit: np.ndarray = (drawn[:, :, None] == own[:, None, :]).any(axis=2)
        return hit
    hit = np.zeros(drawn.shape, bool)
    inside = np.zeros(n_words + 1, bool)  # its last element is that of -1, no context
    for start in range(0, len(focus), batch):
        rows = slice(start, start + batch)
        inside[:] = False
        inside[focus[rows]] = inside[contexts[rows]] = True
        hit[rows] = inside[drawn[rows]]
    return hit


class Rows:
    """Rows of words and of contexts in one or two arrays, with or without a scalar bias.

    Parameters
    ----------
    n_words, dimensions : int
    matrices : {"one", "two"}
    bias : bool
        Train a bias that starts at ``-log k``. Otherwise it is 0.
    rng : Generator
    """

    def __init__(
        self,
        n_words: int,
        dimensions: int,
        matrices: Matrices,
        bias: bool,
        rng: np.random.Generator,
    ) -> None:
        start = (rng.random((n_words, dimensions), np.float32) - 0.5) * 2 / dimensions
        self.contexts = start.astype(np.float32)
        self.words = self.contexts if matrices == "one" else np.zeros_like(self.contexts)
        self.increments = np.zeros_like(self.words)
        self.context_increments = (
            self.increments if matrices == "one" else np.zeros_like(self.contexts)
        )
        self.learns_bias = bias
        self.bias = np.full(1, -np.log(NEGATIVE) if bias else 0.0)
        self._scratch = np.zeros((2, dimensions), np.float32)

    def step(self, words: np.ndarray, contexts: np.ndarray, batch: int, rate: float) -> float:
        """Train on examples and return the sum of their losses; with rate 0 nothing changes."""
        loss: float = cbow(
            self.words, self.contexts, self.increments, self.context_increments, self.bias, words,
            contexts, batch, rate, rate * BIAS_RATE * self.learns_bias, self._scratch,
        )  # fmt: skip
        return loss


def batches(
    material: Material, seed: int, matrices: Matrices, batch: int,
    outside: Literal["pair", "batch"], bias: bool, rate: float,
) -> dict[str, Any]:  # fmt: skip
    """Train CBOW with summed contexts on the start of the corpus and return its losses.

    Parameters
    ----------
    material : Material
    seed : int
    matrices : {"one", "two"}
    batch : int
        Number of examples whose gradients are computed before any of them is applied.
    outside : {"pair", "batch"}
        Negatives are not words of their own example, or not words of their batch.
    bias : bool
        Add a scalar bias to every score.
    rate : float
        Initial learning rate, which falls linearly to a hundredth.

    Returns
    -------
    dict
        ``loss``: mean loss per example on the next examples of the corpus with negatives outside
        the pair, the same for every system; None if it is not finite. ``own loss``: mean training
        loss of the last epoch. ``failed``: negatives that were not outside.
    """
    sizes = material.settings
    rng = np.random.default_rng(seed)
    focus, contexts = windows(
        material.corpus, sizes.window, sizes.batch_tokens + N_TESTED + sizes.window
    )
    n = min(max(len(focus) - N_TESTED, len(focus) // 2), sizes.batch_tokens)
    rows = Rows(len(material.noise), sizes.dimensions, matrices, bias, rng)
    avoided = batch if outside == "batch" else None
    total, done, failed = 0.0, 0, 0
    for epoch in range(sizes.batch_epochs):
        total = 0.0
        for start in range(0, n, BLOCK):
            chunk = slice(start, min(start + BLOCK, n))
            drawn, missed = draw_negatives(
                focus[chunk], contexts[chunk], material.noise, NEGATIVE, avoided, rng
            )
            now = rate * max(0.01, 1 - done / (n * sizes.batch_epochs))
            words = np.column_stack([focus[chunk], drawn])
            total += rows.step(words, contexts[chunk], batch, now)
            done += len(words)
            failed += missed
            if not np.isfinite(total):
                return {"loss": None, "own loss": None, "epoch": epoch, "failed": failed}
    test = slice(n, n + N_TESTED)
    drawn, _ = draw_negatives(
        focus[test], contexts[test], material.noise, NEGATIVE, None, np.random.default_rng(0)
    )
    words = np.column_stack([focus[test], drawn])
    loss = rows.step(words, contexts[test], 1, 0.0) / len(words)
    return {
        "loss": loss if np.isfinite(loss) else None,
        "own loss": total / n,
        "bias": float(rows.bias[0]),
        "failed": failed,
    }
