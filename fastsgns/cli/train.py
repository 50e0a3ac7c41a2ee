"""``fastsgns train``: text in, vectors out."""

import argparse
import contextlib
import time
from collections.abc import Iterator
from typing import Any

from fastsgns import EncodedCorpus, Word2Vec
from fastsgns.cli import filetypes, sources
from fastsgns.cli.arguments import UsageError, add_command, add_inputs, add_output, positive
from fastsgns.formats.files import local_path
from fastsgns.matrices import BIASES, MATRICES
from fastsgns.models import parameters
from fastsgns.runtime.console import short

SCHEDULE = ("epochs", "alpha", "min_alpha")
OPTIONS = {
    "negative_sharing": "--sharing",
    "sg": "--sg or --cbow",
    "vector_size": "--dim",
    "max_final_vocab": "--max-vocab",
}
EXAMPLES = """\
examples:
  fastsgns train corpus.txt -o vectors.fastsgns --sg --dim 200 --epochs 5
  xzcat wiki.xz | tr A-Z a-z | fastsgns train - -o vectors.txt.gz
  fastsgns train part-*.gz -o model.fastsgns --save-corpus corpus.fastsgns
  fastsgns train corpus.fastsgns -o small.fastsgns --dim 50
  fastsgns train more.txt --resume model.fastsgns -o model.fastsgns --epochs 2

The suffix of the output says the format: .txt and .vec (word2vec text), .bin (word2vec binary),
.fastsgns, .model and no suffix (the native format), each also with .gz, .bz2 or .xz. The native
format alone can be resumed.
Ctrl-C stops early and saves what has been learnt so far.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(commands, "train", "learn word vectors from text", EXAMPLES, run)
    add_inputs(parser)
    add_output(parser)
    parser.add_argument(
        "--save-corpus",
        type=local_path,
        metavar="FILE",
        help="keep the text as numbers, to train on again without reading it",
    )
    parser.add_argument(
        "--resume",
        type=local_path,
        metavar="MODEL",
        help="train this saved model on, with its own words and settings",
    )
    _add_model(parser)
    _add_schedule(parser)


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the model")
    model = group.add_mutually_exclusive_group()
    model.add_argument(
        "--cbow",
        dest="sg",
        action="store_const",
        const=0,
        help="predict a word from its context (default)",
    )
    model.add_argument(
        "--sg",
        action="store_const",
        const=1,
        help="skip-gram: predict the context from a word; slower, often better",
    )
    for names, type_, text in (
        (("--dim", "--vector-size"), positive, "length of a vector (100)"),
        (("--window",), positive, "how far a context word may be from its focus word (5)"),
        (("--negative",), int, "random words to tell from each true one; 0 for none (5)"),
        (("--min-count",), int, "leave out words seen less often (5)"),
        (("--max-vocab",), positive, "keep at most so many words (all)"),
        (("--sample",), float, "thin out words more frequent than this share; 0 for not (1e-3)"),
        (("--ns-exponent",), float, "random words are drawn by count to this power (0.75)"),
        (("--seed",), int, "same seed and --workers 1: same vectors (1)"),
    ):
        dest = {"--dim": "vector_size", "--max-vocab": "max_final_vocab"}.get(names[0])
        extra: dict[str, Any] = {} if dest is None else {"dest": dest}
        group.add_argument(*names, type=type_, help=text, metavar="N", **extra)
    group.add_argument(
        "--hs",
        action="store_const",
        const=1,
        help="hierarchical softmax, beside --negative or instead of it",
    )
    group.add_argument(
        "--softmax",
        action="store_const",
        const=1,
        help="full softmax, for small vocabularies: exact, instead of --negative and --hs",
    )
    group.add_argument(
        "--sharing",
        dest="negative_sharing",
        choices=("pair", "window", "block"),
        help="skip-gram: which words meet the same random words: none, as in the papers; those "
        "around a word; those around 4 neighbouring words, the fastest (pair)",
    )
    group.add_argument(
        "--matrices",
        choices=MATRICES,
        help="a matrix for words as input and one as output; one for both, alone, with a bias "
        "or with half its signs flipped; a third for random words (two)",
    )
    group.add_argument(
        "--bias",
        choices=BIASES,
        help="of tied+bias: one number, one a word as output, or that in both roles (scalar)",
    )
    group.add_argument(
        "--coupling",
        type=float,
        metavar="N",
        help="of three: how strongly the two output vectors of a word attract each other (0)",
    )


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the schedule")
    group.add_argument("--epochs", type=positive, metavar="N", help="passes over the text (5)")
    group.add_argument("--alpha", type=float, metavar="N", help="learning rate at first (0.025)")
    group.add_argument(
        "--min-alpha", type=float, metavar="N", help="learning rate at the end (1e-4)"
    )
    group.add_argument(
        "--loss", action="store_true", help="compute and report the loss, which takes some time"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train and save; 130 if it was stopped early."""
    given = _hyper_parameters(arguments)
    if arguments.resume and set(given) - set(SCHEDULE):
        names = ", ".join(_option(name) for name in given if name not in SCHEDULE)
        arguments.usage(f"{names}: fixed by the model given with --resume")
    kept = arguments.save_corpus
    sources.check_distinct(arguments.output, [*arguments.inputs, kept])
    sources.check_distinct(kept, [*arguments.inputs, arguments.resume])
    sources.check_writable(arguments.output)
    sources.check_kept(kept)
    model = _resumed(arguments, given) if arguments.resume else _new(arguments, given)
    corpus = sources.open_corpus(
        arguments.inputs, arguments.workers, arguments.errors, arguments.progress
    )
    if kept:
        corpus.save(kept)
    if not arguments.resume:
        model.build_vocab(corpus)
    finished, seconds, n_words = _train(model, corpus)
    report = _report(model, seconds, n_words)
    return sources.finish(
        lambda: sources.save(model, arguments.output), report, finished, arguments
    )


