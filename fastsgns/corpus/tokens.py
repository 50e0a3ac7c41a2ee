"""Sentences and tokens as Python objects of many libraries, and the keys that they become."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastsgns.formats.keys import COMMON, check_key, plain


def sequence(sentence: Any, number: int, what: str = "sentence") -> Iterable[Any]:
    """Return an iterable of the tokens of a sentence.

    Rows of Arrow, and arrays and columns of any library, are converted to Python objects.

    Parameters
    ----------
    sentence : object
        A row of a corpus.
    number : int
        The number of rows before it, for error messages.
    what : str
        What messages call it.

    Raises
    ------
    TypeError
        For a string, a mapping, and an object that is not iterable.

    Examples
    --------
    >>> sequence(["to", "be"], 0)
    ['to', 'be']
    """
    kind = type(sentence)
    if type(sentence) is list or type(sentence) is tuple:
        return sentence
    if getattr(sentence, "ndim", 1) > 1:
        raise TypeError(
            f"{what} {number} is a {kind.__name__} of shape {tuple(sentence.shape)}, where a "
            "sequence of tokens is wanted: one dimension"
        )
    if getattr(getattr(sentence, "dtype", None), "kind", "") in ("m", "M"):
        return list(sentence)  # tolist would make ints of nanoseconds
    for method in ("as_py", "to_pylist", "tolist", "to_list"):  # Arrow, numpy and pandas, polars
        if hasattr(sentence, method):
            sentence = getattr(sentence, method)()
            break
    if isinstance(sentence, (str, bytes, bytearray)):
        raise TypeError(
            f"{what} {number} is a string, {sentence!r:.60}, where a sequence of tokens is "
            "wanted; split it first, for example sentence.split()"
        )
    if isinstance(sentence, Mapping):
        names = ", ".join(f"{name!r}" for name in list(sentence)[:5])
        raise TypeError(
            f"{what} {number} is a {type(sentence).__name__} with the fields {names}, where a "
            "sequence of tokens is wanted; give one field of each row, for example "
            f"[row[{next(iter(sentence), 'tokens')!r}] for row in rows]"
        )
    try:
        tokens: Iterable[Any] = iter(sentence)
        return tokens
    except TypeError:
        raise TypeError(
            f"{what} {number} is a {kind.__name__}, {sentence!r:.60}, where a sequence of "
            "tokens is wanted, for example a list of strings"
        ) from None


def key_of(token: Any, number: int, what: str = "sentence") -> Any:
    """Return the key of a token of sentence `number`, which messages call `what`.

    Raises
    ------
    ValueError
        If the token is a missing value: None, NaN or another that is not equal to itself.
    TypeError
        If the token can't be hashed.
    """
    if type(token) in COMMON:
        return token
    key = plain(token)
    check_key(key, f"a token of {what} {number}")
    return key


def keys_of(sentence: Any, number: int) -> list[Any]:
    """Return the keys of the tokens of a sentence; exceptions as of `sequence` and `key_of`."""
    tokens = list(sequence(sentence, number))
    if set(map(type, tokens)) <= COMMON:
        return tokens
    return [key_of(token, number) for token in tokens]
