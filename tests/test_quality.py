"""Quality on real text: word similarity and analogies, as good as skip-gram gives elsewhere."""

import pytest

from fastsgns import Word2Vec

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def vectors(shared_data):
    corpus = shared_data / "corpora" / "wiki17m.txt.xz"
    if not corpus.exists():
        pytest.skip(f"no {corpus}")
    return Word2Vec(corpus_file=corpus, sg=1, epochs=3, workers=2, progress=False).wv


@pytest.mark.parametrize(
    ("pairs", "least"), [("wordsim353", 0.60), ("simlex999", 0.26), ("men_dev2000", 0.50)]
)
def test_similar_words_are_near(vectors, shared_data, pairs, least):
    _, spearman, share_unknown = vectors.evaluate_word_pairs(shared_data / "eval" / f"{pairs}.tsv")
    assert spearman[0] > least
    assert share_unknown < 10


def test_analogies_are_offsets(vectors, shared_data):
    questions = shared_data / "eval" / "questions-words.txt"
    score, sections = vectors.evaluate_word_analogies(questions, restrict_vocab=30_000)
    assert score > 0.25
    assert sections[-1]["section"] == "Total accuracy"
