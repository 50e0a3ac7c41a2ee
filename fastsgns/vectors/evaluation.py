"""Evaluation of vectors: correlation with human similarity scores, and analogies.

The functions are methods of `KeyedVectors`; other classes of vectors can use them as well.
"""

import logging
import math
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, TypedDict, get_args

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import files, sniffing
from fastsgns.rules import LIMIT, takes, takes_flags
from fastsgns.vectors.lookup import has_vector
from fastsgns.vectors.norms import cosine, divide, products, unit
from fastsgns.vectors.queries import EPSILON
from fastsgns.vectors.spaces import Searchable, Space, in_space

logger = logging.getLogger(__name__)

SCORE_BYTES = 1 << 27  # of the scores of questions that are computed at once
ADVICE = {sniffing.DELIMITER: "give what separates the columns as delimiter="}
Method = Literal["most_similar", "most_similar_cosmul"]
METHODS: tuple[Method, ...] = get_args(Method)
Lines: TypeAlias = str | os.PathLike[str] | Iterable[str] | Iterable[bytes]
Question: TypeAlias = tuple[str, str, str, str]


class Correlation(Protocol):
    """A correlation as scipy returns it; it unpacks into its two numbers."""

    @property
    def statistic(self) -> float:
        """The correlation coefficient."""

    @property
    def pvalue(self) -> float:
        """The probability of a correlation at least as large between unrelated samples."""


class WordPairScores(NamedTuple):
    """Agreement of cosines with human scores of similarity.

    Attributes
    ----------
    pearson, spearman : scipy's results
        With ``statistic`` and ``pvalue``.
    oov : float
        Percentage of pairs with an unknown word.
    """

    pearson: Correlation
    spearman: Correlation
    oov: float


class Section(TypedDict):
    """The answers to one section of a file of analogies."""

    section: str
    correct: list[Question]
    incorrect: list[Question]


class AnalogyScores(NamedTuple):
    """Answers to analogies.

    Attributes
    ----------
    score : float
        Share of right answers, from 0 to 1.
    sections : list of dict
        With ``section`` (the name), ``correct`` and ``incorrect`` (lists of four words). The last
        one is ``Total accuracy``.
    """

    score: float
    sections: list[Section]


class Scored(Protocol):
    """What evaluation needs: words, and cosines between them."""

    @property
    def index_to_key(self) -> list[Any]:
        """The words, most frequent first."""

    @property
    def norms(self) -> np.ndarray:
        """The Euclidean norms of their vectors; NaN if a vector is not finite."""

    def pair_cosines(self, pairs: np.ndarray, space: Space) -> np.ndarray:
        """Return the cosine of each pair of positions; `pairs` has the shape (n, 2)."""

    def cosines_to(self, ids: np.ndarray, restrict_vocab: int | None) -> np.ndarray:
        """Return the cosines of the first keys with each of `ids`, shape (len(ids), n_keys)."""


def pair_cosines(kv: Searchable, pairs: np.ndarray, space: Space) -> np.ndarray:
    """Return the cosine of each pair of positions; `pairs` has the shape (n, 2)."""
    sides = zip(in_space(kv, space), pairs.T)
    first, second = (unit(side.rows.at(column)) for side, column in sides)
    cosines: np.ndarray = np.einsum("ij,ij->i", first, second)
    return cosines


@takes(restrict_vocab=LIMIT)
def cosines_to(kv: Searchable, ids: np.ndarray, restrict_vocab: int | None) -> np.ndarray:
    """Return the cosines of the first keys with each of `ids`, shape (len(ids), n_keys)."""
    return _cosines_with(kv, unit(kv.rows.at(ids)), restrict_vocab)


def _cosines_with(kv: Searchable, directions: np.ndarray, restrict_vocab: int | None) -> np.ndarray:
    clip = slice(restrict_vocab)
    return divide(products(kv.rows.at(clip), directions), kv.rows.norms_of(clip))


