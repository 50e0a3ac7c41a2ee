"""Phrases: words that occur together more often than by chance become one token, new_york.

>>> from fastsgns import Phrases
>>> sentences = [["new", "york", "is", "big"], ["in", "new", "york"], ["a", "new", "day"]]
>>> phrases = Phrases(sentences, min_count=1, threshold=1)
>>> phrases[["a", "walk", "in", "new", "york"]]
['a', 'walk', 'in', 'new_york']
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from fastsgns import rules
from fastsgns.corpus.encoded import Encodable, EncodedCorpus, encode, scan
from fastsgns.corpus.files import check_paths
from fastsgns.corpus.sentences import LineSentence, check_corpus
from fastsgns.corpus.tokens import sequence
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import CorpusFileError, warn
from fastsgns.formats import faults, kinds, saving, writing
from fastsgns.formats.files import is_path
from fastsgns.formats.schema import Array, Content, Schema, Value, Words
from fastsgns.models.exclusive import exclusive, not_during
from fastsgns.phrases import applying
from fastsgns.phrases import scoring as scorers
from fastsgns.phrases.counts import Pairs, PhraseCounts, count_pairs
from fastsgns.phrases.scoring import Scorer, npmi_scorer, original_scorer, scorer_of, scores_of
from fastsgns.phrases.spelling import SpelledCounts, StringCounts, parses
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.progress import reading_bar

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "NEGATIVE_INFINITY",
    "FrozenPhrases",
    "Phraser",
    "Phrases",
    "npmi_scorer",
    "original_scorer",
]

logger = logging.getLogger(__name__)

ENGLISH_CONNECTOR_WORDS = frozenset(
    "a an the for of with without at from to in on by and or".split()  # noqa: SIM905
)
"""Words that may be inside of English phrases, but neither begin nor end them, as in gensim."""

NEGATIVE_INFINITY = scorers.NEVER

MIN_COUNT, SIZE = rules.POSITIVE, rules.integer(1, 2**62)
ABOVE_0 = rules.real("numbers above 0 with scoring='default'", lambda value: value > 0)
FROM_1_TO_1 = rules.real("numbers from -1 to 1 with scoring='npmi'", lambda v: -1 <= v <= 1)
THRESHOLDS: dict[Any, rules.Real] = {original_scorer: ABOVE_0, npmi_scorer: FROM_1_TO_1}
NAMES: dict[Any, str] = {scorer: name for name, scorer in scorers.SCORERS.items()}
CUSTOM = "custom"  # in files: a function of the user
Scored = tuple[str, float] | tuple[None, None]
Parts = tuple[str, ...]


class PhraseDetector:
    """What `Phrases` and `FrozenPhrases` share: they find phrases and join them.

    Attributes
    ----------
    connector_words : frozenset of str
        Set them before learning. Counts are those of the connector words at that time.
    delimiter : str
    threshold : float
    """

    connector_words: frozenset[str]
    delimiter: str
    threshold: float

    def score_candidate(self, word_a: str, word_b: str, in_between: Iterable[str]) -> Scored:
        """Return the string and the score of a phrase, or (None, None) if it is none.

        Parameters
        ----------
        word_a, word_b : str
            The first and the last word, which are not connector words.
        in_between : iterable of str
            The connector words between them.
        """
        raise NotImplementedError

    def _found(self) -> applying.Found:
        """Return all phrases that may be found in any text."""
        raise NotImplementedError

    def _compiled(self) -> applying.Found:
        """Return what compiled code shall join.

        Raises
        ------
        TypeError
            If a derived class has its own `score_candidate`, which compiled code can't call.
        """
        if self._has_own_methods:
            raise TypeError(
                f"{type(self).__name__} has its own score_candidate or analyze_sentence, which "
                "compiled code can't call: join sentences, phrases[list_of_lists] or "
                "phrases[LineSentence(path)]"
            )
        return self._found()

    @property
    def _has_own_methods(self) -> bool:
        """Whether a derived class changes what a phrase is."""
        mine = PhraseDetector, Phrases, FrozenPhrases
        cls = type(self)
        return (
            cls.analyze_sentence is not PhraseDetector.analyze_sentence
            or all(cls.score_candidate is not each.score_candidate for each in mine)
            or "score_candidate" in vars(self)
        )

    def _finder(self) -> Callable[[Parts], str | None]:
        """Return a function that returns the string of a phrase, or None if it is none."""
        raise NotImplementedError

    def _joined(self, sentence: Iterable[str]) -> list[str]:
        """Return the tokens of `analyze_sentence`, faster.

        A candidate is appended word by word, and replaced if it is a phrase.
        """
        if self._has_own_methods:
            return [token for token, _ in self.analyze_sentence(sentence)]
        connector_words, find = self.connector_words, self._finder()
        joined: list[str] = []
        start, first = -1, ""  # of the candidate
        for word in sentence:
            if word in connector_words:
                joined.append(word)
                continue
            if start >= 0:
                n_between = len(joined) - start - 1
                phrase = find((first, *joined[start + 1 :], word) if n_between else (first, word))
                if phrase is not None:
                    joined[start:] = [phrase]
                    start = -1
                    continue
            start, first = len(joined), word
            joined.append(word)
        return joined

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield the tokens of a sentence with its phrases joined, each with its score.

        A word that is in no phrase has the score None. Of overlapping phrases the first is taken.

        Parameters
        ----------
        sentence : iterable of str

        Examples
        --------
        >>> from fastsgns import Phrases
        >>> phrases = Phrases([["new", "york"], ["new", "york"]], min_count=1, threshold=0.1)
        >>> list(phrases.analyze_sentence(["in", "new", "york"]))
        [('in', None), ('new_york', 0.75)]
        """
        if isinstance(sentence, (str, bytes, bytearray)):
            raise TypeError(
                f"the sentence is a string, {sentence!r:.60}; split it first: text.split()"
            )
        connector_words, score = self.connector_words, self.score_candidate
        start: str | None = None
        between: list[str] = []
        for word in sentence:
            if word in connector_words:
                if start is None:
                    yield word, None
                else:
                    between.append(word)
                continue
            if start is not None:
                phrase, value = score(start, word, between)
                if phrase is not None:
                    yield phrase, value
                    start, between = None, []
                    continue
                yield start, None
                for connector in between:
                    yield connector, None
            start, between = word, []
        if start is not None:
            yield start, None
            for connector in between:
                yield connector, None

    def __getitem__(self, sentence: Any) -> Any:
        """Return a sentence, or all sentences of a corpus, with their phrases joined.

        Parameters
        ----------
        sentence : list of str, iterable of lists of str, LineSentence or EncodedCorpus
            What begins with a str is one sentence; anything else is a corpus.

        Returns
        -------
        list of str, EncodedCorpus or iterable
            For a corpus of lists or of text, an object that can be iterated as often as the corpus
            itself. `Word2Vec` and `Phrases` read it in compiled code. For an `EncodedCorpus`,
            another one, whose words are in the order in which they occur.

        Raises
        ------
        TypeError
            If it is a str, an open file, or not iterable; or an EncodedCorpus where a derived class
            has its own `score_candidate`.
        """
        if isinstance(sentence, EncodedCorpus):
            return self.join(sentence)
        if hasattr(sentence, "readline"):
            raise TypeError(
                f"{sentence!r:.80} is an open file, whose lines are not split; give "
                "phrases[LineSentence(file)]"
            )
        if isinstance(sentence, (str, bytes, bytearray)):
            raise TypeError(
                f"the sentence is a string, {sentence!r:.60}; split it first: phrases[text.split()]"
            )
        is_single, tokens = _is_sentence(sentence)
        if is_single:
            return self._joined(sequence(tokens, 0))
        return PhrasedSentences(self, tokens)

    def join(
        self, corpus: EncodedCorpus, workers: int | None = None, memory_budget: int | None = None
    ) -> EncodedCorpus:
        """Return an encoded corpus with its phrases joined, as ``phrases[corpus]`` does.

        Parameters
        ----------
        corpus : EncodedCorpus
        workers : int, optional
            Threads; by default one per core. The result does not depend on them.
        memory_budget : int, optional
            As for `EncodedCorpus.from_files`.

        Examples
        --------
        >>> from fastsgns import EncodedCorpus, Phrases
        >>> corpus = EncodedCorpus.from_iterable([["new", "york"], ["in", "new", "york"]])
        >>> Phrases(corpus, min_count=1, threshold=0.1).join(corpus).vocabulary.words
        ['new_york', 'in']
        """
        if not isinstance(corpus, EncodedCorpus):
            raise TypeError(
                f"the corpus is a {type(corpus).__name__}, where an EncodedCorpus is wanted; "
                "phrases[sentences] joins those of other corpora"
            )
        n_workers = int(rules.WORKERS("workers", workers) or n_cores())
        return applying.join_corpus(corpus, self._compiled(), n_workers, memory_budget)

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Return the phrases that occur in sentences, with their scores.

        Parameters
        ----------
        sentences : iterable of lists of str

        Returns
        -------
        dict of str to float
            In the order in which they occur.
        """
        check_corpus(sentences)
        return {
            token: score
            for number, sentence in enumerate(sentences)
            for token, score in self.analyze_sentence(sequence(sentence, number))
            if score is not None
        }

    def transform_file(self, source: Any, target: Any, workers: int | None = None) -> None:
        r"""Write text with its phrases joined.

        The text is read block by block, by compiled code in several threads. Lines stay lines, with
        one space between their tokens. The last line of each file ends with the file, whether
        there is a newline or not. Bytes that are not UTF-8 are copied.

        Parameters
        ----------
        source : str, os.PathLike, or several
            Text files, also .gz, .bz2 or .xz ones.
        target : str, os.PathLike or binary file object
            A path is written completely or not at all. Its suffix may compress.
        workers : int, optional
            Threads; by default one per core.

        Raises
        ------
        CorpusFileError
            (a FileNotFoundError) if a file is missing.
        ValueError
            If the delimiter has white space in it, so that phrases could not be read again; or if
            `target` is one of the files of `source`.

        Examples
        --------
        >>> import pathlib
        >>> from fastsgns import Phrases
        >>> _ = pathlib.Path("text.txt").write_text("new york\nin new york\n")
        >>> Phrases("text.txt", min_count=1, threshold=0.1).transform_file("text.txt", "out.txt")
        >>> pathlib.Path("out.txt").read_text()
        'new_york\nin new_york\n'
        """
        paths = check_paths(source)
        n_workers = int(rules.WORKERS("workers", workers) or n_cores())
        if any(letter.isspace() for letter in self.delimiter):
            raise ValueError(
                f"the delimiter is {self.delimiter!r}, which has white space in it: in a text, "
                "phrases would be separate words; set another delimiter"
            )
        if is_path(target) and any(writing.is_same_file(path, str(target)) for path in paths):
            raise ValueError(f"{target} is read and can't be written; name another target")
        found = self._compiled()
        with writing.destination(target) as file:
            applying.join_files(paths, file, found, n_workers)


class PhrasedSentences(Encodable):
    """The sentences of a corpus with their phrases joined; made by ``phrases[corpus]``.

    Parameters
    ----------
    phrases : PhraseDetector
    sentences : iterable of lists of str
    """

    def __init__(self, phrases: PhraseDetector, sentences: Any) -> None:
        self.phrases, self.sentences = phrases, sentences
        self._is_read = False

    def _source(self) -> Any:
        """Return the sentences.

        Raises
        ------
        TypeError
            If they can be read only once and have been.
        """
        if self._is_read and iter(self.sentences) is self.sentences:
            raise TypeError(
                "the sentences came from an iterator, which can be read only once and has been "
                "read; give phrases[...] a list, or an object whose __iter__ begins anew"
            )
        self._is_read = True
        return self.sentences

    def __iter__(self) -> Iterator[list[str]]:
        for number, sentence in enumerate(self._source()):
            yield self.phrases._joined(sequence(sentence, number))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.sentences!r:.80}>"

    def encoded(
        self, workers: int | None, memory_budget: int | None, progress: Any
    ) -> EncodedCorpus:
        """Return the phrases as an `EncodedCorpus`; see `fastsgns.corpus.encoded.Encodable`."""
        if self.phrases._has_own_methods:
            return EncodedCorpus.from_iterable(self, None, memory_budget, progress)
        with scan(
            self._source(), workers=workers, memory_budget=memory_budget, progress=progress
        ) as scanned:
            corpus = encode(scanned)
        return self.phrases.join(corpus, workers, memory_budget)


class _Cache(NamedTuple):
    """What was computed from the counts, and for which parameters."""

    key: tuple[Any, ...]
    counted: SpelledCounts
    candidates: dict[Parts, tuple[str, float]]


class Phrases(PhraseDetector):
    """Phrases of two words, and of the connector words between them, learned from a corpus.

    Parameters
    ----------
    sentences : iterable of lists of str, path, LineSentence or EncodedCorpus, optional
        What to learn from; `add_vocab` learns from more of it. The path of a text file with a
        sentence per line, a LineSentence and an EncodedCorpus are read by compiled code in several
        threads. An EncodedCorpus should have all words, as `EncodedCorpus.from_files` makes it:
        where words were dropped, their neighbours are next to each other.
    min_count : float
        Is subtracted from the count of a pair by the default scoring. With "npmi", a pair that
        occurs less often is not a phrase.
    threshold : float
        A pair is a phrase if its score is above. With scoring "npmi" from -1 to 1, such as 0.5.
    max_vocab_size : int
        The largest number of different words and pairs in memory. If there are more after 4 million
        tokens, the pairs that have occurred once so far are dropped; the next time those that have
        occurred twice, and so on. Words are never dropped. A pair takes 21 to 43 bytes while pairs
        are counted, and 20 bytes afterwards.
    delimiter : str
        Is written between the words of a phrase.
    progress_per : int
        Is accepted for programs written for gensim, and has no effect.
    scoring : {"default", "npmi"} or callable
        `original_scorer`, `npmi_scorer`, or a function with their parameters, which is called for
        each counted pair, and for other ways to read a string with delimiters in its words.
    connector_words : iterable of str
        Words that may be inside of phrases, but neither begin nor end them, such as
        `ENGLISH_CONNECTOR_WORDS`. They do not change the score. At most 64 are between two words.
    workers : int, optional
        Threads; by default one per core. No result depends on it.
    memory_budget : int, optional
        How many bytes of ids to keep in RAM while a text or a list is read, as for
        `EncodedCorpus.from_files`.
    progress : bool, callable or None
        Whether to show a progress bar while a text is read. None: on a terminal or in a notebook.

    Attributes
    ----------
    vocab : mapping of str to int
        The counts of all words and pairs.
    corpus_word_count : int
        Tokens that were read, connector words included.
    min_reduce : int
        1 more than the number of times that pairs were dropped.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If the corpus is not an iterable of sentences, or a token is not a str.

    Warns
    -----
    UserWarning
        If the corpus is empty.

    Notes
    -----
    Phrases, scores and joined sentences are those of gensim 4.4. The counts are exact up to
    `max_vocab_size`, where gensim drops counts after each sentence. A second object that learns
    from ``phrases[corpus]`` finds longer phrases: new_york_times.

    References
    ----------
    Mikolov, Sutskever, Chen, Corrado, Dean: Distributed representations of words and phrases and
    their compositionality, 2013, section 4.

    Examples
    --------
    >>> from fastsgns import Phrases
    >>> sentences = [["bank", "of", "america"], ["the", "bank", "of", "america"], ["a", "bank"]]
    >>> phrases = Phrases(sentences, min_count=1, threshold=0.1, connector_words=["of", "the", "a"])
    >>> phrases.export_phrases()
    {'bank_of_america': 0.5}
    >>> phrases[["of", "the", "bank", "of", "america"]]
    ['of', 'the', 'bank_of_america']
    >>> list(phrases[sentences])
    [['bank_of_america'], ['the', 'bank_of_america'], ['a', 'bank']]
    """

    def __init__(
        self,
        sentences: Any = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
        *,
        workers: int | None = None,
        memory_budget: int | None = None,
        progress: Any = None,
    ) -> None:
        self.scoring: Scorer | None = scorer_of(scoring)
        rule = THRESHOLDS.get(self.scoring, rules.ANY_NUMBER)
        self.min_count = MIN_COUNT("min_count", min_count)
        self.threshold = rule("threshold", threshold)
        self.max_vocab_size = SIZE("max_vocab_size", max_vocab_size)
        self.delimiter = _checked_delimiter(delimiter)
        self.progress_per = SIZE("progress_per", progress_per)
        self.connector_words = _checked_words(connector_words)
        self.workers = rules.WORKERS("workers", workers)
        self.memory_budget = rules.COUNT("memory_budget", memory_budget)
        self.progress = rules.PROGRESS("progress", progress)
        self.min_reduce = 1
        self.counts = PhraseCounts.empty()
        self._cache: _Cache | None = None
        if sentences is not None:
            self.add_vocab(sentences)

    @exclusive
    def add_vocab(self, sentences: Any) -> None:
        """Learn from more sentences.

        Each call takes time for all that has been learned before, so give many sentences at once.

        Parameters
        ----------
        sentences
            As for the constructor.

        Examples
        --------
        >>> from fastsgns import Phrases
        >>> phrases = Phrases([["new", "york"]], min_count=1)
        >>> phrases.add_vocab([["new", "york", "city"]])
        >>> dict(phrases.vocab)
        {'new': 2, 'york': 2, 'city': 1, 'new_york': 2, 'york_city': 1}
        """
        workers = self.workers or n_cores()
        if is_path(sentences) and not isinstance(sentences, bytes):
            sentences = LineSentence(_existing(sentences))
        unit = "B" if isinstance(sentences, LineSentence) else "sentences"
        with (
            reading_bar(self.progress, unit) as report,
            scan(
                sentences, workers=workers, memory_budget=self.memory_budget, progress=report
            ) as scanned,
        ):
            corpus = encode(scanned)
        _check_strings(corpus.vocabulary)
        if not corpus.n_tokens:
            warn("the corpus is empty: there is not a single token in it, and nothing was learned")
        is_counted = not isinstance(sentences, EncodedCorpus)  # whose counts may be any
        added, n_pruned = count_pairs(
            corpus, self.connector_words, self.max_vocab_size, workers, is_counted
        )
        if self.corpus_word_count:
            added = self.counts.merged(added)
            if len(added.vocabulary) + len(added.pairs.counts) > self.max_vocab_size:
                n_pruned += 1
                added = added.pruned(self.min_reduce + n_pruned)
        self.min_reduce += n_pruned
        self.counts, self._cache = added, None
        logger.info(
            "counted %d words and %d pairs of words in %d tokens",
            len(added.vocabulary), len(added.pairs.counts), added.n_tokens,
        )  # fmt: skip

    @property
    def corpus_word_count(self) -> int:
        """Number of tokens that were read, connector words included."""
        return self.counts.n_tokens

    @property
    def vocab(self) -> Mapping[str, int]:
        """The count of each word and of each pair, as strings: a read-only mapping.

        Looking up a string takes some microseconds. Iterating makes all strings anew.
        """
        return StringCounts(self._computed.counted)

    def score_candidate(self, word_a: str, word_b: str, in_between: Iterable[str]) -> Scored:
        """Return the string and the score of a phrase, or (None, None) if it is none.

        Parameters
        ----------
        word_a, word_b : str
            The first and the last word, which are not connector words.
        in_between : iterable of str
            The connector words between them.

        Examples
        --------
        >>> from fastsgns import Phrases
        >>> phrases = Phrases([["new", "york"], ["new", "york"]], min_count=1, threshold=0.1)
        >>> phrases.score_candidate("new", "york", []), phrases.score_candidate("york", "new", [])
        (('new_york', 0.75), (None, None))
        """
        return self._computed.candidates.get((word_a, *in_between, word_b), (None, None))

    def _finder(self) -> Callable[[Parts], str | None]:
        get = self._computed.candidates.get
        none = None, None
        return lambda words: get(words, none)[0]

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases with their scores.

        A word with the delimiter in it is a phrase, too, if its parts score above the threshold.

        Returns
        -------
        dict of str to float
            In the order of the ids of their words: for text and lists, in the order in which the
            words first occurred.
        """
        counted, found = self._computed.counted, dict[str, float]()
        for words, (string, score) in self._computed.candidates.items():
            if tuple(string.split(self.delimiter)) == words:
                found[string] = score
        for string in sorted(counted.ambiguous.keys() - found.keys()):
            parts = string.split(self.delimiter)
            if len(parts) > 1:
                score = self._score(counted, parts[0], parts[-1], string)
                if score > self.threshold:
                    found[string] = score
        return found

    def freeze(self) -> "FrozenPhrases":
        """Return the phrases alone, without the counts: smaller, and nothing can be added."""
        return FrozenPhrases(self)

    @property
    def _computed(self) -> _Cache:
        key = (
            self.scoring, self.min_count, self.threshold, self.delimiter, self.connector_words,
        )  # fmt: skip
        cache = self._cache  # another thread may replace it
        if cache is None or cache.key != key:
            counted = SpelledCounts(self.counts, self.delimiter, self.connector_words)
            cache = self._cache = _Cache(key, counted, self._candidates(counted))
        return cache

    def _candidates(self, counted: SpelledCounts) -> dict[Parts, tuple[str, float]]:
        """Return the words of each phrase, and its string and score."""
        pairs = self.counts.pairs
        scores = scores_of(
            self._scorer, counted.words[pairs.firsts], counted.words[pairs.lasts], counted.pairs,
            counted.n_strings, self.min_count, self.corpus_word_count,
        )  # fmt: skip
        found: dict[Parts, tuple[str, float]] = {}
        chosen = np.flatnonzero(scores > self.threshold)
        order = np.lexsort((pairs.links[chosen], pairs.lasts[chosen], pairs.firsts[chosen]))
        chosen = chosen[order]
        for words, score in zip(counted.parts(chosen), scores[chosen].tolist()):
            if words[0]:
                found[words] = self.delimiter.join(words), score
        if counted.ambiguous:
            self._add_other_parses(counted, found)
        return found

    def _add_other_parses(
        self, counted: SpelledCounts, found: dict[Parts, tuple[str, float]]
    ) -> None:
        """Add the phrases whose string was counted as a word, or as another pair.

        Their first or last word has the delimiter in it, or the string is a word.
        """
        with_connectors = np.flatnonzero(self.counts.pairs.links)
        others = map(self.delimiter.join, counted.parts(with_connectors))
        for string in dict.fromkeys(chain(sorted(counted.ambiguous), others)):
            count = counted.count(string)
            if count < self.min_count and self._needs_min_count():
                continue
            scores: dict[tuple[str, str], float] = {}  # of the ends of the string
            for words in parses(string, self.delimiter, self.connector_words, counted.count):
                ends = words[0], words[-1]
                if words not in found:
                    if ends not in scores:
                        scores[ends] = self._score(counted, *ends, string)
                    if scores[ends] > self.threshold:
                        found[words] = string, scores[ends]

    def _needs_min_count(self) -> bool:
        """Return whether no pair that occurs less often than `min_count` is a phrase."""
        is_default = self._scorer is original_scorer  # which is negative then
        return self._scorer is npmi_scorer or (is_default and self.threshold >= 0)

    def _score(self, counted: SpelledCounts, first: str, last: str, string: str) -> float:
        """Return the score of a phrase by the counts of strings."""
        counts = [np.array([counted.count(each)]) for each in (first, last, string)]
        numbers = counted.n_strings, self.min_count, self.corpus_word_count
        return float(scores_of(self._scorer, counts[0], counts[1], counts[2], *numbers)[0])

    @property
    def _scorer(self) -> Scorer:
        if self.scoring is None:
            raise ValueError(
                "the file holds no scoring function; set phrases.scoring to the one that was used"
            )
        return self.scoring if callable(self.scoring) else scorer_of(self.scoring)

    def _found(self) -> applying.Found:
        connector_words = self.connector_words  # may be others than those that were learned with
        phrases = [
            words
            for words in self._computed.candidates
            if connector_words.issuperset(words[1:-1])
            and connector_words.isdisjoint((words[0], words[-1]))
        ]
        return applying.Found(phrases, self.connector_words, self.delimiter)

    def __str__(self) -> str:
        n = self._computed.counted.n_strings if self.scoring else len(self.counts.pairs.counts)
        return (
            f"{type(self).__name__}<{n} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {len(self.counts.vocabulary):,} words and "
            f"{len(self.counts.pairs.counts):,} pairs: min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    @not_during
    def save(
        self,
        fname_or_handle: Any,
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Any = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write counts and parameters to one file, atomically; `load` reads it.

        Parameters
        ----------
        fname_or_handle : str, os.PathLike or binary file object
        ignore : str or iterable of str
            Attributes of your own that the file shall not hold.
        separately, sep_limit, pickle_protocol
            Accepted for compatibility with gensim, without effect: there is always one file, and no
            pickle.

        Warns
        -----
        UserWarning
            If `scoring` is a function of the user, which no file holds.
        """
        self.counts, self._cache = self.counts.ordered(), None
        _warn_of_scoring(self)
        saving.save(fname_or_handle, SCHEMA, self, ignore=ignore)

    @classmethod
    def load(cls, fname: Any, mmap: str | None = None) -> "Phrases":
        """Read what `save` wrote; with ``mmap="r"`` the counts are mapped instead of read.

        `fastsgns.load` explains what may happen to a file that is mapped. If `scoring` was a
        function of the user, set it again.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, SCHEMA, fname, mmap)


class FrozenPhrases(PhraseDetector):
    """The phrases that a `Phrases` object has found, without its counts.

    Parameters
    ----------
    phrases_model : Phrases

    Attributes
    ----------
    phrasegrams : dict of str to float
        The phrases and their scores.
    threshold, min_count, delimiter, scoring, connector_words
        Those of `phrases_model`.

    Notes
    -----
    A phrase is known by its string alone, so all words that spell it are joined: if new_york +
    city is a phrase, new + york_city is one, too.

    Examples
    --------
    >>> from fastsgns import FrozenPhrases, Phrases
    >>> frozen = FrozenPhrases(Phrases([["new", "york"]] * 5, min_count=1, threshold=0.1))
    >>> frozen.phrasegrams
    {'new_york': 0.48}
    >>> frozen[["in", "new", "york"]]
    ['in', 'new_york']
    """

    def __init__(self, phrases_model: Phrases) -> None:
        if not isinstance(phrases_model, Phrases):
            raise TypeError(
                f"phrases_model is a {type(phrases_model).__name__}, where a Phrases object is "
                "wanted; to read a file, use FrozenPhrases.load(path)"
            )
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.delimiter, self.scoring = phrases_model.delimiter, phrases_model.scoring
        self.connector_words = phrases_model.connector_words
        self.phrasegrams = phrases_model.export_phrases()

    def score_candidate(self, word_a: str, word_b: str, in_between: Iterable[str]) -> Scored:
        """Return the string and the score of a phrase, or (None, None) if it is none.

        Parameters
        ----------
        word_a, word_b : str
            The first and the last word, which are not connector words.
        in_between : iterable of str
            The connector words between them.
        """
        try:
            string = self.delimiter.join((word_a, *in_between, word_b))
        except TypeError:
            words = [word_a, *in_between, word_b]
            raise TypeError(
                f"{words!r:.60} are not all str; phrases are joined strings: convert the words"
            ) from None
        score = self.phrasegrams.get(string)
        if score is None or not score > self.threshold or not word_a:
            return None, None
        return string, score

    def _finder(self) -> Callable[[Parts], str | None]:
        join, get, threshold = self.delimiter.join, self.phrasegrams.get, self.threshold
        explain = self.score_candidate

        def find(words: Parts) -> str | None:
            try:
                score = get(string := join(words))
            except TypeError:
                return explain(words[0], words[-1], words[1:-1])[0]  # raises a TypeError that tells
            return string if score is not None and score > threshold and words[0] else None

        return find

    def _found(self) -> applying.Found:
        phrases: list[Parts] = []
        is_short = len(self.delimiter) == 1  # a longer one can overlap itself
        for string, score in self.phrasegrams.items():
            if not score > self.threshold:
                continue
            words = tuple(string.split(self.delimiter))
            is_simple = is_short and len(words) == 2 and all(words)  # as most are
            if is_simple and self.connector_words.isdisjoint(words):
                phrases.append(words)
            else:
                phrases += parses(string, self.delimiter, self.connector_words)
        return applying.Found(phrases, self.connector_words, self.delimiter)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {len(self.phrasegrams):,} phrases: "
            f"min_count={self.min_count}, threshold={self.threshold}>"
        )

    def save(
        self,
        fname_or_handle: Any,
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Any = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write phrases and parameters to one file, atomically; `load` reads it.

        Parameters
        ----------
        fname_or_handle : str, os.PathLike or binary file object
        ignore : str or iterable of str
            Attributes of your own that the file shall not hold.
        separately, sep_limit, pickle_protocol
            Accepted for compatibility with gensim, without effect: there is always one file, and no
            pickle.

        Warns
        -----
        UserWarning
            If `scoring` is a function of the user, which no file holds.
        """
        _warn_of_scoring(self)
        saving.save(fname_or_handle, FROZEN, self, ignore=ignore)

    @classmethod
    def load(cls, fname: Any, mmap: str | None = None) -> "FrozenPhrases":
        """Read what `save` wrote; the phrases become a dict, whatever `mmap` is.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, FROZEN, fname, mmap)


