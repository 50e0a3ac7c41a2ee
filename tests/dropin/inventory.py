"""What programs use of gensim's word2vec, as checks that run with gensim and with fastsgns.

Each line of ``inventory.txt`` is one check: statements that are separated by ``; ``, of which the
last is an expression. The value of the expression is described by `describe`, and the description
is compared. A line that starts with ``~`` is compared by kind: types, dtypes and shapes count,
values do not, because they are random. After ``##`` is the row of docs/from-gensim-4.md that says
why fastsgns differs.

``python tests/dropin/inventory.py --record`` runs the checks with gensim and writes
``inventory.json``, which has descriptions only. ``--compare`` prints the answers of gensim that
differ from those recorded, and without an argument it prints those of fastsgns that do.
"""

import bz2
import contextlib
import gzip
import importlib
import inspect
import json
import logging
import os
import signal
import struct
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

# Only the checks use these.
import copy, itertools, pickle  # isort: skip # noqa: E401, F401
from collections import Counter, UserList  # isort: skip # noqa: F401

CHECKS = Path(__file__).with_suffix(".txt")
RECORD = Path(__file__).with_suffix(".json")
WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "to", "house", "red"]
SECONDS = 8  # after which a check counts as one that hangs


def defaults(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """Return the names and defaults of the parameters that are not for keywords only."""
    parameters = inspect.signature(function).parameters.values()
    return [
        (p.name, p.default)
        for p in parameters
        if p.default is not p.empty and p.kind is not p.KEYWORD_ONLY
    ]


class Check(NamedTuple):
    """A line of ``inventory.txt``.

    Attributes
    ----------
    section : str
        The part of the API.
    code : str
    by_kind : bool
        Whether only types, dtypes and shapes are compared.
    row : str
        If fastsgns differs: the beginning of the row of docs/from-gensim-4.md that says so.
    """

    section: str
    code: str
    by_kind: bool
    row: str


def checks() -> Iterator[Check]:
    """Yield all checks."""
    section = ""
    for line in CHECKS.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:2].isdigit():
            section = line[1:-1]
        elif line and not line.startswith("#"):
            code, _, row = line.removeprefix("~ ").partition("  ## ")
            yield Check(section, code, line.startswith("~ "), row)


# What the checks use


def sentences() -> list[list[str]]:
    """Return sentences in which no two words are equally frequent, so that their order is fixed."""
    tokens = [word for i, word in enumerate(WORDS) for _ in range(40 - 3 * i)]
    shuffled = np.random.default_rng(0).permutation(tokens).tolist()
    return [shuffled[i : i + 5] for i in range(0, len(shuffled), 5)]


TEXTS = sentences()
CITIES = [
    ["new", "york", "is", "a", "city"], ["the", "new", "york", "subway"], ["a", "new", "day"],
    ["in", "new", "york", "city", "hall"], ["the", "bank", "of", "america"], ["york", "is", "old"],
    ["the", "bank", "of", "america", "in", "new", "york"], ["city", "hall", "is", "new"],
]  # fmt: skip
VECTORS = np.array(
    [[1, 2, 3, 4], [2, 2, 2, 5], [-1, 3, 0, 1], [0, -2, 1, 2], [-3, -1, 2, -2], [0.5, 1, -4, 1]],
    np.float32,
)
LONG = " ".join(str(i) for i in range(25))
QUESTIONS = ": one\na b c d\nA B C D\na c b e\n: gram2\na b e f\na b c absent\n"
PAIRS = "# a comment\na\tb\t7.5\na\tc\t2\nB\tc\t4\nd\te\t1.5\na\tabsent\t3\n"


class Hangs(BaseException):
    """A check does not end."""


