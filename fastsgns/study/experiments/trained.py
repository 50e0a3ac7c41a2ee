"""Trained models: train one, and measure it."""

import copy
import time
import warnings
from typing import Any

import numpy as np

from fastsgns.models.word2vec import Word2Vec
from fastsgns.study.experiments import measures
from fastsgns.study.experiments.spaces import Spaces
from fastsgns.study.material import Material


def train(material: Material, seed: int, **options: Any) -> Word2Vec:
    """Train a model on the material with its settings, by default skip-gram."""
    sizes = material.settings
    defaults: dict[str, Any] = {
        "sg": 1,
        "vector_size": sizes.dimensions,
        "window": sizes.window,
        "epochs": sizes.epochs,
        "alpha": sizes.alpha,
    }
    fixed = {"min_count": 1, "sample": 0, "sorted_vocab": 0, "workers": material.workers}
    shown = {"compute_loss": True, "progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some modes are studied because they fail
        return Word2Vec(material.corpus, seed=seed, **defaults | options | fixed | shown)


def measure(material: Material, model: Word2Vec) -> dict[str, Any]:
    """Measure the losses, scores and geometry of a model."""
    spaces = Spaces.of(model)
    table = measures.scores(material, spaces)
    return {
        "epoch losses": model.epoch_losses,
        "loss": measures.held_loss(material, spaces, model.negative),
        "scores": table,
        "score": measures.mean_score(material, table),
        "geometry": measures.geometry(spaces, material.settings.n_frequent),
    }


def trained(material: Material, seed: int, **options: Any) -> dict[str, Any]:
    """Train with some options of `Word2Vec`, and measure the model."""
    started = time.perf_counter()
    model = train(material, seed, **options)
    seconds = time.perf_counter() - started
    spaces = Spaces.of(model)
    return {
        **measure(material, model),
        "pmi": measures.pmi_fit(material, spaces),
        "neighbours": measures.neighbours(material, spaces),
        "parameters": sum(rows.size for rows in model.current_arrays().vectors.values()),
        "seconds": seconds,
    }


def resumed(material: Material, seed: int, more: int, **options: Any) -> dict[str, Any]:
    """Train, then continue twice: with both matrices, and with the output matrix set to zero.

    The learning rate falls to half in the first part, and to its end in the second. Both
    continuations draw the same random numbers.
    """
    alpha = material.settings.alpha
    first = train(material, seed, min_alpha=alpha / 2, **options)
    measured: dict[str, Any] = {"before": measure(material, first)}
    for name in ("both", "output reset"):
        model = copy.deepcopy(first)
        if name == "output reset":
            model.syn1neg = np.zeros_like(model.syn1neg)
        model.train(
            material.corpus,
            total_examples=len(material.corpus),
            epochs=more,
            start_alpha=alpha / 2,
            end_alpha=1e-4,
        )
        measured[name] = measure(material, model)
    return measured
