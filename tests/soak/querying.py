"""Queries of vectors, compared with numpy."""

from typing import Any

import numpy as np

from fastsgns.vectors.spaces import SPACES

from .checks import check, plain
from .draws import OMITTED, Dice, Draw, among, constant, drawn, mostly, optional, whole
from .subject import Setting, may_refuse

TOLERANCE = 2e-6  # of a cosine of float32 vectors, per square root of their dimensions
LIMIT: Draw = mostly(whole(0, 20), among(None, -1, 0, 10**9, "3", 2.0))
POSITION: Draw = mostly(whole(0, 400), among(0, None, 10**9))


def cosines(rows: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the cosine of each row with a vector, in float64; 0 with zeros."""
    rows, direction = _units(rows), _units(direction[None])[0]
    return rows @ direction


def _units(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    rows = rows / np.where(largest == 0, 1, largest)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms == 0, 1, norms)


def tolerance(kv: Any) -> float:
    return TOLERANCE * (4 + kv.vector_size**0.5)


def check_vectors(kv: Any, setting: Setting) -> Any:
    """Ask a KeyedVectors everything, compare with numpy, and return the answers."""
    if not len(kv):
        return "no keys"
    dice = setting.dice
    asked = dice.some(QUERIES if has_cosines(kv) else OTHERS, 6)
    return [plain(ask(kv, dice)) for ask in asked]


def has_cosines(kv: Any) -> bool:
    """Return whether the square of the length of each vector is a normal number of its type."""
    rows = np.asarray(kv.vectors, np.float64)
    scale = 1e-150 if kv.vectors.dtype == np.float64 else 1e-17
    lengths = np.abs(rows).max(axis=1, initial=0)
    return bool(((lengths == 0) | ((lengths > scale) & (lengths < 1 / scale))).all())


def _key(kv: Any, dice: Dice) -> Any:
    return dice.pick(kv.index_to_key)


def _keys(kv: Any, dice: Dice, least: int = 0) -> list[Any]:
    return [_key(kv, dice) for _ in range(dice.integer(least, 5))]


def _similarity(kv: Any, dice: Dice) -> Any:
    a, b = _key(kv, dice), _key(kv, dice)
    expected = cosines(np.array([kv[b]]), kv[a])[0]
    found = kv.similarity(a, b)
    check(abs(found - expected) <= tolerance(kv), f"similarity({a!r}, {b!r}) {found}, {expected}")
    return found


def _arrays(kv: Any, space: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the arrays to ask with and to search, in a space."""
    if space == "in-in":
        return kv.vectors, kv.vectors
    output = kv.output.vectors
    both = {"sum": kv.vectors + output, "concat": np.hstack([kv.vectors, output])}
    if space in both:
        return both[space], both[space]
    sides = {"in": kv.vectors, "out": output}
    asked, searched = space.split("-")
    return sides[asked], sides[searched]


def _space(kv: Any, dice: Dice) -> str:
    try:
        has_output = kv.output is not None
    except AttributeError:
        has_output = False
    return dice.pick(SPACES) if has_output and kv.role_link is not None else "in-in"


MOST_SIMILAR: dict[str, Draw] = {
    "topn": optional(LIMIT), "clip_start": optional(POSITION, 0.2),
    "clip_end": optional(POSITION, 0.2), "restrict_vocab": optional(POSITION, 0.2),
}  # fmt: skip


def _most_similar(kv: Any, dice: Dice) -> Any:
    """Compare with the cosines of all rows and the mean of unit vectors."""
    space, positive = _space(kv, dice), _keys(kv, dice, 1)
    options = drawn(MOST_SIMILAR, dice)
    found = kv.most_similar(positive, space=space, **options)
    asked, searched = _arrays(kv, space)
    ids = [kv.get_index(key) for key in positive]
    mean = _units(asked[ids]).mean(0)
    if asked[ids].any() and np.linalg.norm(mean) < 0.1:  # what is left of it are rounding errors
        return found
    expected = cosines(searched, mean)
    _check_answers(kv, found, expected, _range(kv, options), set(ids), options.get("topn", 10))
    return found


def _range(kv: Any, options: dict[str, Any]) -> range:
    n = len(kv)
    if limit := options.get("restrict_vocab"):
        return range(n)[:limit]
    return range(n)[options.get("clip_start") or 0 : options.get("clip_end") or None]


def _check_answers(
    kv: Any, found: Any, expected: np.ndarray, places: range, excluded: set[int], topn: Any
) -> None:
    """Check the keys nearest to a query: their cosines, order, number, and that none is nearer."""
    slack = 4 * tolerance(kv)
    topn = None if topn is None else int(topn)
    if topn is None:
        np.testing.assert_allclose(found, expected[places.start : places.stop], atol=slack)
        return
    allowed = [i for i in places if i not in excluded]
    check(len(found) == min(len(allowed), max(topn, 0)), f"{len(found)} answers of {topn}")
    ids = [kv.get_index(key) for key, _ in found]
    check(set(ids) <= set(allowed) and len(set(ids)) == len(ids), "keys that are not allowed")
    similarities = [similarity for _, similarity in found]
    check(similarities == sorted(similarities, reverse=True), "the answers are not sorted")
    for i, similarity in zip(ids, similarities):
        check(abs(similarity - expected[i]) <= slack, f"{similarity}, and numpy {expected[i]}")
    others = [expected[i] for i in allowed if i not in set(ids)]
    if ids and others:
        check(max(others) <= similarities[-1] + slack, "a nearer key is missing")


def _batch(kv: Any, dice: Dice) -> Any:
    space, queries, topn = _space(kv, dice), _keys(kv, dice, 1), dice.integer(1, 10)
    options = drawn({"restrict_vocab": MOST_SIMILAR["restrict_vocab"],
                     "exclude": optional(among(True, False, 0, 1))}, dice)  # fmt: skip
    found = kv.most_similar_batch(queries, topn=topn, space=space, **options)
    asked, searched = _arrays(kv, space)
    for query, answers in zip(queries, found, strict=True):
        i = kv.get_index(query)
        excluded = {i} if options.get("exclude", True) else set()
        places = _range(kv, options)
        n = min(topn, len(places) - 1) if excluded else topn  # all answers are equally long
        if i in excluded and i not in places and n < topn:
            check(len(answers) == n, f"{len(answers)} answers of {n}")
            continue
        _check_answers(kv, answers, cosines(searched, asked[i]), places, excluded, n)
    return found


def _distances(kv: Any, dice: Dice) -> Any:
    key, others = _key(kv, dice), _keys(kv, dice)
    found = kv.distances(key, others)
    rows = np.array([kv[other] for other in others]) if others else kv.vectors
    np.testing.assert_allclose(found, 1 - cosines(rows, kv[key]), atol=4 * tolerance(kv))
    return found


def _mean(kv: Any, dice: Dice) -> Any:
    keys, normed = _keys(kv, dice, 1), dice.chance(0.5)
    found = kv.get_mean_vector(keys, pre_normalize=normed)
    rows = np.array([kv[key] for key in keys], np.float64)
    expected = (_units(rows) if normed else rows).mean(0)
    scale = 1 if normed else np.abs(rows).max(initial=0) + 1e-30
    np.testing.assert_allclose(found, expected, atol=1e-5 * scale)
    return found


def _encode(kv: Any, dice: Dice) -> Any:
    texts = [_keys(kv, dice) for _ in range(dice.integer(0, 6))]
    options = drawn(ENCODE, dice)
    if options.get("remove_components") and len(texts) < 2:
        del options["remove_components"]
    found = kv.encode(texts, **options)
    check(found.shape == (len(texts), kv.vector_size), f"shape {found.shape}")
    check(np.isfinite(found).all(), "an encoded text is not finite")
    if set(options) <= {"workers", "progress"}:
        for text, row in zip(texts, found):
            rows = np.array([kv[key] for key in text], np.float64).reshape(-1, kv.vector_size)
            expected = rows.mean(0) if text else np.zeros(kv.vector_size)
            scale = np.abs(rows).max(initial=1e-30)
            np.testing.assert_allclose(row, expected, atol=1e-5 * scale)
    return found


ENCODE: dict[str, Draw] = {
    "weighting": constant(OMITTED),  # `_weighted`, which needs counts
    "normalize": optional(among(True, False), 0.3),
    "remove_components": optional(among(0, 1), 0.2),
    "a": optional(among(1e-3, 1e-30, 1.0), 0.2),
    "return_known": constant(OMITTED),
    "workers": optional(among(1, 2, 3, -1, None)),
    "progress": optional(among(False)),
}


def _weighted(kv: Any, dice: Dice) -> Any:
    texts = [_keys(kv, dice) for _ in range(dice.integer(1, 6))]
    with may_refuse(None, type(kv).encode):
        found, known = kv.encode(texts, dice.pick(("sif", "zipf")), return_known=True)
    check(np.isfinite(found).all(), "an encoded text is not finite")
    return found, known


def _others(kv: Any, dice: Dice) -> Any:
    a, b, keys = _key(kv, dice), _key(kv, dice), _keys(kv, dice, 1)
    rank = kv.rank(a, b)
    check(1 <= rank <= len(kv) + 1, f"rank {rank} of {len(kv)}")
    return [
        kv.closer_than(a, b), kv.most_similar_to_given(a, keys), kv.n_similarity(keys, [a]),
        kv.rank_by_centrality(keys), kv.doesnt_match(keys), rank,
        kv.most_similar_cosmul(keys, topn=dice.integer(0, 5)),
        kv.similar_by_vector(kv[a], topn=3), kv.get_normed_vectors()[:5],
    ]  # fmt: skip


def _unknown(kv: Any, dice: Dice) -> Any:
    """A key that is absent is a KeyError that names it, or has a vector by its n-grams."""
    absent = "an absent key"
    for ask in (kv.get_vector, kv.most_similar, lambda key: kv.similarity(key, _key(kv, dice))):
        try:
            ask(absent)
        except KeyError as error:
            check(absent in str(error), f"the message does not name the key: {error}")
        else:
            check(kv.unseen is not None, "an absent key is not refused")
    return None


def _indices(kv: Any, dice: Dice) -> Any:
    check(len(kv.index_to_key) == len(kv.key_to_index) == len(kv.vectors) == len(kv), "lengths")
    for key in _keys(kv, dice, 1):
        i = kv.get_index(key)
        check(kv.key_to_index[key] == i and kv.index_to_key[i] is not None, f"index of {key!r}")
        np.testing.assert_array_equal(kv[key], kv.vectors[i])
    return None


QUERIES = (
    _similarity, _most_similar, _most_similar, _batch, _distances, _mean, _encode, _weighted,
    _others, _unknown, _indices,
)  # fmt: skip
OTHERS = (_encode, _indices)
