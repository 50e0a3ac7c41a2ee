"""Files of Facebook's fastText and of floret: known files, files that are cut or hostile, and ours.

The files in fasttext_0_9 were written by fasttext 0.9.2, which also computed the vectors in
expected.json, by models of 12 words.
"""

import gzip
import io
import json
import pickle
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from optional import need

import fastsgns
from fastsgns import KeyedVectors, Word2Vec
from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import facebook, floret
from fastsgns.vectors.facebook import load_facebook_vectors, load_floret_vectors
from fastsgns.vectors.fasttext import FastTextKeyedVectors

FOLDER = Path(__file__).parent / "fasttext_0_9"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
WORDS = ["night", "nights", "nightly", "Straße", "日本", "a", "</s>"]
UNSEEN = ["knight", "日本語", "x" * 40, "ǅ😀x"]
MB = 1 << 20


def made(**options):
    """Return vectors of some words, with random rows."""
    kv = FastTextKeyedVectors(3, **({"min_n": 3, "max_n": 5, "bucket": 500} | options))
    counts = np.arange(len(WORDS), 0, -1)
    kv.add_vectors(WORDS, np.zeros((len(WORDS), 3)), extras={"count": counts})
    rng = np.random.default_rng(1)
    for rows in (kv.vectors_vocab, kv.vectors_ngrams):
        rows[:] = rng.normal(size=rows.shape)
    kv.adjust_vectors()
    return kv


@pytest.mark.parametrize("name", EXPECTED)
def test_known_files_have_known_vectors(name):
    expected = EXPECTED[name]
    kv = load_facebook_vectors(FOLDER / name)
    assert kv.index_to_key == expected["words"]
    assert kv.expandos["count"].tolist() == expected["counts"]
    for word, vector in expected["vectors"].items():
        if any(vector):
            assert np.allclose(kv[word], vector, atol=1e-6), word
        else:  # a word that has no n-grams, or whose rows have not been trained
            assert word not in kv or not kv[word].any()
    for other in (fastsgns.load(FOLDER / name), KeyedVectors.from_file(FOLDER / name)):
        assert type(other) is FastTextKeyedVectors and np.array_equal(other.vectors, kv.vectors)
    labels = [label.decode() for label in facebook.read(FOLDER / name).labels]
    assert sorted(labels) == sorted(expected["labels"])


@pytest.mark.parametrize("name", EXPECTED)
def test_rows_that_no_word_uses_can_be_left_out(name):
    every, used = (load_facebook_vectors(FOLDER / name, all_buckets=x) for x in (True, False))
    assert np.array_equal(used.vectors, every.vectors)
    n_used = len({row for rows in every.buckets_word for row in rows.tolist()})
    assert len(used.vectors_ngrams) == (
        n_used if name != "pruned.ftz" else len(every.vectors_ngrams)
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_read_from_anywhere(tmp_path, name):
    content = (FOLDER / name).read_bytes()
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(content))
    expected = load_facebook_vectors(FOLDER / name)
    for source in (path, io.BytesIO(content), str(FOLDER / name)):
        assert np.array_equal(load_facebook_vectors(source).vectors, expected.vectors)
    with open(FOLDER / name, "rb") as file:
        assert np.array_equal(fastsgns.load(file).vectors, expected.vectors)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("with_output", [True, False])
def test_a_file_that_is_cut_anywhere_is_refused(tmp_path, name, with_output):
    content, path = (FOLDER / name).read_bytes(), tmp_path / "f"
    for end in range(0, len(content), 1 if len(content) < 1000 else 37):
        path.write_bytes(content[:end])
        for source in (path, io.BytesIO(content[:end])):
            with pytest.raises(FormatError):
                facebook.read(source, with_output)
    path.write_bytes(content[:-1])
    with pytest.raises(TruncatedError, match="it was cut"):
        facebook.read(path, with_output)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("value", [-1, 2**31 - 1, 2**40])
