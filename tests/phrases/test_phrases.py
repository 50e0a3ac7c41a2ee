"""Phrases against a plain implementation, gensim, and themselves on another path."""

import bz2
import contextlib
import io
import random
import re

import numpy as np
import pytest
from optional import need
from reference_phrases import Twin

import fastsgns
from fastsgns import EncodedCorpus, FrozenPhrases, LineSentence, Phraser, Phrases, Word2Vec
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.models.phrases import ENGLISH_CONNECTOR_WORDS, npmi_scorer, original_scorer
from fastsgns.phrases import applying, counts, spelling
from fastsgns.phrases.counting import MAX_CONNECTORS, N_BUCKETS, Links, PairCounter, collect_pairs
from fastsgns.phrases.finding import Finder, TextJoiner, number_ids
from fastsgns.phrases.spelling import parses

CONNECTORS = [(), ("of", "the"), ("of", "a_b", "_"), ("of", "of_a")]
ODD = ["a_b", "b_c", "of_a", "a_of_b", "_", "c_", "_d", "a__b"]
SENTENCES = [["bank", "of", "america"], ["the", "bank", "of", "america"], ["a", "bank"]] * 3
SMALL = {"min_count": 1, "threshold": 0.1}


def drawn(rng, words, n):
    """Sentences of up to 11 words, some of them empty."""
    return [[rng.choice(words) for _ in range(rng.randrange(12))] for _ in range(n)]


def drawn_case(seed):
    """Words, sentences and parameters; in most cases some words have a delimiter in them."""
    rng = random.Random(seed)
    words = ["a", "b", "c", "d", "of", "the"]
    connectors = CONNECTORS[seed % 2]
    if seed % 3:
        words += ODD[: rng.randrange(1, 9)]
        connectors = CONNECTORS[seed % 4]
    options = {
        "min_count": rng.choice([1, 2, 2.5]),
        "delimiter": rng.choice(["_", "_", "__", " "]),
        "connector_words": frozenset(connectors),
        **rng.choice(
            [
                {"threshold": 0.5},
                {"threshold": 0.01},
                {"scoring": "npmi", "threshold": rng.choice([-0.3, 0.1, 0.4])},
            ]
        ),
    }
    return (*(drawn(rng, [*words, *more], 25) for more in ("", "z", "")), options)


def twin_of(sentences, options):
    scorer = npmi_scorer if "scoring" in options else original_scorer
    return Twin(
        sentences, scorer, options["min_count"], options["threshold"], options["delimiter"],
        options["connector_words"],
    )  # fmt: skip


def check_joined(phrases, expected, sentences):
    """Check all ways of joining the phrases of sentences."""
    assert [phrases[sentence] for sentence in sentences] == expected
    assert list(phrases[sentences]) == expected
    corpus = phrases[EncodedCorpus.from_iterable(sentences)]
    encoded = EncodedCorpus.from_iterable(expected)
    assert list(corpus) == list(encoded)
    assert corpus.vocabulary.words == encoded.vocabulary.words
    assert corpus.vocabulary.counts.tolist() == encoded.vocabulary.counts.tolist()
    assert corpus.n_raw_tokens == encoded.n_raw_tokens
    assert corpus.n_raw_sentences == len(sentences)
    if " " not in phrases.delimiter:
        assert joined_text(phrases, sentences) == expected


def joined_text(phrases, sentences):
    joined = io.BytesIO()
    applying.join_files(
        [io.BytesIO("\n".join(map(" ".join, sentences)).encode())], joined, phrases._found(), 2
    )
    return [line.split(" ") if line else [] for line in joined.getvalue().decode().split("\n")]


def check_same(phrases, twin, *texts):
    assert phrases.vocab == twin.vocab
    assert {string: phrases.vocab[string] for string in twin.vocab} == twin.vocab
    assert list(phrases.vocab) == list(phrases.vocab.copy())
    assert len(phrases.vocab) == len(twin.vocab)
    assert not {"", "x_y", "a_", 3, ("a", "b")} & phrases.vocab.keys() - twin.vocab.keys()
    assert phrases.corpus_word_count == twin.n_tokens
    exported = twin.export()
    assert phrases.export_phrases() == exported
    frozen = phrases.freeze()
    assert frozen.phrasegrams == exported
    for sentences in texts:
        check_joined(phrases, [twin.join(sentence) for sentence in sentences], sentences)
        check_joined(frozen, [twin.join_frozen(sentence) for sentence in sentences], sentences)


