"""Word2Vec, FastText, KeyedVectors and Phrases with the arguments and attributes of gensim 3.

They are the classes of fastsgns with more names: ``size=``, ``iter=``, ``model["word"]``,
``model.most_similar``, ``wv.vocab``, ``wv.index2word``, ``wv.syn0``. Programs written for gensim 3
run with them without changes (``install_as_gensim(api=3)``). New programs should use the names of
gensim 4, which `fastsgns.Word2Vec` has.
"""

import importlib
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from fastsgns.models.aliases import MOVED_TO_WV
from fastsgns.models.fasttext import FastText as NewFastText
from fastsgns.models.keyedvectors import CompatVocab
from fastsgns.models.phrases import FrozenPhrases as NewFrozenPhrases
from fastsgns.models.phrases import Phrases as NewPhrases
from fastsgns.models.word2vec import TrainResult
from fastsgns.models.word2vec import Word2Vec as NewWord2Vec
from fastsgns.models.words import facebook
from fastsgns.vectors import facebook as facebook_vectors
from fastsgns.vectors.fasttext import FastTextKeyedVectors as NewFastTextKeyedVectors
from fastsgns.vectors.keyedvectors import KeyedVectors as NewKeyedVectors

# What gensim 3 kept in objects of the model, and where a model has it now
TRAINABLES = {
    **{name: name for name in ("syn1", "syn1neg", "layer1_size", "seed", "hashfxn")},
    "vectors_lockf": "wv.vectors_lockf",
}
VOCABULARY = {
    name: name
    for name in (
        *("min_count", "sample", "sorted_vocab", "max_vocab_size", "max_final_vocab", "null_word"),
        *("ns_exponent", "cum_table", "raw_vocab", "effective_min_count"),
    )
}
PARTS = {"trainables": TRAINABLES, "vocabulary": VOCABULARY}
RENAMED = {"size": "vector_size", "iter": "epochs"}
NAMES = {
    "models": "Word2Vec FastText KeyedVectors Phrases",
    "models.word2vec": "Word2Vec KeyedVectors Vocab",
    "models.keyedvectors": "KeyedVectors Word2VecKeyedVectors EuclideanKeyedVectors "
    "FastTextKeyedVectors Doc2VecKeyedVectors BaseKeyedVectors WordEmbeddingsKeyedVectors Vocab",
    "models.fasttext": "FastText FastTextKeyedVectors Word2Vec KeyedVectors Vocab "
    "load_facebook_model load_facebook_vectors",
    "models.phrases": "Phrases Phraser FrozenPhrases",
}


class VocabOfWords(Mapping[Any, CompatVocab]):
    """``wv.vocab``: the count and the position of each word, as they are when they are read.

    Parameters
    ----------
    wv : KeyedVectors
    """

    def __init__(self, wv: NewKeyedVectors) -> None:
        self._wv = wv

    def __getitem__(self, word: Any) -> CompatVocab:
        index = self._wv.key_to_index[word]
        counts = self._wv.expandos.get("count")
        return CompatVocab(count=1 if counts is None else int(counts[index]), index=index)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._wv.key_to_index)

    def __len__(self) -> int:
        return len(self._wv)

    def __contains__(self, word: object) -> bool:
        return word in self._wv.key_to_index


