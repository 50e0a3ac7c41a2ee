"""CADE: aligns the models of several texts, with the names of gensim 3 (run with --api 3)."""

import sys
from pathlib import Path

import numpy as np
from cade.cade import CADE

texts = {"old.txt": "the amazon is a river\n", "new.txt": "amazon sells a book online\n"}
Path("slices").mkdir(exist_ok=True)
for name, text in texts.items():
    Path("slices", name).write_text(text * 50)
aligner = CADE(size=10, siter=5, diter=5, min_count=1, workers=1, opath="cade")
aligner.train_compass("slices", overwrite=True, save=True)
models = {name: aligner.train_slice(str(Path("slices", name)), save=True) for name in texts}
assert set(models["new.txt"].wv.vocab) == set(texts["new.txt"].split())
for model in models.values():
    assert np.isfinite(model["amazon"]).all()
    assert model.wv.vocab["amazon"].count == 50
assert aligner.compass.wv.index2word[0] in ("a", "the", "amazon")
print("done", sys.modules["gensim"].__version__)
