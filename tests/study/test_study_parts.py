"""Parts of the study: checks, cache, charts, counts of pairs, judgements, material."""

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import toy
from scipy.stats import chisquare

from fastsgns import EncodedCorpus
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.runtime.intervals import Interval
from fastsgns.study import charts, judgements
from fastsgns.study.cache import Cache
from fastsgns.study.check import Check, verdict
from fastsgns.study.judgements import Judgements
from fastsgns.study.material import Material, prune, subsample
from fastsgns.study.pairs import PairCounts, count_pairs, frequent_block, sample_pairs
from fastsgns.study.settings import Settings

SETTINGS = Settings(min_count=1, sample=0, window=3, n_frequent=24)


@pytest.fixture(scope="module")
def corpus() -> EncodedCorpus:
    return prune(EncodedCorpus.from_iterable(toy.sentences(length=6)), 1)


# checks


@pytest.mark.parametrize(
    "low, high, outcome",
    [(0, 3, "holds"), (1.8, 2.2, "open"), (2.1, 9, "open"), (3, 4, "fails"), (-5, 1, "fails")],
)
def test_check_compares_interval_and_region(low: float, high: float, outcome: str):
    assert Check("", [1.9, 2.0, 2.1], low, high).outcome == outcome


def test_verdict_needs_all_checks():
    holds, fails = Check("", [1, 1.1], low=0), Check("", [1, 1.1], high=0)
    unknown = Check("", [1.0], low=0)
    assert verdict([holds, holds]) == "confirmed"
    assert verdict([holds, unknown, fails]) == "refuted"
    assert verdict([holds, unknown]) == verdict([]) == "undecided on this corpus"


# cache


def test_cache_keeps_by_all_of_the_key(tmp_path):
    cache = Cache(tmp_path / "new" / "cache")
    cache.put({"seed": 1, "k": 5}, {"loss": 1.5})
    assert cache.get({"k": 5, "seed": 1}) == {"loss": 1.5}
    assert cache.get({"k": 5, "seed": 2}) is None
    assert Cache(cache.folder).get({"k": 5, "seed": 1}) == {"loss": 1.5}


def test_cache_passes_over_damaged_files(tmp_path):
    cache = Cache(tmp_path)
    cache.put("key", {"a": 1})
    (path,) = tmp_path.iterdir()
    for text in ("", "{", "[1]", json.dumps({"key": "other", "result": {}})):
        path.write_text(text)
        assert cache.get("key") is None


def test_cache_refuses_what_json_can_not_say(tmp_path):
    with pytest.raises(ValueError):
        Cache(tmp_path).put("key", {"loss": math.nan})
    assert list(tmp_path.iterdir()) == []


# charts


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def rects(svg: str) -> list[ET.Element]:
    return [e for e in parsed(svg).iter() if e.tag.endswith("rect")]


@pytest.mark.parametrize("low, high", [(0, 1), (-3.2, 11), (1e-6, 2e-6), (5, 5.0001), (-2e9, 1)])
def test_ticks_span_and_are_few(low: float, high: float):
    found = charts.ticks(low, high)
    assert found[0] <= low + 1e-9 * abs(low)
    assert found[-1] >= high - 1e-9 * abs(high)
    assert 2 <= len(found) <= 2 * charts.N_TICKS + 2
    assert found == sorted(set(found))


def test_bars_are_as_high_as_their_values():
    values = [Interval(v, v - 0.1, v + 0.1, 3) for v in (1.0, 2.0, -1.0)]
    svg = charts.bars("<title>", ["a", "b&c", "d"], {"one": values}, "loss, nats")
    heights = [float(e.get("height")) for e in rects(svg)][1:]  # the first is the legend's
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.3)
    assert heights[2] == pytest.approx(heights[0], abs=0.3)
    text = "".join(parsed(svg).itertext())
    assert "loss, nats" in text and "b&c" in text


def test_charts_leave_out_what_is_not_known():
    nothing = Interval(math.nan, -math.inf, math.inf, 0)
    one = Interval(1.0, -math.inf, math.inf, 1)
    assert len(rects(charts.bars("", ["a", "b"], {"s": [nothing, one]}, "y"))) == 2
    svg = charts.bars("", ["a", "b"], {"s": [nothing, one]}, "y")
    assert "nan" not in svg and "inf" not in svg


def test_points_are_inside():
    points = {"p": [(0.0, 0.0), (3.0, -2.0)]}
    svg = charts.scatter("", points, ("x", "y"), {"l": (1.0, -1.0), "flat": (0.0, 50.0)})
    circles = [e for e in parsed(svg).iter() if e.tag.endswith("circle")]
    assert len(circles) == 2
    for e in circles:
        assert charts.LEFT <= float(e.get("cx")) <= charts.WIDTH - charts.RIGHT
        assert 0 <= float(e.get("cy")) <= charts.HEIGHT - charts.BOTTOM


# pairs


def counted(corpus: EncodedCorpus, window: int, n: int) -> np.ndarray:
    """The slow way: all pairs of positions of each sentence."""
    counts = np.zeros((len(corpus.vocabulary), n))
    for start, stop in zip(corpus.offsets[:-1], corpus.offsets[1:]):
        ids = corpus.ids[start:stop].tolist()
        for i, focus in enumerate(ids):
            for j, context in enumerate(ids):
                if i != j and abs(i - j) <= window and context < n:
                    counts[focus, context] += (window - abs(i - j) + 1) / window
    return counts


