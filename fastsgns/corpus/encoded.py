"""EncodedCorpus: a corpus as ids, which every epoch of training reads; `scan` and `encode`."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.arrays import check_mapped, check_offsets, integers
from fastsgns.corpus.blocks import BlockJoiner, sentence_offsets
from fastsgns.corpus.files import Path
from fastsgns.corpus.scan import count_ids
from fastsgns.corpus.scanning import Scan, scan_files, scan_sentences
from fastsgns.corpus.sentences import LineSentence, PathLineSentences
from fastsgns.corpus.spill import allocate_int32, check_budget
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import Array, Content, Schema, Value
from fastsgns.runtime.progress import Progress
from fastsgns.training.examples import Chunks, TokenChunks

BLOCK_TOKENS = 1 << 20
VocabularyChooser = Callable[[Vocabulary], Vocabulary]


class EncodedCorpus:
    """The sentences of a corpus as ids of a vocabulary.

    Iterating over it yields each sentence as a list of words.

    Make one with `from_files`, `from_iterable`, `load` or `encode`.

    Parameters
    ----------
    ids : array_like of int, shape (n_tokens,)
        Converted to int32 if they are of another integer type.
    offsets : array_like of int, shape (n_sentences + 1,)
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``, and must not be empty. Converted to int64.
    vocabulary : Vocabulary
        Its words, in the order of their ids. Its counts should be those of `ids`.
    n_raw_tokens : int, optional
        Tokens that were read, including those that are not in the vocabulary. By default the
        length of `ids`.
    n_raw_sentences : int, optional
        Sentences that were read: for files, the non-blank lines; for iterables, all sentences.
        By default the number of sentences.

    Raises
    ------
    TypeError
        If ids or offsets are not whole numbers.
    ValueError
        If ids are out of range, or offsets do not ascend from 0 to the number of ids. Ids that are
        int32 already are not checked, because mapped ids would have to be read from disk.

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
        vocabulary: Vocabulary | VocabularyChooser | None = None,
        workers: int | None = None,
        errors: str = "strict",
        memory_budget: int | None = None,
        progress: Progress | None = None,
    ) -> "EncodedCorpus":
        """Encode text files, one sentence per line; the result is the same for all `workers`.

        Parameters
        ----------
        paths : str, os.PathLike, or several
            Plain files, and .gz, .bz2 or .xz ones. A UTF-8 byte order mark is skipped.
        vocabulary : Vocabulary, or callable, optional
            Tokens that are not in it are dropped. The result has a copy of it with the counts of
            the corpus. By default all words, in first-seen order. A callable is given the
            vocabulary of all words and returns the one to use, such as
            ``lambda raw: select(raw, 5).vocabulary``.
        workers : int, optional
            Threads; by default one per core.
        errors : str
            How to decode tokens that are not UTF-8: "strict", "replace", "ignore", ... Tokens
            that decode to the same string are the same word; those that decode to nothing are
            left out.
        memory_budget : int, optional
            How many bytes of ids to keep in RAM, 4 bytes per token. Beyond that, ids are spilled
            to a memory-mapped temporary file, in the directory that TMPDIR names. By default a
            quarter of the memory that the machine or container has free.
        progress : callable, optional
            ``progress(bytes_done, bytes_total)`` is called ten times per second from the calling
            thread; bytes_total is None if a file is compressed.

        Raises
        ------
        CorpusFileError
            (a FileNotFoundError, and a TypeError as in gensim) if a file is missing.
        IsADirectoryError, TypeError, ValueError
            If a path is a directory or not path-like, or no path is given; if workers is less
            than 1.
        UnicodeDecodeError
            If a token is not UTF-8 and `errors` is "strict".
        TruncatedError, DamagedError
            If a compressed file is truncated or corrupt.
        """
        with scan_files(paths, workers, errors, memory_budget, progress) as scanned:
            return encode(scanned, _resolve_vocabulary(vocabulary, scanned.vocabulary))

    @classmethod
    def from_iterable(
        cls,
        sentences: Iterable[Iterable[Hashable]],
        vocabulary: Vocabulary | VocabularyChooser | None = None,
        memory_budget: int | None = None,
        progress: Progress | None = None,
    ) -> "EncodedCorpus":
        """Encode sequences of hashable tokens, in one pass.

        Parameters
        ----------
        sentences : iterable of iterables of hashable
            May be a generator. Scalars of numpy, Arrow and similar libraries are converted to
            Python objects.
        vocabulary, memory_budget
            As in `from_files`.
        progress : callable, optional
            ``progress(sentences_done, sentences_total)``; sentences_total is None if
            `sentences` has no length.

        Raises
        ------
        TypeError
            If the corpus or a sentence is a string, a mapping or not iterable, if the corpus is a
            DataFrame or similar table, or a token can't be hashed.
        ValueError
            If a token is a missing value, None or NaN.
        """
        # A callable chooses the words only after the scan.
        known = vocabulary if isinstance(vocabulary, Vocabulary) else None
        with scan_sentences(sentences, known, memory_budget, progress) as scanned:
            return encode(scanned, _resolve_vocabulary(vocabulary, scanned.vocabulary))

    def restrict(self, vocabulary: Vocabulary, memory_budget: int | None = None) -> "EncodedCorpus":
        """Re-encode the corpus with another vocabulary, and drop tokens that are not in it.

        Parameters
        ----------
        vocabulary : Vocabulary
            The result has a copy of it with the counts of the corpus.
        memory_budget : int, optional
            As in `from_files`.

        Returns
        -------
        EncodedCorpus
        """
        check_mapped(self.ids)  # raises if the mapped file was truncated; reading it would crash
        counts = np.zeros(len(self.vocabulary), np.int64)
        count_ids(self.ids, counts)  # the counts that the constructor was given may be wrong
        recounted, new_ids = _renumber(self.vocabulary.recounted(counts), vocabulary)
        joiner = BlockJoiner(allocate_int32(recounted.total, check_budget(memory_budget)))
        for start in range(0, self.n_tokens, BLOCK_TOKENS):
            stop = min(start + BLOCK_TOKENS, self.n_tokens)
            # The ends of sentences in this block: offsets in (start, stop].
            ends = self.offsets[slice(*np.searchsorted(self.offsets, (start, stop), "right"))]
            joiner.append(self.ids[start:stop], ends - start, new_ids)
        offsets = sentence_offsets(joiner.ends)
        n_raw = self.n_raw_tokens, self.n_raw_sentences
        return EncodedCorpus(joiner.ids, offsets, recounted, *n_raw)

    def chunks(self) -> Chunks:
        """Return the tokens in parts that models train one at a time."""
        return TokenChunks(self.ids, self.offsets)

    @property
    def n_tokens(self) -> int:
        """Number of tokens."""
        return len(self.ids)

    @property
    def n_sentences(self) -> int:
        """Number of non-empty sentences."""
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
        """Read what `save` wrote, or by default memory-map it.

        Parameters
        ----------
        path : str, os.PathLike or binary file object
        mmap : bool
            Memory-map the ids instead of reading them into memory. While they are mapped, no other
            program may change the file in place or truncate it: that changes the corpus, and can
            end the process (SIGBUS). To replace the file by a new one, as `save` does, is safe.

        Raises
        ------
        FormatError
            If it is not a corpus file, or is damaged.
        """
        return kinds.load_as(cls, SCHEMA, path, mmap)

    def close(self) -> None:
        """Drop the ids. A temporary file is deleted when no other array refers to it."""
        self.ids = np.empty(0, np.int32)
        self.offsets = np.zeros(1, np.int64)

    def __enter__(self) -> "EncodedCorpus":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Encodable:
    """A corpus of sentences that can be encoded faster than sentence by sentence."""

    def encoded(
        self, workers: int | None, memory_budget: int | None, progress: Progress | None
    ) -> EncodedCorpus:
        """Return the corpus that encoding its sentences would make.

        Parameters
        ----------
        workers, memory_budget, progress
            As for `scan`.
        """
        raise NotImplementedError


