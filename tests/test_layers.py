"""Imports point one way, and importing the package costs little."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import networkx as nx
import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "fastsgns"  # installed packages have no .pyx
SOURCES = sorted(path for suffix in ("py", "pyx", "pxd") for path in PACKAGE.rglob(f"*.{suffix}"))
CYTHON_IMPORT = re.compile(r"^ *((?:from [\w.]+ )?c?import (?:\([^)]*\)|.*))$", re.M)
LAYERS = (
    {"_compiled", "_interpreter", "_submodules", "_version"},
    {"arrays", "errors", "rules", "runtime", "matutils", "test"},
    {"formats", "kernels"},
    {"matrices", "sampling", "training"},
    {"corpus"},
    {"cooccurrence", "graph", "phrases", "utils"},
    {"vectors"},
    {"models"},
    {"demo", "distributed", "gensim", "scripts", "study"},
    {"cli", "__main__"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
LAZY = (
    "scipy",
    "usearch",
    "tqdm",
    "ot",
    "torch",
    "pandas",
    "polars",
    "pyarrow",
    "networkx",
    "gensim",
    "ray",
)


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].partition(".")[0]


def imported(code: str, suffix: str = ".py") -> Iterator[str]:
    """Yield the full names of the modules that a file imports anywhere, with the name taken.

    Calls of importlib with a constant name are imports too.
    """
    if suffix != ".py":  # a cimport loads the module, as an import does
        statements = (match[1] for match in CYTHON_IMPORT.finditer(code))
        code = "\n".join(re.sub(r"\bcimport\b", "import", each, count=1) for each in statements)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__"):
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from (name for name in names[:1] if isinstance(name, str))


def called(call: ast.Call) -> str:
    """Return the last name of the function that is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def imported_by(path: Path) -> Iterator[str]:
    return imported(path.read_text(encoding="utf-8"), path.suffix)


def layers_imported(names: Iterable[str]) -> set[str]:
    """Return the layers of fastsgns of some names; the empty name is the package itself."""
    parted = [name.split(".") for name in names]
    return {
        parts[1] if len(parts) > 1 and parts[1] in RANK else ""
        for parts in parted
        if parts[0] == "fastsgns"
    }


def test_the_parser_of_imports_sees_each_form():
    code = (
        "import fastsgns.cli\n"
        "from fastsgns import demo, Word2Vec\n"
        "from fastsgns.models.word2vec import Word2Vec\n"
        "def f():\n    from fastsgns.training.trainer import Trainer\n"
        "importlib.import_module('fastsgns.graph.digraph')\n"
        "import_module('fastsgns.study')\n"
        "__import__('fastsgns.vectors.keys', f())\n"
        "importlib.import_module(code)\n"
    )
    assert layers_imported(imported(code)) == {
        *("cli", "demo", "", "models", "training", "graph", "study", "vectors"),
    }


def test_the_parser_of_imports_sees_each_form_of_cython():
    code = (
        "cimport cython\n"
        "from fastsgns.kernels.ids cimport ascend, check_ids\n"
        "from fastsgns.graph.steps cimport (\n    Walk,\n    step as next_step,\n)\n"
        "from fastsgns.errors import LongTokenError  # why\n"
        "cdef int f():\n    import fastsgns.cli\n    return 0\n"
    )
    assert set(imported(code, ".pyx")) == {
        *("cython", "fastsgns.kernels.ids.ascend", "fastsgns.kernels.ids.check_ids"),
        *("fastsgns.graph.steps.Walk", "fastsgns.graph.steps.step"),
        *("fastsgns.errors.LongTokenError", "fastsgns.cli"),
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path):
    name = layer(path)
    if name == "__init__":
        return  # the public names come from everywhere
    assert name in RANK, f"{name} has no place in LAYERS"
    for other in layers_imported(imported_by(path)):
        if other == "":
            assert RANK[name] > RANK["models"], f"{path} imports the top of the package"
        else:
            assert other == name or RANK[other] <= RANK[name], f"{path} imports {other} above it"


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def packages(module: str) -> list[str]:
    """Return the packages that a module is in, the outermost one first."""
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def import_graph(sources: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the modules that each module needs before its own code can run.

    Importing a.b.c runs a, a.b and a.b.c, so all three are needed. Two things are left out:

    - the packages that contain the module itself, unless it takes a name from them. They are
      already being imported when the module is, and that their ``__init__`` imports the module is
      usual;
    - the names in `fastsgns.formats.kinds.KINDS`. They are strings, and what they name is imported
      when a file is loaded.

    Parameters
    ----------
    sources : dict of str to set of str
        What the source of each module imports: modules, or names in modules.
    """
    graph: dict[str, set[str]] = {name: set() for name in sources}
    for module, names in sources.items():
        for name in names:
            loaded = next((n for n in (name, *packages(name)[::-1]) if n in sources), None)
            if loaded is not None:
                others = set(packages(loaded)) - set(packages(module))
                graph[module] |= (others & sources.keys()) | {loaded}
        graph[module].discard(module)
    return graph


def sources_of_package() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        found.setdefault(module_of(path), set()).update(imported_by(path))
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, directly or through others."""
    return sorted(
        sorted(group)
        for group in nx.strongly_connected_components(
            nx.DiGraph([(a, b) for a in graph for b in graph[a]])
        )
        if len(group) > 1
    )


def test_circles_are_seen():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"p": {"p.a.A"}, "p.a": {"p.b.B"}, "p.b": set()}, []),
        ({"p": {"p.a.A"}, "p.a": {"p.A"}}, [["p", "p.a"]]),
        ({"p": {"p.a.A"}, "p.a": {"q.B"}, "q": {"p.b.C"}, "p.b": set()}, [["p", "p.a", "q"]]),
        ({"p": set(), "p.a": {"p.b"}, "p.b": {"p.a"}}, [["p.a", "p.b"]]),
    ],
    ids=["init imports modules", "module imports its package", "through a package", "two modules"],
)
def test_packages_are_part_of_circles(sources: dict[str, set[str]], expected: list[list[str]]):
    assert circles(import_graph(sources)) == expected


def test_no_module_imports_itself_through_others():
    graph = import_graph(sources_of_package())
    assert "fastsgns.kernels.ids" in graph["fastsgns.corpus.scan"]  # cimports count
    assert "fastsgns.models.links" in graph["fastsgns.cli.nodes.models"]  # packages count
    assert circles(graph) == []


def test_each_layer_exists_once():
    assert sum(map(len, LAYERS)) == len(RANK)
    found = {layer(path) for path in SOURCES} - {"__init__"}
    assert found <= set(RANK)


def test_import_leaves_heavy_packages_alone():
    code = f"import sys, fastsgns; print([m for m in {LAZY} if m in sys.modules])"
    plain = {name: value for name, value in os.environ.items() if name != "FASTSGNS_KERNEL"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=plain)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr
