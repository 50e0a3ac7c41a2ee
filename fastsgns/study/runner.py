"""Runner: computes the trials that claims need and the cache lacks."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastsgns import kernels
from fastsgns._version import __version__
from fastsgns.runtime.progress import make_bar
from fastsgns.study.cache import Cache, Result
from fastsgns.study.claim import Claim, Results, Trial
from fastsgns.study.direction import direction
from fastsgns.study.experiments.batches import batches
from fastsgns.study.experiments.exact import exact
from fastsgns.study.experiments.spectrum import spectrum
from fastsgns.study.experiments.trained import resumed, trained
from fastsgns.study.graphs import GraphMaterial
from fastsgns.study.material import Material

Experiment = Callable[..., dict[str, Any]]
EXPERIMENTS: dict[str, Experiment] = {
    "batches": batches,
    "direction": direction,
    "exact": exact,
    "resumed": resumed,
    "spectrum": spectrum,
    "trained": trained,
}


@cache
def code() -> str:
    """Tell one state of the package from another: experiments, models and compiled kernels."""
    found = hashlib.sha256(f"{__version__} {kernels.variant()}".encode())
    folder = Path(__file__).parent.parent
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".so", ".pyd")):
        if not path.is_relative_to(folder / "cli"):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


class Runner:
    """Obtains results, from the cache or by computing them.

    Parameters
    ----------
    material : Material or GraphMaterial
        What the trials of all its claims are about.
    folder : path
        Of the cache.
    progress : bool or None
        As in `fastsgns.runtime.progress.make_bar`.
    experiments : mapping of str to callable, optional
        ``experiment(material, seed, **settings)`` by name.
    """

    def __init__(
        self,
        material: Material | GraphMaterial,
        folder: str | os.PathLike[str],
        progress: bool | None = None,
        experiments: Mapping[str, Experiment] = EXPERIMENTS,
    ) -> None:
        self.material = material
        self.cache = Cache(folder)
        self.progress = progress
        self.experiments = experiments
        self._known: dict[tuple[Trial, int], Result] = {}
        self.n_computed = 0

    def run(self, claims: Sequence[Claim]) -> dict[str, Results]:
        """Obtain what the claims need, seed by seed, each trial once.

        Returns
        -------
        dict of str to Results
            By the claims' names.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C; what was computed is in the cache, and the next run goes on from there.
        """
        sizes = self.material.settings
        wanted = {claim.name: claim.trials(sizes) for claim in claims}
        trials = list(dict.fromkeys(t for table in wanted.values() for t in table.values()))
        jobs = [(trial, seed) for seed in range(1, sizes.n_seeds + 1) for trial in trials]
        bar = make_bar(self.progress, len(jobs), "experiments", "runs")
        try:
            for done, job in enumerate(jobs):
                bar.update_to(done, now=describe(*job))
                self._known[job] = self._obtain(*job)
            bar.update_to(len(jobs))
        finally:
            bar.close()
        return {
            name: Results({label: self._seeds(trial) for label, trial in table.items()}, sizes)
            for name, table in wanted.items()
        }

    def _seeds(self, trial: Trial) -> list[Result]:
        return [self._known[trial, s] for s in range(1, self.material.settings.n_seeds + 1)]

    def _obtain(self, trial: Trial, seed: int) -> Result:
        key = {
            "experiment": trial.experiment,
            "settings": dict(trial.settings),
            "seed": seed,
            "material": self.material.identity,
            "code": code(),
        }
        found = self.cache.get(key)
        if found is None:
            experiment = self.experiments[trial.experiment]
            found = experiment(self.material, seed, **dict(trial.settings))
            self.cache.put(key, found)
            self.n_computed += 1
        return found


def describe(trial: Trial, seed: int) -> str:
    """Name a trial and its seed in a few words.

    Examples
    --------
    >>> describe(Trial.of("exact", shape="two", k=5), 1)
    'exact k=5 shape=two seed 1'
    """
    settings = " ".join(f"{name}={value}" for name, value in trial.settings)
    return " ".join(filter(None, (trial.experiment, settings, f"seed {seed}")))
