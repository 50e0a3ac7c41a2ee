"""The parameters of Word2Vec: their types, the values allowed, and which of them go together.

As in gensim they are attributes of the model, which the user may set between calls. Each method
therefore takes them from the model again: `check` where it may refuse values, before anything is
read; `normalize` where any number must do, such as in `save`. Both return `Parameters`.
`check_objective` refuses combinations with which nothing could be trained. `RULES` are the rules of
the single parameters of Word2Vec; `RULES_OF` has those of each class.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, Protocol, get_args

from fastsgns import kernels, rules
from fastsgns.corpus.subwords import MAX_BUCKET, SubwordScheme
from fastsgns.errors import warn
from fastsgns.matrices import BIASES, MATRICES, ArrayRole, BiasMode, MatricesMode, MatrixLayout
from fastsgns.runtime.progress import ShowProgress
from fastsgns.training.session import EVENTS
from fastsgns.training.sharing import SHARINGS, NegativeSharing
from fastsgns.training.trainer import BATCH_WORDS

logger = logging.getLogger(__name__)

CbowGradient = Literal["gensim", "exact"]
CBOW_GRADIENTS: tuple[CbowGradient, ...] = get_args(CbowGradient)
MAX_COUNT = 2**62
count = partial(rules.integer, bools=True)  # as in gensim, where True is 1


@dataclass(frozen=True)
class Parameters:
    """The parameters of a `Word2Vec`, which documents them, each with its type and its rule.

    None has the meaning that it has in gensim: no for a flag, no subsampling for `sample`.
    """

    vector_size: Annotated[int, count(1, 2**20)]
    alpha: Annotated[float, rules.NOT_NEGATIVE]
    min_alpha: Annotated[float, rules.NOT_NEGATIVE]
    window: Annotated[int, count(1, 2**31 - 1)]
    shrink_windows: Annotated[bool, rules.flag(none=False)]
    min_count: Annotated[int, count(0, MAX_COUNT)]
    max_vocab_size: Annotated[int | None, count(0, MAX_COUNT, none=None)]
    max_final_vocab: Annotated[int | None, count(0, MAX_COUNT, none=None)]
    sorted_vocab: Annotated[int, rules.flag(int, none=0)]
    sample: Annotated[float, rules.real("0 and positive numbers", lambda value: value >= 0, none=0)]
    sg: Annotated[int, rules.flag(int)]
    hs: Annotated[int, rules.flag(int)]
    negative: Annotated[int, count(0, 2**16)]
    ns_exponent: Annotated[float, rules.ANY_NUMBER]
    negative_sharing: Annotated[NegativeSharing, rules.choice(*SHARINGS)]
    softmax: Annotated[int, rules.flag(int)]
    cbow_mean: Annotated[int, rules.flag(int)]
    cbow_gradient: Annotated[CbowGradient, rules.choice(*CBOW_GRADIENTS)]
    matrices: Annotated[MatricesMode, rules.choice(*MATRICES)]
    bias: Annotated[BiasMode, rules.choice(*BIASES)]
    coupling: Annotated[float, rules.NOT_NEGATIVE]
    epochs: Annotated[int, count(1, 2**31)]
    seed: Annotated[int | None, rules.SEED]
    workers: Annotated[int, rules.n_threads(bools=True)]
    compute_loss: Annotated[bool, rules.flag(none=False)]
    progress: Annotated[ShowProgress, rules.PROGRESS]
    batch_words: Annotated[int, count(0, MAX_COUNT, none=BATCH_WORDS)]
    null_word: Annotated[int, rules.flag(int, none=0)]
    deterministic: Annotated[bool, rules.flag()]

    @property
    def layout(self) -> MatrixLayout:
        """Which array each role of a word uses."""
        return MatrixLayout.of(self.matrices, self.bias)

    @property
    def has_output(self) -> bool:
        """Whether words have output vectors: with negative sampling or full softmax."""
        return bool(self.negative or self.softmax)

    @property
    def target_roles(self) -> tuple[ArrayRole, ...]:
        """The roles of targets that have an array of their own."""
        return self.layout.target_roles if self.has_output else ()

    @property
    def scheme(self) -> SubwordScheme | None:
        """How words are made of subwords; None if they are not."""
        return None

    @property
    def mean_gradient(self) -> bool:
        """CBOW: whether the gradient of each context word is divided by their number.

        That is the derivative for a mean of the contexts, and is not for a sum. The programs of
        word2vec do the opposite.
        """
        is_exact = self.cbow_gradient == "exact"
        return is_exact if self.cbow_mean else not is_exact

    @staticmethod
    def check_together(values: dict[str, Any]) -> None:
        """Raise a ValueError if values that are allowed do not go together."""
        for name, default, kind in (("bias", "scalar", "tied+bias"), ("coupling", 0, "three")):
            if values[name] != default and values["matrices"] != kind:
                raise ValueError(
                    f"{name}={values[name]!r} has a meaning with matrices={kind!r} only; "
                    f"got matrices={values['matrices']!r}"
                )


@dataclass(frozen=True)
class SubwordParameters(Parameters):
    """The parameters of a `FastText`, which documents them."""

    min_n: Annotated[int, count(0, 2**31 - 1)]
    max_n: Annotated[int, count(0, 2**31 - 1)]
    bucket: Annotated[int, count(0, MAX_BUCKET)]
    word_ngrams: Annotated[int, count(0, 2**31 - 1)]
    hash_count: Annotated[int, count(0, 4)]

    @property
    def scheme(self) -> SubwordScheme | None:
        """How words are made of subwords; None if `max_n` or `bucket` is 0."""
        scheme = SubwordScheme(self.min_n, self.max_n, self.bucket, self.hash_count)
        return scheme if scheme.has_buckets else None

    @staticmethod
    def check_together(values: dict[str, Any]) -> None:
        """Raise an error if values that are allowed do not go together."""
        Parameters.check_together(values)
        min_n, max_n = values["min_n"], values["max_n"]
        if min_n > max_n > 0:
            raise ValueError(
                f"min_n is {min_n} and max_n is {max_n}: n-grams have from min_n to max_n "
                f"characters; set max_n={min_n} or more, or max_n=0 for no n-grams"
            )
        if values["hash_count"] and not values["bucket"]:
            raise ValueError(
                "bucket is 0, and with hash_count=1 or more all rows are buckets; set "
                "bucket=50000, for example"
            )
        if values["word_ngrams"] != 1:
            raise NotImplementedError(
                f"word_ngrams is {values['word_ngrams']}; n-grams of words are for fastText's "
                "classifier, and only 1, no n-grams, is allowed here (as in gensim)"
            )


class Configured(Protocol):
    """A model whose parameters are attributes: Word2Vec, or a class that is derived from it."""

    @property
    def PARAMETERS(self) -> type[Parameters]:
        """The class of its parameters."""


RULES_OF = {cls: rules.annotated(cls) for cls in (Parameters, SubwordParameters)}
RULES = RULES_OF[Parameters]


def check(model: Configured, **changes: Any) -> Parameters:
    """Refuse values that no training could work with, before anything is read.

    Each parameter of the model becomes the plain Python value that it has been given as.

    Parameters
    ----------
    model : Word2Vec
    **changes
        Parameters to set. If one of them is refused, the model stays as it was.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    values = rules.checked(RULES_OF[model.PARAMETERS], _values(model) | changes)
    model.PARAMETERS.check_together(values)
    return _set(model, values)


