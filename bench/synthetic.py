"""Corpora made in a child process: words of Zipf's law as ids or text, and a corpus repeated."""

import os
import tempfile
from pathlib import Path
from typing import Any

Job = dict[str, Any]
SENTENCE = 25
SHIFT = 2.7  # Mandelbrot's: p(rank) is proportional to 1 / (rank + 2.7)
BLOCK = 1_000_000


def zipf(n_types: int, n_tokens: int, seed: int = 1) -> Any:
    """Draw an EncodedCorpus in which each of `n_types` words occurs, in sentences of 25.

    The words are numbered by descending count, as those of a text.

    Raises
    ------
    ValueError
        If there are fewer tokens than words.
    """
    import numpy as np

    from fastsgns import EncodedCorpus
    from fastsgns.corpus.vocabulary import Vocabulary

    if n_tokens < n_types:
        raise ValueError(f"{n_types} words do not fit in {n_tokens} tokens")
    rng = np.random.default_rng([seed, n_types, n_tokens])
    ends = np.cumsum(1 / (np.arange(n_types) + SHIFT))
    ids = np.empty(n_tokens, np.int32)
    ids[:n_types] = np.arange(n_types)
    for start in range(n_types, n_tokens, BLOCK):
        part = ids[start : start + BLOCK]
        part[:] = np.searchsorted(ends, rng.random(len(part)) * ends[-1])
    rng.shuffle(ids)
    counts = np.bincount(ids, minlength=n_types)
    order = np.argsort(-counts, kind="stable")
    ranks = np.empty(n_types, np.int32)
    ranks[order] = np.arange(n_types)
    offsets = np.append(np.arange(0, n_tokens, SENTENCE), n_tokens)
    words = [f"word{number}" for number in range(n_types)]
    return EncodedCorpus(ranks[ids], offsets, Vocabulary(words, counts[order]))


def repeat(corpus: Any, copies: int, folder: str) -> Any:
    """Repeat a corpus; the ids are in a mapped file without a name, as for long texts."""
    import numpy as np

    from fastsgns import EncodedCorpus

    n_tokens = corpus.n_tokens
    with tempfile.TemporaryFile(dir=folder) as file:
        ids = np.memmap(file, np.int32, "w+", shape=(copies * n_tokens,))
    for copy in range(copies):
        ids[copy * n_tokens : (copy + 1) * n_tokens] = corpus.ids
    starts = np.arange(copies, dtype=np.int64)[:, None] * n_tokens + corpus.offsets[:-1]
    offsets = np.append(starts.ravel(), copies * n_tokens)
    words = corpus.vocabulary.recounted(corpus.vocabulary.counts * copies)
    return EncodedCorpus(ids, offsets, words, copies * corpus.n_raw_tokens)


def save(job: Job) -> Job:
    """Write a corpus for other jobs: words of Zipf's law as text or ids, or an encoded file."""
    target = Path(job["target"])
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    if job.get("text"):
        from fastsgns import EncodedCorpus
        from fastsgns.corpus.selection import select

        EncodedCorpus.from_files(
            job["text"], lambda raw: select(raw, job["min_count"]).vocabulary
        ).save(unfinished)
    else:
        corpus = zipf(job["n_types"], job["n_tokens"])
        if job["encoded"]:
            corpus.save(unfinished)
        else:
            with open(unfinished, "w", encoding="ascii") as out:
                out.writelines(" ".join(sentence) + "\n" for sentence in corpus)
    os.replace(unfinished, target)
    return {}