def test_no_number_of_a_file_makes_it_take_memory(tmp_path, name, value):
    """Four or eight bytes are replaced: at each place of the head, and at some of the rest."""
    content, path = (FOLDER / name).read_bytes(), tmp_path / "f"
    number = struct.pack("<q", value) if value > 2**31 else struct.pack("<i", value)
    n_near = 110  # the numbers of the head and the first words
    places = [*range(min(len(content), n_near)), *range(n_near, len(content), len(content) // 50)]
    tracemalloc.start()
    for place in places:
        path.write_bytes(content[:place] + number + content[place + len(number) :])
        for source in (path, io.BytesIO(path.read_bytes()))[place % 2 :]:
            tracemalloc.reset_peak()
            try:
                facebook.read(source)
            except FormatError as error:
                assert str(error)
            assert tracemalloc.get_traced_memory()[1] < 20 * MB, place
    tracemalloc.stop()


def replaced(name, start, number):
    content = bytearray((FOLDER / name).read_bytes())
    content[start : start + 4] = struct.pack("<i", number)
    return io.BytesIO(bytes(content))


@pytest.mark.parametrize(
    "start, number, message",
    [
        (0, 1, r"does not begin like a model of fastText .*; fastsgns.load\(path\)"),
        (4, 13, "of version 13; known are those up to 12"),
        (8, 0, "dim is 0; allowed are integers from 1"),
        (8, 4, r"a matrix is of shape \(42, 3\); expected is \(42, 4\)"),
        (32, 9, "loss is 9"),
        (36, 4, "model is 4; allowed are {1: 'cbow'"),
        (40, -1, "bucket is -1"),
        (40, 31, r"of shape \(42, 3\); expected is \(43, 3\)"),
        (64, 11, "has 11 entries, 12 words and 0 labels"),
        (68, 11, "has 12 entries, 11 words and 0 labels"),
    ],
)
def test_what_is_wrong_is_said(start, number, message):
    with pytest.raises(FormatError, match=f"the open file: .*{message}"):
        facebook.read(replaced("skipgram.bin", start, number))


def test_old_supervised_files_have_no_n_grams():
    kv = load_facebook_vectors(replaced("supervised.bin", 4, 11))
    assert kv.unseen is None and kv.max_n == 0 and len(kv) == 12


def test_pruned_files_of_pairs_of_words_have_the_rows_of_their_words(tmp_path):
    """With word_ngrams=2 and maxn=0, the pruned rows are those of pairs of words alone."""
    kv = load_facebook_vectors(replaced("pruned.ftz", 48, 0))
    stored = facebook.read(FOLDER / "pruned.ftz")
    assert len(stored.buckets) and kv.unseen is None
    assert np.array_equal(kv.vectors, stored.input[: len(kv)])
    kv.save(tmp_path / "kv")
    assert np.array_equal(KeyedVectors.load(tmp_path / "kv").vectors, kv.vectors)


def written(words, bucket=3, **parameters):
    """Return a file of words, with rows of zeros."""
    model = facebook.read(FOLDER / "words.bin")
    model.words, model.counts = words, np.ones(len(words), np.int64)
    model.parameters |= {"bucket": bucket, "dim": 1} | parameters
    model.buckets, model.output = np.arange(bucket, dtype=np.int32), None
    model.input = np.zeros((len(words) + bucket, 1), np.float32)
    file = io.BytesIO()
    facebook.write(file, model)
    return file.getvalue()


@pytest.mark.parametrize("name", ["f.bin", "f.bin.gz"])
@pytest.mark.parametrize("all_buckets", [True, False])
def test_long_words_do_not_make_a_file_take_memory(tmp_path, name, all_buckets):
    content = written([b"a", b"b" * 20_000], minn=1, maxn=2**31 - 1)
    (tmp_path / name).write_bytes(gzip.compress(content) if "gz" in name else content)
    tracemalloc.start()
    with pytest.raises(FormatError, match=f"{name}: its words of .* bytes have .* n-grams of 1 to"):
        load_facebook_vectors(tmp_path / name, all_buckets=all_buckets)
    assert tracemalloc.get_traced_memory()[1] < 20 * MB
    tracemalloc.stop()
    for word, max_n in [(b"b" * 20_000, 6), (b"b" * 190, 2**31 - 1), (b"b" * 1000, 2000)]:
        content = written([word], minn=1, maxn=max_n)
        assert len(load_facebook_vectors(io.BytesIO(content), all_buckets=all_buckets)) == 1


def test_a_compressed_file_of_long_rows_does_not_take_memory(tmp_path):
    """A row of 8 GB is read block by block, as the length of the file is not known."""
    content = bytearray(written([b"a"], bucket=0, maxn=0))
    place = content.index(struct.pack("<2q", 1, 1))
    content[8:12] = struct.pack("<i", 2**31 - 1)
    content[place + 8 : place + 16] = struct.pack("<q", 2**31 - 1)
    path = tmp_path / "f.bin.gz"
    path.write_bytes(gzip.compress(content))
    tracemalloc.start()
    with pytest.raises(TruncatedError):
        load_facebook_vectors(path)
    assert tracemalloc.get_traced_memory()[1] < 20 * MB
    tracemalloc.stop()


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_not_finite_are_read_without_a_warning():
    content = bytearray((FOLDER / "quantized.ftz").read_bytes())
    shape = struct.pack("<2qi", 2, 3, 0)[:16]
    end = content.rindex(shape) - 1  # of the centroids of norms, before the output matrix
    content[end - 1024 : end] = np.full(256, np.inf, "<f4").tobytes()
    model = facebook.read(io.BytesIO(content))
    assert not np.isfinite(model.input).any()


def test_words_that_are_not_utf8(caplog):
    model = facebook.read(FOLDER / "words.bin")
    model.words[0] = b"caf\xe9"
    model.parameters |= {"bucket": 20, "minn": 3, "maxn": 4}
    model.buckets = np.arange(20, dtype=np.int32)
    model.input = np.random.default_rng(0).normal(size=(len(model.words) + 20, 3)).astype("f4")
    file = io.BytesIO()
    facebook.write(file, model)
    kv = load_facebook_vectors(io.BytesIO(file.getvalue()))
    assert (
        kv.index_to_key[0] == "caf\udce9"
        and "1 words of the open file are not utf-8" in caplog.text
    )
    latin = load_facebook_vectors(io.BytesIO(file.getvalue()), "latin-1")
    assert latin.index_to_key[0] == "café" and np.array_equal(latin.vectors, kv.vectors)
    again = io.BytesIO()
    kv.export("fasttext", again)
    assert facebook.read(io.BytesIO(again.getvalue())).words == model.words
    model.words[1] = b"caf\\xe9"
    twice = io.BytesIO()
    facebook.write(twice, model)
    with pytest.raises(FormatError, match="words are the same in ascii; give another encoding"):
        load_facebook_vectors(io.BytesIO(twice.getvalue()), "ascii")


@pytest.mark.parametrize("options", [{}, {"bucket": 0}, {"min_n": 1, "max_n": 2, "bucket": 3}])
def test_what_is_written_is_read(tmp_path, options):
    kv = made(**options)
    kv["night"] = [1, 2, 3]  # set after the vectors were made of rows
    kv.export("fasttext", tmp_path / "f.bin")
    loaded = KeyedVectors.from_file(tmp_path / "f.bin")
    asked = [*WORDS, *(UNSEEN if kv.unseen else [])]
    assert np.allclose(loaded[asked], kv[asked], atol=1e-6)
    assert loaded.expandos["count"].tolist() == kv.expandos["count"].tolist()
    assert len(loaded.vectors_ngrams) == kv.bucket


def test_what_fasttext_cannot_hold(tmp_path):
    path = tmp_path / "f"
    with pytest.raises(TypeError, match="key 7 is a int; a file of fastText holds words"):
        KeyedVectors.from_dict({7: [1.0]}).export("fasttext", path)
    with pytest.raises(ValueError, match="has a zero byte"):
        KeyedVectors.from_dict({"a\0": [1.0]}).export("fasttext", path)
    with pytest.raises(ValueError, match=r'does not hold floret.*export\("floret", path\)'):
        made(hash_count=1).export("fasttext", path)
    with pytest.raises(ValueError, match="does not hold pruned models"):
        load_facebook_vectors(FOLDER / "pruned.ftz").export("fasttext", path)
    assert not path.exists()


def test_fasttext_reads_what_is_written(tmp_path):
    fasttext = need("fasttext")
    for options in ({}, {"min_n": 1, "max_n": 3}, {"bucket": 0}):
        kv = made(**options)
        path = str(tmp_path / "f.bin")
        kv.export("fasttext", path)
        model = fasttext.load_model(path)
        assert model.get_words() == WORDS
        for word in [*WORDS, *(UNSEEN if kv.unseen else [])]:
            assert np.allclose(model.get_word_vector(word), kv[word], atol=1e-6), word


def test_gensim_reads_what_is_written(tmp_path):
    need("gensim")
    from gensim.models.fasttext import load_facebook_vectors as read

    kv = made()
    kv.export("fasttext", tmp_path / "f.bin")
    theirs = read(str(tmp_path / "f.bin"))
    for word in WORDS[:-1] + UNSEEN:  # for gensim, </s> has n-grams
        assert np.allclose(theirs[word], kv[word], atol=1e-6), word


@pytest.mark.parametrize("options", [{"hash_count": 1}, {"hash_count": 4}, {"max_n": 0}])
def test_floret_tables_come_back(tmp_path, options):
    kv = made(**({"hash_count": 2} | options))
    for name in ("f.floret", "f.floret.gz"):
        kv.export("floret", tmp_path / name)
        loaded = KeyedVectors.from_file(tmp_path / name)
        assert np.allclose(loaded[WORDS + UNSEEN], kv[WORDS + UNSEEN], atol=1e-6)
        assert len(loaded) == 0 and loaded.vectors_ngrams.shape == (500, 3)
    searched = loaded.vectors_for_all(WORDS)
    assert searched.most_similar("night")[0][0] == kv.most_similar("night")[0][0]
    restored = pickle.loads(pickle.dumps(loaded))
    assert np.array_equal(restored[UNSEEN], loaded[UNSEEN])


def test_what_floret_cannot_hold(tmp_path):
    for kv in (made(), KeyedVectors.from_dict({"a": [1.0]})):
        with pytest.raises(ValueError, match="train with hash_count=1 to 4"):
            kv.export("floret", tmp_path / "f")
    kv = made(hash_count=1)
    kv["night"] = [1, 2, 3]
    with pytest.raises(ValueError, match="the vector of 'night' was set"):
        kv.export("floret", tmp_path / "f")


def test_damaged_files_of_floret_are_refused():
    file = io.BytesIO()
    made(hash_count=2, bucket=20).export("floret", file)
    content = file.getvalue()
    for end in range(0, len(content) - 30, 7):
        with pytest.raises(FormatError):
            load_floret_vectors(io.BytesIO(content[:end]))
    for old, new, message in [
        (b"20 3 3 5 2", b"21 3 3 5 2", "expected are 21 rows of 3"),
        (b"20 3 3 5 2", b"20 4 3 5 2", "expected are 20 rows of 4"),
        (b"20 3 3 5 2", b"9999999999 99999 3 5 2", "expected are 9999999999 rows"),
        (b"20 3 3 5 2", b"20 3 3 5 5", "sizes that are impossible"),
        (b"20 3 3 5 2", b"20 3 3 2147483648 2", "sizes that are impossible"),
        (b"20 3 3 5 2", b"20 3 2147483648 5 2", "sizes that are impossible"),
        (b"\n1 ", b"\n\xff ", "a row that does not begin with its number"),
        (b"2166136261", b"2166136262", "seed 2166136262"),
        (b"< >", b"( )", "brackets"),
        (b"\n1 ", b"\n2 ", "numbered from 0"),
        (b"20 3", b"ab c", "does not begin like a file of floret"),
    ]:
        with pytest.raises(FormatError, match=message):
            floret.read(io.BytesIO(content.replace(old, new, 1)))


def test_spacy_reads_files_of_floret(tmp_path):
    need("spacy")
    from spacy.lang.en import English
    from spacy.training.initialize import convert_vectors

    for options in (
        {"hash_count": 1},
        {"hash_count": 3, "min_n": 1},
        {"hash_count": 2, "max_n": 0},
    ):
        kv = made(**options)
        kv.export("floret", tmp_path / "f.floret")
        nlp = English()
        convert_vectors(nlp, tmp_path / "f.floret", truncate=-1, prune=-1, mode="floret")
        for word in WORDS + UNSEEN:
            assert np.allclose(nlp.vocab.get_vector(word), kv[word], atol=1e-6), word


def test_readers_of_other_files_say_what_reads_fasttext(tmp_path):
    for load in (Word2Vec.load, KeyedVectors.load, KeyedVectors.load_word2vec_format):
        with pytest.raises(
            FormatError, match=r"a model of fastText; .*load_facebook_model\(path\)"
        ):
            load(FOLDER / "skipgram.bin")
