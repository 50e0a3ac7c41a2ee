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
from optional import need

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "from-gensim-4.md"
SECTIONS = {name: list(group) for name, group in groupby(inventory.checks(), lambda c: c.section)}
ELSEWHERE = {  # rows that no single expression shows, and what tests them
    "`Phrases`: more than 64 connector words between two words": "tests/phrases/test_phrases.py::"
    "test_at_most_64_connector_words_are_in_a_phrase",
    "`Phrases`: a class of your own with another `score_candidate`": "tests/phrases/"
    "test_phrases.py::test_a_class_with_its_own_scores_is_obeyed_or_refused",
    "`Phrases`: a file or an object of gensim": "tests/phrases/test_phrases.py::"
    "test_what_gensim_has_learned_can_not_be_read",
    "`wv[7]` where 7 is not a key": "tests/vectors/test_asking.py::"
    "test_a_number_is_a_position_unless_the_vectors_are_strict",
    "`model.cum_table` that was set": "tests/models/test_gensim_names.py::"
    "test_a_cum_table_that_is_set_decides_the_negative_samples",
    '`wv.expandos["code"]`, `["point"]`': "tests/models/test_gensim_names.py::"
    "test_paths_fit_the_tree_whatever_happens_to_the_words",
    "a text row with spaces in its word, or two before its numbers": (
        "tests/formats/test_word2vec_format.py::test_a_space_at_the_end_of_a_word_is_said_once"
    ),
    "`batch_words`": "tests/training/test_training.py::test_batch_words_have_one_rate",
    "attributes of your own on a model, and derived classes": "tests/formats/test_own.py::"
    "test_a_model_of_a_derived_class",
    "updates at scores beyond ±6": "tests/kernels/test_kernels.py::"
    "test_a_saturated_sigmoid_still_updates",
    "loss": "tests/dropin/test_pains.py::"
    "test_p06_the_sum_of_losses_is_double_and_grows_beyond_2_to_27",
    "learning rate with `corpus_file` and several workers": "tests/training/test_training.py::"
    "test_rates_and_streams_do_not_depend_on_the_number_of_workers",
    "output vectors after a sort of `wv`, or `model.wv = other`": "tests/models/test_edits.py::"
    "test_rows_of_all_matrices_follow_an_assigned_order",
    "saving over a read-only file as its owner": "tests/formats/test_writing.py::"
    "test_a_read_only_file_is_refused_and_left_as_it_was",
    "`train()` of one model from two threads": "tests/models/test_lifetime.py::"
    "test_a_second_thread_is_refused_while_the_first_trains",
    "words of a `.bin` file that are not UTF-8": "tests/formats/test_facebook.py::"
    "test_words_that_are_not_utf8",
    "supervised `.bin` and `.ftz` files": "tests/formats/test_facebook.py::"
    "test_known_files_have_known_vectors",
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
    assert [test for test in ELSEWHERE.values() if not is_test(test)] == []


def is_test(name: str) -> bool:
    """Return whether there is a test of this name, such as tests/test_docs.py::test_pages."""
    path, _, function = name.partition("::")
    return f"\ndef {function}(" in (ROOT / path).read_text(encoding="utf-8")


def test_a_test_that_is_gone_is_noticed():
    assert is_test("tests/dropin/test_inventory.py::test_a_test_that_is_gone_is_noticed")
    assert not is_test("tests/dropin/test_inventory.py::test_nothing")


def test_each_check_is_recorded_once():
    codes = [check.code for check in inventory.checks()]
    assert sorted(codes) == sorted(inventory.recorded())


def test_no_check_uses_a_name_that_is_not_there():
    answers = inventory.recorded()
    assert [code for code in answers if answers[code][:2] == ["raises", "NameError"]] == []


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
    gensim = need("gensim")
    if not gensim.__version__.startswith("4.4."):
        pytest.skip(f"recorded with gensim 4.4, and this is {gensim.__version__}")
    need("ot")
    command = [sys.executable, inventory.__file__, "--compare"]
    shown = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert not shown.stdout and shown.returncode == 0, shown.stdout + shown.stderr
