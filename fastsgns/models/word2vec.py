"""Word2Vec: vectors of words from text, by skip-gram or CBOW."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from fastsgns import rules
from fastsgns.corpus.sentences import (
    BrownCorpus,
    LineSentence,
    PathLineSentences,
    Text8Corpus,
)
from fastsgns.corpus.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, TrimRule
from fastsgns.formats import kinds
from fastsgns.matrices import BiasMode, Matrices, MatricesMode
from fastsgns.models import parameters
from fastsgns.models.aliases import ClassOnly, Renamed, refuse_unknown
from fastsgns.models.callbacks import CallbackAny2Vec, Checkpoint
from fastsgns.models.exclusive import exclusive
from fastsgns.models.words import storage
from fastsgns.models.words.fitting import Fitting
from fastsgns.models.words.layers import Layers
from fastsgns.models.words.prediction import Prediction
from fastsgns.models.words.roles import RoleHolder
from fastsgns.training.sharing import NegativeSharing
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import sync_matrices

__all__ = [
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "BrownCorpus",
    "CallbackAny2Vec",
    "KeyedVectors",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Word2Vec",
]

logger = logging.getLogger(__name__)

FAST_VERSION = CORPUSFILE_VERSION = 1
MAX_WORDS_IN_BATCH = 10000
SKIPPED = rules.integer(0, 2**62, none=0)


class Word2Vec(RoleHolder, Fitting, Layers, Prediction, Renamed):
    """Vectors of words, trained on sentences; gensim's class by name, arguments and behaviour.

    Parameters
    ----------
    sentences : iterable of sequences of hashable tokens, or EncodedCorpus, optional
        Read once and encoded, then trained on for `epochs`. Without it or `corpus_file` the model
        waits for `build_vocab` and `train`.
    corpus_file : path or several paths, optional
        Instead of `sentences`: text, a sentence a line; also .gz, .bz2, .xz.
    vector_size : int
        Dimensions of a vector.
    alpha, min_alpha : float
        Learning rate at the start and at the end of training; it falls linearly.
    window : int
        Largest distance between focus and context.
    min_count : int
        Words that occur less often are left out; 0 and 1 keep all.
    max_vocab_size : int, optional
        Bound on the words counted at a time; rare ones are forgotten during the scan.
    sample : float
        Frequent words are thinned from this share of the corpus on; 0 keeps all tokens. 1 or more
        is a count instead of a share.
    seed : int or None
        With one worker the same seed gives the same bytes. None draws one.
    workers : int
        Threads.
    sg : {0, 1}
        1 is skip-gram, 0 CBOW.
    hs : {0, 1}
        1 adds hierarchical softmax.
    negative : int
        Negatives a positive; 0 leaves negative sampling out.
    ns_exponent : float
        Negatives are drawn in proportion to ``count ** ns_exponent``; may be negative.
    cbow_mean : {0, 1}
        CBOW: 1 takes the mean of the contexts' vectors, 0 their sum.
    hashfxn, null_word, batch_words
        Accepted as gensim does, without effect.
    epochs : int
        Passes over the corpus.
    trim_rule : callable, optional
        ``trim_rule(word, count, min_count)`` says which words to keep. Not saved.
    sorted_vocab : {0, 1}
        1 gives frequent words low ids.
    compute_loss : bool
        Compute the loss: `epoch_losses` and `get_latest_training_loss`.
    callbacks : iterable
        See `fastsgns.models.callbacks`. Not saved.
    comment : str, optional
        Kept with the model.
    max_final_vocab : int, optional
        Raise min_count until at most this many words are left.
    shrink_windows : bool
        Draw the window of each focus uniformly from 1 .. `window`, so that near ones count more.
    cbow_gradient : {"gensim", "exact"}
        CBOW: what each context receives of the gradient g by the hidden vector. "exact" is the
        derivative: g / n for the mean of n contexts, g for their sum (Irsoy, Benton, Stratos 2021,
        "Corrected CBOW Performs as well as Skip-gram"). "gensim" is what word2vec's programs do:
        g for the mean, g / n for the sum. With the mean, "exact" takes steps n times smaller, so
        it wants an `alpha` about three times as large; see docs/quality.md for both, measured.
    negative_sharing : {"pair", "window", "block"}
        Skip-gram: which pairs are trained at once, on the same negatives. Each alone, the papers'
        algorithm to the letter; all pairs of a focus word; or those of 4 or more neighbouring
        focus words, the fastest. The expectation of the gradient is the same; docs/training.md, and
        docs/performance.md for speed and quality.
    softmax : {0, 1}
        1 is full softmax, for small vocabularies: the exact objective that the two others
        approximate, so that `negative` and `hs` must be 0. docs/training.md says more.
    matrices : {"two", "tied", "tied+bias", "tied+reflect", "three"}
        Which matrices the roles of input and output have: one each; the same one for both, alone,
        with a bias, or with the sign of half the coordinates flipped in one role; or a third for
        negative targets. `fastsgns.matrices.MatrixLayout` has the formulas, and docs/roles.md says
        what to use when.
    bias : {"scalar", "word", "both"}
        For "tied+bias": one number; a number a word in the output role; or in either role. They
        start so that scores are -log(negative), and the scalar learns at a hundredth of the rate.
    coupling : float
        For "three": weight of the penalty |n_j - c_j|^2 / 2 each time either vector of j is met.
        0 lets all words collapse into one direction, 10 and more do not.
    progress : bool or None
        Progress bars: yes, no, or on a terminal and in a notebook.

    Attributes
    ----------
    wv : KeyedVectors
        The input vectors by word; ``wv.output`` are the output vectors by word.
    roles : Roles
        All matrices by role, and their combinations.
    syn1neg : ndarray of float32, shape (V, vector_size)
        The output vectors of negative sampling or full softmax.
    syn1 : ndarray of float32, shape (V - 1, vector_size)
        The output vectors of hierarchical softmax, one an inner node of the tree.
    epoch_losses : list of float
        Mean loss an example of each epoch trained with `compute_loss`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If the sentences are a generator, a string, or strings; if both sources are given.
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
        hashfxn: Callable = hash,
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
        cbow_gradient: str = "gensim",
        negative_sharing: NegativeSharing = "pair",
        softmax: int = 0,
        matrices: MatricesMode = "two",
        bias: BiasMode = "scalar",
        coupling: float = 0.0,
        progress: bool | None = None,
        **unknown: Any,
    ) -> None:
        refuse_unknown(unknown, "Word2Vec()")
        self.vector_size, self.alpha, self.min_alpha = vector_size, alpha, min_alpha
        self.window, self.shrink_windows, self.sample = window, shrink_windows, sample
        self.min_count = min_count
        self.max_vocab_size, self.max_final_vocab = max_vocab_size, max_final_vocab
        self.sorted_vocab, self.null_word, self.batch_words = sorted_vocab, null_word, batch_words
        self.sg, self.hs, self.negative, self.ns_exponent = sg, hs, negative, ns_exponent
        self.cbow_mean, self.cbow_gradient = cbow_mean, cbow_gradient
        self.negative_sharing, self.softmax = negative_sharing, softmax
        self.matrices, self.bias, self.coupling = matrices, bias, coupling
        self.seed, self.workers, self.epochs, self.hashfxn = seed, workers, epochs, hashfxn
        self.compute_loss, self.comment, self.progress = compute_loss, comment, progress
        self.callbacks = parameters.as_callbacks(callbacks)
        self._trim_rule = trim_rule
        self._raw = None
        self._matrices = Matrices()
        self.corpus_count = self.corpus_total_words = 0
        self.train_count, self.total_train_time = 0, 0.0
        self.epochs_trained = self.epochs_begun = 0
        self.running_training_loss = 0.0
        self.epoch_losses: list[float] = []
        self.lifecycle_events: list[dict[str, Any]] | None = []
        self.unfinished = None
        parameters.check(self)
        self.min_alpha_yet_reached = float(self.alpha)
        self.effective_min_count = self.min_count
        self.wv = KeyedVectors(self.vector_size)
        if sentences is not None or corpus_file is not None:
            self._build_and_train(sentences, corpus_file)

    def _build_and_train(self, sentences: Any, corpus_file: Any) -> None:
        """The whole job on one reading of the corpus."""
        parameters.check_objective(self)
        corpus = self._scan_and_encode(sentences, corpus_file, n_passes=self.epochs + 1)
        self._train(corpus, self.epochs, self.alpha, self.min_alpha, 0, self.callbacks)

    @exclusive
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
        every: int = 1,
        **unknown: Any,
    ) -> tuple[int, int]:
        """Train, or continue to train, the vectors of the words there are.

        The corpus is read and encoded once a call, whatever the number of epochs.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As for the constructor; just one of them.
        total_examples, total_words : int
            Sentences or words of the corpus, usually ``model.corpus_count``. One must be given; a
            wrong number is logged and does no harm, for the true one is known.
        epochs : int
            Usually ``model.epochs``.
        start_alpha, end_alpha : float, optional
            Learning rates at the start and at the end of this call; become the model's.
        word_count : int
            Words trained on already, as if they lay before this call on the way down from
            `start_alpha`.
        queue_factor, report_delay
            Accepted as gensim does, without effect.
        compute_loss : bool, optional
            Instead of the model's.
        callbacks : iterable, optional
            Instead of the model's.
        checkpoint : str or os.PathLike, optional
            Save the model to this file during training, from which `resume` can continue.
        every : int
            Epochs from one such save to the next.

        Returns
        -------
        n_trained, n_words : int
            Words trained on, after subsampling, and words read, both over all epochs.

        Raises
        ------
        RuntimeError
            If there is no vocabulary yet.
        ValueError
            If `epochs` or both totals are missing, or no objective is on.
        EmptyCorpusError
            If the corpus has no word of the vocabulary.
        FloatingPointError
            If the vectors overflow: `alpha` is too high.
        KeyboardInterrupt
            On Ctrl-C, once all threads have stopped; the model is usable and can be trained on.
        """
        refuse_unknown(unknown, "train()")
        if not len(self.wv):
            raise RuntimeError("there is no vocabulary to train yet; call build_vocab first")
        if total_examples is None and total_words is None:
            raise ValueError("give total_examples=model.corpus_count, or total_words")
        if epochs is None:
            raise ValueError("epochs is None; give how many, such as epochs=model.epochs")
        chosen = {
            "epochs": epochs,
            "alpha": self.alpha if start_alpha is None else start_alpha,
            "min_alpha": self.min_alpha if end_alpha is None else end_alpha,
            "compute_loss": self.compute_loss if compute_loss is None else compute_loss,
        }
        callbacks = self._with_checkpoint(callbacks, checkpoint, every)
        parameters.check(self, **chosen)
        parameters.check_objective(self)
        skipped = SKIPPED("word_count", word_count)
        corpus = self._encode(corpus_iterable, corpus_file, self._vocabulary(), self.epochs)
        for what, stated, found in (
            ("sentences", total_examples, corpus.n_raw_sentences),
            ("words", total_words, corpus.n_raw_tokens),
        ):
            if stated is not None and stated != found:
                logger.warning("%d %s were announced, %d found", stated, what, found)
        return self._train(corpus, self.epochs, self.alpha, self.min_alpha, skipped, callbacks)

    @exclusive
    def resume(
        self,
        corpus_iterable: Any = None,
        corpus_file: Any = None,
        callbacks: Iterable[Any] | None = None,
        *,
        checkpoint: Any = None,
        every: int = 1,
    ) -> tuple[int, int]:
        """Continue a call of `train` that ended before its last epoch.

        The epochs that are left run at the learning rates and with the random numbers that they
        would have had. Of a model that was saved at the end of an epoch, as checkpoints are, with
        ``workers=1``, the vectors are to the byte those of training without a stop. An epoch that
        was interrupted is begun again, with what was learned of it so far.

        Parameters
        ----------
        corpus_iterable, corpus_file
            The same corpus as before.
        callbacks, checkpoint, every
            As for `train`.

        Returns
        -------
        n_trained, n_words : int
            As `train` returns them, over the epochs of this call.

        Raises
        ------
        RuntimeError
            If no call of `train` was cut off.
        ValueError
            If the corpus has another number of words.

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
        left = self.unfinished
        if left is None:
            raise RuntimeError(
                "there is nothing to resume: no call of train() ended before its last epoch. "
                "Call train() to train more"
            )
        callbacks = self._with_checkpoint(callbacks, checkpoint, every)
        parameters.check(self)
        parameters.check_objective(self)
        corpus = self._encode(corpus_iterable, corpus_file, self._vocabulary(), left.n_epochs)
        if corpus.n_raw_tokens != left.n_words:
            raise ValueError(
                f"training began on a corpus of {left.n_words:,} words, and this one has "
                f"{corpus.n_raw_tokens:,}; give the same corpus, or call train()"
            )
        return self._continue(corpus, left, callbacks)

    def _with_checkpoint(
        self, callbacks: Iterable[Any] | None, checkpoint: Any, every: int
    ) -> tuple[Any, ...]:
        """The callbacks to call, of which a checkpoint is the first."""
        others = self.callbacks if callbacks is None else parameters.as_callbacks(callbacks)
        return tuple(others) if checkpoint is None else (Checkpoint(checkpoint, every), *others)

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
        separately, sep_limit, ignore, pickle_protocol
            Accepted as gensim does, without effect: it is always one file, and no pickle.

        Raises
        ------
        ValueError, TypeError
            If `load` would refuse the file, or a matrix is not finite; a file that is there already
            is left as it is.
        """
        parameters.normalize(self)
        storage.save(self, fname)

    @ClassOnly
    def load(cls, fname: Any, mmap: str | None = None) -> "Word2Vec":
        """Read what `save` wrote: all matrices, so that training can go on.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
        mmap : {None, "r"}
            With ``"r"`` the matrices are mapped read-only; training copies them first. While they
            are mapped, no other program may change the file in place or truncate it, which can end
            the process (SIGBUS); to replace it by a new file, as `save` does, is safe.

        Raises
        ------
        FormatError
            If the file is of another format or damaged.
        AttributeError
            If it holds something else than a model, such as a KeyedVectors.
        """
        return kinds.load_as(cls, storage.SCHEMA, fname, kinds.check_mmap(mmap))

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.wv.vector_size}, "
            f"alpha={self.alpha:g}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        sync_matrices(self.wv, self._matrices)  # which then hold no keys that are gone
        return self.__dict__ | {"callbacks": (), "_trim_rule": None, "hashfxn": hash}
