"""Each promise of docs/promises.md and of SECURITY.md names its tests, and these exist."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PAGES = TESTS.parent / "docs" / "promises.md", TESTS.parent / "SECURITY.md"
ROW = re.compile(r"^\| (?!promise|-)(.+?) \| (.+) \| (.+) \|$", re.M)
NAME = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")
PROMISED = {  # what users are told, in a word or two of each row
    "runs no code", "Sizes", "damaged", "What saves", "all or nothing", "half a second", "Errors",
    "changes nothing", "within 10 %", "same bytes", "shorter", "killed process leaves",
    "one interval", "SIGTERM", "Many threads", "state of the process", "fork", "processor",
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not all(page.exists() for page in PAGES), reason="the docs are not part of this copy"
)


def rows() -> list[tuple[str, str, str]]:
    promises, _ = halves()
    return ROW.findall(promises)


def halves() -> list[str]:
    """Return the page up to the measurements, and the measurements."""
    return PAGES[0].read_text(encoding="utf-8").split("## How long Ctrl-C takes")


def is_never_run(function: ast.FunctionDef) -> bool:
    """Return whether a test is marked as skipped without a condition, or has no assertion."""
    marks = [ast.unparse(decorator) for decorator in function.decorator_list]
    skipped = any(re.match(r"pytest\.mark\.(skip|xfail|slow)\b(?!if)", mark) for mark in marks)
    return skipped or not re.search(r"\b(assert|raises|warns|check\w*)\b", ast.unparse(function))


def test_the_promises_are_all_there():
    found = [promise for promise, _, _ in rows()]
    for words in PROMISED:
        assert sum(words in promise for promise in found) == 1, words


@pytest.mark.parametrize("row", rows() if all(map(Path.exists, PAGES)) else [], ids=lambda r: r[0])
def test_each_promise_has_tests_that_exist(row):
    promise, limits, tests = row
    named = NAME.findall(tests)
    assert named, promise
    assert tests.count("`") == 2 * len(named), "a test is named as `file.py::test`"
    assert limits.endswith((".", ")")), "how far a promise goes is a sentence"
    for file, test in named:
        path = TESTS / file
        assert path.exists(), file
        if test:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            functions = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
            assert test in functions, f"{file}::{test}"
            assert not is_never_run(functions[test]), f"{file}::{test}"


def test_the_guarantees_of_security_have_tests_that_exist():
    named = NAME.findall(PAGES[1].read_text(encoding="utf-8"))
    assert named
    for file, _ in named:
        assert (TESTS / file.removeprefix("tests/")).exists(), file


def test_no_interrupt_took_longer_than_is_promised():
    lines = halves()[1].splitlines()
    longest = [
        float(line.split("|")[-2]) for line in lines if re.match(r"\| [A-Za-z].*\d \|$", line)
    ]
    assert len(longest) > 25
    assert max(longest) < 0.5
