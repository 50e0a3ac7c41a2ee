"""Questions to vectors: from arguments or lines of input, with tables of answers."""

import difflib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.runtime.console import say, show, table

Query = Callable[..., Any]  # query(positive=words, negative=words) -> list of (word, similarity)

N_SPELLINGS = 100_000  # a misspelt word is compared with this number of the most frequent words


def answer(
    vectors: KeyedVectors,
    query: Query,
    positive: Sequence[str],
    negative: Sequence[str] = (),
    title: str | None = None,
) -> bool:
    """Print a table of answers, or a message and return False if a word is unknown."""
    unknown = [word for word in (*positive, *negative) if word not in vectors]
    for word in unknown:
        say(_unknown(vectors, word))
    if unknown:
        return False
    if title:
        show(title)
    print(table(query(positive=list(positive), negative=list(negative)), indent=2), flush=True)
    return True


def _unknown(vectors: KeyedVectors, word: str) -> str:
    known = [str(key) for key in vectors.index_to_key[:N_SPELLINGS]]
    lowered = [word.lower()] if word.lower() in vectors else []
    close = dict.fromkeys(lowered + difflib.get_close_matches(word, known))
    hint = f"; close spellings: {', '.join(close)}" if close else ""
    return f"{word!r} is not among the {len(vectors):,} words{hint}"


def input_lines(prompt: str) -> Iterator[str]:
    """Yield lines of standard input that are not blank; on a terminal, until a blank one."""
    if not sys.stdin.isatty():
        yield from (line for line in sys.stdin if line.strip())
        return
    try:
        while line := input(prompt).strip():
            yield line
    except EOFError:
        print()


def exit_code(answered: Sequence[bool]) -> int:
    """Return 1 if there were questions and none of them could be answered."""
    return 0 if any(answered) or not answered else 1