class KeyedVectors(NewKeyedVectors):
    """KeyedVectors with the attributes of gensim 3.

    Examples
    --------
    >>> wv = KeyedVectors(2)
    >>> wv.add(["to", "be"], [[1, 0], [0, 1]])
    >>> wv.index2word, wv.vocab["be"].index
    (['to', 'be'], 1)
    """

    @property
    def vocab(self) -> VocabOfWords:
        """A mapping of words to objects with the attributes ``count`` and ``index``."""
        return VocabOfWords(self)

    @property
    def index2word(self) -> list[Any]:
        """The words in order, now `index_to_key`."""
        return self.index_to_key

    @index2word.setter
    def index2word(self, words: list[Any]) -> None:
        self.index_to_key = words

    index2entity = index2word

    @property
    def syn0(self) -> np.ndarray:
        """The vectors by word, now `vectors`."""
        return self.vectors

    @syn0.setter
    def syn0(self, vectors: np.ndarray) -> None:
        self.vectors = vectors

    @property
    def syn0norm(self) -> np.ndarray:
        """The vectors by word, scaled to length 1, as they are now; setting it has no effect."""
        return self.get_normed_vectors()

    @syn0norm.setter
    def syn0norm(self, vectors: np.ndarray | None) -> None:
        pass

    vectors_norm = syn0norm

    @property
    def wv(self) -> "KeyedVectors":
        """The object itself, as gensim 3 had it for programs that took a model or its vectors."""
        return self

    def add(self, entities: Any, weights: Any, replace: bool = False) -> None:
        """Add vectors, now `add_vectors`."""
        one = isinstance(entities, (str, int))
        keys, vectors = ([entities], [weights]) if one else (list(entities), weights)
        self.add_vectors(keys, np.asarray(vectors, np.float32), replace=replace)

    def accuracy(self, questions: Any, restrict_vocab: int = 30000, **options: Any) -> list[Any]:
        """Return the sections of `evaluate_word_analogies`."""
        sections: list[Any] = self.evaluate_word_analogies(questions, restrict_vocab, **options)[1]
        return sections

    similarity_unseen_docs = NewKeyedVectors.n_similarity

    def get_keras_embedding(self, train_embeddings: bool = False) -> Any:
        """Return a layer of keras with the vectors.

        Parameters
        ----------
        train_embeddings : bool
            Whether training of the layer changes them.

        Raises
        ------
        ImportError
            If keras is not installed.
        """
        layers = importlib.import_module("keras.layers")
        return layers.Embedding(
            *self.vectors.shape, weights=[self.vectors], trainable=train_embeddings
        )


class FastTextKeyedVectors(KeyedVectors, NewFastTextKeyedVectors):
    """FastTextKeyedVectors with the attributes of gensim 3."""

    @property
    def num_ngram_vectors(self) -> int:
        """The number of rows of n-grams, now ``len(vectors_ngrams)``."""
        return len(self.vectors_ngrams)


# Vectors become these by their class: the same objects, with more names.
WITH_OLD_NAMES = {
    NewKeyedVectors: KeyedVectors,
    NewFastTextKeyedVectors: FastTextKeyedVectors,
}

Vocab = CompatVocab
BaseKeyedVectors = WordEmbeddingsKeyedVectors = KeyedVectors
Word2VecKeyedVectors = EuclideanKeyedVectors = Doc2VecKeyedVectors = KeyedVectors


def names_of(module: str) -> dict[str, Any]:
    """Return the objects of this module that belong in a module of gensim, by name."""
    return {name: globals()[name] for name in NAMES.get(module, "").split()}


class Part:
    """The parts of a model that gensim 3 kept in ``model.trainables`` or ``model.vocabulary``.

    Parameters
    ----------
    model : Word2Vec
    places : dict of str to str
        Where the model has each attribute.
    """

    def __init__(self, model: NewWord2Vec, places: dict[str, str]) -> None:
        vars(self).update(_model=model, _places=places)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._places:
            raise AttributeError(f"no attribute {name!r}; the model has all others")
        return attrgetter(self._places[name])(self._model)

    def __setattr__(self, name: str, value: Any) -> None:
        owner, _, own = self._places.get(name, name).rpartition(".")
        setattr(attrgetter(owner)(self._model) if owner else self._model, own, value)