@pytest.mark.parametrize("seed", range(60))
def test_phrases_are_those_of_the_twin(seed):
    first, other, added, options = drawn_case(seed)
    phrases, twin = Phrases(first, **options), twin_of(first, options)
    check_same(phrases, twin, first, other)
    phrases.add_vocab(added)
    twin.add(added)
    check_same(phrases, twin, first, other)
    again = Phrases(phrases[first], **options)
    check_same(again, twin_of(list(phrases[first]), options), list(phrases[first]))


@pytest.mark.parametrize("seed", range(60))
def test_phrases_are_those_of_gensim(seed):
    gensim = need("gensim.models.phrases")
    first, other, added, options = drawn_case(seed)
    ours, theirs = Phrases(first, **options), gensim.Phrases(first, **options)
    ours.add_vocab(added)
    theirs.add_vocab(added)
    assert (dict(ours.vocab), str(ours)) == (theirs.vocab, str(theirs))
    pairs = (ours, theirs), (ours.freeze(), theirs.freeze()), (Phraser(ours), theirs.freeze())
    for mine, its in pairs:
        assert str(mine) == str(its)
        for sentences in (first, other):
            assert [*mine.find_phrases(sentences).items()] == [*its.find_phrases(sentences).items()]
            assert list(mine[sentences]) == list(its[sentences])
            for sentence in sentences:
                assert [*mine.analyze_sentence(sentence)] == [*its.analyze_sentence(sentence)]
    assert ours.export_phrases() == theirs.export_phrases()
    assert gensim.ENGLISH_CONNECTOR_WORDS == ENGLISH_CONNECTOR_WORDS


@pytest.mark.parametrize("scorer", ["original_scorer", "npmi_scorer"])
def test_scorers_are_those_of_gensim(scorer):
    gensim = need("gensim.models.phrases")
    rng = np.random.default_rng(0)
    for counts_of_three in rng.integers(1, 50, (500, 3)).tolist():
        numbers = (*counts_of_three, 1000, 5, 3000)
        ours = getattr(fastsgns.models.phrases, scorer)(*numbers)
        assert ours == getattr(gensim, scorer)(*numbers)


# Sources


@pytest.fixture
def text(tmp_path):
    """A file of 3,000 sentences, and the sentences."""
    sentences = [s for s in drawn(random.Random(1), ["a", "b", "c", "of", "é"], 3000) if s]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, sentences)) + "\n", encoding="utf-8")
    return path, sentences


def test_every_source_teaches_the_same(text, tmp_path):
    path, sentences = text
    packed = tmp_path / "text.bz2"
    packed.write_bytes(bz2.compress(path.read_bytes()))
    expected = dict(Phrases(sentences, connector_words=["of"]).vocab)
    sources = (
        str(path), path, packed, LineSentence(path), LineSentence([path]), iter(sentences),
        (sentence for sentence in sentences), EncodedCorpus.from_files(path),
        [np.array(sentence) for sentence in sentences],
    )  # fmt: skip
    for source in sources:
        assert Phrases(source, connector_words=["of"]).vocab == expected


@pytest.mark.parametrize("connectors", [(), ("of", "b")])
def test_results_do_not_depend_on_threads_or_chunks(text, monkeypatch, connectors):
    path, sentences = text
    expected = Phrases(sentences, connector_words=connectors, workers=1, **SMALL)
    joined = list(expected[sentences])
    for n_chunk, n_segment in ((7, 50), (100, 100), (1, 3)):
        monkeypatch.setattr(counts, "CHUNK_TOKENS", n_chunk)
        monkeypatch.setattr(counts, "SEGMENT_TOKENS", n_segment if n_chunk > 1 else 3000)
        monkeypatch.setattr(applying, "CHUNK_TOKENS", n_chunk)
        few = sentences if n_chunk > 1 else sentences[:100]
        phrases = Phrases(few, connector_words=connectors, workers=3, **SMALL)
        if n_chunk > 1:
            assert phrases.vocab == expected.vocab
            for corpus in (EncodedCorpus.from_files(path), EncodedCorpus.from_iterable(sentences)):
                assert list(applying.join_corpus(corpus, phrases._found(), 3)) == joined
                assert list(applying.join_corpus(corpus, phrases._found(), 3, 0)) == joined
        else:
            assert phrases.vocab == Twin(few, original_scorer, 1, 0.1, "_", connectors).vocab