Phraser = FrozenPhrases


def _is_sentence(tokens: Any) -> tuple[bool, Any]:
    """Return whether an object is one sentence, and the object, or an iterator instead of it."""
    check_corpus(tokens)
    iterator = iter(tokens)
    for first in iterator:
        if iterator is tokens:  # give back what was taken
            return isinstance(first, str), chain([first], iterator)
        return isinstance(first, str), tokens
    return True, []


def _existing(path: Any) -> str:
    """Return a path as a str; explain to who gives a text instead of a path."""
    try:
        return check_paths(path)[0]
    except CorpusFileError as error:
        if not isinstance(path, str) or not any(map(str.isspace, path)):
            raise
        hint = "a str is the path of a text file; sentences are lists of str: [text.split()]"
        raise CorpusFileError(error.errno, f"{error.strerror}; {hint}", error.filename) from None


def _check_strings(vocabulary: Vocabulary) -> None:
    if vocabulary.utf8_bytes or set(map(type, vocabulary.words)) <= {str}:
        return
    for word in vocabulary.words:
        if not isinstance(word, str):
            raise TypeError(
                f"a token is {word!r:.60}, a {type(word).__name__}; phrases are joined strings: "
                "convert all tokens to str"
            )


def _checked_delimiter(delimiter: Any) -> str:
    if not isinstance(delimiter, str) or not delimiter:
        kind = "" if isinstance(delimiter, str) else f", a {type(delimiter).__name__}"
        raise (ValueError if isinstance(delimiter, str) else TypeError)(
            f"delimiter is {delimiter!r:.60}{kind}; allowed are strings that are not empty, such "
            "as '_'"
        )
    return str(delimiter)


