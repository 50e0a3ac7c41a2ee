"""Imports point one way, and importing the package costs little."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

import fastsgns

PACKAGE = Path(fastsgns.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (
    {"_compiled", "_version", "arrays", "errors", "rules", "runtime"},
    {"formats", "kernels"},
    {"matrices", "sampling", "training"},
    {"corpus"},
    {"cooccurrence", "graph", "utils"},
    {"vectors"},
    {"models"},
    {"demo", "study"},
    {"cli", "__main__"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
LAZY = ("scipy", "tqdm", "ot", "torch", "pandas", "networkx", "gensim")


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of the modules, and of what is taken from them, anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layers_imported(code: str) -> set[str]:
    """Layers of fastsgns that a file imports; the empty name is the package itself."""
    names = [name.split(".") for name in imported(ast.parse(code))]
    return {
        parts[1] if len(parts) > 1 and parts[1] in RANK else ""
        for parts in names
        if parts[0] == "fastsgns"
    }


def test_the_parser_of_imports_sees_each_form():
    code = (
        "import fastsgns.cli\n"
        "from fastsgns import demo, Word2Vec\n"
        "from fastsgns.models.word2vec import Word2Vec\n"
        "def f():\n    from fastsgns.training.trainer import Trainer\n"
    )
    assert layers_imported(code) == {"cli", "demo", "", "models", "training"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path):
    name = layer(path)
    if name == "__init__":
        return  # the public names come from everywhere
    assert name in RANK, f"{name} has no place in LAYERS"
    for other in layers_imported(path.read_text(encoding="utf-8")):
        if other == "":
            assert RANK[name] > RANK["models"], f"{path} imports the top of the package"
        else:
            assert other == name or RANK[other] <= RANK[name], f"{path} imports {other} above it"


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph() -> dict[str, set[str]]:
    """Modules of the package by name, with those that they import anywhere in their text."""
    modules = {module_of(path): path for path in SOURCES}
    known = modules.keys() | {module_of(path) for path in PACKAGE.rglob("*.pyx")}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        taken = imported(ast.parse(path.read_text(encoding="utf-8")))
        parts = (t if t in known else t.rpartition(".")[0] for t in taken)
        found[name] = {part for part in parts if part in modules} - {name}
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


def test_no_module_imports_itself_through_others():
    graph = import_graph()
    graph.pop("fastsgns")  # the public names come from everywhere, and few modules ask for them
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