@dataclass(kw_only=True)
class EncodedScan(Scan):
    """A scan made from an `EncodedCorpus` without reading anything."""

    corpus: EncodedCorpus
    memory_budget: int | None


def scan(
    source: Any,
    vocabulary: Vocabulary | None = None,
    *,
    workers: int | None = None,
    memory_budget: int | None = None,
    progress: Progress | None = None,
    keep_tokens: bool = True,
) -> Scan:
    """Read any source of sentences once: count its words and, for `encode`, store its tokens.

    Parameters
    ----------
    source : EncodedCorpus, Encodable, LineSentence, PathLineSentences, or iterable of sequences
        of hashable.
        Whole text files are read by several threads.
    vocabulary : Vocabulary, optional
        The words to `encode`, if they are known in advance: other tokens are not stored. Ignored
        for text files, whose words are compared as bytes, by threads that have no vocabulary.
    workers, memory_budget, progress
        As in `EncodedCorpus.from_files` and `EncodedCorpus.from_iterable`.
    keep_tokens : bool
        Whether to store the tokens. Otherwise words are only counted.

    Returns
    -------
    Scan
        For an `EncodedCorpus`, holds its vocabulary and its raw numbers of tokens and sentences.

    Examples
    --------
    >>> with scan([["to", "be"], []]) as scanned:
    ...     print(scanned.vocabulary, scanned.n_tokens, scanned.n_sentences)
    ...     encode(scanned)
    <Vocabulary of 2 words, 2 tokens> 2 2
    <EncodedCorpus of 2 tokens in 1 sentences, 2 words>
    """
    if isinstance(source, Encodable):
        source = source.encoded(workers, memory_budget, progress)
    if isinstance(source, EncodedCorpus):
        check_mapped(source.ids)
        return EncodedScan(
            source.vocabulary, source.n_raw_tokens, source.n_raw_sentences, corpus=source,
            memory_budget=memory_budget,
        )  # fmt: skip
    is_file = type(source) in (LineSentence, PathLineSentences)  # a subclass may yield other tokens
    if is_file and (paths := source.whole_files()):
        return scan_files(paths, workers, source.errors, memory_budget, progress, keep_tokens)
    return scan_sentences(source, vocabulary, memory_budget, progress, keep_tokens)