def _checked_words(words: Any) -> frozenset[str]:
    listed = [words] if isinstance(words, (str, bytes)) else list(words)
    wrong = next((word for word in listed if not isinstance(word, str)), None)
    if isinstance(words, (str, bytes)) or wrong is not None:
        seen = words if wrong is None or isinstance(words, bytes) else wrong
        raise TypeError(
            f"connector_words has {seen!r:.60}; give a set of str, such as {{'of', 'the'}} or "
            "ENGLISH_CONNECTOR_WORDS"
        )
    return frozenset(map(str, listed))


# Files


def _warn_of_scoring(phrases: Any) -> None:
    if _name_of_scoring(phrases) == CUSTOM and phrases.scoring is not None:
        warn(
            "the file does not hold the scoring function; set it again after loading: "
            "phrases.scoring = ..."
        )


def _name_of_scoring(phrases: Any) -> str:
    """Return the name of the scoring in a file; raise what `scorer_of` raises."""
    if phrases.scoring is None:  # was not in the file that was loaded
        return CUSTOM
    return NAMES.get(scorer_of(phrases.scoring), CUSTOM)


def _unchanged(rule: rules.Rule) -> Any:
    """Return a rule that returns the value as it is, such as an integer that no float equals."""

    def check(name: str, value: Any) -> Any:
        rule(name, value)
        return value

    return check


