"""The metadata of gensim, for programs that ask which version is installed."""

from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder
from typing import Any


class Metadata(DistributionFinder):
    """A finder that knows a distribution "gensim", and no modules.

    Parameters
    ----------
    version : str
        Programs choose their code by it, as in ``importlib.metadata.version("gensim")``.
    """

    def __init__(self, version: str) -> None:
        self._distribution = _Distribution(version)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Find no module."""

    def find_distributions(self, context: Any = None) -> Iterator[Distribution]:
        """Yield the distribution if it is asked for by its name."""
        if context is not None and context.name == "gensim":
            yield self._distribution


class _Distribution(Distribution):
    def __init__(self, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: gensim\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return path
