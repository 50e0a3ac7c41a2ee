"""Word2Vec: vectors of words from text, by skip-gram or CBOW.

From the constructor to the kernel::

    Word2Vec.__init__               set and check the parameters, then `_fit`
      _build_vocab_and_encode       read the corpus, and return it as word ids
        scan_source                 words/reading.py: words, counts and tokens
        _select                     corpus/selection.py: the words to keep
        _apply_selection            wv and the arrays (_allocate, words/allocation.py)
        encode                      corpus/encoded.py: tokens become word ids
      start                         words/training.py: the schedule and the seed of this call
        go_on                       also the last step of `resume`
          make_objective            words/objective.py: the argument of the kernels
          Session.run               training/session.py: epochs and callbacks
            Trainer.losses          training/trainer.py: threads train chunks of the corpus
              TokenChunks.train     training/examples.py: calls kernels.train_chunk

`train` encodes a corpus (`_encode`) for a vocabulary that exists, then calls `start`.
A subclass that overrides a method of `JobHooks` is trained by words/jobs.py instead.

The model's `Matrices` hold the arrays of the roles; tied roles share one. The array of the input
role is the one that ``wv`` holds, not a copy. Users may reorder, rename or replace words and
vectors through ``wv``; `current_arrays` makes the other arrays follow before anything reads them.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, NamedTuple, NoReturn, Self

import numpy as np

from fastsgns import rules, sampling
from fastsgns.corpus.encoded import EncodedCorpus, encode
from fastsgns.corpus.scanning import MANY_WORDS, Scan
from fastsgns.corpus.selection import (
    RULE_DEFAULT,
    RULE_DISCARD,
    RULE_KEEP,
    Selection,
    TrimRule,
    check_trim_rule,
    select,
)
from fastsgns.corpus.sentences import (
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    check_corpus,
)
from fastsgns.corpus.subwords import SubwordTable, make_table
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError, NotFittedError, warn
from fastsgns.formats import kinds
from fastsgns.matrices import (
    ArrayRole,
    BiasMode,
    Matrices,
    MatricesMode,
    MatrixLayout,
)
from fastsgns.models import aliases, parameters, starting
from fastsgns.models.aliases import ClassOnly
from fastsgns.models.callbacks import CallbackAny2Vec, check_paths, checkpoints
from fastsgns.models.exclusive import exclusive, not_during
from fastsgns.models.keyedvectors import pseudorandom_weak_vector
from fastsgns.models.parameters import CbowGradient, Parameters
from fastsgns.models.words import gensim_model, memory, storage, training
from fastsgns.models.words import noise as noise_table
from fastsgns.models.words.allocation import allocate, grow_input
from fastsgns.models.words.jobs import (
    JobHooks,
    Totals,
    has_hooks,
    resume_jobs,
    train_batch_cbow,
    train_batch_sg,
    train_by_jobs,
)
from fastsgns.models.words.objective import make_tree_objective
from fastsgns.models.words.prediction import OutputLayer, score_sentences
from fastsgns.models.words.reading import Source, count_source, scan_source
from fastsgns.models.words.tree import fit_tree, paths_of
from fastsgns.models.words.vocabulary import (
    check_not_empty,
    explain_nothing,
    log_selection,
    selection_report,
    vocabulary_of,
)
from fastsgns.rules import COUNT, takes, takes_flags
from fastsgns.runtime.machine import release_memory, require_memory
from fastsgns.runtime.progress import ShowProgress, picklable
from fastsgns.training.every import Every
from fastsgns.training.sharing import NegativeSharing
from fastsgns.training.trainer import BATCH_WORDS
from fastsgns.training.unfinished import Unfinished, unfinished_of
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.keys import as_key_list
from fastsgns.vectors.lookup import has_vector
from fastsgns.vectors.role_rows import sync_matrices
from fastsgns.vectors.roles import Roles, link_matrices, shown_matrices

__all__ = [
    "RULE_DEFAULT", "RULE_DISCARD", "RULE_KEEP", "BrownCorpus", "CallbackAny2Vec", "KeyedVectors",
    "LineSentence", "PathLineSentences", "Text8Corpus", "TrainResult", "Word2Vec",
    "train_batch_cbow", "train_batch_sg",
]  # fmt: skip

logger = logging.getLogger(__name__)
# As in gensim: what is logged here is not printed unless the program configures logging.
logger.addHandler(logging.NullHandler())

FAST_VERSION = CORPUSFILE_VERSION = 1  # as in gensim, where -1 means without compiled code
MAX_WORDS_IN_BATCH = BATCH_WORDS  # gensim's name
check_word_count = rules.integer(0, 2**62, none=0)  # added to the words of a corpus, fits int64
GIVEN = ("epochs", "alpha", "min_alpha", "compute_loss")  # what `train` sets
COUNTED = ("_raw", "_reading", "corpus_count", "corpus_total_words", "_init_from")
RATE_ROUNDING = 1e-9  # relative rounding error of a learning rate
NOTHING_TO_SAVE = "checkpoint is set, and there is nothing to train; give it to train(), or data"
Callbacks = tuple[Any, ...]


class TrainResult(NamedTuple):
    """What a call of `Word2Vec.train` did, over all its epochs.

    Attributes
    ----------
    n_trained : int
        Words that were trained on: those of the vocabulary, after subsampling.
    n_words : int
        Words that were read, including those outside the vocabulary.
    """

    n_trained: int
    n_words: int


class Word2Vec(JobHooks):
    """Vectors of words, trained on sentences; a drop-in replacement for gensim's Word2Vec.

    Parameters that gensim also has keep gensim's defaults.

    Parameters
    ----------
    sentences : iterable of sequences of hashable tokens, or EncodedCorpus, optional
        The corpus to train on. It is read once (twice with `max_vocab_size`) and stored as word
        ids. Without it or `corpus_file`, call `build_vocab` and `train`.
    corpus_file : path or several paths, optional
        Instead of `sentences`: text files with one sentence per line; also .gz, .bz2, .xz.
    vector_size : int
        Number of dimensions of the vectors.
    alpha, min_alpha : float
        Learning rate at the start and at the end of training. It decays linearly over the words of
        all epochs, in steps of `batch_words` if the corpus is small. A `min_alpha` above `alpha`,
        with which it rises, is a warning.
    window : int
        Largest distance between a focus word and its context words.
    min_count : int
        Words with a smaller count are dropped; 0 and 1 keep all.
    max_vocab_size : int, optional
        Limit on the number of distinct words while counting. Where it is exceeded, the rarest words
        so far are forgotten.
    sample : float
        Subsampling threshold t: words with a relative frequency above t are randomly dropped; 0
        disables subsampling. A value of 1 or more is a count instead of a frequency.
    seed : int or None
        Seed of all random numbers. With one worker, the same seed gives the same vectors, bit for
        bit. None draws a seed.
    workers : int
        Number of threads; -1 becomes the number of processors, which is logged.
    sg : {0, 1}
        1: skip-gram; 0: CBOW.
    hs : {0, 1}
        1: train hierarchical softmax, in addition to negative sampling if `negative` is positive.
    negative : int
        Negative samples per positive pair; 0 disables negative sampling.
    ns_exponent : float
        The noise distribution, from which negative samples are drawn, is proportional to
        ``count ** ns_exponent``. A negative exponent prefers rare words.
    cbow_mean : {0, 1}
        CBOW: 1 uses the mean of the context vectors, 0 their sum.
    hashfxn, null_word
        Accepted for compatibility with gensim, without effect.
    epochs : int
        Number of passes over the corpus.
    trim_rule : callable, optional
        ``trim_rule(word, count, min_count)`` decides which words to keep. It is not saved.
    sorted_vocab : {0, 1}
        1: word ids are in descending order of count.
    batch_words : int
        Words that are trained at one learning rate, to within a chunk of 1,000 words, if the corpus
        has fewer than 64 times as many. 0: the learning rate decays word by word.
    compute_loss : bool
        Compute the loss: `epoch_losses` and `get_latest_training_loss`.
    callbacks : iterable
        See `fastsgns.models.callbacks`. They are not saved.
    comment : str, optional
        Saved with the model.
    max_final_vocab : int, optional
        Limit on the size of the vocabulary. If more words reach `min_count`, the words are kept as
        if it were higher; `effective_min_count` is the value that was used.
    shrink_windows : bool
        Draw the window of each focus word uniformly from 1 .. `window`, so that near context words
        count more.
    cbow_gradient : {"gensim", "exact"}
        CBOW: how the gradient g of the hidden vector is passed to its n context words. "exact" is
        the derivative: g / n for their mean, g for their sum (Irsoy, Benton, Stratos 2021,
        "Corrected CBOW Performs as well as Skip-gram"). "gensim" does as gensim: g for the mean (as
        word2vec.c), g / n for the sum. With the mean, the steps of "exact" are n times smaller; in
        measurements, an `alpha` about three times as large was best (docs/quality.md).
    negative_sharing : {"window", "pair", "batch", "block"}
        Skip-gram: which pairs share the same negative samples. "window": all pairs of a focus word,
        which are trained in the order of the papers. "pair": none, exactly the algorithm of the
        papers, and several times slower. "batch": as "window", but with the gradient of the whole
        window at once, which favours relatedness over similarity. "block": as "batch", with fewer
        negative samples, each of which counts more; the fastest. The expected gradient is the same.
        See docs/training.md, and docs/performance.md for speed and quality.
    softmax : {0, 1}
        1: train full softmax, the exact objective that negative sampling and hierarchical softmax
        approximate. For small vocabularies; `negative` and `hs` must be 0. See docs/training.md.
    matrices : {"two", "tied", "tied+bias", "tied+reflect", "three"}
        Which arrays the roles of a word use. "two": one for the input and one for the output role.
        "tied": the same one for both; "tied+bias" adds a bias to the scores, and "tied+reflect"
        flips the sign of half the coordinates in the input role. "three": another one for negative
        samples. `fastsgns.matrices.MatrixLayout` has the formulas; docs/roles.md says what to use
        when.
    bias : {"scalar", "word", "both"}
        The bias of "tied+bias". "scalar": one number, which is trained at a hundredth of the
        learning rate. "word": one per word, added if the word is the target. "both": one per word,
        added in both roles. With negative sampling the biases start so that all scores are close to
        -log(negative), the optimum for a pair that is as frequent as chance.
    coupling : float
        For "three": weight of the penalty |n_j - c_j|^2 / 2, which is applied each time the output
        vector c_j or the negative vector n_j of word j is trained. Use 10 or more. With the
        default, 0, all words collapse into one direction, and a warning is logged.
    deterministic : bool
        Whether the result is the same for any number of `workers`, bit for bit. The workers then
        train copies of the rows that they use, which are merged in a fixed order, some hundred
        times per epoch. docs/deterministic.md has the cost, and what else the result depends on.
    progress : bool, callable or None
        Whether to show progress bars. None: on a terminal or in a notebook. A callable is called
        instead, ten times per second, in the thread that called, with a
        `fastsgns.models.callbacks.ProgressReport`: step, done, total, speed, epoch, alpha, loss.
        It ends training if it returns True or raises StopTraining; in a step before training,
        the call then raises StopTraining (docs/training.md). It is not saved.
    init_from : KeyedVectors or model, optional
        Start from its vectors instead of random ones, for the words that it has: input vectors, and
        output vectors if both have them. A KeyedVectors or a model of this package or of gensim,
        with vectors of `vector_size` dimensions. It is used when the vocabulary is built, and not
        kept. ``wv.vectors_lockf`` can hold words fast while others are trained.
    checkpoint, every
        As for `train`, if there is a corpus to train on. They are not saved.

    Attributes
    ----------
    wv : KeyedVectors
        The input vectors by word; ``wv.output`` are the output vectors by word.
    roles : Roles
        The vectors of each role by word, and their combinations.
    syn1neg : ndarray of float32, shape (V, vector_size)
        Output vectors of negative sampling or full softmax. ``del model.syn1neg`` frees them, after
        which training and `predict_output_word` are errors; so is ``del model.syn1``.
    syn1 : ndarray of float32, shape (V, vector_size)
        Output vectors of hierarchical softmax: row i is that of inner node i of the Huffman tree.
        The tree has V - 1 inner nodes; the last row is not used. ``wv.expandos["point"]`` has the
        inner nodes from the root to each word, and ``wv.expandos["code"]`` the branches.
    epoch_losses : list of float
        Mean loss per example of each epoch that was trained with `compute_loss`.
    corpus_count, corpus_total_words : int
        Sentences and words of the corpus that the vocabulary was built from.
    unfinished : Unfinished or None
        What `resume` would train: the rest of a call of `train`, or of the constructor, that ended
        early.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If the sentences are a string, an iterable of strings, or a generator (gensim would read it
        once per epoch); if both sources are given.
    EmptyCorpusError
        (a ValueError and a RuntimeError) if no word is left to train on.

    Notes
    -----
    The objectives are those of Mikolov et al. (2013), "Distributed Representations of Words and
    Phrases and their Compositionality"; `fastsgns.kernels.sgns` states them.

    Examples
    --------
    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> model = Word2Vec(sentences, vector_size=8, min_count=1, seed=1, workers=1)
    >>> model.wv["cat"].shape, len(model.wv)
    ((8,), 4)
    """

    PARAMETERS: type[Parameters] = Parameters  # the class of the parameters
    SCHEMA = storage.SCHEMA  # the table of the file

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: Any = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int | None = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., Any] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = MAX_WORDS_IN_BATCH,
        compute_loss: bool = False,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        cbow_gradient: CbowGradient = "gensim",
        negative_sharing: NegativeSharing = "window",
        softmax: int = 0,
        matrices: MatricesMode = "two",
        bias: BiasMode = "scalar",
        coupling: float = 0.0,
        deterministic: bool = False,
        progress: ShowProgress = None,
        init_from: Any = None,
        checkpoint: Any = None,
        every: Every | None = None,
        **unknown: Any,
    ) -> None:
        aliases.refuse_unknown(unknown, "Word2Vec()")
        self.vector_size, self.alpha, self.min_alpha = vector_size, alpha, min_alpha
        self.window, self.shrink_windows, self.sample = window, shrink_windows, sample
        self.min_count, self.max_vocab_size = min_count, max_vocab_size
        self.max_final_vocab, self.sorted_vocab = max_final_vocab, sorted_vocab
        self.sg, self.hs, self.negative, self.ns_exponent = sg, hs, negative, ns_exponent
        self.cbow_mean, self.cbow_gradient = cbow_mean, cbow_gradient
        self.negative_sharing, self.softmax = negative_sharing, softmax
        self.matrices, self.bias, self.coupling = matrices, bias, coupling
        self.seed, self.workers, self.epochs = seed, workers, epochs
        self.deterministic = deterministic
        self.compute_loss, self.comment, self.progress = compute_loss, comment, progress
        self.hashfxn, self.null_word, self.batch_words = hashfxn, null_word, batch_words
        self.callbacks = parameters.as_callbacks(callbacks)
        check_trim_rule(trim_rule)
        self._trim_rule = trim_rule
        self._init_from = init_from  # until the vocabulary is built
        params = parameters.check(self)
        if init_from is not None:
            starting.check_source(init_from, self.vector_size)
        self._start_state()
        savers = checkpoints(checkpoint, every)
        if sentences is not None or corpus_file is not None:
            check_paths(self.callbacks)
            self._fit(params, sentences, corpus_file, (*self.callbacks, *savers))
        elif savers:
            raise ValueError(NOTHING_TO_SAVE)

    def _start_state(self) -> None:
        """Set the attributes that reading and training change."""
        self._wv, self._matrices = self._empty_vectors(), Matrices()
        self._raw: Vocabulary | None = None  # all words that were counted, until some are selected
        self._reading: memory.Reading | None = None  # of the last corpus: sizes, for estimates
        self.effective_min_count = self.min_count
        self.corpus_count = self.corpus_total_words = 0
        self.train_count, self.total_train_time = 0, 0.0
        self.epochs_begun = self.epochs_trained = 0
        self.min_alpha_yet_reached = float(self.alpha)
        self.running_training_loss = 0.0
        self.epoch_losses: list[float] = []
        self._random: np.random.Generator | np.random.RandomState | None = None
        self.unfinished: Unfinished | None = None
        self.lifecycle_events: list[dict[str, Any]] | None = []

    @exclusive
    def _fit(
        self, params: Parameters, sentences: Any, corpus_file: Any, callbacks: Callbacks
    ) -> None:
        """Read a corpus, make the vocabulary and the arrays, and train them.

        gensim reads the corpus once to count and once per epoch, and refuses a generator. We read
        it once, but refuse one too, so that programs run in either package.
        """
        parameters.check_objective(params)
        uses_jobs = has_hooks(self)  # which read the corpus as gensim does
        n_readings = 1 if params.max_vocab_size is None else 2
        n_readings = params.epochs + 1 if uses_jobs else n_readings
        source = Source.of(sentences, corpus_file, params.epochs + 1, n_readings)
        if not uses_jobs:
            corpus = self._build_vocab_and_encode(params, source)
            training.start(self, params, corpus, callbacks)
            return
        self._count(params, source)
        self.prepare_vocab()
        totals = Totals(self.corpus_count, self.corpus_total_words)
        train_by_jobs(self, source.sentences, totals, callbacks)

    def _build_vocab_and_encode(self, params: Parameters, source: Source) -> EncodedCorpus:
        """Scan a corpus, select words, encode it, allocate the arrays, and return the ids.

        On return, the stored tokens of the scan and the words that were dropped have been freed.
        """
        if params.max_vocab_size is not None:  # bounded counting stores no tokens to encode
            self._count(params, source)
            self.prepare_vocab()
            return self._encode(params, source)
        with scan_source(source, params) as scanned:
            self._store_counts(params, source, scanned)
            chosen = self._select(params)
            table = self._plan(params, chosen.vocabulary)  # too large a model fails before encoding
            # Arrays are made after it, because it needs more memory than the ids that it returns.
            corpus = encode(scanned, chosen.vocabulary)
            self._apply_selection(params, chosen, table=table)
        if self._reading is not None:  # encoding has dropped the sentences without known words
            self._reading = replace(self._reading, n_sentences=corpus.n_sentences)
        return corpus

    def _empty_vectors(self) -> KeyedVectors:
        """Return the `wv` of a model without words."""
        return KeyedVectors(self.vector_size)

    # Vocabulary

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
        """Read a corpus once, and make the vocabulary and the arrays from it.

        Parameters
        ----------
        corpus_iterable : iterable of sequences of tokens, or EncodedCorpus
            It is read once, so it may be a generator.
        corpus_file : path or several paths, instead of `corpus_iterable`
            Text files with one sentence per line; also .gz, .bz2, .xz.
        update : bool
            Add to the present vocabulary: old words keep their ids and vectors, counts are summed,
            and new words follow the old ones.
        progress_per : int
            Accepted for compatibility with gensim, without effect.
        keep_raw_vocab : bool
            Keep `raw_vocab`, the counts before pruning.
        trim_rule : callable, optional
            ``trim_rule(word, count, min_count)`` returns RULE_KEEP, RULE_DISCARD or RULE_DEFAULT.
            By default that of the model.
        **kwargs
            ``min_count``, ``sample`` and ``dry_run`` as for `prepare_vocab`; and ``init_from`` as
            for the constructor, with `update` for the new words only.

        Raises
        ------
        EmptyCorpusError
            (a ValueError and a RuntimeError) if there is no token, or if no word reaches min_count
            and `update` is not set.
        TypeError
            If both or none of the sources are given, or one is of the wrong type.
        RuntimeError
            If `update` is set and there is no vocabulary yet.
        """
        init_from = kwargs.pop("init_from", None)
        known = ("min_count", "sample", "dry_run")
        unknown = {name: value for name, value in kwargs.items() if name not in known}
        aliases.refuse_unknown(unknown, "build_vocab()")
        if init_from is not None:
            starting.check_source(init_from, self.vector_size)
        self._check_update(update)
        with self._unless_refused(COUNTED):
            self._count(parameters.check(self), Source.of(corpus_iterable, corpus_file), trim_rule)
            self._init_from = self._init_from if init_from is None else init_from
            self.prepare_vocab(update, keep_raw_vocab, trim_rule, **kwargs)

    @exclusive
    @takes(corpus_count=COUNT)
    @takes_flags
    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Make the vocabulary and the arrays from counts.

        Parameters
        ----------
        word_freq : mapping of words to int
        corpus_count : int, optional
            Number of sentences that were counted.
        keep_raw_vocab, trim_rule, update
            As for `build_vocab`.
        """
        self._check_update(update)
        with self._unless_refused(COUNTED):
            self._raw = Vocabulary.from_counts(word_freq)
            self._reading = None  # no corpus was read for these counts
            self.corpus_count = corpus_count or 0
            self.corpus_total_words = self._raw.total
            self.prepare_vocab(update, keep_raw_vocab, trim_rule)

    @contextmanager
    def _unless_refused(self, names: tuple[str, ...]) -> Iterator[None]:
        """Restore attributes that a call has set, if it is then refused."""
        before = {name: vars(self)[name] for name in names}
        try:
            yield
        except BaseException:
            vars(self).update(before)
            raise

    @exclusive
    def scan_vocab(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count a corpus into `raw_vocab`, and return its numbers of tokens and of sentences.

        Parameters
        ----------
        corpus_iterable, corpus_file, trim_rule
            As for `build_vocab`.
        progress_per, workers
            Accepted for compatibility with gensim, without effect; the threads are `model.workers`.
        """
        self._count(parameters.check(self), Source.of(corpus_iterable, corpus_file), trim_rule)
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
        """Prune what was counted and, unless `dry_run`, make the vocabulary and the arrays.

        Parameters
        ----------
        update, keep_raw_vocab, trim_rule
            As for `build_vocab`.
        min_count, sample : optional
            Override those of the model, and unless `dry_run` replace them.
        dry_run : bool
            Only report, for example to compare several values of `min_count`.

        Returns
        -------
        dict
            ``drop_unique``: words dropped; ``num_retained_words``: words kept; ``retain_total``:
            tokens of the words kept; ``downsample_unique``: words that subsampling affects;
            ``downsample_total``: expected number of tokens after subsampling.
        """
        given = {"min_count": min_count, "sample": sample}
        given = {name: value for name, value in given.items() if value is not None}
        # Not check(self, **given), which sets them on the model even if this is a dry run.
        params = replace(parameters.check(self), **rules.checked(parameters.RULES, given))
        chosen = self._select(params, trim_rule)
        if not dry_run:
            self._apply_selection(params, chosen, update, keep_raw_vocab)
        if len(self.wv) >= MANY_WORDS:
            release_memory()  # the memory of the counts, before training reads the corpus
        return selection_report(chosen, params.sample)

    def _count(self, params: Parameters, source: Source, trim_rule: TrimRule | None = None) -> None:
        """Count the words of a corpus without storing its tokens."""
        counted = count_source(source, params, trim_rule or self._trim_rule)
        self._store_counts(params, source, counted, reads_again=True)

    def _store_counts(
        self, params: Parameters, source: Source, scanned: Scan, reads_again: bool = False
    ) -> None:
        """Store the counts of a corpus, to select words from.

        `reads_again` says that the corpus will be read a second time to encode it, which the
        estimate of memory includes.
        """
        raw = scanned.vocabulary
        if raw.total == 0:
            raise EmptyCorpusError("the corpus is empty: there is not a single token in it")
        logger.info("found %d distinct words in %d tokens", len(raw), raw.total)
        self._raw = raw
        self._reading = memory.Reading.of(
            source.sentences, raw, scanned.n_sentences, params.workers, reads_again
        )
        self.corpus_count, self.corpus_total_words = scanned.n_sentences, scanned.n_tokens

    def _select(self, params: Parameters, trim_rule: TrimRule | None = None) -> Selection:
        """Return the words to keep of all that were counted."""
        if self._raw is None:
            raise RuntimeError("nothing was counted yet; call build_vocab or scan_vocab")
        rule, is_sorted = trim_rule or self._trim_rule, bool(params.sorted_vocab)
        return select(self._raw, params.min_count, params.max_final_vocab, rule, is_sorted)

    def _apply_selection(
        self, params: Parameters, chosen: Selection, update: bool = False, keep_raw: bool = False,
        table: SubwordTable | None = None,
    ) -> None:  # fmt: skip
        """Allocate arrays for the selected words, or extend the present ones.

        `min_count` and `sample` of the model become those of `params`, and the counts of all words
        are dropped unless `keep_raw`. The `table` is that of `_plan`, if it was made.
        """
        log_selection(chosen)
        if update:  # an update may add no words
            self._extend_arrays(params, vocabulary_of(self.wv).merged(chosen.vocabulary))
            self._matrices.noise = None  # the counts decide again
        else:
            check_not_empty(chosen, self._raw)
            self._allocate(params, chosen.vocabulary, table)
        self.min_count, self.sample = params.min_count, params.sample
        self.effective_min_count = chosen.effective_min_count
        if not keep_raw:
            self._raw = None

    def _encode(self, params: Parameters, source: Source) -> EncodedCorpus:
        """Read a corpus as ids of the present words, and warn if it has none of them."""
        vocabulary = vocabulary_of(self.wv)
        with scan_source(source, params, vocabulary) as scanned:
            corpus = encode(scanned, vocabulary)
        if not corpus.n_tokens:
            sizes = corpus.n_raw_sentences, corpus.n_raw_tokens, len(vocabulary)
            warn(explain_nothing(source.sentences, *sizes))
        return corpus

    def _check_update(self, update: bool) -> None:
        if update and not len(self.wv):
            raise RuntimeError(
                "there is no vocabulary to update yet; call build_vocab without update=True first"
            )
        if update:
            training.check_layout(self, parameters.normalize(self))

    @property
    def raw_vocab(self) -> Counter[Any]:
        """Counts before pruning, while they are kept."""
        raw = self._raw
        return Counter() if raw is None else Counter(dict(zip(raw.words, raw.counts.tolist())))

    @exclusive
    def reset_from(self, other_model: "Word2Vec") -> None:
        """Copy the words and counts of another model, and start with new vectors."""
        words = vocabulary_of(other_model.wv)
        self._reading = None  # no corpus was read for these counts
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words
        params = parameters.normalize(self)  # train() checks the ranges
        self._allocate(params, Vocabulary(list(words.words), words.counts.copy()))

    # Arrays

    def _plan(
        self, params: Parameters, vocabulary: Vocabulary, table: SubwordTable | None = None
    ) -> SubwordTable | None:
        """Return the rows of the words of a vocabulary, if they are made of subwords.

        Raises
        ------
        MemoryError
            If there is too little memory for a model of these words.
        """
        if table is None and params.scheme is not None:
            table = make_table(vocabulary.words, params.scheme)
        counts = vocabulary.counts
        needs = memory.estimate_fit(params, vocabulary.words, counts, self._reading, table)
        require_memory(
            needs.training - needs.corpus,  # without the ids, which may go to a temporary file
            f"{len(vocabulary)} words of {params.vector_size} dimensions",
            "Raise min_count, set max_final_vocab or lower vector_size.",
        )
        return table

    def _allocate(
        self, params: Parameters, vocabulary: Vocabulary, table: SubwordTable | None = None
    ) -> None:
        """Replace all arrays by new ones for the words of a vocabulary; `table` as of `_plan`."""
        parameters.warn_of_matrices(params)
        table = self._plan(params, vocabulary, table)
        matrices = allocate(params, vocabulary.words, table)
        self._start_from_others(vocabulary.words, matrices)
        wv = self._empty_vectors()
        wv.set_items(vocabulary.words, matrices.vectors["input"], vocabulary.ids)
        wv.expandos["count"] = vocabulary.counts
        wv.strict = self.wv.strict  # a setting of the user, not data
        self._use_arrays(wv, matrices)

    def _extend_arrays(self, params: Parameters, vocabulary: Vocabulary) -> None:
        """Extend words and arrays to a vocabulary that begins with the present one."""
        n_old, matrices = len(self.wv), self.current_arrays()
        grow_input(params, matrices, vocabulary.words)
        self.wv.extend_keys(vocabulary.words[n_old:], matrices.vectors["input"])
        self.wv.expandos["count"] = vocabulary.counts
        self.current_arrays()  # the arrays of the other roles get their new rows
        self._start_from_others(vocabulary.words[n_old:], matrices, n_old)

    def _start_from_others(self, words: list[Any], matrices: Matrices, first: int = 0) -> None:
        """Copy the vectors of `init_from` to the rows of these words, and forget it."""
        source, self._init_from = self._init_from, None
        if source is not None:
            starting.start_from(source, words, matrices.vectors, first)

    @takes_flags
    def current_arrays(self, thorough: bool = False) -> Matrices:
        """Return the model's matrices, after applying what was changed through `wv`.

        Words may have been reordered, renamed, added or removed, and vectors replaced.

        Parameters
        ----------
        thorough : bool
            Compare all words with those of the last call, to find words renamed in place. By
            default, only a call of a `wv` method that reorders words, another list object in
            ``index_to_key``, or another length of it are noticed.
        """
        wv, matrices = self.wv, self._matrices
        sync_matrices(wv, matrices, thorough)
        counts = wv.expandos.get("count")  # a wv set by the user may have none, or too few
        if "tree" in matrices.vectors and counts is not None and len(counts) == len(wv):
            fit_tree(matrices, counts)
        return matrices

    def _use_arrays(self, wv: KeyedVectors, matrices: Matrices) -> None:
        """Replace the words and all arrays, also those of `wv`."""
        if matrices.subwords is None:
            wv.use_array(matrices.vectors["input"])
        else:
            wv.use_array(matrices.vectors["input"], settle=matrices.settle)
            wv.subwords = matrices.subwords
        self.set_arrays(wv, matrices)

    def set_arrays(self, wv: KeyedVectors, matrices: Matrices) -> None:
        """Replace the words and all arrays; the array of the input role is that of `wv`."""
        self.wv = wv
        self._matrices = matrices
        self.current_arrays()  # the matrices note the order of the words

    @property
    def wv(self) -> KeyedVectors:
        """The input vectors by word; may be replaced."""
        link_matrices(self._wv, self._matrices)  # `wv.output` and the like read them
        matrices = self._matrices
        self._wv.key_table.expandos.set_tree("tree" in matrices.vectors, matrices.tree_words)
        return self._wv

    @wv.setter
    def wv(self, vectors: KeyedVectors) -> None:
        self._check_wv(vectors)
        if shown_matrices(vectors) is not None:
            raise TypeError(
                f"{vectors!r} is a role of a model and can't be the wv of one; "
                "set a copy of it, copy.deepcopy(vectors)"
            )
        if vectors is not self._wv:
            # Apply what was changed through the old wv; from here the arrays follow the new one.
            sync_matrices(self._wv, self._matrices, thorough=True)
            link_matrices(self._wv, None)
        self._wv = vectors

    def _check_wv(self, vectors: object) -> None:
        """Raise a TypeError if an object can't be the `wv` of this model."""
        if not isinstance(vectors, KeyedVectors):
            raise TypeError(
                f"the wv of a model is a KeyedVectors; got {vectors!r:.60} of type "
                f"{type(vectors).__name__}"
            )
        if vectors.subwords is not None:
            raise TypeError(
                f"{vectors!r} has vectors of n-grams, and {type(self).__name__} has none; make a "
                "FastText, or set KeyedVectors.from_arrays(wv.index_to_key, wv.vectors)"
            )

    @property
    def roles(self) -> Roles:
        """The vectors of each role, as KeyedVectors: ``model.roles["output"]``.

        ``model.wv.output`` is the same.
        """
        return Roles(self.wv, self._matrices)

    @property
    def layout(self) -> MatrixLayout:
        """Which array each role uses, by the parameters `matrices` and `bias`."""
        return MatrixLayout.of(self.matrices, self.bias)

    @property
    def has_output(self) -> bool:
        """Whether words have output vectors: with negative sampling or full softmax."""
        return bool(self.negative or self.softmax)

    @property
    def syn1neg(self) -> np.ndarray:
        """Output vectors by word, shape (V, vector_size); may be replaced.

        With one matrix for both roles, that matrix in its output role.
        """
        return self._array("output", "syn1neg")

    @syn1neg.setter
    def syn1neg(self, vectors: np.ndarray) -> None:
        if self.layout.shares_one_matrix:
            raise ValueError(
                f"with matrices={self.matrices!r} there is no output matrix to replace; "
                "set model.wv.vectors"
            )
        self._replace("output", vectors, len(self.wv))

    @syn1neg.deleter
    def syn1neg(self) -> None:
        if self.layout.shares_one_matrix:
            raise ValueError(f"with matrices={self.matrices!r} there is no output matrix to delete")
        self._delete("output", "syn1neg")

    @property
    def syn1(self) -> np.ndarray:
        """Output vectors of hierarchical softmax, shape (V, vector_size); may be replaced.

        The last row is not used; an array without it may be set as well.
        """
        vectors = self.current_arrays().with_spare_row()
        if vectors is None:
            raise AttributeError("syn1")  # `__getattr__` then writes the message
        return vectors

    @syn1.setter
    def syn1(self, vectors: np.ndarray) -> None:
        n_words, size = len(self.wv), self.wv.vector_size
        array = np.asarray(vectors, np.float32)
        if array.shape not in ((n_words, size), (n_words - 1, size)):
            raise ValueError(
                f"syn1 must be of shape {(n_words, size)}, or {(n_words - 1, size)} without the "
                f"last row, which is not used; got {array.shape}"
            )
        self.current_arrays().replace_tree(array, n_words - 1)

    @syn1.deleter
    def syn1(self) -> None:
        self._delete("tree", "syn1")

    def _delete(self, role: ArrayRole, name: str) -> None:
        """Free an array of targets; what needs it is an error from here on."""
        self._array(role, name)  # an AttributeError if there is none
        self.current_arrays().delete(role)

    def _array(self, role: ArrayRole, name: str) -> np.ndarray:
        vectors = self.current_arrays().in_role(role)
        if vectors is None:
            raise AttributeError(name)  # `__getattr__` then writes the message
        return vectors

    def _replace(self, role: ArrayRole, vectors: np.ndarray, n_rows: int) -> None:
        array, shape = np.asarray(vectors, np.float32), (n_rows, self.wv.vector_size)
        if array.shape != shape:
            raise ValueError(f"the {role} matrix must be of shape {shape}; got {array.shape}")
        self.current_arrays().replace(role, array)

    @property
    def cum_table(self) -> np.ndarray | None:
        """Cumulative noise distribution as in gensim, uint32 of shape (V,): 0 to 2**31 - 1.

        None without words or without negative sampling. By default it follows from the counts and
        `ns_exponent`. If it is set to an array that does not fall, negative samples are drawn in
        proportion to its steps, until the vocabulary is built again or `make_cum_table` is called.
        """
        if not len(self.wv) or not self.negative:
            return None
        noise = self.current_arrays().noise
        if noise is None:
            return noise_table.cumulative_table(vocabulary_of(self.wv).counts, self.ns_exponent)
        return noise_table.scaled(np.cumsum(noise))

    @cum_table.setter
    def cum_table(self, table: np.ndarray | None) -> None:
        default = self._default_table()
        if table is None or (default is not None and np.array_equal(table, default)):
            self.current_arrays().noise = None
        else:
            noise = noise_table.steps(np.asarray(table, np.float64), len(self.wv))
            self.current_arrays().noise = noise

    @takes(domain=COUNT)
    def make_cum_table(self, domain: int = 2**31 - 1) -> None:
        """Draw negative samples by the counts again, after `cum_table` was set.

        `domain` is accepted for compatibility with gensim, without effect.
        """
        self.current_arrays().noise = None

    def _default_table(self) -> np.ndarray | None:
        counts = self.wv.expandos.get("count")
        if counts is None or not len(counts):
            return None
        return noise_table.cumulative_table(counts, self.ns_exponent)

    @property
    def layer1_size(self) -> int:
        """Size of the hidden layer, which is `vector_size`; setting it sets `vector_size`."""
        return self.vector_size

    @layer1_size.setter
    def layer1_size(self, size: int) -> None:
        self.vector_size = size

    @property
    def random(self) -> Any:
        """A generator of random numbers; if it is set, each call of `train` draws its seed from it.

        By default, a RandomState of numpy with the seed of the model, as in gensim, which has no
        effect on training. Random numbers then follow from `seed` alone. A generator that was set
        is not saved in files.

        Examples
        --------
        >>> model = Word2Vec(seed=7)
        >>> model.random = np.random.default_rng(3)
        """
        if self._random is None:
            seed = self.seed
            return np.random.RandomState(None if seed is None else seed % 2**32)
        return self._random

    @random.setter
    def random(self, generator: Any) -> None:
        if not isinstance(generator, (np.random.Generator, np.random.RandomState, type(None))):
            raise TypeError(
                f"random is {generator!r:.60}; allowed are a numpy Generator, a RandomState and "
                "None, which makes `seed` decide again"
            )
        self._random = generator

    @property
    def has_own_random(self) -> bool:
        """Whether `random` was set."""
        return self._random is not None

    # Steps of building a vocabulary, by the names that they have in gensim

    def create_binary_tree(self) -> None:
        """Do nothing: the Huffman tree is computed from the counts whenever it is needed."""

    @exclusive
    def init_weights(self) -> None:
        """Replace all vectors by those of an untrained model, and keep the vocabulary."""
        if not len(self.wv):
            return
        params = parameters.check(self)
        training.check_scheme(self, params)
        self._use_arrays(self.wv, allocate(params, self.wv.index_to_key))

    @exclusive
    def update_weights(self) -> None:
        """Add rows of an untrained model for the words that ``wv`` has no vectors of yet.

        Raises
        ------
        RuntimeError
            If the model has no words.
        """
        if not len(self.wv.array):
            raise RuntimeError(
                "there are no vectors to update yet; call build_vocab without update=True first"
            )
        if len(self.wv) > len(self.wv.array):
            self.wv.resize_vectors(seed=(self.seed or 0) % 2**64)
        self.current_arrays()  # the arrays of the other roles get their new rows

    @takes_flags
    def prepare_weights(self, update: bool = False) -> None:
        """Call `update_weights` if `update` is true, else `init_weights`."""
        self.update_weights() if update else self.init_weights()

    def add_null_word(self) -> None:
        r"""Add the word ``"\0"`` with a count of 1 and a vector of zeros, unless it is there."""
        zeros = np.zeros((1, self.wv.vector_size), np.float32)
        self.wv.add_vectors(["\0"], zeros, {"count": np.array([1])})

    @takes(vector_size=parameters.RULES["vector_size"])
    def seeded_vector(self, seed_string: str, vector_size: int) -> np.ndarray:
        """Return a random vector that depends only on a string: from [-0.5, 0.5) / vector_size."""
        own = None if self.hashfxn is hash else self.hashfxn  # `hash` differs between processes
        return pseudorandom_weak_vector(vector_size, seed_string=seed_string, hashfxn=own)

    @takes(vocab_size=COUNT)
    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Estimate the bytes that a model and its training take.

        Without `vocab_size`, estimate the peak of a whole fit of this model: reading the corpus
        that it has read, encoding it, and training. What the caller holds, such as a list of
        sentences, is not counted.

        Parameters
        ----------
        vocab_size : int, optional
            Number of words of a model that has not read a corpus yet.
        report : dict, optional
            Receives the result.

        Returns
        -------
        dict
            ``vocab``: words, ids, counts and tables by word. ``vectors``, ``syn1`` and ``syn1neg``:
            the arrays; with subwords, ``subwords``: the rows that are used, as the model knows its
            words, or else as many as words of English would use. ``training``: the copies of the
            arrays that kernels train. ``corpus``, if the
            model has read one: its ids, and what reading and training need in addition. ``total``:
            the sum.

        Raises
        ------
        NotFittedError
            If the model has no words, and `vocab_size` is not given.
        """
        is_own = vocab_size in (None, 0, len(self.wv))
        n_words = len(self.wv) if is_own else vocab_size or 0
        if not n_words:
            raise NotFittedError(
                "the model has no words yet; call build_vocab first, or give vocab_size"
            )
        params, needs = parameters.normalize(self), None
        if is_own and (self._reading is not None or self.corpus_count):
            counts = self.wv.expandos.get("count", np.ones(n_words, np.int64))
            subwords = self.current_arrays().subwords
            table = None if subwords is None else subwords.table
            needs = memory.estimate_fit(params, self.wv.index_to_key, counts, self._reading, table)
        return memory.report(params, n_words, needs, {} if report is None else report)

    # Training

    @exclusive
    @takes(total_examples=COUNT, total_words=COUNT)
    def train(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool | None = None,
        callbacks: Iterable[Any] | None = None,
        *,
        checkpoint: Any = None,
        every: Every | None = None,
        **unknown: Any,
    ) -> TrainResult:
        """Train, or continue to train, the vectors of the present vocabulary.

        The corpus is read and encoded once per call, whatever the number of epochs.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As for the constructor; just one of them.
        total_examples, total_words : int
            Sentences (``model.corpus_count``) or words (``model.corpus_total_words``) of the
            corpus. One must be given, as in gensim. It is only compared with the corpus: a wrong
            number is logged.
        epochs : int
            Number of epochs, usually ``model.epochs``, which it replaces.
        start_alpha, end_alpha : float, optional
            Learning rates at the start and at the end of this call. They become `alpha` and
            `min_alpha`.
        word_count : int
            Number of words already trained, including those outside the vocabulary: the learning
            rate starts where it would be after that many words.
        report_delay : float
            Seconds from one line of the log to the next, at level INFO, within an epoch.
        queue_factor
            Accepted for compatibility with gensim, without effect.
        compute_loss : bool, optional
            Overrides and replaces ``model.compute_loss``.
        callbacks : iterable, optional
            Instead of those of the model.
        checkpoint : str or os.PathLike, optional
            File to save the model to during training, and at its end; a folder if the path ends
            with a slash. If the process is killed, `resume` continues from it. See
            docs/checkpoints.md.
        every : int, str or datetime.timedelta, optional
            From one save to `checkpoint` to the next: a number of epochs (default 1), or a duration
            such as ``"10 min"``, ``"30 s"`` or ``"2 h"``, which also saves within an epoch.

        Returns
        -------
        TrainResult
            ``(n_trained, n_words)``: words trained on, after subsampling, and words read, both over
            all epochs.

        Raises
        ------
        RuntimeError
            If there is no vocabulary yet, or a callback changes it.
        TypeError
            If both or none of the sources are given, or one is of the wrong type.
        ValueError
            If `epochs` or both totals are missing, or no objective is chosen.
        FloatingPointError
            If the vectors overflow: `alpha` is too high.
        KeyboardInterrupt
            On Ctrl-C, when all threads have stopped. The model can be used and trained further.

        Warns
        -----
        UserWarning
            If no word of the corpus is in the vocabulary, so that nothing is trained.
        """
        aliases.refuse_unknown(unknown, "train()")
        if not len(self.wv):
            raise RuntimeError("there is no vocabulary to train yet; call build_vocab first")
        if total_examples is None and total_words is None:
            raise ValueError("give total_examples=model.corpus_count, or total_words")
        if epochs is None:
            raise ValueError("epochs is None; give how many, such as epochs=model.epochs")
        callbacks = self._with_checkpoint(callbacks, checkpoint, every)
        training.check_arrays(self, parameters.normalize(self))
        with self._unless_refused(GIVEN):
            params = parameters.check(  # sets these values on the model, too
                self,
                epochs=epochs,
                alpha=self.alpha if start_alpha is None else start_alpha,
                min_alpha=self.min_alpha if end_alpha is None else end_alpha,
                compute_loss=self.compute_loss if compute_loss is None else compute_loss,
            )
            parameters.check_objective(params)
            n_skipped = check_word_count("word_count", word_count)
            delay = rules.number(report_delay)
            delay = 1.0 if delay is None else delay
            uses_jobs = has_hooks(self)
            n_readings = params.epochs if uses_jobs else 1
            source = Source.of(corpus_iterable, corpus_file, params.epochs, n_readings)
            corpus = None if uses_jobs else self._encode(params, source)
        if corpus is None:
            totals = Totals(total_examples, total_words)
            return TrainResult(*train_by_jobs(self, source.sentences, totals, callbacks, delay))
        for unit, expected, n in (
            ("example", total_examples, corpus.n_raw_sentences),
            ("raw word", total_words, corpus.n_raw_tokens),
        ):
            if expected is not None and expected != n:  # in the words of gensim
                logger.warning(
                    "supplied %s count (%d) did not equal expected count (%d)", unit, n, expected
                )
        return TrainResult(*training.start(self, params, corpus, callbacks, n_skipped, delay))

    @exclusive
    def resume(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        callbacks: Iterable[Any] | None = None,
        *,
        checkpoint: Any = None,
        every: Every | None = None,
    ) -> TrainResult:
        """Continue a call of `train`, or of the constructor, that ended before its last epoch.

        What is left has the learning rates and the random numbers that it would have had without
        the stop. With ``workers=1``, the model that is resumed from a checkpoint is therefore, bit
        for bit, that of training without a stop. Ctrl-C and a `progress` that ends training stop
        within a chunk of at most 65,536 words, which is trained again from its beginning.

        Parameters
        ----------
        corpus_iterable, corpus_file
            The same corpus as before.
        callbacks, checkpoint, every
            As for `train`.

        Returns
        -------
        TrainResult
            As of `train`, over the epochs of this call.

        Raises
        ------
        RuntimeError
            If no call of `train` ended early.
        ValueError
            If the corpus has another number of words, or the model has other words than before.

        Examples
        --------
        >>> from fastsgns.models.callbacks import StopTraining
        >>> class Stop:
        ...     def on_epoch_end(self, model):
        ...         raise StopTraining
        >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
        >>> model = Word2Vec(vector_size=8, min_count=1, workers=1)
        >>> model.build_vocab(sentences)
        >>> _ = model.train(
        ...     sentences, total_examples=100, epochs=5, callbacks=[Stop()], checkpoint="m.fastsgns"
        ... )
        >>> model = Word2Vec.load("m.fastsgns")
        >>> _ = model.resume(sentences)
        >>> model.epochs_trained
        5
        """
        remaining = unfinished_of(self)
        callbacks = self._with_checkpoint(callbacks, checkpoint, every)
        params = parameters.check(self)
        parameters.check_objective(params)
        training.check_arrays(self, params)
        remaining = remaining.with_settings(training.settings_of_words(params))
        if bool(remaining.batches_of) != has_hooks(self):
            by = "by batches, through methods that a derived class overrides"
            raise ValueError(
                f"training began {'' if remaining.batches_of else 'otherwise than '}{by}; load the "
                "model with the class that it was trained with, or call train()"
            )
        if remaining.batches_of:
            source = Source.of(corpus_iterable, corpus_file, remaining.n_epochs)
            return TrainResult(*resume_jobs(self, source.sentences, remaining, callbacks))
        corpus = self._encode(params, Source.of(corpus_iterable, corpus_file, remaining.n_epochs))
        remaining.check_data(corpus.n_raw_tokens, corpus.n_tokens, "words", "a corpus")
        return TrainResult(*training.go_on(self, params, corpus, remaining, callbacks))

    def _with_checkpoint(
        self, callbacks: Iterable[Any] | None, checkpoint: Any, every: Every | None
    ) -> Callbacks:
        """Return the callbacks to call, once it is clear that all checkpoints can be written."""
        others = self.callbacks if callbacks is None else parameters.as_callbacks(callbacks)
        check_paths(others)
        return (*others, *checkpoints(checkpoint, every))

    def get_latest_training_loss(self) -> float:
        """Return the loss summed since the last call of `train` began; see also `epoch_losses`."""
        return self.running_training_loss

    def add_lifecycle_event(
        self, event_name: str, log_level: int | bool = logging.INFO, **event: Any
    ) -> None:
        """Append to `lifecycle_events` unless it is None, and log unless `log_level` is False."""
        moment = {"event": event_name, "datetime": time.strftime("%Y-%m-%dT%H:%M:%S")}
        if self.lifecycle_events is not None:
            self.lifecycle_events.append(moment | event)
        if log_level is not False:
            logger.log(log_level, "%s: %s", event_name, event)

    # Prediction

    def predict_output_word(
        self, context_words_list: Iterable[Any], topn: int | None = 10
    ) -> list[tuple[Any, float]] | None:
        """Return the words that are most likely amid some context words.

        ``p(w | contexts) = exp(c_w . h) / sum_v exp(c_v . h)``, where h is the mean (with
        ``cbow_mean=0`` the sum) of the input vectors of the contexts, and c_w is the output vector
        of w. If words have biases, c_w . h + b_w replaces c_w . h. With ``softmax=1`` this is the
        probability that was trained.

        Parameters
        ----------
        context_words_list : iterable of words or ids
            Unknown ones are ignored.
        topn : int or None
            Number of words to return; None returns all.

        Returns
        -------
        list of (word, float), or None
            Most likely first; None if no context word is known.

        Raises
        ------
        RuntimeError
            If the model was trained with neither negative sampling nor full softmax.
        """
        layer = self._output_layer()
        words = as_key_list(context_words_list, "context_words_list", allow_mapping=True)
        contexts = [word for word in words if has_vector(self.wv, word)]
        if not contexts:
            logger.warning("All the input context words are out-of-vocabulary: %r", words[:5])
            return None
        return layer.most_likely(layer.focus_probabilities(contexts, bool(self.cbow_mean)), topn)

    def context_scores(self, word: Any) -> np.ndarray:
        """Return the score s(word -> c) of each word c as a context of `word`, as in training.

        ``s(i -> j) = input_i . output_j``, plus the bias of j (and, with ``bias="both"``, of i) if
        the model has biases.

        Parameters
        ----------
        word : word or id

        Returns
        -------
        ndarray of float32, shape (V,)

        Raises
        ------
        KeyError
            If the word is unknown.
        RuntimeError
            If the model was trained with neither negative sampling nor full softmax.
        """
        return self._output_layer().context_scores(word)

    def predict_contexts(self, word: Any, topn: int | None = 10) -> Any:
        """Return the words that are most likely in the window of a word, and how likely they are.

        Parameters
        ----------
        word : word or id
        topn : int or None
            Number of words; with None, the probabilities of all words are returned.

        Returns
        -------
        list of (word, float)
            Most likely first; or an array of float64, shape (V,), that sums to 1, if `topn` is
            None.

        Raises
        ------
        KeyError
            If the word is unknown.
        RuntimeError
            If the model was trained with neither negative sampling nor full softmax.

        Notes
        -----
        Let #(w, c) be the number of pairs of a word w and a context c, #(w) the number of pairs of
        w, k the number of negative samples per pair, and P the noise distribution. A negative
        sample that equals the positive is left out, so that c is a negative of w at #(w) - #(w, c)
        pairs. The part of the expected loss of skip-gram that depends on s = s(w -> c) is

            -#(w, c) log sigmoid(s) - k P(c) (#(w) - #(w, c)) log sigmoid(-s).

        Its derivative by s, ``-#(w, c) sigmoid(-s) + k P(c) (#(w) - #(w, c)) sigmoid(s)``, is 0 at

            exp(s) = sigmoid(s) / sigmoid(-s) = p(c | w) / (1 - p(c | w)) / (k P(c)).

        If p(c | w) is small and P is the unigram distribution, this is s = PMI(w, c) - log k (Levy,
        Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization", eq. 7 to 12, who
        leave no negative out). For any p and P

            p(c | w) = sigmoid(s(w -> c) + log(k P(c))).

        Trained scores are only near the optimum, so the result is scaled to sum to 1 over c.

        `predict_output_word` ignores the noise, and so underestimates frequent words. The pairs are
        those of training: within random windows, and after subsampling. With one matrix for both
        roles a word is never its own negative, so that s(w -> w) has no meaning: p(w | w) is 0, and
        the other probabilities are those of contexts other than w. For CBOW, which predicts a word
        from several contexts, this is an approximation. With ``matrices="three"`` it does not hold,
        because negative samples have vectors of their own. With ``softmax=1`` p is the model's own:
        exp(s), scaled to sum to 1.

        Examples
        --------
        >>> pairs = [["salt", "pepper"], ["salt", "pepper"], ["salt", "pepper"], ["salt", "water"]]
        >>> settings = {"vector_size": 4, "min_count": 1, "sample": 0, "workers": 1, "epochs": 50}
        >>> model = Word2Vec(pairs * 100, sg=1, **settings)
        >>> [(word, round(p, 2)) for word, p in model.predict_contexts("salt", topn=2)]
        [('pepper', 0.74), ('water', 0.26)]
        """
        layer = self._output_layer()
        likely = layer.context_probabilities(word, self._expected_negatives())
        return likely if topn is None else layer.most_likely(likely, topn)

    def context_probability(self, context: Any, word: Any) -> float:
        """Return ``p(context | word)``: how likely one word is in the window of another.

        It is not symmetric. See `predict_contexts` for its meaning and its errors.
        """
        return float(self.predict_contexts(word, topn=None)[self.wv.get_index(context)])

    def _output_layer(self) -> OutputLayer:
        self._check_vocabulary()
        matrices = self.current_arrays()
        vectors = matrices.in_role("output")
        training.check_not_deleted(matrices, "output", "prediction")
        if not self.has_output or vectors is None:
            raise RuntimeError(
                "prediction needs output vectors; train with negative > 0 or softmax=1"
            )
        return OutputLayer(self.wv, vectors, matrices.bias, matrices.layout)

    def _expected_negatives(self) -> np.ndarray | None:
        """Return how often each word is a negative sample of a pair, on average; None: softmax."""
        if self.softmax:
            return None
        counts = self.wv.expandos.get("count")
        if counts is None:
            raise RuntimeError("model.wv has no counts, which the noise distribution needs")
        noise = self.current_arrays().noise
        if noise is None:
            noise = sampling.noise_distribution(counts, self.ns_exponent)
        return self.negative * noise

    def _check_vocabulary(self) -> None:
        if not len(self.wv):
            raise NotFittedError(
                "the model has no vocabulary yet; call build_vocab() and train() first"
            )

    @takes(total_sentences=COUNT)
    def score(
        self,
        sentences: Iterable[Iterable[Any]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> np.ndarray:
        """Return the log-probability of each sentence under hierarchical softmax (Taddy 2015).

        It is the sum of the log-probabilities of the focus words, over all pairs of a focus and a
        context word within the full window (skip-gram) or over all windows (CBOW): the negative
        training loss at a learning rate of 0.

        Parameters
        ----------
        sentences : iterable of sequences of words
        total_sentences : int
            Score at most this many.
        chunksize, queue_factor, report_delay
            Accepted for compatibility with gensim, without effect.

        Returns
        -------
        ndarray of float32

        Raises
        ------
        RuntimeError
            If the model was not trained with ``hs=1``.
        """
        self._check_vocabulary()
        training.check_not_deleted(self.current_arrays(), "tree", "score()")
        if not self.hs or "tree" not in self._matrices.vectors:
            raise RuntimeError("scores need a model trained with hs=1")
        matrices = self.current_arrays()
        paths = paths_of(matrices, self.wv.expandos["count"])
        objective = make_tree_objective(
            self.wv, matrices.vectors["tree"], paths, window=self.window, cbow=not self.sg,
            cbow_mean=bool(self.cbow_mean),
        )  # fmt: skip
        check_corpus(sentences)
        return score_sentences(objective, self.wv.key_to_index, sentences, total_sentences)

    # Files

    @not_during
    def save(
        self,
        fname: Any,
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Any = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write the whole model to one file, atomically; see `load`.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
            A path that ends with a slash is a folder of several files; see docs/checkpoints.md.
        ignore : str or iterable of str
            Attributes of your own that the file shall not hold. By default it holds all that are
            plain values, lists and dicts of these, and arrays; a warning names the others.
        separately, sep_limit, pickle_protocol
            Accepted for compatibility with gensim, without effect: there is always one file, and no
            pickle.

        Raises
        ------
        ValueError, TypeError
            If `load` would refuse the file, or a matrix is not finite. A file that exists already
            is left as it is.
        """
        parameters.normalize(self)  # raises if an attribute was set to a value of a wrong type
        storage.save(self, fname, ignore)

    @ClassOnly
    def load(cls, fname: Any, mmap: Literal["r"] | None = None) -> "Word2Vec":
        """Read what `save` wrote: all arrays, so that training can continue.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
        mmap : {None, "r"}
            With ``"r"`` the arrays are mapped read-only, and training copies them first. While they
            are mapped, no other program may change the file in place or truncate it, which can end
            the process (SIGBUS). To replace it by a new file, as `save` does, is safe.

        Raises
        ------
        FormatError
            If the file is of another format or damaged.
        AttributeError
            If it holds something else than a model, such as a KeyedVectors.
        """
        return kinds.load_as(cls, cls.SCHEMA, fname, mmap)

    # Models of gensim

    @classmethod
    def from_gensim(cls, model: Any) -> Self:
        """Make a model of a Word2Vec of gensim 4, with copies of its words, counts and matrices.

        Training can go on, `predict_output_word` and `score` return what they do in gensim, and
        with hierarchical softmax the model keeps gensim's Huffman tree. The ``__init__`` of a
        derived class is not called.

        Parameters
        ----------
        model : gensim.models.Word2Vec

        Raises
        ------
        TypeError
            If it is something else, such as a FastText or a Doc2Vec, of which
            `KeyedVectors.from_gensim` takes the vectors.
        ValueError
            If its matrices do not fit its words.
        """
        made = cls.__new__(cls)
        Word2Vec.__init__(made)
        gensim_model.fill(made, model)
        return made

    def to_gensim(self) -> Any:
        """Return a gensim.models.Word2Vec with copies of the words, counts and matrices.

        Raises
        ------
        ValueError
            If gensim has no such model: of one or three matrices, or with full softmax.
        ImportError
            If gensim is not installed.
        """
        return gensim_model.to_gensim(self)

    @not_during
    def __getstate__(self) -> dict[str, Any]:
        # For copy and pickle. Callables are left out, as many cannot be pickled.
        sync_matrices(self.wv, self._matrices)
        return vars(self) | {
            "callbacks": (), "_trim_rule": None, "hashfxn": hash, "_init_from": None,
            "progress": picklable(self.progress),
        }  # fmt: skip

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.wv.vector_size}, "
            f"alpha={self.alpha:g}>"
        )

    # Names that older programs look for

    def __getattr__(self, name: str) -> NoReturn:
        raise aliases.missing_attribute(type(self).__name__, name)

    def __getitem__(self, word: Any) -> NoReturn:
        raise TypeError(f"a model has no items; use model.wv[{word!r}]")

    def __contains__(self, word: Any) -> NoReturn:
        raise TypeError(f"a model contains no words; use {word!r} in model.wv")

    @ClassOnly
    def load_word2vec_format(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise an AttributeError; only vectors can be read from such a file."""
        raise AttributeError(f"a model can't be read from it; use {aliases.LOADER}")

    @takes_flags
    def init_sims(self, replace: bool = False) -> None:
        """Scale the vectors of `wv` to length 1 if `replace`; otherwise only warn. Deprecated."""
        aliases.warn_of_init_sims()
        if replace:
            self.wv.unit_normalize_all()
