"""All that programs use of gensim's word2vec gives the same here, or the docs say why not."""

import importlib.util
import os
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import inventory
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "from-gensim-4.md"
SECTIONS = {name: list(group) for name, group in groupby(inventory.checks(), lambda c: c.section)}
ELSEWHERE = {  # rows that no single expression shows, and what tests them
    "`wv[7]` where 7 is not a key": "tests/vectors/test_keyedvectors.py",
    "`model.cum_table` that was set": "tests/models/test_gensim_names.py",
    '`wv.expandos["code"]`, `["point"]`': "tests/models/test_gensim_names.py",
    "`batch_words`": "tests/training/test_training.py",
    "attributes of your own on a model, and derived classes": "tests/formats/test_own.py",
    "updates at scores beyond ±6": "tests/training/test_divergence.py",
    "loss": "tests/dropin/test_pains.py",
    "learning rate with `corpus_file` and several workers": "tests/dropin/test_pains.py",
    "output vectors after a sort of `wv`, or `model.wv = other`": "tests/models/test_edits.py",
    "saving over a read-only file as its owner": "tests/formats/test_writing.py",
    "`train()` of one model from two threads": "tests/models/test_word2vec.py",
}
needs_page = pytest.mark.skipif(not PAGE.exists(), reason="the docs are not part of this copy")


def can_run(check: inventory.Check) -> bool:
    """Return whether the packages that a check needs are installed."""
    needed = {"wmdistance": "ot", "pandas": "pandas"}
    return all(
        word not in check.code or importlib.util.find_spec(name) for word, name in needed.items()
    )


def rows() -> list[str]:
    """Return the first cells of the tables of the page."""
    text = PAGE.read_text(encoding="utf-8")
    cells = re.findall(r"^\| (.*?) \| ", text, re.M)
    return [cell for cell in cells if cell != "case"]


@pytest.mark.parametrize("section", SECTIONS)
def test_answers_are_those_of_gensim_except_for_the_differences_listed(section: str):
    chosen = [check for check in SECTIONS[section] if can_run(check)]
    theirs = inventory.recorded()
    found = inventory.differing("fastsgns", theirs, chosen)
    unlisted = {check.code for check in chosen if not check.row} & found.keys()
    shown = {code: (theirs[code], found[code]) for code in unlisted}
    assert not shown, f"not as in gensim, and without a row in {PAGE.name}: {shown}"
    gone = {check.code for check in chosen if check.row} - found.keys()
    assert not gone, (
        f"these are as in gensim now; remove the mark in {inventory.CHECKS.name}: {gone}"
    )


@needs_page
def test_each_difference_is_in_one_row_of_the_docs():
    marks = {check.row for check in inventory.checks() if check.row}
    cells = rows()
    assert {mark: n for mark in marks if (n := sum(c.startswith(mark) for c in cells)) != 1} == {}


@needs_page
def test_each_row_of_the_docs_has_a_check_or_a_test_elsewhere():
    marks = {check.row for check in inventory.checks() if check.row}
    shown = {cell for cell in rows() if any(cell.startswith(mark) for mark in marks)}
    assert set(rows()) - shown == ELSEWHERE.keys()
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).exists()] == []


def test_each_check_is_recorded_once():
    codes = [check.code for check in inventory.checks()]
    assert sorted(codes) == sorted(inventory.recorded())


def test_a_difference_in_value_and_in_kind_is_seen():
    value = inventory.Check("", "", False, "")
    kind = value._replace(by_kind=True)
    one, two = inventory.describe([1.5]), inventory.describe([2.5])
    assert inventory.differs(value, one, two) and not inventory.differs(kind, one, two)
    assert inventory.differs(kind, one, inventory.describe([1]))
    assert not inventory.differs(value, ["raises", "KeyError"], ["raises", "Mine", "KeyError"])
    assert inventory.differs(value, ["raises", "KeyError"], ["raises", "ValueError"])
    assert inventory.differs(kind, ["raises", "KeyError"], one)


@pytest.mark.slow
def test_what_was_recorded_is_what_gensim_answers():
    gensim = pytest.importorskip("gensim")
    if not gensim.__version__.startswith("4.4."):
        pytest.skip(f"recorded with gensim 4.4, and this is {gensim.__version__}")
    pytest.importorskip("ot")
    command = [sys.executable, inventory.__file__, "--compare"]
    shown = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert not shown.stdout and shown.returncode == 0, shown.stdout + shown.stderr
