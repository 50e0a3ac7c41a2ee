"""Corpora: text files of any encoding, plain and compressed, by compiled code and in Python."""

import bz2
import contextlib
import gzip
import lzma
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from fastsgns import EncodedCorpus, LineSentence, PathLineSentences, Phrases, Word2Vec
from fastsgns.corpus import ranges
from fastsgns.corpus.sentences import BrownCorpus, Text8Corpus
from fastsgns.errors import EmptyCorpusError

from . import mutators
from .mutators import join, several, split, text
from .native import FEW, SMALL
from .reading import REFUSED_QUERY, STEM, Finding, Reader, check_saving

RANGE_BYTES = 11  # so that a small file has many ranges, with borders in words and characters


def samples() -> Iterable[bytes]:
    return [
        b"to be or not\nto be\n\n that  is\tthe question\r\n",
        "\ufeffeins zwei\u3000drei\n\u00e4 \U0001f600 \u0130\n".encode(),
        b"a\x00b c\xff\xfe d\n\x85 e\xc2\x85f\n",
        b"x" * 50 + b" " + b"y z\n" * 20,
        "utf 16\n".encode("utf-16"),
    ]


def encoded(errors: str) -> Callable[[Path], EncodedCorpus]:
    def read(path: Path) -> EncodedCorpus:
        with patch.object(ranges, "RANGE_BYTES", RANGE_BYTES):
            return EncodedCorpus.from_files(path, workers=2, errors=errors)

    return read


def same_in_python(errors: str) -> Callable[[EncodedCorpus, Path], None]:
    """Return a check that Python code reads the same sentences and counts the same words."""

    def check(corpus: EncodedCorpus, path: Path) -> None:
        slow = EncodedCorpus.from_iterable(list(LineSentence(path, errors=errors)))
        if list(corpus) != list(slow):
            raise Finding("compiled code and Python read other sentences")
        if corpus.vocabulary.words != slow.vocabulary.words or not np.array_equal(
            corpus.vocabulary.counts, slow.vocabulary.counts
        ):
            raise Finding("compiled code and Python count other words")
        raw = corpus.n_raw_tokens, corpus.n_raw_sentences
        if errors != "ignore" and raw != (slow.n_raw_tokens, slow.n_raw_sentences):
            raise Finding(
                f"raw tokens and sentences are {raw}, and in Python "
                f"{slow.n_raw_tokens}, {slow.n_raw_sentences}"
            )
        check_saving(corpus)

    return check


def corpus(suffix: str = ".txt", errors: str = "strict") -> Reader:
    module = mutators.COMPRESSIONS.get("." + suffix.rsplit(".", 1)[-1])
    if module is None:
        return Reader(encoded(errors), samples, suffix, mutate=text, check=same_in_python(errors))
    return Reader(
        encoded(errors), lambda: [module.compress(data) for data in samples()], suffix,
        mutate=mutators.compressed("." + suffix.rsplit(".", 1)[-1], text),
        check=same_in_python(errors),
    )  # fmt: skip


def two_members() -> Iterable[bytes]:
    """Return compressed files of two parts, which are read as one."""
    return [module.compress(b"a b\n") + module.compress(b"c d\n") for module in (gzip, bz2, lzma)]


def iterated(path: Path) -> list[list[str]]:
    return list(LineSentence(path, max_sentence_length=3, limit=5))


def from_text_file(path: Path) -> list[list[str]]:
    """Read an open file of text, whose lines are str."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        return list(LineSentence(file))


def text8(path: Path) -> list[list[str]]:
    return list(Text8Corpus(path, max_sentence_length=4))


def write_folder(path: Path, data: bytes) -> None:
    path.mkdir(exist_ok=True)
    for number, part in enumerate(split(data, 2)):
        (path / f"{STEM}{number}.txt").write_bytes(part)


def folder(path: Path) -> list[list[str]]:
    return list(PathLineSentences(path))


def brown(path: Path) -> list[list[str]]:
    return list(BrownCorpus(path))


def folders() -> Iterable[bytes]:
    made = [*samples(), b"The/at Fulton/np ./. a/b/c it/pps\n"]
    return [join(first, second) for first, second in zip(made, made[1:] + made[:1])]


def trained(path: Path) -> Word2Vec:
    try:
        return Word2Vec(corpus_file=str(path), **SMALL)
    except EmptyCorpusError as error:
        raise EmptyCorpusError(f"{path}: {error}") from None


def joined(path: Path) -> Phrases:
    """Learn phrases of a text, and write the text with these joined."""
    model = Phrases(str(path), min_count=1, threshold=0.1)
    model.transform_file(path, path.with_name("joined.txt"), workers=2)
    return model


def same_phrases(model: Phrases, path: Path) -> None:
    """Check that a text is joined as its sentences are."""
    written = [line.split() for line in path.with_name("joined.txt").read_bytes().split(b"\n")]
    expected = [[word.encode() for word in model[sentence]] for sentence in LineSentence(path)]
    if [line for line in written if line] != [line for line in expected if line]:
        raise Finding("a text is not joined as its sentences are")
    check_saving(model)


def check_words(model: Word2Vec, path: Path) -> None:
    if not np.isfinite(model.wv.vectors).all():
        raise Finding("a training has made vectors that are not finite")
    with contextlib.suppress(*REFUSED_QUERY):
        model.wv.most_similar(model.wv.index_to_key[0])


def check_sentences(sentences: Any, path: Path) -> None:
    for sentence in sentences[:FEW]:
        for word in sentence:
            if not word or any(blank in word for blank in " \t\n\r\v\f"):
                raise Finding(f"{word!r} is a word")


READERS = {
    "strict": corpus(),
    "replace": corpus(errors="replace"),
    "ignore": corpus(errors="ignore"),
    "gz": corpus(".txt.gz"),
    "bz2": corpus(".bz2"),
    "xz": corpus(".xz"),
    "members": Reader(encoded("strict"), two_members, ".gz", check=same_in_python("strict")),
    "iterated": Reader(iterated, samples, ".txt", mutate=text, check=check_sentences),
    "text-file": Reader(from_text_file, samples, ".txt", mutate=text, check=check_sentences),
    "text8": Reader(text8, samples, "", mutate=text, check=check_sentences),
    "folder": Reader(folder, folders, "", write_folder, several(text, text), check_sentences),
    "brown": Reader(brown, folders, "", write_folder, several(text, text), check_sentences),
    "trained": Reader(trained, samples, ".txt", mutate=text, check=check_words),
    "phrases": Reader(joined, samples, ".txt", mutate=text, check=same_phrases),
}
