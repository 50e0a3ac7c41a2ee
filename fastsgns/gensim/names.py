"""The names of gensim's modules: those that fastsgns has, and those that only gensim has."""

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
    "KeyedVectors Word2VecKeyedVectors EuclideanKeyedVectors Doc2VecKeyedVectors CompatVocab Vocab "
    "REAL load_word2vec_format prep_vectors pseudorandom_weak_vector"
)
# What replaces gensim's names even where gensim is installed: module: (our module, its names).
OURS = {
    "models": ("fastsgns.models.word2vec", "Word2Vec KeyedVectors FAST_VERSION"),
    "models.word2vec": ("fastsgns.models.word2vec", WORD2VEC),
    "models.word2vec_inner": (
        "fastsgns.models.word2vec_inner",
        "FAST_VERSION MAX_WORDS_IN_BATCH train_batch_sg train_batch_cbow",
    ),
    "models.keyedvectors": ("fastsgns.models.keyedvectors", KEYEDVECTORS),
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
# Names of gensim 4.4 that a program can import but not use without gensim.
CORPORA = {
    "bleicorpus": "BleiCorpus", "csvcorpus": "CsvCorpus", "dictionary": "Dictionary",
    "hashdictionary": "HashDictionary", "indexedcorpus": "IndexedCorpus",
    "lowcorpus": "LowCorpus", "malletcorpus": "MalletCorpus", "mmcorpus": "MmCorpus",
    "opinosiscorpus": "OpinosisCorpus", "svmlightcorpus": "SvmLightCorpus",
    "textcorpus": "TextCorpus TextDirectoryCorpus", "ucicorpus": "UciCorpus",
    "wikicorpus": "WikiCorpus tokenize filter_wiki extract_pages process_article remove_markup",
}  # fmt: skip
MODELS = {
    "atmodel": "AuthorTopicModel", "basemodel": "BaseTopicModel",
    "bm25model": "OkapiBM25Model LuceneBM25Model AtireBM25Model",
    "callbacks": "Metric CoherenceMetric PerplexityMetric DiffMetric ConvergenceMetric Callback",
    "coherencemodel": "CoherenceModel",
    "doc2vec": "Doc2Vec TaggedDocument Doctag TaggedLineDocument TaggedBrownCorpus",
    "ensemblelda": "EnsembleLda",
    "fasttext": "FastText FastTextKeyedVectors load_facebook_model load_facebook_vectors "
    "save_facebook_model ft_ngram_hashes",
    "hdpmodel": "HdpModel", "keyedvectors": "", "ldamodel": "LdaModel LdaState",
    "ldamulticore": "LdaMulticore", "ldaseqmodel": "LdaSeqModel",
    "logentropy_model": "LogEntropyModel", "lsimodel": "LsiModel", "nmf": "Nmf",
    "normmodel": "NormModel",
    "phrases": "Phrases FrozenPhrases Phraser original_scorer npmi_scorer ENGLISH_CONNECTOR_WORDS",
    "poincare": "PoincareModel PoincareKeyedVectors PoincareRelations", "rpmodel": "RpModel",
    "tfidfmodel": "TfidfModel", "translation_matrix": "TranslationMatrix "
    "BackMappingTranslationMatrix", "word2vec": "", "word2vec_inner": "",
}  # fmt: skip
SIMILARITIES = {
    "annoy": "AnnoyIndexer",
    "docsim": "Similarity MatrixSimilarity SparseMatrixSimilarity SoftCosineSimilarity "
    "WmdSimilarity",
    "levenshtein": "LevenshteinSimilarityIndex", "nmslib": "NmslibIndexer",
    "termsim": "TermSimilarityIndex UniformTermSimilarityIndex WordEmbeddingSimilarityIndex "
    "SparseTermSimilarityMatrix",
}  # fmt: skip
PARSING = {
    "porter": "PorterStemmer",
    "preprocessing": "STOPWORDS remove_stopwords strip_punctuation strip_tags strip_short "
    "strip_numeric strip_non_alphanum strip_multiple_whitespaces split_alphanum stem_text "
    "preprocess_string preprocess_documents",
}
COHERENCE = "aggregation direct_confirmation_measure indirect_confirmation_measure "
COHERENCE += "probability_estimation segmentation text_analysis"
INTERFACES = "CorpusABC TransformedCorpus TransformationABC SimilarityABC"


# What a package offers itself, of the names of its modules.
PACKAGES = {
    "corpora": "BleiCorpus Dictionary HashDictionary IndexedCorpus LowCorpus MalletCorpus MmCorpus "
    "OpinosisCorpus SvmLightCorpus TextCorpus TextDirectoryCorpus UciCorpus WikiCorpus",
    "models": "AtireBM25Model AuthorTopicModel BackMappingTranslationMatrix CoherenceModel Doc2Vec "
    "EnsembleLda FastText HdpModel LdaModel LdaMulticore LdaSeqModel LogEntropyModel LsiModel "
    "LuceneBM25Model Nmf NormModel OkapiBM25Model Phrases RpModel TfidfModel TranslationMatrix",
    "parsing": PARSING["porter"] + " " + PARSING["preprocessing"].replace("STOPWORDS ", ""),
    "similarities": SIMILARITIES["docsim"] + " " + SIMILARITIES["termsim"]
    + " LevenshteinSimilarityIndex",
}  # fmt: skip


def _modules_of(package: str, modules: dict[str, str]) -> dict[str, str]:
    return {f"{package}.{name}": text for name, text in modules.items()}


GENSIM = {
    "": "",
    **PACKAGES,
    **_modules_of("corpora", CORPORA),
    **_modules_of("models", MODELS),
    **_modules_of("similarities", SIMILARITIES),
    **_modules_of("parsing", PARSING),
    "topic_coherence": "",
    **_modules_of("topic_coherence", dict.fromkeys(COHERENCE.split(), "")),
    "downloader": "load info",
    "interfaces": INTERFACES,
    "matutils": "unitvec cossim corpus2csc corpus2dense sparse2full full2sparse Sparse2Corpus "
    "Dense2Corpus hellinger kullback_leibler jensen_shannon jaccard",
    "scripts": "", "scripts.glove2word2vec": "", "scripts.word2vec2tensor": "",
    "scripts.word2vec_standalone": "",
    "test": "", "test.utils": "common_texts common_corpus common_dictionary datapath get_tmpfile",
    "utils": "SaveLoad FakeDict SlicedCorpus chunkize grouper is_corpus pickle unpickle "
    "open prune_vocab flatten",
}  # fmt: skip


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
