"""VocabularyBuilder: the part of Word2Vec that reads its corpus."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from fastsgns.corpus.encoded import EncodedCorpus, encode, scan
from fastsgns.corpus.files import check_paths
from fastsgns.corpus.scanning import Scan
from fastsgns.corpus.selection import TrimRule, count_bounded
from fastsgns.corpus.sentences import LineSentence, check_corpus, check_reiterable
from fastsgns.corpus.tokens import keys_of
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError
from fastsgns.models import parameters
from fastsgns.models.words.memory import Reading
from fastsgns.models.words.vocabulary import vocabulary_of
from fastsgns.runtime.progress import reading_bar
from fastsgns.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)

ONE_SOURCE = "give either an iterable of sentences or corpus_file, and not both"


class VocabularyBuilder:
    """Counting and encoding."""

    max_vocab_size: int | None
    workers: int
    progress: bool | None
    _trim_rule: TrimRule | None
    corpus_count: int
    corpus_total_words: int
    wv: KeyedVectors
    _raw: Vocabulary | None
    _reading: Reading | None
    _prepare: Callable[..., Any]
    prepare_vocab: Callable[..., Any]

    @contextmanager
    def _scan_source(
        self,
        corpus_iterable: Any,
        corpus_file: Any,
        n_passes: int,
        vocabulary: Vocabulary | None = None,
    ) -> Iterator[Scan]:
        """Read the corpus and yield its scan, to be encoded."""
        if (corpus_iterable is None) == (corpus_file is None):
            raise TypeError(ONE_SOURCE)
        source = corpus_iterable
        if source is None:
            source = LineSentence(check_paths(corpus_file))
        else:
            (check_reiterable if n_passes > 1 else check_corpus)(source)
        with reading_bar(self.progress, "B" if corpus_iterable is None else "sentences") as report:
            scanned = scan(source, vocabulary, workers=self.workers, progress=report)
        with scanned:
            yield scanned

    def _encode(
        self, corpus_iterable: Any, corpus_file: Any, vocabulary: Vocabulary, n_passes: int
    ) -> EncodedCorpus:
        with self._scan_source(corpus_iterable, corpus_file, n_passes, vocabulary) as scanned:
            return encode(scanned, vocabulary)

    def _scan(self, corpus_iterable: Any, corpus_file: Any, trim_rule: TrimRule | None) -> None:
        """Count a corpus without keeping its ids."""
        parameters.check(self)
        if self.max_vocab_size is not None:
            self._scan_bounded(corpus_iterable, corpus_file, trim_rule, 1)
            return

        if (corpus_iterable is None) == (corpus_file is None):
            raise TypeError(ONE_SOURCE)
        source = LineSentence(corpus_file) if corpus_iterable is None else corpus_iterable
        with reading_bar(self.progress, "B" if corpus_iterable is None else "sentences") as report:
            scanned = scan(source, keep_tokens=False, workers=self.workers, progress=report)
        self._take_counts(
            scanned.vocabulary, corpus_iterable, scanned.n_sentences, reads_again=True
        )
        self.corpus_count, self.corpus_total_words = scanned.n_sentences, scanned.n_tokens

    def _scan_and_encode(
        self, corpus_iterable: Any, corpus_file: Any, n_passes: int
    ) -> EncodedCorpus:
        """Count, settle the vocabulary and encode, on one reading of the corpus if possible."""
        if self.max_vocab_size is not None:
            self._scan_bounded(corpus_iterable, corpus_file, self._trim_rule, n_passes)
            self.prepare_vocab()
            return self._encode(corpus_iterable, corpus_file, vocabulary_of(self.wv), n_passes)

        with self._scan_source(corpus_iterable, corpus_file, n_passes) as scanned:
            self._take_counts(scanned.vocabulary, corpus_iterable)
            chosen, _ = self._prepare()
            return self._note(encode(scanned, chosen.vocabulary))

    def _scan_bounded(
        self, corpus_iterable: Any, corpus_file: Any, trim_rule: TrimRule | None, n_passes: int
    ) -> None:
        """Count with at most `max_vocab_size` words in mind, which takes a pass of its own."""
        if (corpus_iterable is None) == (corpus_file is None):
            raise TypeError(ONE_SOURCE)
        source = LineSentence(corpus_file) if corpus_iterable is None else corpus_iterable
        (check_reiterable if n_passes > 1 else check_corpus)(source)
        sentences = _Counted(source)
        assert self.max_vocab_size is not None
        raw = count_bounded(sentences, self.max_vocab_size, trim_rule)
        if sentences.n_tokens and not raw.total:
            raise EmptyCorpusError(
                f"max_vocab_size is {self.max_vocab_size}: each word of {sentences.n_tokens} "
                "tokens was forgotten before it came often enough to be kept; raise it"
            )
        self._take_counts(raw, source, sentences.n_sentences)
        self.corpus_count, self.corpus_total_words = sentences.n_sentences, sentences.n_tokens

    def _take_counts(
        self, raw: Vocabulary, source: Any, n_sentences: int = 0, reads_again: bool = False
    ) -> None:
        """Take the counts of a source of sentences, None for a file, to choose words from."""
        if raw.total == 0:
            raise EmptyCorpusError("the corpus is empty: there is not a single token in it")
        logger.info("counted %d different words in %d", len(raw), raw.total)
        self._raw = raw
        self._reading = Reading.of(source, raw, n_sentences, self.workers, reads_again)

    def _note(self, corpus: EncodedCorpus) -> EncodedCorpus:
        self.corpus_count, self.corpus_total_words = corpus.n_raw_sentences, corpus.n_raw_tokens
        if self._reading is not None:
            self._reading = replace(self._reading, n_sentences=corpus.n_sentences)
        return corpus


class _Counted:
    """Sentences, counted as they pass by."""

    def __init__(self, sentences: Any) -> None:
        self.sentences, self.n_sentences, self.n_tokens = sentences, 0, 0

    def __iter__(self) -> Any:
        for sentence in self.sentences:
            tokens = keys_of(sentence, self.n_sentences)
            self.n_sentences += 1
            self.n_tokens += len(tokens)
            yield tokens
