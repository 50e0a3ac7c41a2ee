"""spec2vec: trains on documents of spectra, with callbacks that save and report the loss."""

import sys

import numpy as np
from matchms import Spectrum
from spec2vec import Spec2Vec, SpectrumDocument
from spec2vec.model_building import train_new_word2vec_model

rng = np.random.default_rng(1)
documents = []
for _ in range(40):
    places = np.sort(rng.choice(np.arange(100, 130), 10, replace=False)).astype(float)
    spectrum = Spectrum(places, np.ones(10), metadata={"precursor_mz": 200.0})
    documents.append(SpectrumDocument(spectrum, n_decimals=1))
model = train_new_word2vec_model(
    documents, iterations=[2, 4], filename="spectra.model", workers=1, progress_logger=True
)
score = Spec2Vec(model=model, intensity_weighting_power=0.5, allowed_missing_percentage=5.0)
assert np.isfinite(score.pair(documents[0], documents[1]))
assert abs(score.pair(documents[0], documents[0]) - 1) < 1e-5
print("done", sys.modules["gensim"].__version__)
