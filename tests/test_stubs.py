"""Each extension module has a stub with the same names and the same parameters."""

import ast
import importlib
import inspect
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

import fastsgns

PACKAGE = Path(fastsgns.__file__).parent
BINARIES = sorted(PACKAGE.rglob(f"*{EXTENSION_SUFFIXES[0]}"))
MODULES = [
    ".".join(("fastsgns", *path.parent.relative_to(PACKAGE).parts, path.name.split(".")[0]))
    for path in BINARIES
]
Names = dict[str, list[tuple[str, bool]] | None]


def parameters(function: object) -> list[tuple[str, bool]]:
    """The names of the parameters, and whether each has a default."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    return [(p.name, p.default is not p.empty) for p in signature.parameters.values()]


def names_of_class(cls: type) -> Names:
    public = {name: value for name, value in vars(cls).items() if not name.startswith("_")}
    return {
        f"{cls.__name__}.{name}": parameters(value) if callable(value) else None
        for name, value in public.items()
    }


def names_of_module(module: ModuleType) -> Names:
    """Public names that the module defines itself; for functions with their parameters."""
    names: Names = {}
    for name, value in vars(module).items():
        imported = isinstance(value, ModuleType) or (
            getattr(value, "__module__", None) not in (None, module.__name__)
        )
        if name.startswith("_") or imported:
            continue
        names[name] = parameters(value) if callable(value) and not isinstance(value, type) else None
        if isinstance(value, type):
            names |= names_of_class(value)
    return names


def parameters_in_stub(function: ast.FunctionDef) -> list[tuple[str, bool]]:
    names = [argument.arg for argument in function.args.args]
    n_required = len(names) - len(function.args.defaults)
    return [(name, i >= n_required) for i, name in enumerate(names)]


def names_in_stub(body: list[ast.stmt], prefix: str = "") -> Names:
    names: Names = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            is_property = bool(node.decorator_list)
            names[prefix + node.name] = None if is_property else parameters_in_stub(node)
        elif isinstance(node, ast.ClassDef):
            names[node.name] = None
            names |= names_in_stub(node.body, f"{node.name}.")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[prefix + node.target.id] = None
    return {name: value for name, value in names.items() if not name.endswith(".__init__")}


def test_there_are_extension_modules():
    assert "fastsgns.kernels.sgns" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_a_stub_has_the_names_and_parameters_of_its_module(name: str):
    stub = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".pyi")
    assert stub.exists(), f"{name} has no stub"
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    assert names_in_stub(tree.body) == names_of_module(importlib.import_module(name))


def test_each_stub_belongs_to_an_extension_module():
    stubs = {path.with_suffix("") for path in PACKAGE.rglob("*.pyi")}
    assert stubs == {PACKAGE.joinpath(*name.split(".")[1:]) for name in MODULES}
