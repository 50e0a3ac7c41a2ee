"""The job of ``python -m bench phrases``: phrases learned and joined by both packages."""

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from bench.instruments import now

Job = dict[str, Any]


def measure(job: Job) -> Job:
    """Time all sides in turn, in several rounds; return the times and whether results agree."""
    from fastsgns import EncodedCorpus, LineSentence, Phrases

    text, n = job["text"], job["threads"]
    with tempfile.TemporaryDirectory(dir=job["folder"]) as folder:
        path = os.path.join(folder, "corpus.fastsgns")
        EncodedCorpus.from_files(text).save(path)
        ours = Phrases(text, workers=n, **job["options"])
        frozen = ours.freeze()
        sides: dict[str, Callable[[], Any]] = {
            "learn: fastsgns, text": lambda: Phrases(text, workers=n, **job["options"]),
            "learn: fastsgns, corpus": lambda: Phrases(
                EncodedCorpus.load(path), workers=n, **job["options"]
            ),
            "export: fastsgns": lambda: Phrases.export_phrases(_forgetful(ours)),
            "read: fastsgns, text": lambda: EncodedCorpus.from_files(text, workers=n),
            "join: fastsgns, corpus": lambda: frozen.join(EncodedCorpus.load(path), n),
            "join: fastsgns, file to file": lambda: frozen.transform_file(text, io.BytesIO(), n),
            "join: fastsgns, sentences": lambda: sum(map(len, frozen[LineSentence(text)])),
        }
        agreement: Job = {}
        if job["gensim"]:
            theirs_by_side = dict(_of_gensim(job, ours, agreement))
            sides |= theirs_by_side
        times = []
        for n_round in range(job["rounds"]):
            for name in list(sides) if n_round % 2 == 0 else list(sides)[::-1]:
                before = now()
                result = sides[name]()
                wall, cpu = (b - a for a, b in zip(before, now()))
                del result
                times.append({"round": n_round, "side": name, "wall": wall, "cpu": cpu})
    return {
        "times": times, "agreement": agreement, "words": ours.corpus_word_count,
        "pairs": len(ours.counts.pairs.counts), "phrases": len(frozen.phrasegrams),
    }  # fmt: skip


def _forgetful(phrases: Any) -> Any:
    """Return phrases without what they have computed from their counts."""
    phrases._cache = None
    return phrases


def _of_gensim(job: Job, ours: Any, agreement: Job) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield (name, what gensim does), after the results of both were compared."""
    from gensim.models.phrases import Phrases
    from gensim.models.word2vec import LineSentence

    from fastsgns import LineSentence as OurLines

    def learn() -> Any:
        return Phrases(LineSentence(job["text"], max_sentence_length=10**9), **job["options"])

    theirs = learn()
    frozen = theirs.freeze()
    agreement["counts"] = theirs.vocab == ours.vocab
    agreement["phrases and scores"] = frozen.phrasegrams == ours.export_phrases()
    lines = list(OurLines(job["text"]))
    agreement["joined sentences"] = list(frozen[lines]) == list(ours.freeze()[lines])
    yield "learn: gensim", learn
    yield "export: gensim", theirs.export_phrases
    yield (
        "join: gensim, sentences",
        lambda: sum(map(len, frozen[LineSentence(job["text"], max_sentence_length=10**9)])),
    )


JOBS = {"phrases": measure}