class Again:
    """Sentences that can be iterated, and nothing else."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        yield from self.items


class Sized(Again):
    """Sentences with a length, which are not a sequence."""

    def __len__(self) -> int:
        return len(self.items)


class Counted(Again):
    """A corpus that counts how often it is read."""

    reads = 0

    def __iter__(self) -> Iterator[Any]:
        self.reads += 1
        yield from self.items


class Fails(Again):
    """A corpus that raises an OSError after its third sentence."""

    def __init__(self) -> None:
        super().__init__(TEXTS[:3])

    def __iter__(self) -> Iterator[Any]:
        yield from self.items
        raise OSError("the disk failed")


class Index:
    """An index with the methods that `most_similar` calls."""

    def most_similar(self, vector: np.ndarray, num_neighbors: int) -> list[tuple[str, float]]:
        return [(str(np.shape(vector)), 1.0), (str(num_neighbors), 0.5), ("a", 0.2)]


def write_files(code: str) -> None:
    """Write the files that a check reads to the working directory."""
    text = "".join(" ".join(sentence) + "\n" for sentence in TEXTS)
    vectors = "3 2\nx 1.5 -2\ny 0.25 1e-3\nz 3 4\n"
    rows = [(b"x", (1.5, -2)), (b"y", (0.25, 1e-3)), (b"z", (3, 4))]
    packed = [(word + b" ", struct.pack("<2f", *row)) for word, row in rows]
    files: dict[str, str | bytes] = {
        "corpus.txt": text,
        "corpus.txt.gz": gzip.compress(text.encode()),
        "corpus.txt.bz2": bz2.compress(text.encode()),
        "blank.txt": "a b\n\n  \nc\td\n",
        "long.txt": LONG,
        "unicode.txt": "naïve Ünï\u00a0x\n日本 語\n",
        "bad.txt": b"good \xff\xfe bad\n",
        "texts/b.txt": "b file\nsecond line\n",
        "texts/a.txt": "a file\n",
        "brown/ca01": "The/at Fulton/np-tl ./. ran/vbd\n",
        "v.txt": vectors,
        "v.txt.gz": gzip.compress(vectors.encode()),
        "c.bin": b"3 2\n" + b"".join(word + row + b"\n" for word, row in packed),
        "g.bin": b"3 2\n" + b"".join(word + row for word, row in packed),
        "short.bin": b"3 2\n" + b"".join(word + row for word, row in packed)[:-3],
        "short.txt": "3 2\nx 1 2\n",
        "bad.bin": b"1 2\nx\xff " + struct.pack("<2f", 1, 2),
        "latin.txt": "1 2\ncaf\xe9 1 2\n".encode("latin1"),
        "glove.txt": "x 1 2\ny 3 4\n",
        "more.txt": "1 2\nx 1 2\ny 3 4\n",
        "dup.txt": "3 2\nx 1 2\nx 3 4\ny 5 6\n",
        "ab.txt": "2 4\na 9 9 9 9\nunknown 1 1 1 1\n",
        "questions.txt": QUESTIONS,
        "pairs.tsv": PAIRS,
        "pairs.csv": PAIRS.replace("\t", ","),
    }
    for name, content in files.items():
        path = Path(name)
        if name in code or (path.parent.name and path.parent.name in code):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


def warned(function: Callable[[], Any]) -> list[str]:
    """Return the categories of the warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [warning.category.__name__ for warning in caught]


def message(function: Callable[[], Any]) -> str:
    """Return the message of the error that a call raises."""
    try:
        function()
    except Exception as error:
        return str(error)
    return ""


def ratio(
    worda_count: int,
    wordb_count: int,
    bigram_count: int,
    len_vocab: int,
    min_count: int,
    corpus_word_count: int,
) -> float:
    """Score a phrase by the share of its first word that the second one follows."""
    return bigram_count / worda_count


