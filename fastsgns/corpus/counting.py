"""Words counted without keeping their ids."""

from collections.abc import Callable, Hashable, Iterable, Sized

import numpy as np

from fastsgns.corpus.files import Path, check_paths
from fastsgns.corpus.merging import merge_types
from fastsgns.corpus.ranges import FileScanner
from fastsgns.corpus.scan import count_ids, encode_sentences
from fastsgns.corpus.sentences import check_corpus
from fastsgns.corpus.vocabulary import Vocabulary

Progress = Callable[[int, int | None], object]
Counted = tuple[Vocabulary, int, int]


class IdCounter:
    """How often each id occurs, for ids whose number is not known before.

    Examples
    --------
    >>> counts = IdCounter()
    >>> counts.add(np.array([0, 2, 0], np.int32), 3)
    >>> counts.of(3).tolist()
    [2, 0, 1]
    """

    def __init__(self) -> None:
        self._counts = np.zeros(1 << 16, np.int64)

    def add(self, ids: np.ndarray, n_types: int) -> None:
        """Count ids below `n_types`."""
        if n_types > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros(2 * n_types, np.int64)])
        count_ids(ids, self._counts)

    def of(self, n_types: int) -> np.ndarray:
        """Give the counts of the first `n_types` ids, int64."""
        if n_types > len(self._counts):
            return np.append(self._counts, np.zeros(n_types - len(self._counts), np.int64))
        return self._counts[:n_types].copy()

    def pop(self, n_types: int) -> np.ndarray:
        """Give the counts of the first `n_types` ids, and forget all."""
        counts = self.of(n_types)
        self._counts = np.zeros(0, np.int64)
        return counts


def count_files(
    paths: Path | Iterable[Path],
    workers: int | None = None,
    errors: str = "strict",
    progress: Progress | None = None,
) -> Counted:
    """Count the words of text files; parameters and exceptions as of `EncodedCorpus.from_files`.

    Returns
    -------
    vocabulary : Vocabulary
        All words in first-seen order.
    n_tokens, n_sentences : int
        What was read.
    """
    scan = FileScanner(check_paths(paths), workers, None)
    scan.run(progress)
    types = merge_types(scan, errors)
    return Vocabulary(types.words, types.counts), scan.n_tokens, scan.count_sentences()


def count_iterable(
    sentences: Iterable[Iterable[Hashable]], progress: Progress | None = None
) -> Counted:
    """Count the words of sequences; parameters and exceptions as of `EncodedCorpus.from_iterable`.

    Returns
    -------
    vocabulary, n_tokens, n_sentences
        As of `count_files`.
    """
    check_corpus(sentences)
    total = len(sentences) if isinstance(sentences, Sized) else None
    table: dict[Hashable, int] = {}
    counts = IdCounter()

    def add(ids: np.ndarray, ends: np.ndarray, n_sentences: int) -> None:
        counts.add(ids, len(table))
        if progress:
            progress(n_sentences, total)

    n_tokens, n_sentences = encode_sentences(sentences, table, True, add)
    return Vocabulary(list(table), counts.of(len(table))), n_tokens, n_sentences