def _set_parameters(phrases: Any, content: Content) -> None:
    values = content.values
    scoring = values["scoring"]
    phrases.scoring = None if scoring == CUSTOM else scorers.SCORERS[scoring]
    phrases.min_count, phrases.threshold = values["min_count"], values["threshold"]
    phrases.delimiter = values["delimiter"]
    phrases.connector_words = frozenset(content.words["connector_"])


def _build(cls: type[Phrases], content: Content) -> Phrases:
    arrays, values = content.arrays, content.values
    phrases = cls.__new__(cls)  # a derived class may take other arguments
    _set_parameters(phrases, content)
    phrases.max_vocab_size, phrases.progress_per = values["max_vocab_size"], values["progress_per"]
    phrases.workers, phrases.memory_budget = values["workers"], values["memory_budget"]
    phrases.progress = None
    phrases.min_reduce, phrases._cache = values["min_reduce"], None
    vocabulary = Vocabulary(content.words[""], np.array(arrays["counts"]), content.ids[""])
    pairs = Pairs(*(arrays[name] for name in ("firsts", "lasts", "links", "pair_counts")))
    phrases.counts = PhraseCounts(
        vocabulary, pairs, np.array(arrays["link_parents"]), np.array(arrays["link_words"]),
        values["corpus_word_count"], is_sorted=True,
    )  # fmt: skip
    return phrases


