"""The corpus of a Word2Vec: from what a user passes to a scan of its words and tokens."""

from typing import Any, NamedTuple

from fastsgns.corpus.encoded import scan
from fastsgns.corpus.files import check_paths
from fastsgns.corpus.scanning import Scan
from fastsgns.corpus.selection import TrimRule, count_bounded
from fastsgns.corpus.sentences import (
    LineSentence,
    check_corpus,
    check_not_generator,
    check_reiterable,
)
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError
from fastsgns.models.parameters import Parameters
from fastsgns.runtime.progress import reading_bar


class Source(NamedTuple):
    """Sentences to read, and the unit in which a progress bar counts them."""

    sentences: Any
    unit: str

    @classmethod
    def of(
        cls, corpus_iterable: Any, corpus_file: Any, n_epochs: int = 0, n_readings: int = 1
    ) -> "Source":
        """Return the source that a user has given by one of two arguments.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As the user gave them.
        n_epochs : int
            How often gensim would read the sentences. It refuses to read a generator more than
            once, and so do we.
        n_readings : int
            How often we read them.

        Raises
        ------
        TypeError
            If both or none are given, or if the sentences can't be read so often.
        """
        if (corpus_iterable is None) == (corpus_file is None):
            raise TypeError("give either an iterable of sentences or corpus_file, and not both")
        if corpus_iterable is None:
            return cls(LineSentence(check_paths(corpus_file)), "B")
        check = check_not_generator if n_epochs > 1 else check_corpus
        (check_reiterable if n_readings > 1 else check)(corpus_iterable)
        return cls(corpus_iterable, "sentences")


def scan_source(
    source: Source,
    parameters: Parameters,
    vocabulary: Vocabulary | None = None,
    keep_tokens: bool = True,
) -> Scan:
    """Read a source once, with a progress bar; see `fastsgns.corpus.encoded.scan`."""
    with reading_bar(parameters.progress, source.unit) as report:
        return scan(
            source.sentences, vocabulary, workers=parameters.workers, progress=report,
            keep_tokens=keep_tokens,
        )  # fmt: skip


def count_source(source: Source, parameters: Parameters, trim_rule: TrimRule | None) -> Scan:
    """Count the words of a source without storing its tokens.

    With `max_vocab_size` the counts of rare words are too low (`count_bounded`).
    """
    if parameters.max_vocab_size is None:
        return scan_source(source, parameters, keep_tokens=False)
    counted = count_bounded(source.sentences, parameters.max_vocab_size, trim_rule)
    if counted.n_tokens and not counted.vocabulary.total:
        raise EmptyCorpusError(
            f"max_vocab_size is {parameters.max_vocab_size}: each word of {counted.n_tokens} "
            "tokens was forgotten before it came often enough to be kept; raise it"
        )
    return counted
