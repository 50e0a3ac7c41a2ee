"""Find idioms and names that this project avoids, and print what to write instead.

``python tools/words.py`` checks all of `CHECKED`; ``python tools/words.py fastsgns/corpus`` checks
one folder. The rules of prose read comments, docstrings, messages and Markdown, but not code.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKED = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "setup.py")
CHECKED += ("bench", "docs", "examples", "fastsgns", "tests")
OWN_TEST = "test_words.py"  # has an example of each idiom

COUNT = r"(?:(?:an?|one|two|three|four|[2-9]|\d\d+) (?!_|(?:as|at|by|for|in|is|of|on|to|with)\b)"
COUNT += r"\w+|bytes|columns|edges|floats|lines|nats|negatives|ns|numbers|pairs|rows|samples|steps"
COUNT += "|times|tokens|vectors|walks|words)"
UNIT = "(?:bit|block|cell|CPU|dimension|edge|example|focus|line|negative|node|pair|positive|product"
UNIT += "|row|second|step|thread|token|vector|walk|window|word|worker)"
NOUN = r"(?!(?:better|fewer|less|longer|more|worse)\b)\w+"
PROSE = {  # pattern: advice
    rf"\b{COUNT}(?: |\s*\n\s*)(?-i:an?)\s+{UNIT}\b": "write 'per'",
    rf"(?<!\S)(?!\W*there\b)\S+\s+(?:is|are|was|were)\s+no\s+{NOUN}": "write 'is not a'",
    r"\b(?:stands?|stood|lies|lie|lay)\b": "write 'is' or 'are stored'",
    r"\btrain(?:ing)?\s+on(?=\s*,|\s+(?:after|from|later|needs|twice|where|with)\b)": (
        "write 'continue training'"
    ),
    r'"""(?:Gives?|Lets?|Name|Says?|Tells?)\b': "start with Return, Set, Write, ...",
}
NAMES = {  # the same, for names in code too
    r"(?<![a-z])(?:bend|borrow|crew|departures|excuse|give_back|look_ahead|(?<!is )met|owe[ds]?"
    r"|ramp|shelf|shelves|spools?|thinned)(?![a-z])": "use a term of the glossary",
}
PYTHON = r'""".*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*'
C = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
TEXT = dict.fromkeys((".py", ".pyi", ".pyx", ".pxd", ""), PYTHON) | {".h": C, ".c": C, ".md": ""}


def prose(text: str, suffix: str) -> str:
    """Return a text of the same length in which code is blank, or ``_`` where prose quotes it."""
    if suffix == ".md":
        return re.sub(r"^```.*?^```|`[^`]+`", _hidden, text, flags=re.S | re.M)
    kept, end = "", 0
    for match in re.finditer(TEXT[suffix], text, re.S):
        quoted = re.sub(r"`+[^`]+`+", _hidden, match[0]) if " " in match[0] else _hidden(match)
        kept += re.sub(r"\S", " ", text[end : match.start()])
        kept += re.sub(r"^ *\*|^[ #/]+", lambda mark: " " * len(mark[0]), quoted, flags=re.M)
        end = match.end()
    return kept


def _hidden(match: re.Match[str]) -> str:
    return re.sub(r"\S", "_", match[0])


def hits(text: str, suffix: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the words and the advice for each idiom and name that a text contains."""
    for rules, searched in ((PROSE, prose(text, suffix)), (NAMES, text)):
        for pattern, advice in rules.items():
            for match in re.finditer(pattern, searched, re.I):
                yield text.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), advice


def main(arguments: list[str]) -> int:
    """Check the files and folders named, by default `CHECKED`; return 1 if anything was found."""
    paths = [Path(name) for name in arguments] or [ROOT / name for name in CHECKED]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    found = [
        f"{os.path.relpath(file)}:{line}: {words!r}: {advice}"
        for file in sorted(file for file in files if file.is_file() and file.suffix in TEXT)
        if file.name != OWN_TEST
        for line, words, advice in sorted(hits(file.read_text("utf-8"), file.suffix))
    ]
    print(*found, sep="\n", end="\n" * bool(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
