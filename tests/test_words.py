"""The word list of ``make lint``: what it finds, where it searches, and what it leaves alone."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "tools" / "words.py"


@pytest.fixture(scope="module")
def words() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words", SCRIPT)
    if spec is None or spec.loader is None or not SCRIPT.exists():
        pytest.skip("the word list is not part of this installation")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLES = {  # advice: text that is found, text that is not
    "write 'per'": ("8 bytes a word, a row a side", "8 bytes per word, a row of a side"),
    "write 'is not a'": ("it is no node", "there is no node, and it is no longer a node"),
    "write 'is' or 'are stored'": ("it stands where it lies", "a standard layer"),
    "write 'continue training'": ("ready to train on later", "ready to train on a corpus"),
    "start with Return, Set, Write, ...": ('"""Give a row."""', '"""Return a row."""'),
    "use a term of the glossary": ("n_owed", "method"),
}


def test_each_rule_finds_its_example_and_passes_its_counterexample(words: ModuleType):
    rules = words.PROSE | words.NAMES
    assert sorted(EXAMPLES) == sorted(rules.values())
    for advice, (wrong, right) in EXAMPLES.items():
        assert {found for _, _, found in words.hits(wrong, ".md")} == {advice}
        assert not list(words.hits(right, ".md"))


@pytest.mark.parametrize(
    ("text", "suffix", "line"),
    [
        ("x = 1  # eight\n# words a line\n", ".py", 2),
        ('raise ValueError(\n    f"{x} words a line")\n', ".py", 2),
        ('def f():\n    """Return the\n    words a\n    line."""\n', ".pyx", 3),
        ("int x; /* 1 */\n/* some\n * words a\n * line */\n", ".h", 3),
        ("int x;\n// words a line\n", ".c", 2),
        ("# Title\n\nIt holds three words a\nline.\n", ".md", 3),
    ],
)
def test_prose_is_searched_across_lines_of_comments_strings_and_pages(
    text: str, suffix: str, line: int, words: ModuleType
):
    lines = [found for found, _, _ in words.hits(text, suffix)]
    assert lines == [line]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('stand = x["lie"]  # a comment\n', ".py"),
        ("lie = 1\n# `stand` is a name\n", ".py"),
        ("int lie = stand; /* a comment */\n", ".c"),
        ("```python\nx  # it stands\n```\n`stand`\n", ".md"),
    ],
)
def test_code_is_not_prose(text: str, suffix: str, words: ModuleType):
    assert not list(words.hits(text, suffix))


def test_names_are_searched_in_code_too(words: ModuleType):
    assert [found for _, found, _ in words.hits("n_owed = give_back(Spools)\n", ".py")] == [
        *("owed", "give_back", "Spools")
    ]
    assert not list(words.hits("method, symmetric = pointer\n", ".py"))


def test_a_file_with_an_idiom_is_named_with_its_line(
    words: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "a.md").write_text("One line.\nIt is\nno word.\n")
    assert words.main([str(tmp_path)]) == 1
    assert "a.md:2: 'It is no word': write 'is not a'" in capsys.readouterr().out
    (tmp_path / "a.md").write_text("It is not a word.\n")
    assert words.main([str(tmp_path)]) == 0
