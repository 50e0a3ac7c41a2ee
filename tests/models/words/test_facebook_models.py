"""FastText from files of Facebook's fastText, and back."""

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import toy
from optional import need

from fastsgns.formats import facebook
from fastsgns.models.fasttext import FastText, load_facebook_model, save_facebook_model
from fastsgns.models.words.facebook import paths_of_facebook
from fastsgns.sampling import huffman_paths

FOLDER = Path(__file__).parents[2] / "formats" / "fasttext_0_9"
SENTENCES = toy.sentences(60)
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2, "bucket": 2000}
KINDS = {
    "skip-gram": {"sg": 1},
    "cbow": {"sg": 0, "window": 3},
    "tree": {"sg": 1, "hs": 1, "negative": 0},
    "softmax": {"sg": 1, "negative": 0, "softmax": 1},
    "words": {"sg": 1, "max_n": 0},
    "one matrix": {"sg": 1, "matrices": "tied"},
}


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_model_comes_back_and_trains_on(tmp_path, options):
    model = FastText(SENTENCES, **SMALL | options)
    path = tmp_path / "model.bin"
    if "hs" in options:
        with pytest.warns(UserWarning, match="rows of hierarchical softmax"):
            save_facebook_model(model, path)
    else:
        save_facebook_model(model, path)
    loaded = load_facebook_model(path)
    words = [*model.wv.index_to_key, *([] if "max_n" in options else ["metal1x", "unseen"])]
    assert np.allclose(loaded.wv[words], model.wv[words], atol=1e-6)
    names = ("sg", "hs", "window", "epochs", "negative", "vector_size", "sample", "softmax")
    for name in names:
        assert getattr(loaded, name) == getattr(model, name), name
    assert loaded.corpus_total_words == model.corpus_total_words
    if "hs" not in options:
        assert np.array_equal(loaded.wv.output.vectors, model.wv.output.vectors)
    before = loaded.wv.vectors.copy()
    loaded.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert np.isfinite(loaded.wv.vectors).all() and (loaded.wv.vectors != before).any()


@pytest.mark.parametrize("name", ["skipgram.bin", "cbow-hs.bin", "words.bin"])
def test_a_known_file_is_written_as_it_was_read(name):
    content = (FOLDER / name).read_bytes()
    model, file = load_facebook_model(FOLDER / name), io.BytesIO()
    save_facebook_model(model, file)
    first, second = (facebook.read(io.BytesIO(x)) for x in (content, file.getvalue()))
    for stored in (first, second):
        if "hs" in name:
            stored.parameters["neg"] = 0  # fastText writes 5 without a use for it
    for part in ("parameters", "words", "n_tokens"):
        assert getattr(first, part) == getattr(second, part)
    assert np.array_equal(first.input, second.input)
    rows = slice(0, -1 if "hs" in name else None)  # the tree does not use the last row
    assert np.array_equal(first.output[rows], second.output[rows])


def test_fasttext_reads_a_trained_model(tmp_path):
    fasttext = need("fasttext")
    model = FastText(SENTENCES, **SMALL)
    save_facebook_model(model, tmp_path / "model.bin")
    theirs = fasttext.load_model(str(tmp_path / "model.bin"))
    for word in [*model.wv.index_to_key, "metal1x", "naïve", "日本"]:
        assert np.allclose(theirs.get_word_vector(word), model.wv[word], atol=1e-6), word


def test_gensim_reads_a_trained_model(tmp_path):
    need("gensim")
    from gensim.models.fasttext import load_facebook_model as read

    model = FastText(SENTENCES, **SMALL)
    save_facebook_model(model, tmp_path / "model.bin")
    theirs = read(str(tmp_path / "model.bin"))
    for word in [*model.wv.index_to_key, "metal1x", "naïve"]:
        assert np.allclose(theirs.wv[word], model.wv[word], atol=1e-6), word
    assert np.array_equal(theirs.syn1neg, model.syn1neg)


def test_the_old_name_still_works():
    with pytest.warns(DeprecationWarning, match="use load_facebook_model"):
        model = FastText.load_fasttext_format(str(FOLDER / "skipgram.bin"))
    assert type(model) is FastText and len(model.wv) == 12


def test_a_supervised_model_is_refused():
    for name in ("supervised.bin", "quantized.ftz", "pruned.ftz"):
        with pytest.raises(NotImplementedError, match=r"load_facebook_vectors\(path\)"):
            load_facebook_model(FOLDER / name)


def test_what_a_file_cannot_hold(tmp_path):
    with pytest.warns(UserWarning, match="does not hold the bias"):
        save_facebook_model(FastText(SENTENCES, matrices="tied+bias", **SMALL), tmp_path / "f")
    with pytest.raises(ValueError, match="does not hold floret's scheme"):
        save_facebook_model(FastText(SENTENCES, hash_count=2, **SMALL), tmp_path / "g")
    with pytest.raises(TypeError, match=r'vectors, not a model: kv.export\("fasttext", path\)'):
        save_facebook_model(load_facebook_model(FOLDER / "skipgram.bin").wv, tmp_path / "h")


def test_the_paths_are_those_of_a_huffman_tree():
    counts = np.sort(np.random.default_rng(0).integers(1, 9, 40))[::-1]
    paths = paths_of_facebook(counts)
    spans = itertools.pairwise(paths.starts)
    codes = {tuple(paths.labels[start:end]) for start, end in spans}
    assert len(codes) == 40 and sum(2.0 ** -len(code) for code in codes) == 1
    best = counts @ np.diff(huffman_paths(counts).starts)
    assert counts @ np.diff(paths.starts) == best
