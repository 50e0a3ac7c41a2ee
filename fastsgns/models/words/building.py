"""VocabularyBuilder: the part of Word2Vec that makes its vocabulary and its matrices."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.corpus import vocabulary as vocabularies
from fastsgns.corpus.encoded import MANY_TYPES, Chooser, EncodedCorpus, count_words, encode
from fastsgns.corpus.sentences import LineSentence, check_corpus, check_reiterable
from fastsgns.corpus.tokens import keys_of
from fastsgns.corpus.vocabulary import Selection, TrimRule, Vocabulary
from fastsgns.errors import EmptyCorpusError, NotFittedError
from fastsgns.models import parameters
from fastsgns.models.exclusive import exclusive
from fastsgns.models.parameters import RULES
from fastsgns.models.words.allocation import Allocation
from fastsgns.models.words.memory import WORD_BYTES, Needs, Reading
from fastsgns.rules import takes_flags
from fastsgns.runtime.machine import release_memory
from fastsgns.runtime.progress import reading_bar

logger = logging.getLogger(__name__)

ONE_SOURCE = "give either an iterable of sentences or corpus_file, and not both"


class VocabularyBuilder(Allocation):
    """Counting, pruning and growing."""

    min_count: int
    max_vocab_size: int | None
    max_final_vocab: int | None
    sample: float
    sorted_vocab: int
    workers: int
    progress: bool | None
    _trim_rule: TrimRule | None
    _raw: Vocabulary | None
    _origin: tuple[Vocabulary, np.ndarray] | None = None
    corpus_count: int
    corpus_total_words: int

    @exclusive
    @takes_flags
    def build_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        update: bool = False,
        progress_per: int = 10000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        **kwargs: Any,
    ) -> None:
        """Read a corpus once and make the vocabulary and the matrices from it.

        Parameters
        ----------
        corpus_iterable : iterable of sequences of tokens, or EncodedCorpus
            It is read once, so a generator is welcome here.
        corpus_file : path or several paths, instead of `corpus_iterable`
            Text, a sentence a line; also .gz, .bz2, .xz.
        update : bool
            Add to the vocabulary there is: old words keep their ids and vectors, counts are
            summed, new words come after the old ones.
        progress_per : int
            Accepted as gensim does, without effect.
        keep_raw_vocab : bool
            Keep `raw_vocab`, the counts before pruning.
        trim_rule : callable, optional
            ``trim_rule(word, count, min_count)`` returns RULE_KEEP, RULE_DISCARD or RULE_DEFAULT.
        **kwargs
            As for `prepare_vocab`.

        Raises
        ------
        EmptyCorpusError
            (a ValueError and a RuntimeError) if there is no token, or no word reaches min_count.
        TypeError
            If both or none of the sources are given, or one is of the wrong type.
        RuntimeError
            If `update` comes before a first vocabulary.
        """
        self._check_update(update)
        self._scan(corpus_iterable, corpus_file, trim_rule)
        self.prepare_vocab(update, keep_raw_vocab, trim_rule, **kwargs)

    @exclusive
    @takes_flags
    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Make the vocabulary and the matrices from counts.

        Parameters
        ----------
        word_freq : mapping of words to int
        corpus_count : int, optional
            How many sentences they come from.
        keep_raw_vocab, trim_rule, update
            As for `build_vocab`.
        """
        self._check_update(update)
        self._raw, self._reading = Vocabulary.from_counts(word_freq), None
        self.corpus_count = corpus_count or 0
        self.corpus_total_words = self._raw.total
        self.prepare_vocab(update, keep_raw_vocab, trim_rule)

    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count only, into `raw_vocab`; returns the numbers of tokens and of sentences."""
        self._scan(corpus_iterable, corpus_file, trim_rule)
        return self.corpus_total_words, self.corpus_count

    @exclusive
    @takes_flags
    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, float]:
        """Prune what was counted and, unless `dry_run`, make the matrices.

        Parameters
        ----------
        min_count, sample : optional
            Instead of those of the model; with `dry_run` to try them out.

        Returns
        -------
        dict
            ``drop_unique`` words dropped, ``retain_total`` tokens of the words kept,
            ``num_retained_words``, and of subsampling ``downsample_unique`` words thinned and
            ``downsample_total`` tokens expected to be left.
        """
        report = self._prepare(update, keep_raw_vocab, trim_rule, min_count, sample, dry_run)
        self._origin = None  # which only reading and encoding at once needs
        if len(self.wv) >= MANY_TYPES:
            release_memory()  # of the counts, before training reads the corpus again
        return report

    def _prepare(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, float]:
        """As `prepare_vocab`; `_origin` says where the words stood in the counts."""
        if self._raw is None:
            raise RuntimeError("nothing was counted yet; call build_vocab or scan_vocab")
        parameters.check(self)
        min_count = RULES["min_count"](
            "min_count", self.min_count if min_count is None else min_count
        )
        sample = RULES["sample"]("sample", self.sample if sample is None else sample)
        chosen = vocabularies.select(
            self._raw,
            min_count,
            self.max_final_vocab,
            trim_rule or self._trim_rule,
            bool(self.sorted_vocab),
        )
        report = _report(chosen, sample)
        if not dry_run:
            self._settle(chosen, update)
            self.min_count, self.sample = min_count, sample
            self.effective_min_count = chosen.effective_min_count
            if not keep_raw_vocab:
                self._raw = None
        return report

    @property
    def raw_vocab(self) -> Counter:
        """Counts before pruning, while they are kept."""
        raw = self._raw
        return Counter() if raw is None else Counter(dict(zip(raw.words, raw.counts.tolist())))

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Estimate the bytes that a model and its training take.

        Without `vocab_size` the estimate is of the peak of a whole fit of this model: reading the
        corpus that it has read, encoding it, and training. What the caller holds, such as a list
        of sentences, is not counted.

        Parameters
        ----------
        vocab_size : int, optional
            Estimate a model of so many words before it has read a corpus.
        report : dict, optional
            Receives the result.

        Returns
        -------
        dict
            ``vocab``: words, ids, counts and tables by word. ``vectors``, ``syn1`` and ``syn1neg``:
            the matrices. ``training``: the copies of them that kernels train. ``corpus``, if the
            model has read one: its ids, and what reading and training take beside them. ``total``:
            the sum.

        Raises
        ------
        NotFittedError
            If the model has no words, and `vocab_size` is not given.
        """
        own = vocab_size in (None, 0, len(self.wv))
        n_words = len(self.wv) if own else int(vocab_size or 0)
        if not n_words:
            raise NotFittedError(
                "the model has no words yet; call build_vocab first, or give vocab_size"
            )
        sizes = self._estimate(n_words)
        report = {} if report is None else report
        report["vocab"] = n_words * WORD_BYTES
        report["vectors"] = sizes["input"]
        report["syn1"], report["syn1neg"] = sizes["tree"], sizes["output"] + sizes["negative"]
        report["training"] = sum(self._estimate(n_words, copies=True).values())
        names = ["vocab", "vectors", "syn1", "syn1neg", "training"]
        if own and (self._reading is not None or self.corpus_count):
            needs = self._needs()
            report["vocab"] = needs.words + needs.tables
            report["corpus"] = needs.peak - sum(report[name] for name in names)
            names.append("corpus")
        report["total"] = sum(report[name] for name in names)
        return report

    def _needs(self) -> Needs:
        """Return the memory that a fit of the words of `wv` takes."""
        counts = self.wv.expandos.get("count", np.ones(len(self.wv), np.int64))
        return self._needs_of(self.wv.index_to_key, counts)

    @exclusive
    def reset_from(self, other_model: "VocabularyBuilder") -> None:
        """Take the words and counts of another model and start with fresh vectors."""
        vocabulary = other_model._vocabulary()
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words
        self._start(Vocabulary(list(vocabulary.words), vocabulary.counts.copy()))

    def _encode(
        self,
        corpus_iterable: Any,
        corpus_file: Any,
        vocabulary: Vocabulary | Chooser,
        n_passes: int,
    ) -> EncodedCorpus:
        if (corpus_iterable is None) == (corpus_file is None):
            raise TypeError(ONE_SOURCE)
        with reading_bar(self.progress, "B" if corpus_file is not None else "sentences") as report:
            if corpus_file is not None:
                return EncodedCorpus.from_files(
                    corpus_file, vocabulary, self.workers, progress=report
                )
            check = check_reiterable if n_passes > 1 else check_corpus
            check(corpus_iterable)
            return encode(corpus_iterable, vocabulary, workers=self.workers, progress=report)

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
            raw, n_tokens, n_sentences = count_words(source, workers=self.workers, progress=report)
        self._take_counts(raw, corpus_iterable, n_sentences, reads_again=True)
        self.corpus_count, self.corpus_total_words = n_sentences, n_tokens

    def _scan_and_encode(
        self, corpus_iterable: Any, corpus_file: Any, n_passes: int
    ) -> EncodedCorpus:
        """Count, settle the vocabulary and encode, on one reading of the corpus if possible."""
        if self.max_vocab_size is not None:
            self._scan_bounded(corpus_iterable, corpus_file, self._trim_rule, n_passes)
            self.prepare_vocab()
            return self._encode(corpus_iterable, corpus_file, self._vocabulary(), n_passes)

        def choose(raw: Vocabulary) -> Vocabulary:
            self._take_counts(raw, corpus_iterable)
            self._prepare()
            vocabulary = self._vocabulary()
            vocabulary.origin, self._origin = self._origin, None
            return vocabulary

        return self._note(self._encode(corpus_iterable, corpus_file, choose, n_passes))

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
        raw = vocabularies.count(sentences, self.max_vocab_size, trim_rule)
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

    def _check_update(self, update: bool) -> None:
        if update and not len(self.wv):
            raise RuntimeError(
                "there is no vocabulary to update yet; call build_vocab without update=True first"
            )

    def _settle(self, chosen: Selection, update: bool) -> None:
        """Take the words as the model's vocabulary."""
        vocabulary = chosen.vocabulary
        if not len(vocabulary) and not update:
            most = int(self._raw.counts.max()) if self._raw is not None and len(self._raw) else 0
            raise EmptyCorpusError(
                f"no word is left of {chosen.n_raw_words}: the most frequent occurs {most} times, "
                f"and min_count is {chosen.effective_min_count}; lower min_count"
            )
        logger.info(
            "kept %d of %d words (min_count %d), %d of %d occurrences",
            len(vocabulary),
            chosen.n_raw_words,
            chosen.effective_min_count,
            chosen.n_tokens,
            chosen.n_raw_tokens,
        )
        vocabulary.warn_of_unsavable()
        self._origin = None if update else vocabulary.origin
        if update:
            self._grow(vocabularies.grow(self._vocabulary(), vocabulary))
        else:
            self._start(vocabulary)


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


def _report(chosen: Selection, sample: float) -> dict[str, float]:
    counts = chosen.vocabulary.counts
    kept = sampling.keep_probabilities(counts, sample) if len(counts) else np.ones(0)
    return {
        "drop_unique": chosen.n_dropped,
        "retain_total": chosen.n_tokens,
        "downsample_unique": int((kept < 1).sum()),
        "downsample_total": int((kept * counts).sum()),
        "num_retained_words": len(counts),
    }
