"""Runner: computes the results that claims need and that the cache lacks."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from fastsgns import kernels
from fastsgns._version import __version__
from fastsgns.runtime.progress import ShowProgress, make_bar
from fastsgns.study.cache import Cache, Result
from fastsgns.study.claim import Claim, Results, Trial
from fastsgns.study.experiments.batches import batches
from fastsgns.study.experiments.direction import direction
from fastsgns.study.experiments.exact import exact
from fastsgns.study.experiments.spectrum import spectrum
from fastsgns.study.experiments.trained import resumed, trained
from fastsgns.study.graphs import GraphMaterial
from fastsgns.study.material import Material

Experiment = Callable[..., Result]
EXPERIMENTS: dict[str, Experiment] = {
    run.__name__: run for run in (batches, direction, exact, resumed, spectrum, trained)
}


@cache
def code() -> str:
    """Return a digest of the package's modules (experiments, models, kernels) without the CLI."""
    digest = hashlib.sha256(f"{__version__} {kernels.variant()}".encode())
    folder = Path(__file__).parent.parent
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".so", ".pyd")):
        if not path.is_relative_to(folder / "cli"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Runner:
    """Reads results from the cache, or computes them.

    Parameters
    ----------
    material : Material or GraphMaterial
        The data of the trials.
    folder : path
        The folder of the cache.
    progress : bool or None
        As in `fastsgns.runtime.progress.make_bar`.
    experiments : mapping of str to callable, optional
        ``experiment(material, seed, **settings)`` by name.
    """

    def __init__(
        self,
        material: Material | GraphMaterial,
        folder: str | os.PathLike[str],
        progress: ShowProgress = None,
        experiments: Mapping[str, Experiment] = EXPERIMENTS,
    ) -> None:
        self.material = material
        self.cache = Cache(folder)
        self.progress = progress
        self.experiments = experiments
        self._results: dict[tuple[Trial, int], Result] = {}
        self.n_computed = 0

    def run(self, claims: Sequence[Claim]) -> dict[str, Results]:
        """Read or compute the results of all trials of the claims, each trial once per seed.

        Returns
        -------
        dict of str to Results
            By the claims' names.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C. The results so far are in the cache, and the next run continues there.
        """
        settings = self.material.settings
        by_claim = {claim.name: claim.trials(settings) for claim in claims}
        trials = list(dict.fromkeys(t for by_label in by_claim.values() for t in by_label.values()))
        jobs = [(trial, seed) for seed in range(1, settings.n_seeds + 1) for trial in trials]
        bar = make_bar(self.progress, len(jobs), "experiments", "runs")
        try:
            for done, job in enumerate(jobs):
                bar.update_to(done, now=describe(*job))
                self._results[job] = self._result(*job)
            bar.update_to(len(jobs))
        finally:
            bar.close()
        return {
            name: Results({label: self._of_seeds(t) for label, t in by_label.items()}, settings)
            for name, by_label in by_claim.items()
        }

    def _of_seeds(self, trial: Trial) -> list[Result]:
        return [self._results[trial, s] for s in range(1, self.material.settings.n_seeds + 1)]

    def _result(self, trial: Trial, seed: int) -> Result:
        key = {
            "experiment": trial.experiment,
            "settings": dict(trial.settings),
            "seed": seed,
            "material": self.material.identity,
            "code": code(),
        }
        result = self.cache.get(key)
        if result is None:
            experiment = self.experiments[trial.experiment]
            result = experiment(self.material, seed, **dict(trial.settings))
            self.cache.put(key, result)
            self.n_computed += 1
        return result


def describe(trial: Trial, seed: int) -> str:
    """Return a trial, its settings and a seed in one line.

    Examples
    --------
    >>> describe(Trial.of("exact", shape="two", k=5), 1)
    'exact k=5 shape=two seed 1'
    """
    settings = " ".join(f"{name}={value}" for name, value in trial.settings)
    return " ".join(filter(None, (trial.experiment, settings, f"seed {seed}")))
