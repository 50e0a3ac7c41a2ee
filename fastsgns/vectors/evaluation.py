"""Judging vectors: correlation with human similarity scores, and analogies."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import files, sniffing
from fastsgns.vectors.norms import divide, products, unit
from fastsgns.vectors.queries import EPSILON, Queries

logger = logging.getLogger(__name__)

SCORE_BYTES = 1 << 27
ADVICE = {sniffing.DELIMITER: "give what separates the columns as delimiter="}
METHODS = ("most_similar", "most_similar_cosmul")
Lines = Any  # str, os.PathLike or iterable of str or bytes
Question = tuple[str, str, str, str]


class Scored(Protocol):
    """What is judged: words whose cosines can be had, `Queries` or sparse vectors."""

    @property
    def index_to_key(self) -> list[Any]:
        """The words, the most frequent first."""

    @property
    def norms(self) -> np.ndarray:
        """The lengths of their vectors; NaN of one that is not finite."""

    def pair_cosines(self, pairs: np.ndarray, space: str) -> np.ndarray:
        """Return the cosine of each pair of positions; `pairs` has the shape (n, 2)."""

    def cosines_to(self, ids: np.ndarray, restrict_vocab: int | None) -> np.ndarray:
        """Return cosines of the first keys with each of `ids`, shape (len(ids), n_keys)."""


@dataclass
class Lexicon:
    """The keys that take part: positions by (folded) key, most frequent first."""

    ids: dict[Any, int]
    fold_case: bool
    variants: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, kv: Scored, restrict_vocab: int | None, fold_case: bool) -> "Lexicon":
        """Take the first `restrict_vocab` keys; of those that fold to one, the first stands.

        Keys whose vectors are not finite are left out.
        """
        lexicon = cls({}, fold_case)
        not_finite = set(_not_finite(kv, restrict_vocab).tolist())
        for index, key in enumerate(kv.index_to_key[:restrict_vocab]):
            if index in not_finite:
                continue
            first = lexicon.ids.setdefault(lexicon.fold(key), index)
            if first != index:
                lexicon.variants.setdefault(first, []).append(index)
        return lexicon

    def fold(self, key: Any) -> Any:
        """Return the key as it is compared."""
        return key.upper() if self.fold_case and isinstance(key, str) else key


def _not_finite(kv: Scored, restrict_vocab: int | None) -> np.ndarray:
    """Positions of keys whose vectors are not finite."""
    return np.flatnonzero(np.isnan(kv.norms[:restrict_vocab]))


def evaluate_word_pairs(
    kv: Scored,
    pairs: Lines,
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    space: str = "in-in",
) -> tuple[Any, Any, float]:
    """Correlate cosines with human scores; see `KeyedVectors.evaluate_word_pairs`."""
    from scipy.stats import pearsonr, spearmanr

    lexicon = Lexicon.of(kv, restrict_vocab, case_insensitive)
    gold: list[float] = []
    known: list[tuple[int, int] | None] = []
    n_unknown = 0
    for first, second, score in read_pairs(pairs, delimiter, encoding):
        ids = lexicon.ids.get(lexicon.fold(first)), lexicon.ids.get(lexicon.fold(second))
        if ids[0] is not None and ids[1] is not None:
            known.append((ids[0], ids[1]))
        else:
            n_unknown += 1
            if not dummy4unknown:
                continue
            known.append(None)
        gold.append(score)
    n_pairs = len(gold) if dummy4unknown else len(gold) + n_unknown
    if len(gold) < 2:
        between = "blanks" if delimiter is None else repr(delimiter)
        raise FormatError.advising(
            f"{_name(pairs)} has {n_pairs} pairs of two words and a score with {between} between "
            f"them, of which {n_pairs - n_unknown} are known; two or more are needed",
            sniffing.DELIMITER,
            ADVICE,
        )
    cosines = _cosines(kv, known, space)
    unknown_share = 100.0 * n_unknown / n_pairs
    return pearsonr(gold, cosines), spearmanr(gold, cosines), unknown_share


def read_pairs(
    pairs: Lines, delimiter: str | None = "\t", encoding: str = "utf8"
) -> Iterator[tuple[str, str, float]]:
    """Yield two words and their score per line; lines of another form are left out and reported.

    Blank lines and those that begin with # are comments.
    """
    skipped = Skipped(_name(pairs), "two words and a score")
    for number, line in files.lines(pairs, encoding):
        if line.startswith("#"):
            continue
        try:
            first, second, score = line.split(delimiter)
            yield first.strip(), second.strip(), float(score)
        except ValueError:
            skipped.add(number, line)
    skipped.report()


def _cosines(kv: Scored, known: list[tuple[int, int] | None], space: str) -> np.ndarray:
    rows = np.array([row for row, pair in enumerate(known) if pair], np.intp)
    ids = np.array([pair for pair in known if pair], np.intp).reshape(-1, 2)
    cosines = np.zeros(len(known))
    cosines[rows] = kv.pair_cosines(ids, space)
    return cosines


def evaluate_word_analogies(
    kv: Scored,
    analogies: Lines,
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: str = "most_similar",
) -> tuple[float, list[dict[str, Any]]]:
    """Answer analogy questions; see `KeyedVectors.evaluate_word_analogies`."""
    if similarity_function not in METHODS:
        raise ValueError(f"similarity_function {similarity_function!r}; allowed are {METHODS}")
    lexicon = Lexicon.of(kv, restrict_vocab, case_insensitive)
    questions = list(_questions(analogies, lexicon))
    ids = [[lexicon.ids.get(word) for word in words] for _, words in questions if words]
    known = [row for row, four in enumerate(ids) if None not in four]
    answers = np.full(len(ids), -1)
    asked = np.array([ids[row] for row in known], np.intp).reshape(-1, 4)
    answers[known] = _answers(kv, lexicon, asked[:, :3], restrict_vocab, similarity_function)
    right = iter(np.array([four[3] for four in ids]) == answers)
    is_known = iter([None not in four for four in ids])
    sections: list[dict[str, Any]] = []
    for name, words in questions:
        if words is None:
            sections.append({"section": name, "correct": [], "incorrect": []})
            continue
        verdict = "correct" if next(right) else "incorrect"
        if next(is_known) or dummy4unknown:
            sections[-1][verdict].append(words)
    total: dict[str, Any] = {"section": "Total accuracy"}
    for verdict in ("correct", "incorrect"):
        total[verdict] = [words for section in sections for words in section[verdict]]
    n_judged = len(total["correct"]) + len(total["incorrect"])
    logger.info("%d of %d questions could be asked", len(known), len(ids))
    return (len(total["correct"]) / n_judged if n_judged else 0.0), [*sections, total]


def _questions(analogies: Lines, lexicon: Lexicon) -> Iterator[tuple[str, Question | None]]:
    """Yield (section, None) for each heading and (section, four words) for each question."""
    section, skipped = "", Skipped(_name(analogies), "four words")
    for number, line in files.lines(analogies):
        words = line.split()
        if line.startswith(": "):
            section = line[2:].strip()
            yield section, None
        elif not section:
            raise ValueError(
                f"line {number} of {_name(analogies)} comes before any heading; "
                "a file of analogies starts with a line ': name of the section'"
            )
        elif len(words) == 4:
            yield section, tuple(lexicon.fold(word) for word in words)
        else:
            skipped.add(number, line)
    skipped.report()
    if not section:
        raise ValueError(f"{_name(analogies)} is empty: it holds no section of analogies")


def _answers(
    kv: Scored, lexicon: Lexicon, asked: np.ndarray, restrict_vocab: int | None, method: str
) -> np.ndarray:
    """Position of the best answer to each question a : b = c : ?, shape (n,), from ids (n, 3)."""
    clip = slice(restrict_vocab)
    n_words = len(kv.index_to_key[clip])
    combine = _add if method == "most_similar" else _multiply
    stands_for = np.arange(n_words)
    for first, others in lexicon.variants.items():
        stands_for[others] = first
    best = np.empty(len(asked), np.intp)
    not_finite = _not_finite(kv, restrict_vocab)
    n_block = max(1, SCORE_BYTES // (12 * max(1, n_words)))
    if 4 * n_words * len(np.unique(asked)) <= SCORE_BYTES:
        n_block = max(1, len(asked))  # the same words are asked with again and again
    for start in range(0, len(asked), n_block):
        block = asked[start : start + n_block]
        words, places = np.unique(block, return_inverse=True)
        if combine is _add and len(words) > len(block) and isinstance(kv, Queries):
            a, b, c = (unit(kv.array[column]) for column in block.T)
            each = iter(divide(products(kv.array[clip], b + c - a), kv._norms_of(clip)))
        else:
            each = combine(kv.cosines_to(words, restrict_vocab), places.reshape(block.shape))
        for row, (scores, three) in enumerate(zip(each, block.tolist()), start):
            scores[three], scores[not_finite] = -np.inf, -np.inf
            for word in three if lexicon.variants else ():
                scores[lexicon.variants.get(word, [])] = -np.inf
            best[row] = scores.argmax()
    return stands_for[best]


def _add(cosines: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    """3CosAdd up to a positive factor: cosines with b + c - a, shape (V,) a question."""
    scores = np.empty_like(cosines[0])
    for a, b, c in places.tolist():
        np.add(cosines[b], cosines[c], out=scores)
        yield np.subtract(scores, cosines[a], out=scores)


def _multiply(cosines: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    """3CosMul: the products of cosines with b and c over those with a, all shifted to 0..1."""
    cosines += 1
    cosines *= cosines.dtype.type(0.5)
    inverse = 1 / (cosines + cosines.dtype.type(EPSILON))
    scores = np.empty_like(cosines[0])
    for a, b, c in places.tolist():
        np.multiply(cosines[b], cosines[c], out=scores)
        yield np.multiply(scores, inverse[a], out=scores)


def _name(source: Any) -> str:
    return files.name_of(source, "the given lines")


@dataclass
class Skipped:
    """Lines of a file that are left out, for one warning about all of them."""

    name: str
    expected: str
    n_lines: int = 0
    first: str = ""

    def add(self, number: int, line: str) -> None:
        """Leave out a line."""
        logger.info("line %d of %s is not %s", number, self.name, self.expected)
        self.first = self.first or f"line {number}, {line.rstrip()!r:.60}"
        self.n_lines += 1

    def report(self) -> None:
        """Warn, if there are any."""
        if self.n_lines:
            logger.warning(
                "%d lines of %s were skipped, because they are not %s; the first is %s",
                self.n_lines, self.name, self.expected, self.first,
            )  # fmt: skip
