"""Looking up words of texts: the tokens are those of the readers of corpora."""

import threading
from itertools import chain, pairwise

import numpy as np
import pytest

from fastsgns import LineSentence
from fastsgns.corpus.scan import Scanner
from fastsgns.corpus.texts import ids_of_tokens, join_texts

LONG = "longer" * 4
SPACES = [" ", "\t", "\n", "\r", "\x0b", "\x0c"]
ALPHABET = [
    *"ab",
    *SPACES,
    "\x1c",
    "\x1f",
    "\x85",
    "\u00a0",
    "\u3000",
    "é",
    "😀",
    "\0",
    "longer" * 4,
]


def random_texts(n, seed=1, longest=200):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(ALPHABET, rng.integers(0, longest))) for _ in range(n)]


def scanner_of(words):
    scanner = Scanner()
    scanner.feed("".join(f"{word}\n" for word in words).encode("utf-8", "surrogatepass"))
    return scanner


def words_of(text):
    return [
        word.decode("utf-8", "surrogatepass")
        for word in text.encode("utf-8", "surrogatepass").split()
    ]


@pytest.mark.parametrize("n_words", [1, 7, 100_000])
def test_ids_are_those_of_the_split_text(n_words):
    texts = [
        *random_texts(300),
        "x" * 63,
        "x" * 64,
        "x" * 65,
        " " * 64 + "a",
        "a " * 3000,
        "b" * 5000,
    ]
    present = list(dict.fromkeys(word for text in texts for word in words_of(text)))
    words = [*present[::2], *(f"w{i}" for i in range(n_words))]
    ids = {word: i for i, word in enumerate(words)}
    data, starts = join_texts(texts)
    found, token_starts, places = scanner_of(words).look_up(data, starts, keep_unknown=True)
    expected = [[ids.get(word, -1) for word in words_of(text)] for text in texts]
    assert token_starts.tolist() == np.cumsum([0, *map(len, expected)]).tolist()
    assert found.tolist() == list(chain(*expected))
    unknown = [data[start:stop].decode() for start, stop in places.tolist()]
    assert unknown == [w for text in texts for w in words_of(text) if w not in ids]
    known, known_starts, places = scanner_of(words).look_up(data, starts)
    expected = [[i for i in text if i >= 0] for text in expected]
    assert known_starts.tolist() == np.cumsum([0, *map(len, expected)]).tolist()
    assert known.tolist() == list(chain(*expected)) and places.shape == (0, 2)


def test_tokens_are_those_of_the_reader_of_corpora(tmp_path):
    lines = [text.replace("\n", " ") for text in random_texts(200)]
    path = tmp_path / "corpus.txt"
    path.write_bytes("\n".join(lines).encode())
    sentences = list(LineSentence(path))
    words = list(dict.fromkeys(word for sentence in sentences for word in sentence))
    ids, _, _ = scanner_of(words).look_up(*join_texts(lines))
    assert [words[i] for i in ids] == [word for sentence in sentences for word in sentence]


def test_a_look_up_changes_nothing():
    scanner = scanner_of(["to", "be"])
    before = scanner.types()[0], scanner.counts().tolist(), scanner.n_tokens
    scanner.look_up(*join_texts(["to be or not to be"]), True)
    assert (scanner.types()[0], scanner.counts().tolist(), scanner.n_tokens) == before


def test_threads_look_up_at_the_same_time():
    texts = random_texts(2000)
    words = list(dict.fromkeys(word for text in texts for word in words_of(text)))[::2]
    scanner, joined = scanner_of(words), join_texts(texts)
    expected, results = scanner.look_up(*joined)[0], []
    threads = [
        threading.Thread(target=lambda: results.append(scanner.look_up(*joined)[0]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for ids in results:
        np.testing.assert_array_equal(ids, expected)


@pytest.mark.parametrize("starts", [[], [0, 5], [-1, 2], [2, 1], [0, 3, 2], [0, 2**62]])
def test_texts_that_are_not_in_the_bytes(starts):
    with pytest.raises(IndexError, match="the texts are not in the 4 bytes"):
        scanner_of(["a"]).look_up(b"a b ", np.array(starts, np.int64))


def test_texts_without_bytes():
    for starts in ([0], [0, 0, 0], [2, 2]):
        ids, token_starts, places = scanner_of(["a"]).look_up(b"a a", np.array(starts), True)
        assert len(ids) == len(places) == 0 and token_starts.tolist() == [0] * len(starts)


def test_joined_texts():
    texts = ["", "abc", "é\ud800", "", "😀", "x\0y"]
    data, starts = join_texts(texts)
    parts = [data[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(starts)]
    assert parts == texts
    assert join_texts([])[0] == b""
    with pytest.raises(TypeError, match="text 1 is a bytes, where a str is wanted"):
        join_texts(["a", b"b"])


def test_ids_of_lists():
    table = {"to": 3, 7: 1, ("a", 1): 2}
    texts = [["to", "be", np.int64(7)], [], [("a", 1), "to"]]
    ids, starts = ids_of_tokens(texts, table, 0)
    assert ids.tolist() == [3, 1, 2, 3] and starts.tolist() == [0, 2, 2, 4]
    unknown = []
    ids, starts = ids_of_tokens(texts, table, 0, unknown)
    assert ids.tolist() == [3, -1, 1, 2, 3] and unknown == ["be"]
    for bad, error in ((None, ValueError), (float("nan"), ValueError), ([1], TypeError)):
        with pytest.raises(error, match="a token of text 5"):
            ids_of_tokens([["to", bad]], table, 5)
