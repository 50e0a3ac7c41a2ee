"""A corpus as numbers: what every training pass reads."""

import codecs
from collections.abc import Callable, Hashable, Iterable, Iterator, Sized
from typing import Any

import numpy as np

from fastsgns.arrays import check_mapped, check_offsets, integers
from fastsgns.corpus.counting import Counted, IdCounter, Progress, count_files, count_iterable
from fastsgns.corpus.files import Path, check_paths
from fastsgns.corpus.joining import join, taken
from fastsgns.corpus.merging import merge_types
from fastsgns.corpus.ranges import FileScanner
from fastsgns.corpus.scan import encode_sentences
from fastsgns.corpus.sentences import LineSentence, PathLineSentences, check_corpus
from fastsgns.corpus.spill import (
    BlockJoiner,
    SpillBuffer,
    StoredBlock,
    allocate_int32,
    check_budget,
    distinct,
)
from fastsgns.corpus.vocabulary import Vocabulary, look_up
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import Array, Content, Schema, Value
from fastsgns.runtime.machine import release_memory

BLOCK_TOKENS = 1 << 20
KIND = "corpus"
MANY_TYPES = 10_000
Chooser = Callable[[Vocabulary], Vocabulary]


class EncodedCorpus:
    """The sentences of a corpus as ids of a vocabulary; it is itself an iterable of sentences.

    Make one with `from_files`, `from_iterable`, `load` or `encode`.

    Parameters
    ----------
    ids : array_like of int, shape (n_tokens,)
        Converted to int32 if they are of another integer type.
    offsets : array_like of int, shape (n_sentences + 1,)
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``, and is not empty. Converted to int64.
    vocabulary : Vocabulary
        Whose counts are those of `ids`.
    n_raw_tokens : int, optional
        Tokens that were read, the unknown included. By default what `ids` holds.
    n_raw_sentences : int, optional
        Sentences that were read: of files the lines that are not blank, of iterables all.

    Raises
    ------
    TypeError
        If ids or offsets are not whole numbers.
    ValueError
        If converted ids are not below the size of the vocabulary, or offsets do not ascend from 0
        to the number of ids.

    Examples
    --------
    >>> corpus = EncodedCorpus.from_iterable([["to", "be"], [], ["or", "to"]])
    >>> corpus.ids.tolist(), corpus.offsets.tolist(), corpus.vocabulary.words
    ([0, 1, 2, 0], [0, 2, 4], ['to', 'be', 'or'])
    >>> corpus.n_sentences, corpus.n_raw_sentences, list(corpus)
    (2, 3, [['to', 'be'], ['or', 'to']])
    """

    def __init__(
        self,
        ids: np.ndarray,
        offsets: np.ndarray,
        vocabulary: Vocabulary,
        n_raw_tokens: int | None = None,
        n_raw_sentences: int | None = None,
    ) -> None:
        self.ids = integers(ids, np.int32, "ids", len(vocabulary))
        self.offsets = integers(offsets, np.int64, "offsets")
        check_offsets(self.offsets, len(self.ids), "offsets")
        self.vocabulary = vocabulary
        self.n_raw_tokens = len(ids) if n_raw_tokens is None else n_raw_tokens
        self.n_raw_sentences = len(self) if n_raw_sentences is None else n_raw_sentences

    @classmethod
    def from_files(
        cls,
        paths: Path | Iterable[Path],
        vocabulary: Vocabulary | Chooser | None = None,
        workers: int | None = None,
        errors: str = "strict",
        memory_budget: int | None = None,
        progress: Progress | None = None,
    ) -> "EncodedCorpus":
        """Encode text files, a sentence a line; the result is the same for any number of workers.

        Parameters
        ----------
        paths : str, os.PathLike, or several
            Plain files, and .gz, .bz2 or .xz ones. A UTF-8 byte order mark is dropped.
        vocabulary : Vocabulary, or callable, optional
            Tokens that it lacks are left out; its counts are replaced by the corpus's own. By
            default all types, in first-seen order; a callable is given that vocabulary and
            returns the one to use, which saves the time of `restrict`.
        workers : int, optional
            Threads; by default one for each core.
        errors : str
            What to do about tokens that are not UTF-8: "strict", "replace", "ignore", ... Tokens
            that decode alike become one word; those that decode to nothing are left out.
        memory_budget : int, optional
            The bytes of ids to keep in memory (4 for each token); if there are more, they go to
            a temporary file, mapped, in the directory that TMPDIR names. By default a quarter of
            the memory that the machine or container has free.
        progress : callable, optional
            ``progress(bytes_done, bytes_total)`` is called now and then from this thread;
            bytes_total is None if a file is compressed.

        Raises
        ------
        CorpusFileError
            (a FileNotFoundError and a TypeError) if a file is missing.
        IsADirectoryError, TypeError, ValueError
            If a path is a directory, no path, or none is given; if workers is less than 1.
        UnicodeDecodeError
            If a token is not UTF-8 and `errors` is "strict".
        EOFError, OSError
            If a compressed file is cut or damaged.
        """
        codecs.lookup_error(errors)
        budget = check_budget(memory_budget)
        with SpillBuffer(budget) as spill:
            scan = FileScanner(check_paths(paths), workers, spill)
            scan.run(progress)
            types = merge_types(scan, errors)
            raw = Vocabulary(types.words, types.counts)
            if len(raw) >= MANY_TYPES:
                release_memory()  # of the merging, before a model takes its own
            own, new_ids = _renumbered(raw, _chosen(vocabulary, raw))
            table = np.append(new_ids, np.int32(-1))  # last: of a dropped type
            encoded = allocate_int32(own.total, budget)
            n_raw = scan.n_tokens, scan.count_sentences()
            offsets = join(scan, [table[ids] for ids in types.tables], spill, encoded)
        return cls(encoded, offsets, own, *n_raw)

    @classmethod
    def from_iterable(
        cls,
        sentences: Iterable[Iterable[Hashable]],
        vocabulary: Vocabulary | Chooser | None = None,
        memory_budget: int | None = None,
        progress: Progress | None = None,
    ) -> "EncodedCorpus":
        """Encode sequences of hashable tokens, in one pass.

        Parameters
        ----------
        sentences : iterable of iterables of hashable
            Also a generator. Scalars of numpy, Arrow and other libraries
            become the Python objects that they hold.
        vocabulary, memory_budget
            As in `from_files`.
        progress : callable, optional
            ``progress(sentences_done, sentences_total)``; the total is None if it has no length.

        Raises
        ------
        TypeError
            If the corpus or a sentence is a string, a mapping or not iterable, if the corpus is a
            table of columns, or a token can't be hashed.
        ValueError
            If a token is a missing value, None or NaN.
        """
        check_corpus(sentences)
        budget = check_budget(memory_budget)
        total = len(sentences) if isinstance(sentences, Sized) else None
        given = vocabulary if isinstance(vocabulary, Vocabulary) else None
        table: dict[Hashable, int] = {} if given is None else given.ids
        counts = IdCounter()
        blocks: list[tuple[StoredBlock, np.ndarray]] = []
        with SpillBuffer(budget) as spill:

            def keep(ids: np.ndarray, ends: np.ndarray, n_sentences: int) -> None:
                counts.add(ids, len(table))
                blocks.append((spill.store(ids), ends))
                if progress:
                    progress(n_sentences, total)

            n_raw = encode_sentences(sentences, table, given is None, keep)
            found = counts.pop(len(table))
            raw = Vocabulary(list(table), found) if given is None else given.recounted(found)
            own, new_ids = _renumbered(raw, _chosen(vocabulary, raw))
            joined = BlockJoiner(allocate_int32(own.total, budget))
            for ids, ends in taken(blocks, spill):
                joined.append(ids, ends, new_ids)
        return cls(joined.ids, distinct(joined.ends), own, *n_raw)

    def restrict(self, vocabulary: Vocabulary, memory_budget: int | None = None) -> "EncodedCorpus":
        """Give the corpus the ids of another vocabulary, tokens that it lacks left out.

        Parameters
        ----------
        vocabulary : Vocabulary
            Its counts become those of the corpus.
        memory_budget : int, optional
            As in `from_files`.

        Returns
        -------
        EncodedCorpus
        """
        budget = check_budget(memory_budget)
        check_mapped(self.ids)
        counts = IdCounter()
        counts.add(self.ids, len(self.vocabulary))
        raw = self.vocabulary.recounted(counts.of(len(self.vocabulary)))
        own, table = _renumbered(raw, vocabulary)
        joined = BlockJoiner(allocate_int32(own.total, budget))
        for start in range(0, self.n_tokens, BLOCK_TOKENS):
            stop = min(start + BLOCK_TOKENS, self.n_tokens)
            inside = slice(*np.searchsorted(self.offsets, (start, stop), "right"))
            joined.append(self.ids[start:stop], self.offsets[inside] - start, table)
        return EncodedCorpus(
            joined.ids, distinct(joined.ends), own, self.n_raw_tokens, self.n_raw_sentences
        )

    @property
    def n_tokens(self) -> int:
        """The number of ids."""
        return len(self.ids)

    @property
    def n_sentences(self) -> int:
        """The number of sentences that have an id."""
        return len(self)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[list[Hashable]]:
        check_mapped(self.ids)
        word = self.vocabulary.words.__getitem__
        for start, end in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist()):
            yield list(map(word, self.ids[start:end].tolist()))

    def __repr__(self) -> str:
        return (
            f"<EncodedCorpus of {self.n_tokens:,} tokens in {len(self):,} sentences, "
            f"{len(self.vocabulary):,} words>"
        )

    def save(self, path: Any) -> None:
        """Write the corpus to one file that `load` reads.

        Raises
        ------
        TypeError
            If a word has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        check_mapped(self.ids)
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: bool = True) -> "EncodedCorpus":
        """Read, or by default map, what `save` wrote.

        Parameters
        ----------
        path : str, os.PathLike or binary file object
        mmap : bool
            Map the ids in place of reading them, so that they need no memory of their own. While
            they are mapped, no other program may change the file in place or truncate it: that
            changes the corpus, and can end the process (SIGBUS). To replace the file by a new one,
            as `save` does, is safe.

        Raises
        ------
        FormatError
            If it is another file, or damaged.
        """
        return kinds.load_as(cls, SCHEMA, path, mmap)

    def close(self) -> None:
        """Let go of the ids; a temporary file is gone when nobody else holds them."""
        self.ids = np.empty(0, np.int32)
        self.offsets = np.zeros(1, np.int64)

    def __enter__(self) -> "EncodedCorpus":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encode(
    source: Any,
    vocabulary: Vocabulary | Chooser | None = None,
    *,
    workers: int | None = None,
    memory_budget: int | None = None,
    progress: Progress | None = None,
) -> EncodedCorpus:
    """Encode any source of sentences, by the fastest way that gives what its iteration gives.

    Parameters
    ----------
    source : EncodedCorpus, LineSentence, PathLineSentences, or iterable of sequences of hashable
        A corpus that is encoded already is restricted to `vocabulary`, if that is another.
    vocabulary, workers, memory_budget, progress
        As in `EncodedCorpus.from_files`; workers count only for `LineSentence` and
        `PathLineSentences` over whole files.

    Returns
    -------
    EncodedCorpus
        Whose n_raw_tokens is 0 if there was not a single token.

    Examples
    --------
    >>> encode([["to", "be"]])
    <EncodedCorpus of 2 tokens in 1 sentences, 2 words>
    """
    if isinstance(source, EncodedCorpus):
        check_mapped(source.ids)
        vocabulary = _chosen(vocabulary, source.vocabulary)
        if _is_same(vocabulary, source.vocabulary):
            return source
        return source.restrict(vocabulary, memory_budget=memory_budget)
    if paths := _whole_files(source):
        return EncodedCorpus.from_files(
            paths, vocabulary, workers, source.errors, memory_budget, progress
        )
    return EncodedCorpus.from_iterable(source, vocabulary, memory_budget, progress)


def count_words(
    source: Any, *, workers: int | None = None, progress: Progress | None = None
) -> Counted:
    """Count the words of any source that `encode` takes, keeping no ids.

    Returns
    -------
    vocabulary : Vocabulary
        All words in first-seen order; of an `EncodedCorpus` its own.
    n_raw_tokens, n_raw_sentences : int
        As those of the `EncodedCorpus` that `encode` would make.

    Examples
    --------
    >>> count_words([["to", "be"], []])
    (<Vocabulary of 2 words, 2 tokens>, 2, 2)
    """
    if isinstance(source, EncodedCorpus):
        return source.vocabulary, source.n_raw_tokens, source.n_raw_sentences
    if paths := _whole_files(source):
        return count_files(paths, workers, source.errors, progress)
    return count_iterable(source, progress)


def _whole_files(source: Any) -> list[str] | None:
    return source.whole_files() if type(source) in (LineSentence, PathLineSentences) else None


def _renumbered(raw: Vocabulary, vocabulary: Vocabulary) -> tuple[Vocabulary, np.ndarray]:
    """Give `vocabulary` the counts of `raw`; and the id in it of each word of `raw`, or -1."""
    new_ids = look_up(raw, vocabulary)
    counts = np.zeros(len(vocabulary), np.int64)
    counts[new_ids[new_ids >= 0]] = raw.counts[new_ids >= 0]
    return vocabulary.recounted(counts), new_ids


def _is_same(vocabulary: Vocabulary, raw: Vocabulary) -> bool:
    """Return whether both have the same words with the same ids."""
    n = len(raw)
    return len(vocabulary) == n and np.array_equal(look_up(raw, vocabulary), np.arange(n))


def _chosen(vocabulary: Vocabulary | Chooser | None, raw: Vocabulary) -> Vocabulary:
    if vocabulary is None:
        return raw
    return vocabulary if isinstance(vocabulary, Vocabulary) else vocabulary(raw)


def _build(cls: Any, content: Content) -> EncodedCorpus:
    offsets, counts = (np.array(content.arrays[name]) for name in ("offsets", "counts"))
    corpus: EncodedCorpus = cls(
        content.arrays["ids"], offsets, Vocabulary(content.words[""], counts), **content.values
    )
    return corpus


def _fault(content: Content) -> str | None:
    ids, offsets = content.arrays["ids"], content.arrays["offsets"]
    for name, least in (("n_raw_tokens", len(ids)), ("n_raw_sentences", len(offsets) - 1)):
        if content.values[name] < least:
            return f"{name} is {content.values[name]}, less than what the file holds"
    return (
        faults.of_offsets("offsets", offsets, len(ids), is_strict=True)
        or faults.of_ids("ids", ids, content.sizes["words"])
        or faults.of_numbers("counts", content.arrays["counts"])
    )


SCHEMA = Schema(
    "corpus",
    arrays=(
        Array("ids", "int32", ("tokens",)),
        Array("offsets", "int64", ("sentences + 1",)),
        Array("counts", "int64", ("words",), "vocabulary.counts"),
    ),
    values={"": (Value("n_raw_tokens", int), Value("n_raw_sentences", int))},
    build=_build,
    checks=(_fault,),
)