def _hyper_parameters(arguments: argparse.Namespace) -> dict[str, Any]:
    names = (
        "sg",
        "vector_size",
        "window",
        "negative",
        "min_count",
        "max_final_vocab",
        "sample",
        "ns_exponent",
        "seed",
        "hs",
        "negative_sharing",
        "softmax",
        "matrices",
        "bias",
        "coupling",
        *SCHEDULE,
    )
    values = {name: getattr(arguments, name) for name in names}
    if arguments.softmax and arguments.negative is None and not arguments.resume:
        values["negative"] = 0
    return {name: value for name, value in values.items() if value is not None}


def _option(name: str) -> str:
    """Name a hyper-parameter as the command line does."""
    return OPTIONS.get(name, "--" + name.replace("_", "-"))


def _new(arguments: argparse.Namespace, given: dict[str, Any]) -> Word2Vec:
    for name, kind in (("bias", "tied+bias"), ("coupling", "three")):
        if name in given and given.get("matrices") != kind:
            raise UsageError(f"--{name} belongs to --matrices {kind}")
    with _checked():
        model = Word2Vec(
            **given,
            workers=arguments.workers,
            compute_loss=arguments.loss,
            progress=arguments.progress,
        )
        parameters.check_objective(parameters.check(model))
        return model


def _resumed(arguments: argparse.Namespace, given: dict[str, Any]) -> Word2Vec:
    found = filetypes.kind(arguments.resume)
    if found not in ("model", None):
        hint = "; it is trained on by fastsgns glove" if found == "glove" else ""
        raise ValueError(f"{arguments.resume} holds {found}: only a model can be trained on{hint}")
    model = Word2Vec.load(arguments.resume)
    for name, value in given.items():
        setattr(model, name, value)
    model.workers = arguments.workers
    model.compute_loss = arguments.loss
    model.progress = arguments.progress
    model.min_alpha_yet_reached = float(model.alpha)  # that it rises again is what was asked for
    with _checked():
        parameters.check(model)
    return model


@contextlib.contextmanager
def _checked() -> Iterator[None]:
    """Make wrong usage of hyper-parameters out of their range."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


def _train(model: Word2Vec, corpus: EncodedCorpus) -> tuple[bool, float, int | None]:
    """Whether it came to its end, after how many seconds, and how many words were read."""
    start = time.perf_counter()
    try:
        _, n_words = model.train(corpus, total_examples=corpus.n_raw_sentences, epochs=model.epochs)
    except KeyboardInterrupt:
        return False, time.perf_counter() - start, None
    return True, time.perf_counter() - start, n_words


def _report(model: Word2Vec, seconds: float, n_words: int | None) -> str:
    parts = [f"{len(model.wv):,} words of {model.wv.vector_size} dimensions", f"{seconds:.1f} s"]
    if n_words is not None:
        parts.append(f"{short(n_words / max(seconds, 1e-9))} words/s")
    if model.compute_loss and len(model.epoch_losses):
        parts.append(f"loss {model.epoch_losses[-1]:.4f}")
    return ", ".join(parts)