def test_sentences_that_are_longer_than_a_chunk(monkeypatch):
    sentence = random.Random(3).choices(["a", "b", "of"], k=999)
    monkeypatch.setattr(counts, "CHUNK_TOKENS", 10)
    assert (
        Phrases([sentence], connector_words=["of"]).vocab
        == Twin([sentence], original_scorer, 5, 10, "_", ["of"]).vocab
    )


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_at_most_64_connector_words_are_in_a_phrase(monkeypatch, chunk):
    monkeypatch.setattr(counts, "CHUNK_TOKENS", chunk)
    for n, is_counted in ((MAX_CONNECTORS, True), (MAX_CONNECTORS + 1, False)):
        sentence = ["a", *["of"] * n, "b"]
        phrases = Phrases([sentence] * 2, connector_words=["of"], **SMALL)
        assert ("_".join(sentence) in phrases.vocab) is is_counted
        assert list(phrases.vocab)[:2] == ["a", "b"]
        assert len(phrases[sentence]) == (1 if is_counted else len(sentence))
        assert list(phrases[EncodedCorpus.from_iterable([sentence])]) == [phrases[sentence]]


def test_word2vec_reads_phrases(text):
    path, sentences = text
    phrases = Phrases(sentences, **SMALL).freeze()
    options = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 2}
    expected = Word2Vec([phrases[sentence] for sentence in sentences], **options)
    for corpus in (phrases[sentences], phrases[LineSentence(path)]):
        model = Word2Vec(corpus, **options)
        assert model.wv.index_to_key == expected.wv.index_to_key
        assert np.array_equal(model.wv.vectors, expected.wv.vectors)
        model.train(corpus, total_examples=len(sentences), epochs=1)  # a second time
    corpus = phrases[EncodedCorpus.from_files(path)]
    assert np.array_equal(Word2Vec(corpus, **options).wv.vectors, expected.wv.vectors)


def test_longer_phrases_of_phrases():
    sentences = [["new", "york", "times"], ["the", "new", "york", "times"]] * 3
    bigrams = Phrases(sentences, **SMALL)
    trigrams = Phrases(bigrams[sentences], **SMALL)
    assert trigrams[bigrams[sentences[0]]] == ["new_york_times"]
    assert next(iter(trigrams[bigrams[sentences]])) == ["new_york_times"]
    corpus = trigrams[bigrams[EncodedCorpus.from_iterable(sentences)]]
    assert list(corpus) == [trigrams[bigrams[sentence]] for sentence in sentences]


def test_connector_words_that_change_after_learning():
    sentences = [["new", "of", "york"], ["the", "of"], ["a", "b"]] * 3
    phrases = Phrases(sentences, connector_words={"of"}, **SMALL)
    for words in (frozenset(), frozenset({"of", "york"}), frozenset({"a"}), frozenset({"of"})):
        phrases.connector_words = words
        for detector in (phrases, phrases.freeze()):
            check_joined(detector, [[*_tokens(detector, s)] for s in sentences], sentences)


def _tokens(detector, sentence):
    return (token for token, _ in detector.analyze_sentence(sentence))


class Shouting(Phrases):
    """Has its own idea of a phrase."""

    def score_candidate(self, word_a, word_b, in_between):
        return ("NO", 1.0) if word_a == word_b == "no" else (None, None)


