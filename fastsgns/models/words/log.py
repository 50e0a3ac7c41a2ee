"""The lines that gensim logs while it trains, which programs read to show progress."""

import time
from dataclasses import dataclass, field
from logging import Logger


@dataclass
class EpochLog:
    """Logs lines of gensim's form at level INFO; epochs count from 0 as there.

    Parameters
    ----------
    logger : Logger
    delay : float
        Seconds from one line to the next within an epoch.
    """

    logger: Logger
    delay: float
    _epoch: int = 0
    _n_kept: int = 0  # focus words of the earlier epochs
    _started: float = field(default_factory=time.monotonic)
    _epoch_started: float = field(default_factory=time.monotonic)
    _shown: float = field(default_factory=time.monotonic)

    def progress(self, share: float, n_kept: int) -> None:
        """Log how much of this epoch is done, unless that was logged less than `delay` ago.

        Parameters
        ----------
        share : float
            The share of this epoch that is done.
        n_kept : int
            Focus words that were trained in all epochs so far.
        """
        now = time.monotonic()
        if now - self._shown >= self.delay:
            self._shown = now
            speed = n_kept / max(now - self._started, 1e-9)
            self.logger.info(
                "EPOCH %d - PROGRESS: at %.2f%% words, %.0f words/s", self._epoch, 100 * share,
                speed,
            )  # fmt: skip

    def end_epoch(self, n_raw_words: int, n_kept: int, rate: float, loss: float | None) -> None:
        """Log the end of an epoch.

        Parameters
        ----------
        n_raw_words : int
            Words of this epoch, those outside the vocabulary included.
        n_kept : int
            Focus words that were trained in all epochs so far.
        rate : float
            The learning rate of the last words.
        loss : float or None
            The mean loss of this epoch, if it was computed.
        """
        now = time.monotonic()
        seconds, n_effective = now - self._epoch_started, n_kept - self._n_kept
        self.logger.info(
            "EPOCH %d: training on %d raw words (%d effective words) took %.1fs, "
            "%.0f effective words/s, alpha %.5f%s", self._epoch, n_raw_words, n_effective, seconds,
            n_effective / max(seconds, 1e-9), rate, "" if loss is None else f", loss {loss:.5f}",
        )  # fmt: skip
        self._epoch, self._n_kept, self._epoch_started = self._epoch + 1, n_kept, now