def normalize(model: Configured) -> Parameters:
    """Make each parameter the plain Python value that it has been given as, whatever its range.

    Between two calls of ``train`` a learning rate may be negative, for example.

    Raises
    ------
    ValueError
        If a parameter has no value of its type.
    """
    return _set(model, rules.typed(RULES_OF[model.PARAMETERS], _values(model)))


def _values(model: Configured) -> dict[str, Any]:
    return {name: getattr(model, name) for name in RULES_OF[model.PARAMETERS]}


def _set(model: Configured, values: dict[str, Any]) -> Parameters:
    values["max_vocab_size"] = values["max_vocab_size"] or None  # as in gensim
    for name, value in values.items():
        setattr(model, name, value)
    return model.PARAMETERS(**values)


def check_objective(parameters: Parameters) -> None:
    """Refuse a model without an objective, or without a kernel for it.

    This is checked before a corpus is read, which may take minutes.

    Raises
    ------
    ValueError
        If no objective is chosen, if two exclude each other, or if a kernel can't run here.
    ImportError
        If full softmax is chosen and the BLAS of scipy is missing.
    """
    kernels.variant()
    hs, negative = parameters.hs, parameters.negative
    if parameters.softmax:
        if negative or hs:
            raise ValueError(
                f"negative is {negative} and hs is {hs}: with softmax=1 both must be "
                "0, for it is what they approximate"
            )
        kernels.load_softmax()
    elif not hs and not negative:
        raise ValueError("negative is 0 and hs is 0: give one of them, or nothing is learned")
    if parameters.matrices != "two" and (hs or not negative):
        raise ValueError(
            f"matrices={parameters.matrices!r} is about the two roles of negative sampling; it "
            f"needs negative > 0 and hs=0, and got negative={negative} and hs={hs}"
        )


def warn_of_no_effect(parameters: Parameters) -> None:
    """Log which parameters are set and have no effect on this model."""
    sharing, softmax, sg = parameters.negative_sharing, parameters.softmax, parameters.sg
    if sharing in ("batch", "block") and (softmax or not sg):
        why = "full softmax has no negatives" if softmax else "it is for skip-gram (sg=1)"
        logger.warning("negative_sharing=%r has no effect: %s", sharing, why)
    if parameters.cbow_gradient != "gensim" and sg:
        logger.warning("cbow_gradient=%r has no effect with sg=1", parameters.cbow_gradient)


def warn_of_matrices(parameters: Parameters) -> None:
    """Warn of an objective that is known to be ill-posed, with advice what to use instead."""
    if parameters.matrices == "tied":
        warn(
            'matrices="tied": scores w.w have a mean >= 0 and no negative eigenvalue, which the '
            "targets have, so the loss stays far from its optimum; use "
            '"tied+bias" or "tied+reflect", which are one matrix, too'
        )
    elif parameters.matrices == "three" and not parameters.coupling:
        warn(
            'matrices="three" without coupling: positive vectors are only ever drawn near and '
            "negative ones only pushed away, so all words end up pointing one way; set "
            'coupling, such as 10, or use "two"'
        )


def as_callbacks(callbacks: Iterable[Any]) -> tuple[Any, ...]:
    """Return the callbacks as a tuple.

    Raises
    ------
    TypeError
        If they are not iterable, as a single callback is not, or if one of them has no method of a
        callback.
    """
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise TypeError(
            f"callbacks is a {type(callbacks).__name__}, where a list of callbacks is wanted; "
            "put a single one in brackets: callbacks=[...]"
        )
    listed = tuple(callbacks)
    for callback in listed:
        if not any(hasattr(callback, event) for event in EVENTS):
            raise TypeError(
                f"{callback!r:.60} in callbacks has none of the methods {', '.join(EVENTS)}"
            )
    return listed