def test_a_class_with_its_own_scores_is_obeyed_or_refused(tmp_path):
    sentences = [["no", "no", "a", "b"], ["a", "b"]] * 3
    phrases = Shouting(sentences, **SMALL)
    expected = [["NO", "a", "b"], ["a", "b"]] * 3
    assert [phrases[sentence] for sentence in sentences] == expected
    assert list(phrases[sentences]) == expected
    model = Word2Vec(phrases[sentences], vector_size=2, min_count=1, workers=1, sample=0)
    assert sorted(model.wv.index_to_key) == ["NO", "a", "b"]
    (tmp_path / "f.txt").write_text("no no\n")
    with pytest.raises(TypeError, match="Shouting has its own score_candidate"):
        phrases[EncodedCorpus.from_iterable(sentences)]
    with pytest.raises(TypeError, match="Shouting has its own score_candidate"):
        phrases.transform_file(tmp_path / "f.txt", io.BytesIO())
    assert type(phrases.freeze())(phrases)[["a", "b"]] == ["a_b"]


def test_a_corpus_of_a_generator_is_read_once():
    phrases = Phrases(SENTENCES, **SMALL)
    corpus = phrases[(sentence for sentence in SENTENCES)]
    assert list(corpus) == [phrases[sentence] for sentence in SENTENCES]
    with pytest.raises(TypeError, match="can be read only once"):
        list(corpus)
    assert phrases[iter(["bank", "of"])] == ["bank_of"]
    assert phrases[[]] == []


# Texts


TEXTS = [
    b"", b"a b", b"a b\n", b"\n\na  b\n\n", b"a\tb \r\nb a\x0bb", b" a\n b\n",
    b"\xff a b \xff\xfe\n",
    b"a " * 50 + b"b", b"x" * 300 + b" a b " + b"y" * 300,
    b"\n".join([b"a b c a x b a b"] * 30), b"a b c a b " * 100 + b"\n" + b"b a b\n" * 20,
]  # fmt: skip


@pytest.mark.parametrize("block", [1 << 20, 64, 16])
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_joined_block_by_block(monkeypatch, text, block):
    monkeypatch.setattr(applying, "BLOCK_BYTES", block)
    monkeypatch.setattr(applying, "HEAD_BYTES", 8)
    found = applying.Found([("a", "b"), ("a", "x", "b"), ("a", "x", "x", "b")], ["x"], "__")
    joined = io.BytesIO()
    applying.join_files([io.BytesIO(text)], joined, found, 2)
    expected = []
    for line in text.split(b"\n"):
        plain = b" ".join(line.split()) + b" "
        for _ in range(2):  # two phrases may follow each other
            plain = re.sub(rb"(?<!\S)a( x)?( x)? b(?= )", _with_delimiter, plain)
        expected.append(plain[:-1])
    assert joined.getvalue() == b"\n".join(expected)


def _with_delimiter(match):
    return match[0].replace(b" ", b"__")


def test_files_of_several_kinds(tmp_path):
    phrases = Phrases(SENTENCES, connector_words=["of"], **SMALL)
    plain, packed = tmp_path / "plain.txt", tmp_path / "packed.txt.gz"
    plain.write_bytes(b"\xef\xbb\xbfthe bank of america\n")
    phrases.transform_file(plain, packed)
    phrases.transform_file([packed, str(plain)], plain_out := tmp_path / "out.txt", workers=2)
    line = " ".join(phrases[["the", "bank", "of", "america"]]) + "\n"
    assert plain_out.read_text() == 2 * line
    target = io.BytesIO()
    phrases.transform_file(plain, target)
    assert target.getvalue().decode() == line
    with pytest.raises(ValueError, match="is read and can't be written"):
        phrases.transform_file(plain, plain)
    with pytest.raises(FileNotFoundError):
        phrases.transform_file(tmp_path / "absent", plain_out)
    assert plain_out.read_text() == 2 * line
    phrases.delimiter = " "
    with pytest.raises(ValueError, match="has white space in it"):
        phrases.transform_file(plain, plain_out)


def test_the_last_line_of_a_file_ends_with_the_file(tmp_path):
    phrases = Phrases([["a", "b"], ["b", "a"]] * 3, **SMALL)
    paths = [tmp_path / f"{n}.txt" for n in range(5)]
    for path, text in zip(paths, ("a b", "", "a b\n", "\nb a ", "c a b")):
        path.write_text(text)
    phrases.transform_file(paths, target := io.BytesIO())
    assert target.getvalue() == b"a_b\na_b\n\nb_a\nc a_b"
    lines = [line.split() for line in target.getvalue().decode().splitlines() if line]
    assert lines == list(phrases[LineSentence(paths)])