class Word2Vec(NewWord2Vec):
    """Word2Vec with the arguments and attributes of gensim 3.

    Examples
    --------
    >>> model = Word2Vec([["to", "be"]] * 10, size=4, iter=2, min_count=1, sample=0, workers=1)
    >>> model["be"].shape, model.iter, sorted(model.wv.vocab)
    ((4,), 2, ['be', 'to'])
    """

    def __init__(self, sentences: Any = None, *args: Any, **kwargs: Any) -> None:
        named = {RENAMED.get(name, name): value for name, value in kwargs.items()}
        super().__init__(sentences, *args, **named)

    @property
    def wv(self) -> NewKeyedVectors:
        """The input vectors by word, with the attributes of gensim 3."""
        return super().wv

    @wv.setter
    def wv(self, vectors: NewKeyedVectors) -> None:
        if type(vectors) in WITH_OLD_NAMES:
            vectors.__class__ = WITH_OLD_NAMES[type(vectors)]
        NewWord2Vec.wv.__set__(self, vectors)  # type: ignore[attr-defined]

    @property
    def iter(self) -> int:
        """The number of epochs, now `epochs`."""
        return self.epochs

    @iter.setter
    def iter(self, epochs: int) -> None:
        self.epochs = epochs

    def delete_temporary_training_data(
        self, replace_word_vectors_with_normalized: bool = False
    ) -> None:
        """Scale the vectors to length 1 if asked to; nothing is deleted, and training goes on."""
        if replace_word_vectors_with_normalized:
            self.wv.unit_normalize_all()

    load_word2vec_format = staticmethod(  # type: ignore[assignment]
        KeyedVectors.load_word2vec_format
    )

    def build_vocab(  # type: ignore[override]
        self, sentences: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        """Make the vocabulary; the first argument was called `sentences`."""
        super().build_vocab(kwargs.pop("corpus_iterable", sentences), *args, **kwargs)

    def train(  # type: ignore[override]
        self, sentences: Any = None, *args: Any, **kwargs: Any
    ) -> TrainResult:
        """Train; the first argument was called `sentences`."""
        return super().train(kwargs.pop("corpus_iterable", sentences), *args, **kwargs)

    # Not properties, so that derived classes can have attributes of these names.
    def __getattr__(self, name: str) -> Any:
        if name == "size":
            return self.vector_size
        if name in PARTS:
            return Part(self, PARTS[name])
        if name in (*MOVED_TO_WV, "vocab", "index2word", "syn0", "syn0norm", "accuracy"):
            return getattr(self.wv, name)
        return super().__getattr__(name)

    def __getitem__(self, word: Any) -> Any:
        return self.wv[word]

    def __contains__(self, word: Any) -> bool:  # type: ignore[override]
        return word in self.wv


class FastText(Word2Vec, NewFastText):
    """FastText with the arguments and attributes of gensim 3.

    Examples
    --------
    >>> model = FastText([["to", "be"]] * 10, size=4, iter=2, min_count=1, sample=0, workers=1)
    >>> model["bee"].shape, model.wv.vocab["be"].count
    ((4,), 10)
    """


def load_facebook_model(path: Any, encoding: str = "utf-8") -> FastText:
    """Read a model of Facebook's fastText; see `fastsgns.models.fasttext.load_facebook_model`."""
    model: FastText = facebook.load(FastText, path, encoding)
    return model


def load_facebook_vectors(path: Any, encoding: str = "utf-8") -> FastTextKeyedVectors:
    """Read its vectors; see `fastsgns.models.fasttext.load_facebook_vectors`."""
    vectors: FastTextKeyedVectors = facebook_vectors.load_facebook_vectors(
        path, encoding, cls=FastTextKeyedVectors
    )
    return vectors


class Phrases(NewPhrases):
    """Phrases with the arguments of gensim 3.

    Examples
    --------
    >>> cities = [["new", "york"], ["new", "york"]]
    >>> phrases = Phrases(cities, min_count=1, threshold=0.1, delimiter=b"_", common_terms=["of"])
    >>> list(phrases.export_phrases(cities))
    [(b'new york', 0.75), (b'new york', 0.75)]
    """

    def __init__(self, sentences: Any = None, *args: Any, **kwargs: Any) -> None:
        named = {"connector_words" if name == "common_terms" else name: value
                 for name, value in kwargs.items()}  # fmt: skip
        if isinstance(named.get("delimiter"), bytes):
            named["delimiter"] = named["delimiter"].decode()
        super().__init__(sentences, *args, **named)

    @property
    def common_terms(self) -> frozenset[str]:
        """Words inside of phrases, now `connector_words`."""
        return self.connector_words

    def export_phrases(
        self, sentences: Any = None, out_delimiter: bytes = b" ", as_tuples: bool = False
    ) -> Any:
        """Yield the phrases in sentences and their scores; now `find_phrases`.

        Parameters
        ----------
        sentences : iterable of lists of str, optional
            Without it, a dict of all phrases is returned, as of gensim 4.
        out_delimiter : bytes
            Between the words of a phrase.
        as_tuples : bool
            Yield a tuple of the words instead.
        """
        if sentences is None:
            return super().export_phrases()
        return self._exported(sentences, out_delimiter, as_tuples)

    def _exported(self, sentences: Any, delimiter: bytes, as_tuples: bool) -> Iterator[Any]:
        for sentence in sentences:
            for token, score in self.analyze_sentence(sentence):
                if score is not None:
                    words = [word.encode() for word in token.split(self.delimiter)]
                    yield (tuple(words) if as_tuples else delimiter.join(words)), score


Phraser = FrozenPhrases = NewFrozenPhrases