@dataclass
class Lexicon:
    """The keys that take part in an evaluation.

    Attributes
    ----------
    ids : dict
        The position of each key, in upper case if `fold_case`.
    fold_case : bool
        Whether case is ignored.
    variants : dict of int to list of int
        For the position of a key, the positions of less frequent keys that differ in case alone.
    """

    ids: dict[Any, int]
    fold_case: bool
    variants: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, kv: Scored, restrict_vocab: int | None, fold_case: bool) -> "Lexicon":
        """Make a lexicon of the first `restrict_vocab` keys.

        Of keys that differ in case alone, the first is used if case is ignored. Keys whose vectors
        are not finite are left out.
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
        """Return a key in upper case if case is ignored."""
        return key.upper() if self.fold_case and isinstance(key, str) else key


def _not_finite(kv: Scored, restrict_vocab: int | None) -> np.ndarray:
    """Return the positions of keys whose vectors are not finite."""
    return np.flatnonzero(np.isnan(kv.norms[:restrict_vocab]))


@takes(restrict_vocab=LIMIT)
@takes_flags
def evaluate_word_pairs(
    kv: Scored,
    pairs: Lines,
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    *,
    space: Space = "in-in",
    allow_inference: bool = False,
) -> WordPairScores:
    """Correlate cosines with human scores of similarity.

    Parameters
    ----------
    pairs : str, os.PathLike or iterable of lines
        Each line is ``word1<delimiter>word2<delimiter>score``. Lines that start with ``#`` are
        comments.
    delimiter : str
        The text between the columns.
    encoding : str
        The encoding of the file.
    restrict_vocab : int, optional
        Use only the first `restrict_vocab` keys. All other words are unknown.
    case_insensitive : bool
        Ignore case. If keys differ in case alone, use the most frequent one.
    dummy4unknown : bool
        Count a pair with an unknown word as cosine 0. By default such pairs are left out.
    space : str
        As for `most_similar`.
    allow_inference : bool
        Infer the vectors of unknown words where that is possible, such as from the n-grams of the
        word as it is written. By default they are unknown, as in gensim.

    Returns
    -------
    pearson, spearman
        scipy's results, with ``statistic`` and ``pvalue``.
    oov : float
        Percentage of pairs with an unknown word.

    Raises
    ------
    ValueError
        If fewer than two pairs can be used.

    Warns
    -----
    UserWarning
        If all scores or all cosines are equal. The correlations are then NaN.
    """
    lexicon = Lexicon.of(kv, restrict_vocab, case_insensitive)
    words, gold = [], []
    for first, second, score in read_pairs(pairs, delimiter, encoding):
        words.append((first, second))
        gold.append(score)
    ids = [[lexicon.ids.get(lexicon.fold(word), -1) for word in pair] for pair in words]
    both = np.array(ids, np.intp).reshape(-1, 2)
    cosines, is_known = np.zeros(len(gold)), (both >= 0).all(axis=1)
    cosines[is_known] = kv.pair_cosines(both[is_known], space)
    if allow_inference and isinstance(kv, Searchable):
        is_known |= _infer_cosines(kv, lexicon, words, space, np.logical_not(is_known), cosines)
    used = is_known | dummy4unknown
    if used.sum() < 2:
        between = "blanks" if delimiter is None else repr(delimiter)
        raise FormatError.advising(
            f"{_name(pairs)} has {len(gold)} pairs of two words and a score with {between} between "
            f"them, of which {is_known.sum()} are known; two or more are needed",
            sniffing.DELIMITER,
            ADVICE,
        )
    pearson, spearman = _correlations(np.array(gold)[used], cosines[used])
    unknown_share = 100.0 * int((~is_known).sum()) / len(gold)
    return WordPairScores(pearson, spearman, unknown_share)


def _correlations(scores: np.ndarray, cosines: np.ndarray) -> tuple[Correlation, Correlation]:
    """Return the Pearson and the Spearman correlation of human scores and cosines.

    Both are NaN, with a warning, if all scores or all cosines are equal.
    """
    from scipy.stats import pearsonr, spearmanr

    scores = scores / (np.abs(scores).max() or 1.0)  # sums of large ones would overflow
    for name, values in (("scores", scores), ("cosines", cosines)):
        if np.ptp(values) == 0:
            warn(
                f"the {name} of all {len(values)} pairs are equal, so no correlation is defined: "
                "the results are NaN; give pairs that differ"
            )
            break
    with warnings.catch_warnings():  # of values that are equal, or nearly
        warnings.simplefilter("ignore", RuntimeWarning)
        return pearsonr(scores, cosines), spearmanr(scores, cosines)


def _infer_cosines(
    kv: Searchable,
    lexicon: Lexicon,
    words: list[tuple[str, str]],
    space: Space,
    is_wanted: np.ndarray,
    cosines: np.ndarray,
) -> np.ndarray:
    """Write the cosines of those wanted pairs that have finite vectors, and return which."""
    sides = in_space(kv, space)
    keys = kv.key_table.index_to_key
    is_inferred = np.zeros(len(words), bool)
    for row in np.flatnonzero(is_wanted).tolist():
        ids = [lexicon.ids.get(lexicon.fold(word), -1) for word in words[row]]
        pair = [keys[i] if i >= 0 else word for i, word in zip(ids, words[row])]
        if all(map(has_vector, sides, pair)):
            vectors = [side.get_vector(key) for side, key in zip(sides, pair)]
            cosines[row] = cosine(*vectors)
            is_inferred[row] = math.isfinite(cosines[row])
    return is_inferred


def read_pairs(
    pairs: Lines, delimiter: str | None = "\t", encoding: str = "utf8"
) -> Iterator[tuple[str, str, float]]:
    """Yield two words and their score for each line of a file of word pairs.

    Lines that begin with # are comments. Lines of another form are skipped, with one warning.
    """
    skipped = Skipped(_name(pairs), "two words and a score")
    for number, line in files.lines(pairs, encoding):
        if line.startswith("#"):
            continue
        try:
            columns = files.words_of(line) if delimiter is None else line.split(delimiter)
            first, second, score = (column.strip(files.BLANKS) for column in columns)
            value = sniffing.number(score.encode())
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            yield first, second, value
        else:
            skipped.add(number, line)
    skipped.report()


@takes(restrict_vocab=LIMIT)
@takes_flags
def evaluate_word_analogies(
    kv: Scored,
    analogies: Lines,
    restrict_vocab: int | None = 300000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: Method = "most_similar",
) -> AnalogyScores:
    """Answer analogies ``a b c d``; an answer is right if d is the word nearest to b - a + c.

    Parameters
    ----------
    analogies : str, os.PathLike or iterable of lines
        Four words per line, in sections that start with a line ``: name``.
    restrict_vocab, case_insensitive
        As for `evaluate_word_pairs`. Answers are searched among the same keys.
    dummy4unknown : bool
        Count a question with an unknown word as wrong. By default such questions are left out.
    similarity_function : {"most_similar", "most_similar_cosmul"}
        3CosAdd or 3CosMul.

    Returns
    -------
    score : float
        Share of right answers, from 0 to 1.
    sections : list of dict
        With ``section``, ``correct`` and ``incorrect`` (lists of four words). The last one is
        ``Total accuracy``.

    Raises
    ------
    ValueError
        If a question comes before any section, or there is none.
    """
    if similarity_function not in METHODS:
        raise ValueError(f"similarity_function {similarity_function!r}; allowed are {METHODS}")
    lexicon = Lexicon.of(kv, restrict_vocab, case_insensitive)
    questions = list(_questions(analogies, lexicon))
    listed = [[lexicon.ids.get(word, -1) for word in words] for _, words in questions if words]
    ids = np.array(listed, np.intp).reshape(-1, 4)
    is_known = np.all(ids >= 0, axis=1)
    answers = np.full(len(ids), -1)
    asked = ids[is_known, :3]
    answers[is_known] = _answers(kv, lexicon, asked, restrict_vocab, similarity_function)
    results = zip(is_known, np.logical_and(is_known, answers == ids[:, 3]))
    sections: list[Section] = []
    for name, words in questions:
        if words is None:
            sections.append({"section": name, "correct": [], "incorrect": []})
            continue
        was_known, is_right = next(results)
        if was_known or dummy4unknown:
            sections[-1]["correct" if is_right else "incorrect"].append(words)
    total: Section = {
        "section": "Total accuracy",
        "correct": [words for section in sections for words in section["correct"]],
        "incorrect": [words for section in sections for words in section["incorrect"]],
    }
    logger.info("%d of %d questions could be asked", is_known.sum(), len(ids))
    return AnalogyScores(share_correct(total), [*sections, total])


def share_correct(section: Section) -> float:
    """Return the share of right answers in a section, 0 if there are no answers."""
    n_right, n_wrong = len(section["correct"]), len(section["incorrect"])
    return n_right / (n_right + n_wrong) if n_right + n_wrong else 0.0


def _questions(analogies: Lines, lexicon: Lexicon) -> Iterator[tuple[str, Question | None]]:
    """Yield (section, None) for each heading and (section, four words) for each question."""
    section, skipped = "", Skipped(_name(analogies), "four words")
    for number, line in files.lines(analogies):
        words = files.words_of(line)
        if line.startswith(": "):
            section = line[2:].strip()
            yield section, None
        elif not section:
            raise ValueError(
                f"line {number} of {_name(analogies)} comes before any heading; "
                "a file of analogies starts with a line ': name of the section'"
            )
        elif len(words) == 4:
            a, b, c, d = map(lexicon.fold, words)
            yield section, (a, b, c, d)
        else:
            skipped.add(number, line)
    skipped.report()
    if not section:
        raise ValueError(f"{_name(analogies)} is empty: it holds no section of analogies")


def _answers(
    kv: Scored, lexicon: Lexicon, asked: np.ndarray, restrict_vocab: int | None, method: Method
) -> np.ndarray:
    """Return the position of the best answer to each question a : b = c : ?, shape (n,).

    `asked` holds the positions of a, b and c, shape (n, 3).
    """
    n_words = len(kv.index_to_key[:restrict_vocab])
    combine = _add if method == "most_similar" else _multiply
    first_variant = np.arange(n_words)
    for first, others in lexicon.variants.items():
        first_variant[others] = first
    best = np.empty(len(asked), np.intp)
    not_finite = _not_finite(kv, restrict_vocab)
    n_block = max(1, SCORE_BYTES // (12 * max(1, n_words)))
    if 4 * n_words * len(np.unique(asked)) <= SCORE_BYTES:
        n_block = max(1, len(asked))  # few words are in many questions: one product is enough
    for start in range(0, len(asked), n_block):
        block = asked[start : start + n_block]
        words, places = np.unique(block, return_inverse=True)
        if combine is _add and len(words) > len(block) and isinstance(kv, Searchable):
            a, b, c = (unit(kv.rows.at(column)) for column in block.T)
            each = iter(_cosines_with(kv, b + c - a, restrict_vocab))
        else:
            each = combine(kv.cosines_to(words, restrict_vocab), places.reshape(block.shape))
        for row, (scores, three) in enumerate(zip(each, block.tolist()), start):
            scores[three], scores[not_finite] = -np.inf, -np.inf
            for word in three if lexicon.variants else ():
                scores[lexicon.variants.get(word, [])] = -np.inf
            best[row] = scores.argmax()
    return first_variant[best]


def _add(cosines: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the 3CosAdd scores of each question, shape (V,), up to a positive factor."""
    scores = np.empty_like(cosines[0])
    for a, b, c in places.tolist():
        np.add(cosines[b], cosines[c], out=scores)
        yield np.subtract(scores, cosines[a], out=scores)