def test_all_ways_to_spell_a_frozen_phrase_are_found():
    frozen = Phrases([["a", "_b"]] * 3, delimiter="__", **SMALL).freeze()
    assert list(frozen.phrasegrams) == ["a___b"]
    sentences = [["a", "_b"], ["a_", "b"]]
    assert list(frozen[EncodedCorpus.from_iterable(sentences)]) == [["a___b"]] * 2


@pytest.mark.parametrize(
    "word, connectors",
    [
        ("_" * 3000, ()), ("a_" * 500, ("a",)), ("x_" + "a_" * 60 + "x", ("a", "a_a")),
        ("x_" + "a_" * 300 + "x", ("a", "a_a")), ("y_" + "a_" * 100 + "y", ("a", "a_a")),
        ("a_b_" * 700, ("a", "b")),
    ],
)  # fmt: skip
def test_few_ways_to_read_a_long_word_are_scored(word, connectors):
    calls = []

    def scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
        calls.append(bigram_count)
        return bigram_count

    sentences = [[word, "x"], ["x", word, "a"]] * 5
    phrases = Phrases(sentences, connector_words=connectors, scoring=scorer, min_count=1)
    assert len(phrases.export_phrases()) <= 3
    assert phrases[[word, "x"]] in ([word, "x"], [f"{word}_x"])
    phrases.freeze()
    assert len(calls) < 50


def test_ways_to_read_a_string_are_limited():
    listed = list(parses("x_" + "a_" * 60 + "x", "_", {"a", "a_a"}))
    assert len(listed) == len(set(listed)) == spelling.MOST_PARSES


def test_parses():
    assert list(parses("ab", "_", ())) == []
    assert list(parses("_a_", "_", ())) == [("_a", "")]
    long = "_" * 5000
    assert sum(1 for _ in parses(long, "_", {"of"})) == 4999


# Pruning


def test_rare_pairs_are_dropped_beyond_max_vocab_size(monkeypatch):
    monkeypatch.setattr(counts, "SEGMENT_TOKENS", 100)
    rng = random.Random(5)
    sentences = [
        s for _ in range(50) for s in [["new", "york"], *drawn(rng, list("abcdefghijk"), 1)]
    ]
    exact = Phrases(sentences, **SMALL)
    assert exact.min_reduce == 1
    phrases = Phrases(sentences, max_vocab_size=60, **SMALL)
    assert phrases.min_reduce > 1
    assert len(phrases.vocab) < len(exact.vocab)
    assert phrases.vocab["new_york"] == 50
    assert all(count <= exact.vocab[string] for string, count in phrases.vocab.items())
    assert {w for w in phrases.vocab if "_" not in w} == {w for w in exact.vocab if "_" not in w}
    one = Phrases(sentences, max_vocab_size=60, workers=3, **SMALL)
    assert one.vocab == phrases.vocab
    before = phrases.min_reduce
    phrases.add_vocab(sentences)
    assert phrases.min_reduce > before and phrases.vocab["new_york"] == 100


# What a user may give by mistake


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"min_count": 0}, ValueError, "min_count is 0; allowed are positive numbers"),
        ({"min_count": None}, ValueError, "min_count is None"),
        ({"threshold": 0}, ValueError, "threshold is 0; allowed are numbers above 0"),
        ({"threshold": float("nan")}, ValueError, "threshold is nan"),
        ({"threshold": 2, "scoring": "npmi"}, ValueError, "numbers from -1 to 1"),
        ({"scoring": "pmi"}, ValueError, "scoring is 'pmi'; allowed are 'default', 'npmi'"),
        ({"scoring": 3}, TypeError, "scoring is 3, a int"),
        ({"scoring": lambda worda_count: 1}, ValueError, "has no parameters"),
        ({"delimiter": ""}, ValueError, "delimiter is ''"),
        ({"delimiter": b"_"}, TypeError, "delimiter is b'_', a bytes"),
        ({"connector_words": "the"}, TypeError, "connector_words has 'the'; give a set of str"),
        ({"connector_words": ["a", 1]}, TypeError, "connector_words has 1"),
        ({"max_vocab_size": 0}, ValueError, "max_vocab_size is 0"),
        ({"workers": 0}, ValueError, "workers is 0"),
    ],
)
def test_parameters_out_of_range(options, error, message):
    with pytest.raises(error, match=message):
        Phrases(**options)