def encode(scanned: Scan, vocabulary: Vocabulary | None = None) -> EncodedCorpus:
    """Return the tokens of a scan as ids of a vocabulary. This consumes the scan.

    Parameters
    ----------
    scanned : Scan
    vocabulary : Vocabulary, optional
        Tokens that are not in it are dropped. The result has a copy of it with the counts of the
        scan. By default the vocabulary of the scan. One from `select` remembers the ids that its
        words have in the scan, so that words need not be looked up.

    Returns
    -------
    EncodedCorpus
        If the scan is of an EncodedCorpus that already has this vocabulary, that corpus itself and
        not a copy.

    Raises
    ------
    ValueError
        If the scan has stored no tokens.
    """
    chosen = scanned.vocabulary if vocabulary is None else vocabulary
    if isinstance(scanned, EncodedScan):
        if _same_words(chosen, scanned.vocabulary):
            return scanned.corpus
        return scanned.corpus.restrict(chosen, scanned.memory_budget)
    if scanned.tokens is None:
        raise ValueError("the scan has only counted words; scan with keep_tokens=True to encode")
    recounted, new_ids = _renumber(scanned.vocabulary, chosen)
    ids, offsets = scanned.tokens.join(new_ids, recounted.total)
    return EncodedCorpus(ids, offsets, recounted, scanned.n_tokens, scanned.n_sentences)


def _renumber(raw: Vocabulary, vocabulary: Vocabulary) -> tuple[Vocabulary, np.ndarray]:
    """Return `vocabulary` with the counts of `raw`, and the id in it, or -1, of each raw word."""
    new_ids = vocabulary.find(raw)
    is_kept = new_ids >= 0
    counts = np.zeros(len(vocabulary), np.int64)
    counts[new_ids[is_kept]] = raw.counts[is_kept]
    return vocabulary.recounted(counts), new_ids


def _same_words(vocabulary: Vocabulary, other: Vocabulary) -> bool:
    """Return whether both have the same words with the same ids."""
    n = len(other)
    return len(vocabulary) == n and np.array_equal(vocabulary.find(other), np.arange(n))


def _resolve_vocabulary(
    vocabulary: Vocabulary | VocabularyChooser | None, raw: Vocabulary
) -> Vocabulary | None:
    """Return the vocabulary that was given, or what a callable chooses of all words."""
    return vocabulary(raw) if callable(vocabulary) else vocabulary


def _build(cls: type[EncodedCorpus], content: Content) -> EncodedCorpus:
    offsets, counts = (np.array(content.arrays[name]) for name in ("offsets", "counts"))
    vocabulary = Vocabulary(content.words[""], counts, content.ids[""])
    corpus = cls.__new__(cls)  # a derived class may take other arguments
    EncodedCorpus.__init__(corpus, content.arrays["ids"], offsets, vocabulary, **content.values)
    return corpus


def _fault(content: Content) -> str | None:
    """Return what is wrong with the content of a file, or None."""
    ids, offsets = content.arrays["ids"], content.arrays["offsets"]
    for name, minimum in (("n_raw_tokens", len(ids)), ("n_raw_sentences", len(offsets) - 1)):
        if content.values[name] < minimum:
            return f"{name} is {content.values[name]}, less than what the file holds"
    return faults.of_offsets("offsets", offsets, len(ids), is_strict=True) or faults.of_ids(
        "ids", ids, content.sizes["words"]
    )


SCHEMA = Schema(
    "corpus",
    arrays={
        "ids": Array("int32", "tokens"),
        "offsets": Array("int64", "sentences + 1"),
        "counts": Array("int64", "words", "vocabulary.counts", fault=faults.negative),
    },
    values={"n_raw_tokens": Value(int), "n_raw_sentences": Value(int)},
    build=_build,
    fault=_fault,
    set_by_build=("ids", "offsets", "vocabulary", "n_raw_tokens", "n_raw_sentences"),
)