def _build_frozen(cls: type[FrozenPhrases], content: Content) -> FrozenPhrases:
    phrases = cls.__new__(cls)
    _set_parameters(phrases, content)
    scores = content.arrays["scores"].tolist()
    phrases.phrasegrams = dict(zip(content.words[""], scores))  # type: ignore[arg-type]
    return phrases


def _fault(content: Content) -> str | None:
    """Return what is wrong with the arrays together, or None."""
    arrays, n_words = content.arrays, content.sizes["words"]
    parents, link_words = arrays["link_parents"], arrays["link_words"]
    if not len(parents) or parents[0] or (parents[1:] >= np.arange(1, len(parents))).any():
        return "link_parents do not come before their children"
    for name, n in (("firsts", n_words), ("lasts", n_words), ("links", len(parents))):
        if fault := faults.of_ids(name, arrays[name], n):
            return fault
    firsts, lasts, links = (arrays[name] for name in ("firsts", "lasts", "links"))
    ascends, ties = np.zeros(max(len(firsts) - 1, 0), bool), True
    for ids in (firsts, lasts, links):
        ascends |= ties & (ids[1:] > ids[:-1])
        ties &= ids[1:] == ids[:-1]
    if not ascends.all():
        return "firsts, lasts and links do not ascend"
    return (
        _fault_of_threshold(content)
        or faults.of_ids("link_parents", parents, len(parents))
        or faults.of_ids("link_words", link_words[1:], n_words)
        or _fault_of_words(content)
    )


