"""Train a model of every kind and mode with four workers, for ThreadSanitizer.

``python tests/races.py [VARIANT ...]`` runs them with these kernel variants, by default with all
but "blas": a BLAS is not compiled for ThreadSanitizer. CONTRIBUTING.md has the commands.
"""

import itertools
import logging
import sys
import warnings

import digests

from fastsgns import kernels

WORKERS = 4
SOLVED = ("hope", "strap", "svd")  # models without training threads


def train_all(variant: str) -> None:
    """Train the models of digests.py, on texts of several chunks, with a kernel variant."""
    kernels.force(variant)
    for name, train in digests.models():
        if name not in SOLVED:
            print(variant, name, flush=True)
            train()


def main() -> None:
    """Enlarge the texts of digests.py, and train."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    digests.TEXT, digests.MORE = digests.sentences(700), digests.sentences(400, 3)
    digests.EDGES = [edge for words in digests.TEXT for edge in itertools.pairwise(words)]
    for options in (digests.WORDS, digests.NODES, digests.PAIRS):
        options["workers"] = WORKERS
    digests.NODES["num_walks"] = 30
    for variant in sys.argv[1:] or [name for name in kernels.available() if name != "blas"]:
        train_all(variant)


if __name__ == "__main__":
    main()
