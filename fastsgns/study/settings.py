"""Settings: the sizes of a study."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How much is computed; everything a result depends on beside corpus, experiment and seed.

    Attributes
    ----------
    n_seeds : int
        Repetitions of each experiment.
    dimensions, window, epochs, min_count : int
        Of the trained models.
    alpha : float
        Learning rate of skip-gram at first.
    sample : float
        The corpus is thinned once by this threshold, so that counts and models see one text.
    n_frequent : int
        The most frequent words whose counts are held densely: PMI and what is compared with it.
    n_exact : int
        Words of the exact losses, the most frequent.
    exact_dimensions, exact_steps : int
        Of the exact losses: length of a vector, steps of L-BFGS.
    batch_tokens, batch_epochs : int
        Of the one-matrix CBOW: tokens of the cut, passes.
    """

    n_seeds: int = 5
    dimensions: int = 100
    window: int = 5
    epochs: int = 3
    min_count: int = 5
    alpha: float = 0.025
    sample: float = 1e-3
    n_frequent: int = 3000
    n_exact: int = 1000
    exact_dimensions: int = 50
    exact_steps: int = 300
    batch_tokens: int = 500_000
    batch_epochs: int = 2


FULL = Settings()
QUICK = Settings(
    n_seeds=3,
    dimensions=50,
    epochs=3,
    alpha=0.05,
    min_count=10,
    n_frequent=1500,
    n_exact=300,
    exact_dimensions=20,
    exact_steps=100,
    batch_tokens=50_000,
)