@pytest.mark.parametrize("window, n", [(1, 24), (3, 24), (9, 10)])
def test_pair_counts_are_those_of_the_slow_way(corpus: EncodedCorpus, window: int, n: int):
    found = PairCounts.of(count_pairs(corpus, window, 1), n)
    np.testing.assert_allclose(found.counts, counted(corpus, window, n)[:n])
    np.testing.assert_allclose(found.row_sums, counted(corpus, window, 24).sum(axis=1)[:n])


def test_blocks_of_counts():
    text = EncodedCorpus.from_iterable([["a", "b", "a", "c"]])
    counts = Cooccurrences.from_corpus(text, window=1)
    assert frequent_block(counts, 2).tolist() == [[0, 2], [2, 0]]
    assert frequent_block(counts, 9).shape == (3, 3)


def test_pmi_of_independent_words_is_zero():
    margin = np.array([0.5, 0.3, 0.2])
    counts = 1000 * np.outer(margin, margin)
    found = PairCounts(counts, counts.sum(axis=1))
    np.testing.assert_allclose(found.pmi(margin), 0, atol=1e-12)
    np.testing.assert_allclose(found.ppmi, 0, atol=1e-6)


def test_pmi_of_pairs_never_seen(corpus: EncodedCorpus):
    found = PairCounts.of(count_pairs(corpus, 3, 1), 24)
    never = found.counts == 0
    assert never.any()  # words of two topics
    assert np.isneginf(found.pmi(np.full(24, 1 / 24))[never]).all()
    assert (found.ppmi[never] == 0).all()


def test_sampled_pairs_follow_the_counts(corpus: EncodedCorpus):
    pairs = sample_pairs(corpus, 3, 200_000, np.random.default_rng(1))
    expected = PairCounts.of(count_pairs(corpus, 3, 1), 24).counts
    seen = np.bincount(pairs[:, 0] * 24 + pairs[:, 1], minlength=24 * 24)
    cells = expected.ravel() > 0
    assert seen[~cells].sum() == 0
    share = expected.ravel()[cells] / expected.sum()
    assert chisquare(seen[cells], share * len(pairs)).pvalue > 1e-4


# judgements


def test_judgements_are_looked_up_in_lower_case_too():
    given = Judgements("", np.array([["Cat", "dog"], ["cat", "zebra"]]), np.array([3.0, 1.0]))
    found = given.known({"cat": 0, "dog": 1})
    assert found.pairs.tolist() == [[0, 1]]
    assert found.scores.tolist() == [3.0]


def test_agreement_of_zeros_is_zero():
    given = Judgements("", np.array([[0, 1], [1, 2]]), np.array([1.0, 2.0]))
    assert given.agreement(np.zeros((3, 2)), np.zeros((3, 2))) == 0.0


def test_judgements_from_files(tmp_path):
    (tmp_path / "simlex999.tsv").write_text("# pairs\nold\tnew\t1.5\nbad line\nbig\thuge\t9\n")
    (found,) = judgements.load(tmp_path)
    assert (found.name, found.pairs.tolist()) == ("SimLex-999", [["old", "new"], ["big", "huge"]])
    (tmp_path / "simlex999.tsv").write_text("old,new,1.5\n")
    with pytest.raises(ValueError, match=r"simlex999\.tsv has no line of two words"):
        judgements.load(tmp_path)
    with pytest.raises(ValueError, match="none of wordsim353"):
        judgements.load(tmp_path / "empty")


# material


def test_prune_leaves_frequent_words_in_order():
    sentences = [[f"w{i}"] * (i + 1) for i in range(30)]
    found = prune(EncodedCorpus.from_iterable(sentences), 5)
    assert found.vocabulary.words[:2] == ["w29", "w28"]
    assert len(found.vocabulary) == 26
    with pytest.raises(ValueError, match="only 10 words"):
        prune(EncodedCorpus.from_iterable(sentences), 21)


def test_words_that_stand_alone_are_no_material():
    alone = EncodedCorpus.from_iterable([[f"w{i}"] for i in range(30)])
    with pytest.raises(ValueError, match="no sentence of the corpus has two words"):
        Material(alone, SETTINGS)


def test_subsampling_keeps_all_words_and_the_counts_of_what_is_left(corpus: EncodedCorpus):
    assert np.array_equal(subsample(corpus, 0).ids, corpus.ids)
    found = subsample(corpus, 1e-3)
    assert 0 < found.n_tokens < corpus.n_tokens
    assert np.array_equal(np.bincount(found.ids, minlength=24), found.vocabulary.counts)
    assert found.vocabulary.counts.min() > 0
    assert found.offsets[-1] == found.n_tokens
    assert (np.diff(found.offsets) > 0).all()


def test_identity_tells_corpora_and_judgements_apart(corpus: EncodedCorpus):
    judged = Judgements("set", np.array([["fruit0", "fruit1"]] * 2), np.array([1.0, 2.0]))
    identities = [
        Material(corpus, SETTINGS).identity,
        Material(corpus, Settings(min_count=1, sample=0, window=4)).identity,
        Material(corpus, SETTINGS, [judged]).identity,
        Material(subsample(corpus, 1e-3), SETTINGS).identity,
    ]
    assert len({json.dumps(i, sort_keys=True) for i in identities}) == 4
    assert Material(corpus, SETTINGS).identity == identities[0]


def test_scored_is_the_proxy_without_people(corpus: EncodedCorpus):
    judged = Judgements("set", np.array([["fruit0", "fruit1"]] * 2), np.array([1.0, 2.0]))
    unknown = Judgements("unknown", np.array([["x", "y"]] * 3), np.arange(3.0))
    assert [j.name for j in Material(corpus, SETTINGS, [judged, unknown]).scored] == ["set"]
    assert Material(corpus, SETTINGS).scored[0].name.startswith("proxy")
