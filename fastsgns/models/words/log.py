"""The lines that gensim logs while it trains, which programs read to show progress."""

import time
from dataclasses import dataclass, field
from logging import Logger

from fastsgns.training.trainer import Tally


@dataclass
class EpochLog:
    """Logs lines of gensim's form at level INFO; epochs count from 0 as there.

    Parameters
    ----------
    logger : Logger
    n_words : int
        Words of the vocabulary per epoch.
    n_raw_words : int
        Words per epoch, those outside the vocabulary included.
    delay : float
        Seconds from one line to the next within an epoch.
    """

    logger: Logger
    n_words: int
    n_raw_words: int
    delay: float
    _epoch: int = 0
    _n_kept: int = 0  # focus words of the earlier epochs
    _started: float = field(default_factory=time.monotonic)
    _epoch_started: float = field(default_factory=time.monotonic)
    _shown: float = field(default_factory=time.monotonic)

    def progress(self, epoch: int, tally: Tally, total: Tally) -> None:
        """Log how much of an epoch is done, unless that was logged less than `delay` ago."""
        now = time.monotonic()
        if now - self._shown >= self.delay:
            self._shown = now
            speed = (total.n_kept + tally.n_kept) / max(now - self._started, 1e-9)
            share = 100 * tally.n_units / max(1, self.n_words)
            self.logger.info(
                "EPOCH %d - PROGRESS: at %.2f%% words, %.0f words/s", epoch, share, speed
            )

    def end_epoch(self, n_kept: int) -> None:
        """Log the end of an epoch; `n_kept` focus words were trained in all epochs so far."""
        now = time.monotonic()
        seconds, n_effective = now - self._epoch_started, n_kept - self._n_kept
        self.logger.info(
            "EPOCH %d: training on %d raw words (%d effective words) took %.1fs, "
            "%.0f effective words/s", self._epoch, self.n_raw_words, n_effective, seconds,
            n_effective / max(seconds, 1e-9),
        )  # fmt: skip
        self._epoch, self._n_kept, self._epoch_started = self._epoch + 1, n_kept, now