class Namespace(dict[str, Any]):
    """The names of a check: those of a library, and models that are made when they are used."""

    def __init__(self, library: str) -> None:
        super().__init__(globals())
        self.library = library
        self["gensim"] = self.module("")
        self["module"] = self.module
        for name in ("models.word2vec", "models.keyedvectors", "models.callbacks", "utils",
                     "models.fasttext", "models.phrases"):  # fmt: skip
            self[name.rpartition(".")[2]] = self.module(name)
        for name in ("Word2Vec", "LineSentence", "PathLineSentences", "Text8Corpus", "BrownCorpus"):
            self[name] = getattr(self["word2vec"], name)
        self["KeyedVectors"] = self["keyedvectors"].KeyedVectors
        self["FastText"] = self["fasttext"].FastText
        self["FastTextKeyedVectors"] = self["fasttext"].FastTextKeyedVectors
        self["Phrases"] = self["phrases"].Phrases
        self["CallbackAny2Vec"] = base = self["callbacks"].CallbackAny2Vec
        self["Calls"] = types.new_class("Calls", (base,), exec_body=self._calls)
        self["Reset"] = types.new_class("Reset", (base,), exec_body=self._reset)
        self["Sub"] = type("Sub", (self["Word2Vec"],), {"__module__": __name__})
        globals()["Sub"] = self["Sub"]  # where pickle looks for it
        for name in ("new", "untrained", "built", "logged", "fast"):
            self[name] = getattr(self, name)

    def module(self, name: str) -> Any:
        """Import a module of the library by the name that gensim has for it."""
        return importlib.import_module(f"{self.library}.{name}".rstrip("."))

    @staticmethod
    def _calls(body: dict[str, Any]) -> None:
        body["__init__"] = lambda self: setattr(self, "calls", [])
        for event in ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"):
            body[event] = lambda self, model, event=event: self.calls.append(event)

    @staticmethod
    def _reset(body: dict[str, Any]) -> None:
        def on_epoch_end(self: Any, model: Any) -> None:
            self.losses.append(model.get_latest_training_loss())
            model.running_training_loss = 0.0

        body["__init__"] = lambda self: setattr(self, "losses", [])
        body["on_epoch_end"] = on_epoch_end

    def untrained(self, **parameters: Any) -> Any:
        """Return a small model without a vocabulary."""
        small = {"vector_size": 8, "min_count": 1, "workers": 1, "seed": 1}
        return self["Word2Vec"](**small | parameters)

    def new(self, **parameters: Any) -> Any:
        """Return a small model that was trained."""
        return self.untrained(sentences=TEXTS, **parameters)

    def built(self, **parameters: Any) -> Any:
        """Return a small model with a vocabulary, before training."""
        model = self.untrained(**parameters)
        model.build_vocab(TEXTS)
        return model

    def fast(self, **parameters: Any) -> Any:
        """Return a small FastText that was trained."""
        small = {"vector_size": 8, "min_count": 1, "workers": 1, "seed": 1, "bucket": 1000}
        return self["FastText"](**{"sentences": TEXTS} | small | parameters)

    def logged(self, function: Callable[[], Any]) -> bool:
        """Return whether a call logs a warning."""
        levels: list[int] = []
        handler = logging.Handler()
        handler.emit = lambda record: levels.append(record.levelno)  # type: ignore[method-assign]
        logger = logging.getLogger(self.library)
        logger.addHandler(handler)
        try:
            function()
        finally:
            logger.removeHandler(handler)
        return max(levels, default=0) >= logging.WARNING

    def __missing__(self, name: str) -> Any:
        makers = {"model": self.new, "hs": self._hs, "kv": self._kv, "fixed": self._fixed,
                  "ft": self.fast}  # fmt: skip
        if name == "pandas":
            return importlib.import_module(name)
        if name not in makers:
            raise KeyError(name)
        self[name] = makers[name]()
        return self[name]

    def _hs(self) -> Any:
        return self.new(hs=1, negative=0)

    def _kv(self) -> Any:
        kv = self["KeyedVectors"](4)
        kv.add_vectors(list("abcdef"), VECTORS)
        for key, count in zip("abcdef", (5, 9, 8, 7, 6, 4)):
            kv.set_vecattr(key, "count", count)
        return kv

    def _fixed(self) -> Any:
        model = self.untrained(vector_size=4)
        model.build_vocab_from_freq(dict(zip("abcdef", range(9, 3, -1))))
        model.wv.vectors[:] = VECTORS / 4
        model.syn1neg[:] = VECTORS[::-1] / 3
        return model


# Values as descriptions