def _multiply(cosines: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the 3CosMul scores of each question, shape (V,).

    They are the products of cosines with b and c divided by cosines with a, all shifted to 0..1.
    """
    cosines += 1
    cosines *= cosines.dtype.type(0.5)
    inverse = 1 / (cosines + cosines.dtype.type(EPSILON))
    scores = np.empty_like(cosines[0])
    for a, b, c in places.tolist():
        np.multiply(cosines[b], cosines[c], out=scores)
        yield np.multiply(scores, inverse[a], out=scores)


def _name(source: Lines) -> str:
    return files.name_of(source, "the given lines")


@dataclass
class Skipped:
    """Lines of a file that are skipped, for one warning about all of them."""

    name: str
    expected: str
    n_lines: int = 0
    first: str = ""

    def add(self, number: int, line: str) -> None:
        """Record a skipped line."""
        logger.info("line %d of %s is not %s", number, self.name, self.expected)
        self.first = self.first or f"line {number}, {line.rstrip()!r:.60}"
        self.n_lines += 1

    def report(self) -> None:
        """Log a warning if there are any."""
        if self.n_lines:
            logger.warning(
                "%d lines of %s were skipped, because they are not %s; the first is %s",
                self.n_lines, self.name, self.expected, self.first,
            )  # fmt: skip
