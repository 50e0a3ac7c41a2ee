"""The names of gensim's modules that fastsgns has."""

import importlib
from typing import Any

VERSION = "4.4.0"  # the release whose names, arguments and defaults fastsgns follows
VERSION_3 = "3.8.3"  # the last release of gensim 3, which fastsgns.gensim.gensim3 follows

WORD2VEC = (
    "Word2Vec LineSentence PathLineSentences Text8Corpus BrownCorpus KeyedVectors CallbackAny2Vec "
    "FAST_VERSION CORPUSFILE_VERSION MAX_WORDS_IN_BATCH RULE_DEFAULT RULE_DISCARD RULE_KEEP "
    "train_batch_sg train_batch_cbow"
)
KEYEDVECTORS = (
    "KeyedVectors Word2VecKeyedVectors EuclideanKeyedVectors Doc2VecKeyedVectors "
    "FastTextKeyedVectors CompatVocab Vocab REAL load_word2vec_format prep_vectors "
    "pseudorandom_weak_vector"
)
NGRAMS = "MAX_WORDS_IN_BATCH compute_ngrams compute_ngrams_bytes ft_hash_bytes"
FASTTEXT = (
    f"FastText FastTextKeyedVectors KeyedVectors Word2Vec {NGRAMS} ft_ngram_hashes "
    "load_facebook_model load_facebook_vectors save_facebook_model"
)
# What replaces gensim's names even where gensim is installed: module: (our module, its names).
OURS = {
    "models": ("fastsgns.models", "Word2Vec FastText KeyedVectors Phrases FAST_VERSION"),
    "models.word2vec": ("fastsgns.models.word2vec", WORD2VEC),
    "models.word2vec_inner": (
        "fastsgns.models.word2vec_inner",
        "FAST_VERSION MAX_WORDS_IN_BATCH train_batch_sg train_batch_cbow",
    ),
    "models.keyedvectors": ("fastsgns.models.keyedvectors", KEYEDVECTORS),
    "models.phrases": (
        "fastsgns.models.phrases",
        "Phrases FrozenPhrases Phraser ENGLISH_CONNECTOR_WORDS NEGATIVE_INFINITY original_scorer "
        "npmi_scorer",
    ),
    "models.fasttext": ("fastsgns.models.fasttext", FASTTEXT),
    "models.fasttext_inner": ("fastsgns.models.fasttext_inner", NGRAMS),
    "models.callbacks": ("fastsgns.models.callbacks", "CallbackAny2Vec"),
}
# What fastsgns has of a module that is otherwise gensim's; it is used only without gensim. All
# public names of our module, if there are none here.
INSTEAD = {
    "scripts.glove2word2vec": ("fastsgns.scripts.glove2word2vec", "glove2word2vec"),
    "scripts.word2vec2tensor": ("fastsgns.scripts.word2vec2tensor", "word2vec2tensor"),
    "scripts.word2vec_standalone": ("fastsgns.scripts.word2vec_standalone", "train"),
    "utils": ("fastsgns.utils", ""),
    "matutils": ("fastsgns.matutils", ""),
    "test.utils": ("fastsgns.test.utils", ""),
}


def ours(module: str, is_alone: bool) -> dict[str, Any]:
    """Return the objects of fastsgns for a module of gensim, by name.

    Parameters
    ----------
    module : str
        Without "gensim", such as "models.word2vec".
    is_alone : bool
        Whether gensim is not installed.
    """
    source, names = OURS.get(module) or (INSTEAD.get(module) if is_alone else None) or ("", "")
    if not source:
        return {}
    found = importlib.import_module(source)
    return {name: getattr(found, name) for name in names.split() or found.__all__}


def our_classes() -> dict[str, type]:
    """Return the classes that replace gensim's, which other modules of gensim also import."""
    found = [ours(module, is_alone=False) for module in OURS]
    return {
        name: value for each in found for name, value in each.items() if isinstance(value, type)
    }
