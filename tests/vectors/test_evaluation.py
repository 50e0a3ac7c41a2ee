import gzip
import logging
from pathlib import Path

import numpy as np
import pytest

from fastsgns.vectors.keyedvectors import KeyedVectors

EVAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "eval"
RNG = np.random.default_rng(5)
WORDS = [f"w{i}" if i % 4 else f"W{i - 1}" for i in range(80)]  # some differ in case alone


@pytest.fixture(scope="module")
def kv():
    vectors = RNG.standard_normal((80, 6)).astype(np.float32)
    vectors[9] = 0
    return KeyedVectors.from_arrays(WORDS, vectors)


def questions(kv, n=150):
    """Lines, about half of them with the answer that the vectors give."""
    lines = [": one"]
    for row in range(n):
        a, b, c = RNG.choice(WORDS, 3, replace=False)
        answers = kv.most_similar([b, c], [a], topn=3)
        lines.append(f"{a} {b} {c} {answers[int(RNG.integers(2))][0]}")
        if row == n // 2:
            lines.append(": two")
    return lines


def slow_analogies(kv, lines, restrict, fold_case, method):
    """One most_similar a question, as the definition says."""
    fold = str.upper if fold_case else str
    known = {}
    for key in kv.index_to_key[:restrict]:
        known.setdefault(fold(key), key)
    right, wrong = [], []
    for line in lines:
        words = [fold(word) for word in line.split()]
        if line.startswith(":") or not all(word in known for word in words):
            continue
        a, b, c = (known[word] for word in words[:3])
        found = getattr(kv, method)([b, c], [a], topn=20, restrict_vocab=restrict)
        best = next(fold(key) for key, _ in found if fold(key) not in words[:3])
        (right if best == words[3] else wrong).append(tuple(words))
    return right, wrong


@pytest.mark.parametrize("method", ["most_similar", "most_similar_cosmul"])
@pytest.mark.parametrize("fold_case", [True, False])
@pytest.mark.parametrize("restrict", [80, 50])
def test_analogies_equal_a_slow_loop(kv, method, fold_case, restrict, monkeypatch):
    monkeypatch.setattr("fastsgns.vectors.evaluation.SCORE_BYTES", 12 * 80 * 7)
    lines = questions(kv)
    right, wrong = slow_analogies(kv, lines, restrict, fold_case, method)
    score, sections = kv.evaluate_word_analogies(
        lines, restrict, fold_case, similarity_function=method
    )
    assert [section["section"] for section in sections] == ["one", "two", "Total accuracy"]
    assert sections[-1]["correct"] == right
    assert sections[-1]["incorrect"] == wrong
    assert sections[0]["correct"] + sections[1]["correct"] == right
    assert score == len(right) / len(right + wrong)
    assert 0 < score < 1


def test_the_two_methods_differ(kv):
    lines = questions(kv, 300)
    scores = {
        kv.evaluate_word_analogies(lines, similarity_function=method)[0]
        for method in ("most_similar", "most_similar_cosmul")
    }
    assert len(scores) == 2
    with pytest.raises(ValueError, match="most_similar_cosmul"):
        kv.evaluate_word_analogies(lines, similarity_function="cosmul")


def test_unknown_words_and_bad_lines(kv, caplog):
    lines = [": s", "w1 w2 w3 unknown", "w1 w2 w3", "", "w1 w2 w5 w6"]
    with caplog.at_level(logging.INFO):
        _, sections = kv.evaluate_word_analogies(lines)
    assert "line 3" in caplog.text
    assert "1 lines" in caplog.text
    assert len(sections[-1]["correct"] + sections[-1]["incorrect"]) == 1
    _, sections = kv.evaluate_word_analogies(lines, dummy4unknown=True)
    assert ("W1", "W2", "W3", "UNKNOWN") in sections[-1]["incorrect"]
    assert kv.evaluate_word_analogies([": s", "x y z u"])[0] == 0


def test_malformed_analogies(kv, tmp_path):
    with pytest.raises(ValueError, match="line 1 "):
        kv.evaluate_word_analogies(["w1 w2 w3 w4"])
    (tmp_path / "empty").write_text("")
    with pytest.raises(ValueError, match="empty"):
        kv.evaluate_word_analogies(tmp_path / "empty")