@pytest.mark.parametrize(
    "sentences, error, message",
    [
        (["to be"], TypeError, "sentence 0 is a string"),
        ("to be or not", FileNotFoundError, "a str is the path of a text file"),
        ([["a", 1]], TypeError, "a token is 1, a int; phrases are joined strings"),
        ([[b"a", b"b"]], TypeError, "a token is b'a', a bytes"),
        ([["a", None]], ValueError, "missing value"),
        (3, TypeError, "where an iterable of sentences is wanted"),
        ({"a": 1}, TypeError, "give its values"),
    ],
)
def test_what_is_not_a_corpus(sentences, error, message):
    with pytest.raises(error, match=message):
        Phrases(sentences)


def test_what_is_not_a_sentence():
    phrases = Phrases(SENTENCES, connector_words=["of"], **SMALL)
    for detector in (phrases, phrases.freeze()):
        with pytest.raises(TypeError, match=r"split it first: phrases\[text.split\(\)\]"):
            detector["bank of"]
        with pytest.raises(TypeError, match="iterable of sentences is wanted"):
            detector[3]
        with pytest.raises(TypeError, match="sentence 0 is a string"):
            list(detector[[b"bank"]])
        with pytest.raises(TypeError):
            detector.find_phrases("bank of")
        with pytest.raises(TypeError, match=r"split it first: text.split\(\)"):
            list(detector.analyze_sentence("bank of"))
        with pytest.raises(TypeError, match="where an EncodedCorpus is wanted"):
            detector.join(SENTENCES)
        with pytest.raises(TypeError, match="is an open file"):
            detector[io.StringIO("bank of\n")]
    with pytest.raises(TypeError, match="are not all str"):
        phrases.freeze()[["a", 1]]
    with pytest.raises(TypeError, match="where a Phrases object is wanted"):
        FrozenPhrases("phrases.fastsgns")


@pytest.mark.parametrize("empty", [[], [[]], iter([])])
def test_an_empty_corpus_is_a_warning(empty):
    with pytest.warns(UserWarning, match="the corpus is empty"):
        phrases = Phrases(empty)
    assert phrases.vocab == {} and phrases.export_phrases() == {}
    assert phrases[["a", "b"]] == ["a", "b"]
    assert list(phrases[EncodedCorpus.from_iterable([])]) == []
    phrases.add_vocab(SENTENCES)
    assert phrases.vocab == Phrases(SENTENCES).vocab


def test_parameters_can_be_set_afterwards():
    phrases = Phrases(SENTENCES, connector_words=["of"], min_count=1, threshold=50)
    assert phrases.export_phrases() == {}
    phrases.threshold = 0.1
    assert "bank_of_america" in phrases.export_phrases()
    phrases.scoring = lambda **counts: counts["bigram_count"]
    phrases.threshold = 5
    assert phrases.export_phrases() == {"bank_of_america": 6.0}
    with pytest.raises(TypeError):
        phrases.vocab["bank"] = 3


# Own scoring, and files


