"""Programs as people write them for gensim, run with nothing but that word replaced."""

import logging
import textwrap
from contextlib import nullcontext

import numpy as np
import pytest
import toy

from fastsgns import Word2Vec

PROGRAMS = {
    "train, ask, save, load": """
        from gensim.models import Word2Vec
        model = Word2Vec(sentences, vector_size=50, window=5, min_count=1, workers=4, sg=1)
        vector = model.wv["fruit1"]
        assert vector.shape == (50,) == (model.vector_size,) == (model.wv.vector_size,)
        similar = model.wv.most_similar("fruit1", topn=5)
        assert len(similar) == 5 and isinstance(similar[0][1], float)
        assert "fruit1" in model.wv and "nothing" not in model.wv
        model.save("word2vec.model")
        model = Word2Vec.load("word2vec.model")
        np.testing.assert_array_equal(model.wv["fruit1"], vector)
    """,
    "vocabulary first, then train": """
        import gensim
        model = gensim.models.Word2Vec(min_count=1, window=2, vector_size=20, sample=6e-5,
                                       alpha=0.03, min_alpha=0.0007, negative=20, workers=3)
        model.build_vocab(sentences, progress_per=10000)
        model.train(sentences, total_examples=model.corpus_count, epochs=30, report_delay=1)
        model.init_sims(replace=True)
        np.testing.assert_allclose(np.linalg.norm(model.wv.vectors, axis=1), 1, rtol=1e-5)
    """,
    "keys and vectors": """
        from gensim.models import Word2Vec
        model = Word2Vec(sentences, min_count=1)
        words = list(model.wv.index_to_key)
        assert len(words) == len(model.wv.key_to_index) == len(model.wv) == len(model.wv.vectors)
        assert all(model.wv.index_to_key[i] == w for w, i in model.wv.key_to_index.items())
        count = model.wv.get_vecattr("metal0", "count")
        assert count == sum(sentence.count("metal0") for sentence in sentences)
        np.testing.assert_array_equal(model.wv.get_vector("metal0"), model.wv["metal0"])
        matrix = np.zeros((len(words) + 1, model.wv.vector_size))
        for word, i in model.wv.key_to_index.items():
            matrix[i] = model.wv[word]
        np.testing.assert_array_equal(matrix[:-1], model.wv.vectors)
        assert model.wv[["metal0", "metal1"]].shape == (2, 100)
    """,
    "mean of the words of a document": """
        from gensim.models import Word2Vec
        w2v = Word2Vec(sentences, vector_size=30, min_count=1)
        def document(words):
            known = [w2v.wv[word] for word in words if word in w2v.wv.key_to_index]
            return np.mean(known, axis=0) if known else np.zeros(w2v.vector_size)
        features = np.array([document(s) for s in [*sentences[:9], ["unknown"]]])
        assert features.shape == (10, 30) and not features[-1].any() and features[0].any()
    """,
    "queries": """
        from gensim.models import Word2Vec
        wv = Word2Vec(sentences, vector_size=30, min_count=1, epochs=30, sg=1, sample=0).wv
        assert wv.similarity("fruit1", "fruit2") > wv.similarity("fruit1", "metal2")
        assert wv.doesnt_match(["fruit1", "fruit2", "fruit3", "river0"]) == "river0"
        assert wv.n_similarity(["fruit1", "fruit2"], ["fruit3"]) > 0.5
        both = wv.most_similar(positive=["fruit1", "metal1"], negative=["fruit2"], topn=3)
        assert len(both) == 3 and wv.most_similar_cosmul(positive=["fruit1"], negative=["metal1"])
        assert wv.similar_by_word("fruit1")[0][0].startswith("fruit")
        assert wv.similar_by_vector(wv["fruit1"], topn=1)[0][0] == "fruit1"
        assert abs(wv.distance("fruit1", "fruit2") + wv.similarity("fruit1", "fruit2") - 1) < 1e-6
    """,
    "word2vec files": """
        from gensim.models import KeyedVectors, Word2Vec
        wv = Word2Vec(sentences, min_count=1).wv
        wv.save_word2vec_format("vectors.bin", binary=True)
        wv.save_word2vec_format("vectors.txt", binary=False)
        binary = KeyedVectors.load_word2vec_format("vectors.bin", binary=True)
        np.testing.assert_array_equal(binary["river1"], wv["river1"])
        text = KeyedVectors.load_word2vec_format("vectors.txt", binary=False, limit=5)
        assert len(text) == 5
        wv.save("vectors.kv")
        mapped = KeyedVectors.load("vectors.kv", mmap="r")
        np.testing.assert_array_equal(mapped.vectors, wv.vectors)
    """,
    "text files": """
        import os
        from gensim.models.word2vec import LineSentence, PathLineSentences, Text8Corpus, Word2Vec
        os.mkdir("texts")
        with open("texts/1.txt", "w") as file:
            file.write("\\n".join(" ".join(s) for s in sentences))
        def tokens(corpus):
            return [token for sentence in corpus for token in sentence]
        assert list(LineSentence("texts/1.txt")) == sentences
        assert list(PathLineSentences("texts")) == sentences
        assert tokens(Text8Corpus("texts/1.txt")) == tokens(sentences)
        one = Word2Vec(LineSentence("texts/1.txt"), workers=1, seed=3)
        two = Word2Vec(corpus_file="texts/1.txt", workers=1, seed=3)
        np.testing.assert_array_equal(one.wv.vectors, two.wv.vectors)
    """,
    "a class that reads line by line": """
        import logging
        from gensim import models
        from gensim.models import word2vec
        logging.getLogger("gensim").setLevel(logging.INFO)
        class MyCorpus:
            def __iter__(self):
                for sentence in sentences:
                    yield " ".join(sentence).split()
        model = models.Word2Vec(sentences=MyCorpus(), min_count=2)
        assert isinstance(model, word2vec.Word2Vec) and len(model.wv) == 24
        assert word2vec.FAST_VERSION >= 0
    """,
    "a callback for the loss": """
        from gensim.models import Word2Vec
        from gensim.models.callbacks import CallbackAny2Vec
        class LossLogger(CallbackAny2Vec):
            def __init__(self):
                self.epoch, self.losses, self.previous = 0, [], 0.0
            def on_epoch_end(self, model):
                loss = model.get_latest_training_loss()
                self.losses.append(loss - self.previous)
                self.previous = loss
                self.epoch += 1
        logger = LossLogger()
        Word2Vec(sentences, min_count=1, compute_loss=True, callbacks=[logger], epochs=20, sg=1)
        assert logger.epoch == 20 and 0 < logger.losses[-1] < logger.losses[0]
    """,
    "continue training with new words": """
        from gensim.models import Word2Vec
        model = Word2Vec(sentences, min_count=1)
        more = [["fruit1", "kiwi", "kiwi"]] * 9
        model.build_vocab(more, update=True)
        model.train(more, total_examples=model.corpus_count, epochs=model.epochs)
        assert "kiwi" in model.wv and model.wv.most_similar("kiwi")
    """,
    "output vectors": """
        from gensim.models import Word2Vec
        model = Word2Vec(sentences, min_count=1, vector_size=10)
        assert model.syn1neg.shape == (len(model.wv), 10)
        predicted = model.predict_output_word(["fruit1", "fruit2"], topn=3)
        assert len(predicted) == 3
        hierarchical = Word2Vec(sentences, min_count=1, hs=1, negative=0)
        assert hierarchical.score(sentences[:2]).shape == (2,)
    """,
    "evaluation": """
        from gensim.models import Word2Vec
        wv = Word2Vec(sentences, min_count=1).wv
        with open("pairs.tsv", "w") as file:
            file.write("fruit1\\tfruit2\\t9\\nfruit1\\tmetal2\\t1\\nriver1\\triver2\\t8\\n")
        pearson, spearman, unknown = wv.evaluate_word_pairs("pairs.tsv")
        assert unknown == 0 and -1 <= spearman[0] <= 1
        with open("questions.txt", "w") as file:
            file.write(": all\\nfruit1 fruit2 metal1 metal2\\n")
        score, sections = wv.evaluate_word_analogies("questions.txt")
        assert score in (0, 1) and sections[-1]["section"] == "Total accuracy"
    """,
    "walks on a graph": """
        import gensim
        walks = [[str(n % 7) for n in range(start, start + 20)] for start in range(30)]
        model = gensim.models.Word2Vec(walks, vector_size=16, window=10, min_count=0, sg=1,
                                       hs=0, workers=4, epochs=1, seed=None, batch_words=4)
        model.wv.save_word2vec_format("nodes.emb")
        with open("nodes.emb") as file:
            assert file.readline() == "7 16\\n"
    """,
    "vectors of one's own": """
        from gensim.models.keyedvectors import KeyedVectors, Word2VecKeyedVectors
        kv = KeyedVectors(vector_size=3)
        kv.add_vectors(["a", "b"], [[1, 0, 0], [0, 1, 0]])
        kv.add_vector("c", np.array([1, 1, 0]))
        kv["d"] = np.array([0, 0, 1.0])
        assert kv.index_to_key == list("abcd") and isinstance(kv, Word2VecKeyedVectors)
        assert kv.most_similar(positive=["a", "b"], topn=1)[0][0] == "c"
    """,
    "a subclass": """
        from gensim.models import Word2Vec
        class Model(Word2Vec):
            def fit(self, corpus):
                self.build_vocab(corpus)
                self.train(corpus, total_examples=self.corpus_count, epochs=self.epochs)
                return self
        model = Model(min_count=1, vector_size=12).fit(sentences)
        assert str(model) == "Model<vocab=24, vector_size=12, alpha=0.025>"
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_unchanged(name, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.NOTSET, "fastsgns")  # a program may set it; afterwards it is as before
    program = textwrap.dedent(PROGRAMS[name]).replace("gensim", "fastsgns")
    with pytest.warns(DeprecationWarning) if "init_sims" in program else nullcontext():
        exec(compile(program, name, "exec"), {"sentences": toy.sentences(100), "np": np})


MISSING = {  # tests/dropin/test_old_names.py has the names of gensim 3
    "syn1neg": "negative > 0",
    "syn1": "hs=1",
    "load": "Word2Vec.load(path)",
}


@pytest.mark.parametrize("name", MISSING)
def test_names_that_are_missing_say_what_they_need(name):
    model = Word2Vec()
    assert not hasattr(model, name)
    with pytest.raises(AttributeError) as caught:
        getattr(model, name)
    assert f"no attribute {name!r}" in str(caught.value) and MISSING[name] in str(caught.value)


def test_an_unknown_name_is_refused_without_advice():
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        _ = Word2Vec().nonsense