def _fault_of_words(content: Content) -> str | None:
    """Return that a word or a connector word is not a str, or None."""
    for words in content.words.values():
        if any(not isinstance(word, str) for word in words):
            return "a word is not a str"
    return None


def _fault_of_threshold(content: Content) -> str | None:
    """Return what is wrong with the threshold for the scoring, or None."""
    scorer = scorers.SCORERS.get(content.values["scoring"])
    try:
        THRESHOLDS.get(scorer, rules.ANY_NUMBER)("threshold", content.values["threshold"])
    except ValueError as error:
        return str(error)
    return None


def _fault_of_frozen(content: Content) -> str | None:
    return _fault_of_threshold(content) or _fault_of_words(content)


CONNECTORS = Words(
    "connector_words", lambda phrases: sorted(_checked_words(phrases.connector_words))
)
PARAMETERS = {
    "min_count": Value((int, float), _unchanged(MIN_COUNT)),
    "threshold": Value((int, float)),
    "delimiter": Value(str, lambda name, value: _checked_delimiter(value)),
    "scoring": Value(str, rules.choice(*scorers.SCORERS, CUSTOM), source=_name_of_scoring),
}
SCHEMA = Schema(
    "phrases",
    arrays={
        "counts": Array("int64", "words", "counts.vocabulary.counts", fault=faults.negative),
        "firsts": Array("int32", "pairs", "counts.pairs.firsts"),
        "lasts": Array("int32", "pairs", "counts.pairs.lasts"),
        "links": Array("int32", "pairs", "counts.pairs.links"),
        "pair_counts": Array("int64", "pairs", "counts.pairs.counts", fault=faults.not_positive),
        "link_parents": Array("int32", "links", "counts.parents"),
        "link_words": Array("int32", "links", "counts.connectors"),
    },
    values={
        **PARAMETERS,
        "max_vocab_size": Value(int, SIZE),
        "progress_per": Value(int, SIZE),
        "min_reduce": Value(int, SIZE),
        "workers": Value((int, type(None)), _unchanged(rules.WORKERS)),
        "memory_budget": Value((int, type(None)), _unchanged(rules.COUNT)),
        "corpus_word_count": Value(int, rules.integer(0, 2**62)),
    },
    build=_build,
    words={"": Words(source="counts.words"), "connector_": CONNECTORS},
    fault=_fault,
    set_by_build=(
        "scoring", "min_count", "threshold", "delimiter", "connector_words", "max_vocab_size",
        "progress_per", "workers", "memory_budget", "progress", "min_reduce", "counts", "_cache",
    ),
)  # fmt: skip
FROZEN = Schema(
    "frozen phrases",
    arrays={
        "scores": Array(
            "float64",
            "words",
            lambda phrases: np.array([*phrases.phrasegrams.values()], np.float64),
            fault=faults.not_finite,
        )
    },
    values=PARAMETERS,
    build=_build_frozen,
    words={"": Words(source=lambda phrases: [*phrases.phrasegrams]), "connector_": CONNECTORS},
    fault=_fault_of_frozen,
    set_by_build=(
        "scoring", "min_count", "threshold", "delimiter", "connector_words", "phrasegrams",
    ),
)  # fmt: skip