def test_word_pairs_equal_the_definition(kv):
    from scipy import stats

    pairs = [(*RNG.choice(WORDS, 2), RNG.random()) for _ in range(40)]
    lines = [f"{a}\t{b}\t{score}\n" for a, b, score in pairs]
    gold = [score for _, _, score in pairs]
    cosines = [kv.similarity(a, b) for a, b, _ in pairs]
    pearson, spearman, oov = kv.evaluate_word_pairs(lines, case_insensitive=False)
    assert pearson.statistic == pytest.approx(stats.pearsonr(gold, cosines).statistic, abs=1e-6)
    assert spearman.pvalue == pytest.approx(stats.spearmanr(gold, cosines).pvalue, abs=1e-6)
    assert oov == 0


@pytest.mark.parametrize("lines, what", [
    (["a b 2", "b c 2"], "scores of all 2 pairs"),
    (["a a 1", "c c 2", "a a 3"], "cosines of all 3 pairs"),
])  # fmt: skip
def test_word_pairs_that_are_all_equal_have_no_correlation(lines, what):
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b", "c"], np.array([[1, 0], [0.5, 0.5], [0, 1]]))
    with pytest.warns(UserWarning, match=what):
        pearson, spearman, _ = vectors.evaluate_word_pairs(lines, delimiter=None)
    assert np.isnan(pearson.statistic) and np.isnan(spearman.statistic)


def test_word_pairs_with_large_scores_have_a_correlation():
    lines = ["a b 1e308", "b c -1e308", "a c 1e308"]
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a", "b", "c"], np.array([[1, 0], [0.5, 0.4], [0, 1]]))
    large = vectors.evaluate_word_pairs(lines, delimiter=None)
    small = vectors.evaluate_word_pairs(
        [line.replace("e308", "") for line in lines], delimiter=None
    )
    assert large.pearson.statistic == pytest.approx(small.pearson.statistic)
    assert large.spearman.statistic == pytest.approx(small.spearman.statistic)


def test_word_pairs_with_unknown_words(kv, tmp_path, caplog):
    text = "# words\nw1\tw2\t1\nW3\tw5\t2\nw6\tunknown\t5\nw6\tw7\nw7\tw9\t3\n"
    with gzip.open(tmp_path / "pairs.gz", "wt") as file:
        file.write(text)
    with caplog.at_level(logging.INFO):
        *_, oov = kv.evaluate_word_pairs(tmp_path / "pairs.gz")
    assert oov == 25
    assert "line 5" in caplog.text
    _, spearman, oov = kv.evaluate_word_pairs(text.splitlines(), dummy4unknown=True)
    assert oov == 25
    assert spearman.statistic != kv.evaluate_word_pairs(text.splitlines())[1].statistic
    lines = [line.replace("\t", ",") for line in text.splitlines()]
    assert kv.evaluate_word_pairs(lines, delimiter=",")[2] == 25
    for bad in ([], ["w1\tunknown\t3"], lines):
        with pytest.raises(ValueError, match="two or more"):
            kv.evaluate_word_pairs(bad)


def test_the_most_frequent_stands_for_its_variants():
    vectors = np.array([[1, 0], [0, 1], [0, 1], [1, 1]], np.float32)
    kv = KeyedVectors.from_arrays(["Apple", "apple", "pear", "x"], vectors)
    lines = ["apple\tpear\t1", "pear\tx\t2", "apple\tx\t2.5"]
    folded = kv.evaluate_word_pairs(lines)[1].statistic
    exact = kv.evaluate_word_pairs(lines, case_insensitive=False)[1].statistic
    assert folded > 0 > exact


@pytest.mark.skipif(not EVAL.exists(), reason="needs ../shared/data/eval")
def test_real_files():
    path = EVAL / "questions-words.txt"
    lines = path.read_text().lower().splitlines()
    words = sorted({word for line in lines if line[0] != ":" for word in line.split()})
    vectors = RNG.standard_normal((len(words), 8)).astype(np.float32)
    kv = KeyedVectors.from_arrays(words, vectors)
    _, sections = kv.evaluate_word_analogies(path)
    assert len(sections) == 15
    assert len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]) == 19544
    assert 0 <= kv.evaluate_word_pairs(EVAL / "wordsim353.tsv")[2] < 100
