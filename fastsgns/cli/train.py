"""``fastsgns train``: train word vectors on text."""

import argparse
import time
from typing import Any

from fastsgns import EncodedCorpus, FastText, Word2Vec
from fastsgns.cli import cluster, filetypes, inputs, outputs, phrases, resuming, stopping
from fastsgns.cli.arguments import (
    FORMATS,
    Option,
    add_deterministic,
    add_inputs,
    add_output,
    add_parameters,
    add_resume,
    given,
    saving,
    shared,
)
from fastsgns.cli.parsers import (
    Commands,
    UsageError,
    add_command,
    not_negative,
    positive,
    usage_errors,
)
from fastsgns.formats.files import local_path
from fastsgns.matrices import BIASES, MATRICES
from fastsgns.models import parameters
from fastsgns.runtime.console import short
from fastsgns.training.sharing import SHARINGS

EXAMPLES = f"""\
examples:
  fastsgns train corpus.txt -o vectors.fastsgns --sg --dim 200 --epochs 5
  xzcat wiki.xz | tr A-Z a-z | fastsgns train - -o vectors.txt.gz
  fastsgns train part-*.gz -o model.fastsgns --save-corpus corpus.fastsgns
  fastsgns train corpus.fastsgns -o small.fastsgns --dim 50
  fastsgns train corpus.txt -o phrases.fastsgns --phrases 2
  fastsgns train corpus.txt -o model.fastsgns --subwords --min-n 4 --max-n 5
  fastsgns train more.txt --resume model.fastsgns -o model.fastsgns --epochs 2
  fastsgns train wiki.txt -o model.fastsgns --checkpoint part.fastsgns --every 10min
  fastsgns train wiki.txt -o model.fastsgns --checkpoint part.fastsgns --resume part.fastsgns
  fastsgns train wiki.txt -o model.fastsgns --ray auto

{FORMATS}\
Only the native format can be resumed.
Ctrl-C, SIGTERM and SIGHUP stop early and save what has been learned so far.
"""
MODEL = shared("vector_size", "window", "min_count", "max_final_vocab", "seed") | {
    "negative": Option("--negative", int, "negative samples per positive pair; 0 for none"),
    "sample": Option(
        "--sample", float,
        "subsampling threshold: randomly drop occurrences of words with a higher relative "
        "frequency; 0 keeps all",
    ),
    "ns_exponent": Option(
        "--ns-exponent", float, "negative samples are drawn by word count to this power"
    ),
    "negative_sharing": Option(
        "--sharing", SHARINGS,
        "skip-gram: pairs that share negative samples: all pairs of a focus word (window); none, "
        "as in the papers (pair); as window, with the gradient of the window (batch); as batch, "
        "with fewer samples, the fastest (block)",
    ),
    "matrices": Option(
        "--matrices", MATRICES,
        "two: input and output vectors; tied: one vector in both roles; tied+bias: one vector and "
        "a bias; tied+reflect: one vector, with half of its signs reversed as output; three: two, "
        "and a third for negative samples",
    ),
    "bias": Option(
        "--bias", BIASES,
        "for --matrices tied+bias: one number (scalar), one per context word (word), or one per "
        "word in both roles (both)",
    ),
    "coupling": Option(
        "--coupling", float,
        "for --matrices three: how strongly the two output vectors of a word attract each other",
    ),
}  # fmt: skip
SUBWORDS = {
    "min_n": Option("--min-n", positive, "with --subwords: shortest n-grams, in characters"),
    "max_n": Option("--max-n", not_negative, "with --subwords: longest n-grams"),
    "bucket": Option("--bucket", positive, "with --subwords: buckets that n-grams are hashed to"),
    "hash_count": Option(
        "--floret", positive, "with --subwords: hashes of floret's scheme, 1 to 4; needs a small "
        "--bucket, such as 50000", "fastText's scheme",
    ),
}  # fmt: skip
SCHEDULE = shared("epochs") | {
    "alpha": Option("--alpha", float, "initial learning rate"),
    "min_alpha": Option("--min-alpha", float, "final learning rate"),
}


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "train", "train word vectors on text", EXAMPLES, run)
    add_inputs(parser)
    add_output(parser)
    parser.add_argument(
        "--save-corpus", type=local_path, metavar="FILE",
        help="also save the encoded corpus; give it as INPUT later to skip reading the text",
    )  # fmt: skip
    parser.add_argument(
        "--phrases", type=positive, default=0, metavar="N",
        help="first join phrases to single words, N times: 1 joins two words, 2 up to four; "
        "fastsgns phrases has the parameters",
    )  # fmt: skip
    add_resume(parser)
    group = parser.add_argument_group("the model")
    architecture = group.add_mutually_exclusive_group()
    for flag, value, text in (
        ("--cbow", 0, "predict a word from its context (default)"),
        ("--sg", 1, "skip-gram: predict the context from a word; slower, often better"),
    ):
        architecture.add_argument(flag, dest="sg", action="store_const", const=value, help=text)
    add_parameters(group, Word2Vec, MODEL)
    for flag, text in (
        ("--hs", "hierarchical softmax in addition to negative sampling; alone with --negative 0"),
        ("--softmax", "exact softmax instead of --negative and --hs, for small vocabularies"),
    ):
        group.add_argument(flag, action="store_const", const=1, help=text)
    group.add_argument(
        "--subwords", action="store_true",
        help="make the vectors of words of those of their character n-grams, as fastText does; "
        "then words that are not in the text have vectors, too",
    )  # fmt: skip
    add_parameters(group, FastText, SUBWORDS)
    group = parser.add_argument_group("the schedule")
    add_parameters(group, Word2Vec, SCHEDULE)
    add_deterministic(group)
    group.add_argument("--loss", action="store_true", help="compute and report the loss; slower")
    cluster.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train and save; return 130, 143 or 129 if training was stopped."""
    options = given(
        arguments, ("sg", "hs", "softmax", "deterministic", *MODEL, *SUBWORDS, *SCHEDULE)
    )
    corpus_path, how = arguments.save_corpus, saving(arguments)
    outputs.check(
        arguments.output, arguments.inputs, corpus_path, arguments.resume, arguments.checkpoint
    )
    cluster.check(arguments)
    model = _loaded(arguments, options) if arguments.resume else _new(arguments, options)

    def save() -> None:
        outputs.save(model, arguments.output)

    continues = False
    if arguments.resume:
        if resuming.is_done(arguments, model, options):
            return outputs.finish(save, "no epoch was trained", True, arguments)
        continues = resuming.continues(arguments, model, options)
        if arguments.phrases and not continues:
            arguments.usage("--phrases: the words are those of the model given with --resume")
        _set(arguments, model, {} if continues else options)
    if arguments.ray:
        finished, seconds = cluster.train(arguments, model, continues, how)
        n_words = None
    else:
        corpus = phrases.join(inputs.open_corpus(arguments), arguments.phrases, arguments.workers)
        if corpus_path:
            corpus.save(corpus_path)
        if not arguments.resume:
            model.build_vocab(corpus)
        finished, seconds, n_words = _train(arguments, model, corpus, continues, how)
    report = _report(model, seconds, n_words)
    outputs.say_without_ngrams(model, arguments.output)
    return outputs.finish(save, report, finished, arguments)


def _new(arguments: argparse.Namespace, options: dict[str, Any]) -> Word2Vec:
    for name, matrices in (("bias", "tied+bias"), ("coupling", "three")):
        if name in options and options.get("matrices") != matrices:
            raise UsageError(f"--{name} belongs to --matrices {matrices}")
    for name in SUBWORDS if not arguments.subwords else ():
        if name in options:
            raise UsageError(f"{arguments.option(name, options[name])} belongs to --subwords")
    if "softmax" in options:
        options = {"negative": 0} | options
    with usage_errors():
        model = (FastText if arguments.subwords else Word2Vec)(
            **options,
            workers=arguments.workers,
            compute_loss=arguments.loss,
            progress=arguments.progress,
        )
        parameters.check_objective(parameters.check(model))
        return model


def _loaded(arguments: argparse.Namespace, options: dict[str, Any]) -> Word2Vec:
    """Load the model to continue with, and check that it has the options of the model."""
    kind = filetypes.kind(arguments.resume)
    if kind not in ("model", "fasttext", None):
        hint = "; use fastsgns glove for it" if kind == "glove" else ""
        raise ValueError(f"{arguments.resume} holds {kind}: only a model can be resumed{hint}")
    model = Word2Vec.load(arguments.resume)
    resuming.check_fixed(arguments, model, options, SCHEDULE)
    if arguments.subwords and not isinstance(model, FastText):
        arguments.usage("--subwords: fixed by the model given with --resume, which has none")
    return model


def _set(arguments: argparse.Namespace, model: Word2Vec, options: dict[str, Any]) -> None:
    """Set the options of the schedule, and those that no file has, of a loaded model."""
    for name, value in options.items():
        setattr(model, name, value)
    model.workers = arguments.workers
    if arguments.loss or model.unfinished is None:
        model.compute_loss = arguments.loss
    model.progress = arguments.progress
    model.min_alpha_yet_reached = float(model.alpha)  # no warning that the learning rate rises
    with usage_errors():
        parameters.check(model)


def _train(
    arguments: argparse.Namespace,
    model: Word2Vec,
    corpus: EncodedCorpus,
    continues: bool,
    how: dict[str, Any],
) -> tuple[bool, float, int | None]:
    """Return whether training came to its end, its seconds, and the number of words if it did."""
    n_words: list[int] = []
    if continues:
        remedy = "begin a new training with other --epochs"
        resuming.check_same(arguments, model.unfinished, corpus.n_raw_tokens, "words", remedy)

    def train() -> None:
        if continues:
            result = model.resume(corpus, **how)
        else:
            n_sentences = corpus.n_raw_sentences
            result = model.train(corpus, total_examples=n_sentences, epochs=model.epochs, **how)
        n_words.append(result.n_words)

    start = time.perf_counter()
    finished = stopping.trained(arguments, model, train)
    return finished, time.perf_counter() - start, n_words[0] if n_words else None


def _report(model: Word2Vec, seconds: float, n_words: int | None) -> str:
    parts = [f"{len(model.wv):,} words of {model.wv.vector_size} dimensions", f"{seconds:.1f} s"]
    if n_words is not None:
        parts.append(f"{short(n_words / max(seconds, 1e-9))} words/s")
    if model.compute_loss and len(model.epoch_losses):
        parts.append(f"loss {model.epoch_losses[-1]:.4f}")
    return ", ".join(parts)
