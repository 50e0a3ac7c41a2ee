"""Fast word and node embeddings on a CPU, with the two matrices and their roles first-class.

>>> from fastsgns import Word2Vec
>>> model = Word2Vec([["hello", "world"]] * 10, vector_size=4, min_count=1, workers=1)
>>> "hello" in model.wv
True
"""

from typing import TYPE_CHECKING

import fastsgns._compiled  # first of all: its ImportError says what to do
import fastsgns._interpreter  # noqa: F401  before numpy
from fastsgns import models, utils
from fastsgns._submodules import submodules_of
from fastsgns._version import __version__
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.sentences import LineSentence, PathLineSentences
from fastsgns.formats.kinds import load
from fastsgns.gensim.installer import install_as_gensim
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.fasttext import FastText
from fastsgns.models.glove.model import GloVe
from fastsgns.models.interchange import from_gensim
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.pairs import PairEmbedding
from fastsgns.models.phrases import FrozenPhrases, Phraser, Phrases
from fastsgns.models.word2vec import Word2Vec
from fastsgns.vectors.keyedvectors import KeyedVectors

__all__ = [
    "DirectedGraph",
    "EncodedCorpus",
    "FastText",
    "FrozenPhrases",
    "GloVe",
    "KeyedVectors",
    "LineSentence",
    "NodeEmbedding",
    "PairEmbedding",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "Word2Vec",
    "__version__",
    "from_gensim",
    "install_as_gensim",
    "load",
    "models",
    "utils",
]

if not TYPE_CHECKING:  # type checkers must see which names there are
    __getattr__ = submodules_of(__name__)
