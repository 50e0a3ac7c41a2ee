"""scattertext: trains a model and phrases on a parsed corpus; asks if a type is gensim's."""

import sys

import pandas as pd
import scattertext as st
from scattertext.representations.Word2VecFromParsedCorpus import GensimPhraseAdder

texts = pd.DataFrame(
    {"text": ["the good old sea", "a bad new land", "good sea", "bad land"] * 20,
     "side": ["a", "b", "a", "b"] * 20}
)  # fmt: skip
texts["parsed"] = texts["text"].apply(st.whitespace_nlp_with_sentences)
corpus = st.CorpusFromParsedDocuments(texts, category_col="side", parsed_col="parsed").build()
model = st.Word2VecFromParsedCorpus(corpus).train(epochs=2, super_epochs=2)
html = st.word_similarity_explorer_gensim(
    corpus, category="a", category_name="A", not_category_name="B", target_term="good",
    word2vec=model, minimum_term_frequency=1, pmi_threshold_coefficient=0,
)  # fmt: skip
assert "good" in html
adder = GensimPhraseAdder(max_tokens_per_phrase=3).add_phrases(corpus)
assert [len(phrases.vocab) > 5 for phrases in adder.phrases] == [True] * 3
print("done", sys.modules["gensim"].__version__)