def count_scorer(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return bigram_count / corpus_word_count


def test_a_scoring_function(tmp_path):
    phrases = Phrases(SENTENCES, scoring=count_scorer, threshold=0.15)
    found = phrases.export_phrases()
    assert found == {"bank_of": 6 / 27, "of_america": 6 / 27}
    for model in (phrases, phrases.freeze()):
        with pytest.warns(UserWarning, match="does not hold the scoring function"):
            model.save(tmp_path / "f")
        loaded = fastsgns.load(tmp_path / "f")
        assert loaded.scoring is None
        if isinstance(loaded, Phrases):
            with pytest.raises(ValueError, match=r"set phrases\.scoring"):
                loaded.export_phrases()
            assert "27" not in repr(loaded)
            loaded.scoring = count_scorer
            assert loaded.export_phrases() == found
        else:
            assert loaded.phrasegrams == found


@pytest.mark.parametrize("value", [None, "1", 1j])
def test_scores_that_are_not_numbers(value):
    phrases = Phrases(SENTENCES, scoring=lambda **counts: value)
    with pytest.raises(TypeError, match="must return a number"):
        phrases.export_phrases()


def test_save_and_load_have_the_parameters_of_gensim(tmp_path):
    frozen = Phrases(SENTENCES, **SMALL).freeze()
    frozen.save(fname_or_handle=tmp_path / "f", pickle_protocol=4)
    assert FrozenPhrases.load(fname=tmp_path / "f").phrasegrams == frozen.phrasegrams
    phrases = Phrases(SENTENCES)
    phrases.save(fname_or_handle=tmp_path / "g", separately=[], sep_limit=1, ignore=())
    assert Phrases.load(fname=tmp_path / "g").vocab == phrases.vocab


def test_what_gensim_has_learned_can_not_be_read(tmp_path):
    gensim = need("gensim.models.phrases")
    theirs = gensim.Phrases(SENTENCES)
    for each in (theirs, theirs.freeze()):
        with pytest.raises(TypeError, match="learn the phrases again"):
            fastsgns.from_gensim(each)
        each.save(str(tmp_path / "g"))
        with pytest.raises(ValueError, match="Phrases have to be learned again"):
            Phrases.load(tmp_path / "g")


def test_counts_that_contradict_each_other_are_refused(tmp_path):
    phrases = Phrases(SENTENCES, connector_words=["of"], **SMALL)
    phrases.save(tmp_path / "f")
    pairs = phrases.counts.pairs
    for array, value in (
        (pairs.firsts, 99), (pairs.lasts, -1), (pairs.links, 7), (pairs.counts, 0),
        (phrases.counts.parents, 1), (phrases.counts.connectors, 99),
    ):  # fmt: skip
        before = array[-1]
        array[-1] = value
        with pytest.raises(ValueError, match="load\\(\\) would refuse it"):
            phrases.save(tmp_path / "f")
        array[-1] = before
    phrases.save(tmp_path / "f")
    assert Phrases.load(tmp_path / "f", mmap="r")[SENTENCES[0]] == ["bank_of_america"]


# Compiled functions


def test_links_are_numbered_in_order_of_appearance():
    links = Links()
    rng = np.random.default_rng(0)
    sequences = {(): 0}
    for _ in range(3000):
        words = tuple(rng.integers(0, 9, rng.integers(1, 6)).tolist())
        parents, connectors = np.arange(-1, len(words)), [0, *words]
        parents[0] = 0
        numbers = links.add(parents.astype(np.int32), np.array(connectors, np.int32))
        for n in range(1, len(words) + 1):
            sequences.setdefault(words[:n], len(sequences))
        assert numbers.tolist() == [sequences[words[:n]] for n in range(len(words) + 1)]
    assert links.n_links == len(sequences)
    with pytest.raises(ValueError, match="link 1 has the parent 1"):
        links.add(np.array([0, 1], np.int32), np.array([0, 1], np.int32))


def test_buckets_and_arrays_that_do_not_fit():
    counter = PairCounter()
    pairs, bounds = np.zeros(3, np.uint64), np.zeros(N_BUCKETS + 1, np.int64)
    none, root = np.empty(0, np.int32), np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="there is no bucket"):
        counter.add(N_BUCKETS, pairs, none, bounds, root)
    bounds[-1] = 4
    with pytest.raises(ValueError, match="do not fit"):
        counter.add(N_BUCKETS - 1, pairs, none, bounds, root)
    assert counter.n_entries == 0