def describe(value: Any) -> Any:
    """Return the type and the content of a value, as lists, texts and numbers."""
    if isinstance(value, (str, bool, int, bytes)) or value is None:
        name = next(kind.__name__ for kind in (bool, int, str, bytes, type(None))
                    if isinstance(value, kind))  # fmt: skip
        return [name, value.hex() if isinstance(value, bytes) else value]
    if isinstance(value, np.generic):
        return [value.dtype.name, value.item()]
    if isinstance(value, float):
        return ["float", value]
    if isinstance(value, np.ndarray):
        kind = "memmap" if isinstance(value, np.memmap) else "ndarray"
        items = value.tolist() if value.dtype != object else describe(value.tolist())
        return [kind, value.dtype.name, list(value.shape), items]
    if isinstance(value, np.dtype):
        return ["dtype", value.name]
    if isinstance(value, Mapping):
        return ["dict", *([describe(key), describe(item)] for key, item in value.items())]
    for kind in (list, tuple):
        if isinstance(value, kind):
            return [kind.__name__, *map(describe, value)]
    if isinstance(value, type) or callable(value):
        return ["callable", getattr(value, "__name__", "?")]
    return ["object", type(value).__name__, str(value) if hasattr(value, "index_to_key") else ""]


def kind_of(description: Any) -> Any:
    """Return a description without its values."""
    name, *rest = description
    if name in ("ndarray", "memmap"):
        return [name, *rest[:2]]
    if name == "dict":
        return [name, *([kind_of(key), kind_of(item)] for key, item in rest)]
    if name in ("list", "tuple"):
        return [name, *map(kind_of, rest)]
    return [name]


def answer(code: str, library: str) -> Any:
    """Run a check in a new folder and describe what it gives."""
    *before, last = code.split("; ")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_files(code)
        names = Namespace(library)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for statement in before:
                    exec(statement, names)
                try:
                    compiled = compile(last, code, "eval")
                except SyntaxError:  # a statement, which has no value
                    exec(last, names)
                    return ["NoneType", None]
                return describe(eval(compiled, names))
        except Hangs:
            return ["hangs"]
        except Exception as error:
            names = [kind.__name__ for kind in type(error).__mro__[:-2]]
            return ["raises", *(name for name in names if name != "ModuleNotFoundError")]


def agrees(theirs: Any, ours: Any) -> bool:
    """Return whether two descriptions are the same up to the rounding of float32."""
    if isinstance(theirs, list) and isinstance(ours, list):
        if theirs[:1] == ["raises"] and ours[:1] == ["raises"]:
            return theirs[1] in ours  # a subclass of the exception will do
        return len(theirs) == len(ours) and all(map(agrees, theirs, ours))
    if isinstance(theirs, float) and isinstance(ours, float):
        return bool(np.isclose(theirs, ours, rtol=2e-5, atol=2e-7, equal_nan=True))
    return bool(theirs == ours)


def differs(check: Check, theirs: Any, ours: Any) -> bool:
    """Return whether the answers to a check differ."""
    if check.by_kind and "raises" not in (theirs[0], ours[0]):
        theirs, ours = kind_of(theirs), kind_of(ours)
    return not agrees(theirs, ours)


def recorded() -> dict[str, Any]:
    """Return the answers of gensim by code."""
    answers: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return answers


def differing(library: str, theirs: dict[str, Any], chosen: Iterable[Check]) -> dict[str, Any]:
    """Return the answers of a library that differ from those recorded, by code."""
    found = {}
    for check in chosen:
        ours = json.loads(json.dumps(bounded(check.code, library)))
        if differs(check, theirs[check.code], ours):
            found[check.code] = ours
    return found


def bounded(code: str, library: str) -> Any:
    """Return the answer of a check, or ["hangs"] if there is none in time."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SECONDS)
    try:
        return answer(code, library)
    finally:
        signal.alarm(0)


def _give_up(*_: Any) -> NoReturn:
    raise Hangs


def main() -> None:
    """Record gensim's answers, compare them again, or print where fastsgns differs."""
    if sys.argv[1:] == ["--record"]:
        answers = {check.code: bounded(check.code, "gensim") for check in checks()}
        lines = [f" {json.dumps(code)}: {json.dumps(value)}" for code, value in answers.items()]
        RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    else:
        library = "gensim" if sys.argv[1:] == ["--compare"] else "fastsgns"
        theirs = recorded()
        chosen = [check for check in checks() if theirs[check.code] != ["hangs"]]
        found = differing(library, theirs, chosen if library == "gensim" else checks())
        for code, ours in found.items():
            print(f"{code}\n    gensim:   {theirs[code]!s:.200}\n    {library}: {ours!s:.200}")
    sys.stdout.flush()
    os._exit(0)  # threads of gensim that hang would keep the process


if __name__ == "__main__":
    main()
