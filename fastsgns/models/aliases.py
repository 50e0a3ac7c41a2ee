"""Old names of gensim's models, and what to use instead."""

import warnings
from typing import TYPE_CHECKING, Any

MOVED_TO_WV = (
    "most_similar", "most_similar_cosmul", "similarity", "doesnt_match", "n_similarity",
    "wmdistance", "similar_by_word", "similar_by_vector", "evaluate_word_analogies",
    "evaluate_word_pairs", "save_word2vec_format", "intersect_word2vec_format", "vectors",
    "index_to_key", "key_to_index", "get_vector", "distance", "distances",
)  # fmt: skip
LOADER = "KeyedVectors.load_word2vec_format(path)"
SUCCESSORS = {name: f"model.wv.{name}" for name in MOVED_TO_WV} | {
    "accuracy": "model.wv.evaluate_word_analogies(path)",
    "vocab": "model.wv.key_to_index",
    "index2word": "model.wv.index_to_key",
    "syn0": "model.wv.vectors",
    "syn0norm": "model.wv.get_normed_vectors()",
    "load_word2vec_format": LOADER,
    "iter": "model.epochs",
    "size": "model.vector_size",
    "trainables": "the model itself (model.syn1neg, model.layer1_size)",
    "delete_temporary_training_data": "model.wv alone: wv = copy.copy(model.wv); del model",
    "vocabulary": "the model itself (model.min_count, model.sample) and model.wv",
}
MISSING = {
    "syn1neg": "it exists with negative > 0 or softmax=1 and a vocabulary, unless it was deleted",
    "syn1": "it exists with hierarchical softmax (hs=1) and a vocabulary, unless it was deleted",
    "load": "it makes a new model, so call it on the class: model = Word2Vec.load(path)",
}
RENAMED_ARGUMENTS = {"size": "vector_size", "iter": "epochs", "sentences": "corpus_iterable"}


if TYPE_CHECKING:
    ClassOnly = classmethod
else:

    class ClassOnly(classmethod):
        """A class method that instances do not have, because to call it on one is a mistake."""

        def __get__(self, instance: object, owner: type | None = None) -> Any:
            if instance is not None:
                raise AttributeError  # `Word2Vec.__getattr__` then writes the message
            return super().__get__(None, owner)


def missing_attribute(class_name: str, name: str) -> AttributeError:
    """Return the error of an attribute that a model does not have, with what to use instead."""
    successor = SUCCESSORS.get(name)
    hint = f"use {successor}" if successor else MISSING.get(name)
    return AttributeError(
        f"{class_name!r} object has no attribute {name!r}" + (f"; {hint}" if hint else "")
    )


def warn_of_init_sims() -> None:
    """Warn the caller of `Word2Vec.init_sims` that it is not needed."""
    warnings.warn("init_sims is not needed; norms are always current", DeprecationWarning, 4)


def refuse_unknown(arguments: dict[str, Any], where: str) -> None:
    """Raise a TypeError for unknown keyword arguments, with the new name of a renamed one."""
    for name in arguments:
        new = RENAMED_ARGUMENTS.get(name)
        hint = f"; it was renamed {new} in gensim 4" if new else ""
        raise TypeError(f"{where} got an unexpected keyword argument {name!r}{hint}")
