"""Environment variables are read in one module, and its table is what the docs and the CLI show."""

import ast
import json
import os
import re
from pathlib import Path

import pytest

from fastsgns import cli
from fastsgns.runtime import environment, machine

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = Path(environment.__file__).parent.parent
DOCS = ROOT / "docs" / "environment.md"
ACCESS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def accesses(code):
    """Return the names by which code reads or changes the environment."""
    nodes = list(ast.walk(ast.parse(code)))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {alias.name for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names}
    return names & ACCESS


def test_accesses_are_seen():
    assert accesses("import os\nos.environ['A']") == {"environ"}
    assert accesses("from os import getenv as g") == {"getenv"}
    assert accesses("os.path.join(a)") == set()


def test_one_module_reads_the_environment():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if accesses(path.read_text(encoding="utf-8"))
    }
    assert found == {"runtime/environment.py"}
    for path in (p for suffix in ("pyx", "pxd", "c", "h") for p in PACKAGE.rglob(f"*.{suffix}")):
        assert not re.search(r"\b(secure_)?getenv\b|\benviron\b", path.read_text("utf-8")), path


@pytest.mark.skipif(not DOCS.exists(), reason="the docs are not part of this installation")
def test_the_docs_have_the_table():
    rows = {
        f"| `{each.name}` | {each.meaning} | {each.allowed} | {each.default} | {each.when} |"
        for each in environment.TABLE
    }
    text = DOCS.read_text(encoding="utf-8")
    assert rows <= set(text.splitlines())
    sources = [ROOT / "setup.py", ROOT / ".ci" / "run", *(ROOT / "tests").rglob("*.py")]
    sources = [path for path in sources if path.exists() and path != Path(__file__).resolve()]
    sources += [*PACKAGE.rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    used = re.findall(r"FASTSGNS_[A-Z_]+", "\n".join(p.read_text("utf-8") for p in sources))
    for name in set(used) - {"FASTSGNS_"}:
        assert f"`{name}`" in text, name


def test_info_shows_the_variables(monkeypatch, capsys):
    monkeypatch.setenv("FASTSGNS_HOT_ROWS", " 256 ")
    monkeypatch.setenv("FASTSGNS_HOT_ROW", "1")
    monkeypatch.delenv("FASTSGNS_GENSIM", raising=False)
    assert cli.main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {each.name for each in environment.TABLE} <= facts.keys()
    assert facts["FASTSGNS_HOT_ROWS"] == "256" and facts["FASTSGNS_GENSIM"] is None
    assert "FASTSGNS_HOT_ROW" in facts["unknown variables"]


@pytest.mark.parametrize("name", ["FASTSGNS_HOT_ROWS", "FASTSGNS_GENSIM"])
def test_info_shows_a_wrong_value_and_what_is_wrong(monkeypatch, capsys, name):
    monkeypatch.setenv(name, "zzz")
    assert cli.main(["info"]) == 2
    shown = capsys.readouterr()
    assert "zzz (not allowed)" in shown.out and "numpy" in shown.out
    assert f"{name} is 'zzz'; expected" in shown.err


@pytest.mark.parametrize("value", ["-1", "65537", "many", "1.5", "9" * 5000, "٣"])
def test_wrong_numbers_of_hot_rows_are_refused(monkeypatch, value):
    monkeypatch.setenv("FASTSGNS_HOT_ROWS", value)
    with pytest.raises(ValueError, match=r"FASTSGNS_HOT_ROWS is .*; expected auto, 0"):
        environment.hot_rows()


@pytest.mark.parametrize(
    ("value", "expected"), [("", 0), ("0", 0), ("auto", None), (" 65536 ", 65536)]
)
def test_numbers_of_hot_rows(monkeypatch, value, expected):
    monkeypatch.setenv("FASTSGNS_HOT_ROWS", value)
    assert environment.hot_rows() == expected


@pytest.mark.parametrize("value", ["x", "[]", "4", '{"version": 4}', "{"])
def test_wrong_settings_of_gensim_are_refused(monkeypatch, value):
    monkeypatch.setenv("FASTSGNS_GENSIM", value)
    with pytest.raises(ValueError, match=r"FASTSGNS_GENSIM is .*unset the variable"):
        environment.gensim_settings()


def test_settings_of_gensim_are_set_and_undone(monkeypatch):
    for before in (None, "{}"):
        monkeypatch.delenv("FASTSGNS_GENSIM", raising=False)
        if before is not None:
            monkeypatch.setenv("FASTSGNS_GENSIM", before)
        undo = environment.set_gensim_settings({"api": 3, "alone": True})
        assert environment.gensim_settings() == {"api": 3, "alone": True}
        undo()
        assert os.environ.get("FASTSGNS_GENSIM") == before


def test_the_smallest_limit_of_blas_is_used(monkeypatch):
    monkeypatch.setattr(machine, "n_cores", lambda: 8)
    for name, value in (("OMP", "6"), ("OPENBLAS", "zero"), ("MKL", "0")):
        monkeypatch.setenv(f"{name}_NUM_THREADS", value)
    assert machine.n_blas_threads() == 6
