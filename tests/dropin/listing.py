"""The public names of gensim's modules, as fastsgns/gensim/listing.py has them.

``python tests/dropin/listing.py`` writes that file anew, with gensim; ``ruff format`` follows.
"""

import importlib
import pkgutil
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

LISTING = Path(__file__).resolve().parents[2] / "fastsgns" / "gensim" / "listing.py"
TESTS = ("test.utils",)  # the only module of its tests that other programs import
BY_HAND = {"similarities.nmslib": "NmslibIndexer"}  # it needs a package to be imported
HEAD = '''\
"""The names of gensim 4.4 by module. tests/dropin/listing.py writes this file."""

GENSIM = {
'''


def modules() -> list[str]:
    """Return the names of gensim's public modules, without "gensim."."""
    import gensim

    walked = pkgutil.walk_packages(gensim.__path__, "gensim.", onerror=lambda name: None)
    found = [module.name.removeprefix("gensim.") for module in walked]
    return ["", *(name for name in found if is_public(name))]


def is_public(module: str) -> bool:
    """Return whether programs may import a module."""
    parts = module.split(".")
    if module in ("test", *TESTS):
        return True
    return "test" not in parts and not any(part.startswith("_") for part in parts)


def names_of(module: str) -> list[str]:
    """Return the public names of a module, without its submodules and what it has of others."""
    try:
        found = vars(importlib.import_module(f"gensim.{module}".rstrip(".")))
    except ImportError:  # it needs another package
        return BY_HAND.get(module, "").split()
    return sorted(name for name, value in found.items() if is_gensims(name, value))


def is_gensims(name: str, value: Any) -> bool:
    """Return whether gensim defines a public name."""
    origin = getattr(value, "__module__", None) or "gensim"
    is_own = isinstance(origin, str) and origin.split(".")[0] == "gensim"
    return is_own and not name.startswith("_") and not isinstance(value, ModuleType)


def listing() -> dict[str, str]:
    """Return the names of each module, separated by spaces."""
    return {module: " ".join(names_of(module)) for module in modules()}


def source(found: dict[str, str]) -> str:
    """Return the text of the file."""
    rows = []
    for module, names in found.items():
        lines = textwrap.wrap(names, 88, break_long_words=False) or [""]
        if len(lines) == 1 and len(names) + len(module) < 86:
            rows.append(f'    "{module}": "{names}",')
        else:
            parts = [f'        "{line} "' for line in lines[:-1]] + [f'        "{lines[-1]}"']
            rows.append("\n".join([f'    "{module}": (', *parts, "    ),"]))
    return HEAD + "\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    LISTING.write_text(source(listing()), encoding="utf-8")
