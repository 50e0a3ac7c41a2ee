"""Settings: the sizes of a study."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The sizes of all experiments.

    A result depends on the settings, the corpus, the experiment and the seed, and on nothing else.

    Attributes
    ----------
    n_seeds : int
        Repetitions of each experiment.
    dimensions, window, epochs, min_count : int
        Parameters of the trained models.
    alpha : float
        Initial learning rate of skip-gram.
    sample : float
        Subsampling threshold. The corpus is subsampled once, so that counts and models see the
        same text.
    n_frequent : int
        The number of words, the most frequent, whose counts are stored in a dense matrix: PMI and
        what is compared with it.
    n_exact : int
        The number of words, the most frequent, of the exact losses.
    exact_dimensions, exact_steps : int
        Vector length and maximum number of L-BFGS steps of the exact losses.
    batch_tokens, batch_epochs : int
        Tokens of the corpus, from its start, and epochs of the CBOW models trained in batches.
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
