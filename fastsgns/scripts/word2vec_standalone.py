"""Train word vectors with the options of the program word2vec of Mikolov et al. (word2vec.c).

The options are those of word2vec.c and of gensim's script of this name, with one hyphen or two.
``fastsgns train`` has more (``fastsgns train --help``).
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from fastsgns.corpus.sentences import LineSentence
from fastsgns.errors import FormatError
from fastsgns.formats import files
from fastsgns.models.word2vec import Word2Vec
from fastsgns.scripts.running import check_files, make_parser, run

logger = logging.getLogger(__name__)

EXAMPLES = """\
  python -m fastsgns.scripts.word2vec_standalone -train text8 -output vectors.bin -binary 1
  python -m fastsgns.scripts.word2vec_standalone -train corpus.txt -output vectors.txt -cbow 0 \\
      -size 200 -window 5 -sample 1e-4 -negative 5 -hs 0 -threads 12 -iter 3
  python -m fastsgns.scripts.word2vec_standalone -train corpus.txt -save-vocab vocab.txt \\
      -accuracy questions-words.txt
"""
ALPHA = {0: 0.025, 1: 0.05}  # by -cbow, as in word2vec.c
# What the options are called in Python, where it is something else
PARAMETERS = {
    "vector_size": "-size", "workers": "-threads", "epochs": "-iter", "min_count": "-min-count",
    **{name: f"-{name}" for name in ("window", "sample", "negative", "alpha")},
}  # fmt: skip
OPTIONS = {
    "train": (str, None, "text file with one sentence per line"),
    "output": (str, None, "file for the vectors; without it, a model and its vectors are "
               "written beside the text, as FILE.model and FILE.model.txt or .bin"),
    "size": (int, 100, "number of dimensions"),
    "window": (int, 5, "largest distance between a word and its context words"),
    "sample": (float, 1e-3, "subsampling threshold; 0 keeps all words"),
    "hs": (int, 0, "1: hierarchical softmax"),
    "negative": (int, 5, "negative samples per positive pair; 0: none"),
    "threads": (int, 3, "number of threads"),
    "iter": (int, 5, "number of passes over the text"),
    "min-count": (int, 5, "drop words that occur less often"),
    "alpha": (float, None, "learning rate at the start (default: 0.05 for CBOW, otherwise 0.025)"),
    "binary": (int, 0, "1: write the binary format"),
    "cbow": (int, 1, "1: CBOW, 0: skip-gram"),
    "accuracy": (str, None, "file of analogy questions; print the share of right answers"),
    "save-vocab": (str, None, "file to write the words and their counts to"),
    "read-vocab": (str, None, "file of words and counts to use instead of counting the text"),
    "debug": (int, 2, "accepted, without effect"),
}  # fmt: skip
CHOICES = {"hs": (0, 1), "binary": (0, 1), "cbow": (0, 1)}


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments.

    Examples
    --------
    >>> options = parse(["-train", "text8", "-min-count", "1", "-cbow", "0"])
    >>> options.min_count, options.alpha
    (1, 0.025)
    """
    parser = make_parser(
        "fastsgns.scripts.word2vec_standalone",
        "Train word vectors, with the options of word2vec.c.",
        EXAMPLES,
    )
    for name, (kind, default, text) in OPTIONS.items():
        known = "" if default is None else f" (default: {default})"
        parser.add_argument(
            *dict.fromkeys([f"-{name}", f"-{name.replace('-', '_')}", f"--{name}"]),
            type=kind, default=default, dest=name.replace("-", "_"), choices=CHOICES.get(name),
            required=name == "train", help=text + known,
        )  # fmt: skip
    parser.add_argument(
        "-classes", "--classes", type=_no_classes, default=0, metavar="0",
        help="classes of words, which are not offered: cluster the vectors with another program",
    )  # fmt: skip
    options = parser.parse_args(argv)
    if options.alpha is None:
        options.alpha = ALPHA[options.cbow]
    return options


def _no_classes(text: str) -> int:
    if text != "0":
        raise argparse.ArgumentTypeError(
            "classes of words are not offered; write vectors, and cluster them with another "
            "program, for example with KMeans of scikit-learn"
        )
    return 0


def outputs(options: argparse.Namespace) -> list[str | None]:
    """Return the paths of the vectors, the model and the vocabulary, None if it is not written."""
    if options.output is not None:
        return [options.output, None, options.save_vocab]
    model = f"{Path(options.train).with_suffix('')}.model"
    return [f"{model}.bin" if options.binary else f"{model}.txt", model, options.save_vocab]


def train(options: argparse.Namespace) -> Word2Vec:
    """Train a model, and write the files that the options name.

    Raises
    ------
    OSError, ValueError
        Before any work, if an input is not there, or an output can't be written.
    """
    check_files([options.train, options.read_vocab, options.accuracy], outputs(options))
    model = Word2Vec(
        vector_size=options.size, window=options.window, sample=options.sample, hs=options.hs,
        negative=options.negative, workers=options.threads, epochs=options.iter,
        min_count=options.min_count, alpha=options.alpha, sg=1 - options.cbow, cbow_mean=1,
    )  # fmt: skip
    if options.read_vocab:
        model.build_vocab_from_freq(_read_counts(options.read_vocab))
    else:
        model.build_vocab(corpus_file=options.train)
    model.train(
        LineSentence(options.train), total_words=model.corpus_total_words, epochs=options.iter
    )
    _write(model, options)
    if options.accuracy:
        share, _ = model.wv.evaluate_word_analogies(options.accuracy)
        print(f"accuracy: {share:.4f}")
    return model


def _read_counts(path: str) -> dict[str, int]:
    counts = {}
    for number, line in files.lines(path):
        word, text = ["", *line.rsplit(maxsplit=1)][-2:]
        count = files.count_in(text)
        if not word or count is None:
            raise FormatError(f"{path}, line {number} is {line!r:.60}, not a word and its count")
        counts[word] = count
    return counts


def _write(model: Word2Vec, options: argparse.Namespace) -> None:
    vectors, whole, vocabulary = outputs(options)
    if whole is not None:
        model.save(whole)
    model.wv.save_word2vec_format(vectors, fvocab=vocabulary, binary=bool(options.binary))
    logger.info("%d words of %d dimensions in %s", len(model.wv), model.wv.vector_size, vectors)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script."""
    options = parse(argv)
    return run("word2vec", lambda: train(options), options=PARAMETERS)


if __name__ == "__main__":
    sys.exit(main())