@pytest.mark.parametrize(
    "offsets",
    [
        [0, *[39, 0] * 2000, 40], [0, *[59, 0] * 2000, 40], [0, -5, 40], [0, 20, 20, 40],
        [0, 30, 20, 40], [0, 90, 40], [-3, 40], [0, 39], [0, 41],
    ],
)  # fmt: skip
def test_offsets_that_do_not_ascend(offsets):
    ids, offsets = np.zeros(40, np.int32), np.array(offsets, np.int64)
    for connectors in (None, np.array([-1], np.int32), np.array([0], np.int32)):
        for start in range(40):
            for stop in (start + 1, 40):
                with contextlib.suppress(ValueError):  # others of the range ascend
                    pairs, *_ = collect_pairs(ids, offsets, start, stop, connectors, 1)
                    assert len(pairs) <= stop - start
    corpus = EncodedCorpus.from_iterable([["a", "b"] * 20])
    corpus.offsets = offsets
    for read in (Phrases, Phrases(SENTENCES, **SMALL).join):
        with pytest.raises(ValueError, match="offsets must"):
            read(corpus)


def test_offsets_of_a_range_that_do_not_ascend():
    ids = np.zeros(40, np.int32)
    for offsets in ([0, 20, 20, 40], [0, 30, 20, 40], [5, 40], [0, 30, 20, 90, 40]):
        with pytest.raises(ValueError, match=r"do not ascend|not in the corpus"):
            collect_pairs(ids, np.array(offsets), 0, 40, None, 1)


def test_numbers_of_ids_that_do_not_fit():
    ids, numbers, counts = np.array([0, 2, 0], np.int32), np.full(3, -1, np.int32), np.zeros(3, int)
    out = np.empty(3, np.int32)
    assert number_ids(ids, numbers, counts, 0, out) == 2
    assert (out.tolist(), counts.tolist()) == ([0, 1, 0], [2, 1, 0])
    for arguments, error in (
        ((ids, numbers, counts, 0, out[:2]), ValueError),
        ((ids, numbers, counts[:2], 0, out), ValueError),
        ((ids, numbers, counts, -1, out), ValueError),
        ((ids, numbers[:2], counts, 0, out), IndexError),
    ):
        with pytest.raises(error):
            number_ids(*arguments)


def test_phrases_of_a_finder_are_checked():
    for arguments in (
        (2, [], [(0, 2)]), (2, [3], []), (3, [1], [(0, 1)]), (3, [], [(0, 1, 2)]),
        (2, [], [(0, 1), (0, 1)]),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            Finder(*arguments)
    finder = Finder(2, [], [(0, 1)])
    ids, room = np.array([0, 1], np.int32), np.empty(2, np.int32)
    good = np.array([0, 2]), np.array([2], np.int32), room
    assert finder.join(ids, *good)[0] == 1
    with pytest.raises(IndexError):
        finder.join(np.array([0, 2], np.int32), *good)
    for offsets, phrase_ids, out in (
        (np.array([0, 1]), *good[1:]), (good[0], np.empty(0, np.int32), room),
        (*good[:2], np.empty(1, np.int32)), (np.array([2, 0, 2]), *good[1:]),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            finder.join(ids, offsets, phrase_ids, out)
    with pytest.raises(ValueError):
        TextJoiner(finder, [b"a"], b"_", 1)


def test_words_of_any_length_are_found_in_text():
    rng = random.Random(2)
    words = ["".join(rng.choices("abc", k=n)) for n in range(1, 40) for _ in range(3)]
    words = list(dict.fromkeys(words))
    pairs = [(words[i], words[i + 1]) for i in range(0, len(words) - 1, 2)]
    found = applying.Found(pairs, (), "+")
    text = " ".join(rng.choices(words, k=2000) + words).encode()
    joined = io.BytesIO()
    applying.join_files([io.BytesIO(text)], joined, found, 1)
    corpus = EncodedCorpus.from_iterable([text.decode().split()])
    [expected] = applying.join_corpus(corpus, found, 1)
    assert joined.getvalue().decode().split() == expected
    assert any("+" in token for token in expected)


def test_a_corpus_keeps_words_of_any_type():
    corpus = EncodedCorpus(
        np.array([0, 1, 2, 0], np.int32), np.array([0, 4]), Vocabulary([1, "a", "b"], [2, 1, 1])
    )
    phrases = Phrases([["a", "b"]] * 3, **SMALL)
    assert list(phrases[corpus]) == [[1, "a_b", 1]]
    with pytest.raises(TypeError, match="a token is 1, a int"):
        Phrases(corpus)
