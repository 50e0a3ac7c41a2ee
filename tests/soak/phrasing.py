"""Sessions of Phrases and FrozenPhrases."""

from typing import Any

from fastsgns import EncodedCorpus, FrozenPhrases, Phrases, rules
from fastsgns.models.phrases import MIN_COUNT, SIZE

from . import corpora, lifetime
from .checks import check, plain
from .draws import among, constant, mostly, near, of_rule, whole
from .subject import Setting, Subject, may_refuse
from .words import heard

TABLE = {
    "sentences": among(None, "corpus"),
    "min_count": of_rule(MIN_COUNT, among(1, 2, 5, 0.5)),
    "threshold": of_rule(rules.ANY_NUMBER, near(1.0, 20)),
    "max_vocab_size": of_rule(SIZE, mostly(constant(40_000_000), whole(1, 500))),
    "delimiter": among("_", "_", "-", "__", "·", " "),
    "progress_per": of_rule(SIZE, 10_000),
    "scoring": among("default", "default", "npmi"),
    "connector_words": among((), (), ["w1", "w2"], {"w0"}, ["of"]),
    "workers": of_rule(rules.WORKERS, among(None, 1, 2, 3), 3),
    "memory_budget": of_rule(rules.COUNT, among(None, 0, 1000)),
    "progress": among(None, False, heard),
}


def source(setting: Setting) -> tuple[Any, list[list[str]]]:
    """Draw a corpus in one of the forms that `add_vocab` takes."""
    listed = corpora.sentences(setting.dice, text_only=True)
    given = corpora.source(setting.dice, listed, setting.folder, once=True)
    found = given.get("sentences", given.get("corpus_file"))
    return (listed if isinstance(found, list) and "corpus_file" in given else found), listed


def make(setting: Setting) -> Phrases:
    given = dict(setting.parameters)
    corpus, listed = source(setting)
    with may_refuse(None, Phrases, also=(ValueError,)):
        if given.pop("sentences") is None:
            phrases = Phrases(**given)
            phrases.add_vocab(corpus)
        else:
            phrases = Phrases(corpus, **given)
    check_counts(phrases, listed, 0)
    return phrases


def check_counts(phrases: Phrases, listed: list[list[str]], before: int) -> None:
    n = sum(map(len, listed))
    check(phrases.corpus_word_count == before + n, f"{phrases.corpus_word_count} words, not {n}")


def add(phrases: Phrases, setting: Setting) -> tuple[Any, Any]:
    corpus, listed = source(setting)
    before = phrases.corpus_word_count
    with may_refuse(phrases, Phrases.add_vocab, Phrases):
        phrases.add_vocab(corpus)
    check_counts(phrases, listed, before)
    return phrases, len(phrases.vocab)


def ask(phrases: Any, setting: Setting) -> tuple[Any, Any]:
    """Join sentences one by one, together, as text and as ids: all give the same."""
    dice = setting.dice
    listed = corpora.sentences(dice, text_only=True, n_words=60)[:40]
    joined = list(phrases[listed])
    check(
        joined == [phrases[sentence] for sentence in listed], "sentences alone are joined otherwise"
    )
    for sentence, found in zip(listed, joined):
        words = [part for token in found for part in (token,)]
        check(len(words) <= len(sentence), "more tokens than words")
    if corpora.fits_files(listed) and any(listed) and " " not in phrases.delimiter:
        check_file(phrases, listed, joined, setting)
    if isinstance(phrases, Phrases):
        check_frozen(phrases, listed, joined)
    return phrases, plain((joined, phrases.find_phrases(listed)))


def check_file(phrases: Any, listed: Any, joined: Any, setting: Setting) -> None:
    path, target = setting.folder / "text", setting.folder / "joined"
    path.write_text("\n".join(" ".join(s) for s in listed) + "\n", encoding="utf-8")
    phrases.transform_file(path, target, workers=setting.dice.pick((1, 2, None)))
    lines = target.read_text(encoding="utf-8").split("\n")[:-1]
    expected = [" ".join(s) for s in joined]
    check(lines == expected, f"a file is joined otherwise: {lines[:3]}, {expected[:3]}")


def check_frozen(phrases: Phrases, listed: Any, joined: Any) -> None:
    frozen = phrases.freeze()
    check(list(frozen[listed]) == joined, "frozen phrases join otherwise")
    check(frozen.phrasegrams == phrases.export_phrases(), "frozen phrases are others")
    corpus = EncodedCorpus.from_iterable(listed)
    if corpus.n_tokens:
        check(list(phrases.join(corpus)) == [s for s in joined if s], "ids are joined otherwise")


def change(phrases: Any, setting: Setting) -> tuple[Any, Any]:
    """Another threshold."""
    value = TABLE["threshold"](setting.dice)
    phrases.threshold = max(-1.0, min(1.0, float(value))) if phrases.scoring is not None else value
    if phrases.threshold <= 0:
        phrases.threshold = 0.5
    return phrases, None


def make_frozen(setting: Setting) -> FrozenPhrases:
    listed = corpora.sentences(setting.dice, text_only=True)
    with may_refuse(None, Phrases):
        return FrozenPhrases(Phrases(listed, min_count=1, threshold=0.1))


STEPS = {"ask": ask, "ask again": ask} | lifetime.STEPS
SUBJECTS = [
    Subject("Phrases", Phrases, TABLE, make, {"add": add, "change": change} | STEPS,
            is_deterministic=lambda parameters: True),
    Subject("FrozenPhrases", FrozenPhrases, {"phrases_model": constant("of a corpus")}, make_frozen,
            STEPS),
]  # fmt: skip
