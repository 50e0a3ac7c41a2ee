"""Names that older programs look for on a model, and where each has gone."""

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from fastsgns.rules import takes_flags

MOVED_TO_WV = {
    name: f"model.wv.{name}"
    for name in [
        "most_similar",
        "most_similar_cosmul",
        "similarity",
        "doesnt_match",
        "n_similarity",
        "wmdistance",
        "similar_by_word",
        "similar_by_vector",
        "evaluate_word_analogies",
        "evaluate_word_pairs",
        "save_word2vec_format",
        "intersect_word2vec_format",
        "vectors",
        "index_to_key",
        "key_to_index",
        "get_vector",
        "distance",
        "distances",
    ]
}
LOADER = "KeyedVectors.load_word2vec_format(path)"
SUCCESSORS = MOVED_TO_WV | {
    "accuracy": "model.wv.evaluate_word_analogies(path)",
    "vocab": "model.wv.key_to_index",
    "index2word": "model.wv.index_to_key",
    "syn0": "model.wv.vectors",
    "syn0norm": "model.wv.get_normed_vectors()",
    "load_word2vec_format": LOADER,
    "iter": "model.epochs",
    "size": "model.vector_size",
    "trainables": "the model itself (model.syn1neg, model.layer1_size)",
    "vocabulary": "the model itself (model.min_count, model.sample) and model.wv",
}
MISSING = {
    "syn1neg": "it exists only with negative > 0 or softmax=1, and a vocabulary",
    "syn1": "it exists only with hierarchical softmax (hs=1) and a vocabulary",
    "load": "it makes a new model, so call it on the class: model = Word2Vec.load(path)",
}
RENAMED_ARGUMENTS = {
    "size": "vector_size",
    "iter": "epochs",
    "sentences": "corpus_iterable",
}


if TYPE_CHECKING:
    ClassOnly = classmethod
else:

    class ClassOnly(classmethod):
        """A class method that instances do not have: to call it on one would be a mistake."""

        def __get__(self, instance: object, owner: type | None = None) -> Any:
            if instance is not None:
                raise AttributeError  # of which Renamed.__getattr__ makes a message
            return super().__get__(None, owner)


class Renamed:
    """The part of Word2Vec that tells old programs what to write instead."""

    wv: Any

    def __getattr__(self, name: str) -> NoReturn:
        successor = SUCCESSORS.get(name)
        hint = f"use {successor}" if successor else MISSING.get(name)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}"
            + (f"; {hint}" if hint else "")
        )

    def __getitem__(self, word: Any) -> NoReturn:
        raise TypeError(f"a model has no items; use model.wv[{word!r}]")

    def __contains__(self, word: Any) -> NoReturn:
        raise TypeError(f"a model contains no words; use {word!r} in model.wv")

    @ClassOnly
    def load_word2vec_format(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise an AttributeError; only vectors can be read from such a file."""
        raise AttributeError(f"a model can't be read from it; use {LOADER}")

    @takes_flags
    def init_sims(self, replace: bool = False) -> None:
        """Do as `KeyedVectors.init_sims`; deprecated."""
        warnings.warn("init_sims is not needed; norms are always current", DeprecationWarning, 2)
        if replace:
            self.wv.unit_normalize_all()


def refuse_unknown(arguments: dict[str, Any], where: str) -> None:
    """Raise a TypeError for keyword arguments that nobody takes, naming those that were renamed."""
    for name in arguments:
        new = RENAMED_ARGUMENTS.get(name)
        hint = f"; it was renamed {new} in gensim 4" if new else ""
        raise TypeError(f"{where} got an unexpected keyword argument {name!r}{hint}")
