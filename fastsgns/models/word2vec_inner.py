"""Names of gensim's module ``models.word2vec_inner``, which some subclasses of Word2Vec call."""

from fastsgns.models.word2vec import FAST_VERSION, MAX_WORDS_IN_BATCH
from fastsgns.models.words.jobs import train_batch_cbow, train_batch_sg

__all__ = ["FAST_VERSION", "MAX_WORDS_IN_BATCH", "train_batch_cbow", "train_batch_sg"]
