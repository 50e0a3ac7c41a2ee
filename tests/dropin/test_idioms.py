"""Programs of tutorials run with fastsgns as they do with gensim: only the imports change."""

import logging
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
import toy
from optional import need

IDIOMS = Path(__file__).with_name("idioms.txt")
HEAD = re.compile(r"^\[(.*)\]$", re.M)


_, *PARTS = HEAD.split(IDIOMS.read_text(encoding="utf-8"))
NAMES, TEXTS = PARTS[::2], PARTS[1::2]
each_program = pytest.mark.parametrize(("name", "program"), list(zip(NAMES, TEXTS)), ids=NAMES)


def run(program: str, name: str) -> None:
    """Run a program."""
    names = {"sentences": toy.sentences(60), "pytest": pytest, "__name__": "program"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(program, name, "exec"), names)


def needs(program: str) -> None:
    """Skip a program whose packages are not installed."""
    for package in ("pandas", "networkx"):
        if f"import {package}" in program:
            need(package)


@pytest.fixture(autouse=True)
def empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@each_program
def test_programs_run_with_other_imports(name: str, program: str):
    needs(program)
    run(re.sub(r"\bgensim\b", "fastsgns", program), name)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("gensim") is None, reason="gensim is not installed")
@each_program
def test_the_programs_are_programs_for_gensim(name: str, program: str):
    needs(program)
    run(program, name)


def test_there_are_eighty_programs_with_names_of_their_own():
    assert len(NAMES) == len(set(NAMES)) >= 80
