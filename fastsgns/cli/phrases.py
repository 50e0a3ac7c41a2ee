"""``fastsgns phrases``: the phrases of a text, and the text with its phrases joined."""

import argparse
import re
from collections.abc import Iterator
from itertools import pairwise

from fastsgns import EncodedCorpus, Phrases
from fastsgns.cli import filetypes, inputs, outputs, streams
from fastsgns.cli.arguments import Option, add_inputs, add_parameters, given
from fastsgns.cli.parsers import Commands, UsageError, add_command, positive, usage_errors
from fastsgns.errors import EmptyCorpusError
from fastsgns.formats import writing
from fastsgns.formats.files import local_path
from fastsgns.models.phrases import ENGLISH_CONNECTOR_WORDS
from fastsgns.runtime.console import say

LINE_SPACES = "\t\n\r"  # end a column or a line
SPACES = LINE_SPACES + "\v\f "  # end a word
SUFFIXES = (".tsv", ".txt", "")
EXAMPLES = """\
examples:
  fastsgns phrases corpus.txt | head
  fastsgns phrases corpus.txt -o phrases.tsv --text joined.txt --english
  fastsgns phrases corpus.fastsgns --passes 2 --text joined.txt.gz -q

Each line of the output is a phrase, a tab and its score, the highest score first. With --passes 2
the second pass finds phrases of the phrases of the first, such as new_york_times. The scores of a
pass are computed from its own counts; a phrase that two passes find has that of the second.
"""
PARAMETERS = {
    "min_count": Option("--min-count", float, "is subtracted from the count of each pair of words"),
    "threshold": Option("--threshold", float, "pairs with a higher score are phrases"),
    "scoring": Option(
        "--scoring", ("default", "npmi"),
        "default: that of word2phrase; npmi: normalized pointwise mutual information, from -1 to 1",
    ),
    "delimiter": Option("--delimiter", str, "is written between the words of a phrase"),
    "max_vocab_size": Option(
        "--max-vocab", positive, "largest number of words and pairs in memory"
    ),
}  # fmt: skip


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "phrases", "find the phrases of a text", EXAMPLES, run)
    add_inputs(parser)
    parser.add_argument(
        "-o", "--output", type=local_path, default=streams.STDIO, metavar="FILE",
        help="file for the phrases and their scores (default: standard output)",
    )  # fmt: skip
    parser.add_argument(
        "--text", type=local_path, metavar="FILE",
        help="also write the text, each phrase joined to one word: one sentence per line, no empty "
        "lines",
    )  # fmt: skip
    parser.add_argument(
        "--passes", type=positive, default=1, metavar="N",
        help="how often to find phrases and join them (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--english", action="store_true",
        help="allow English articles, prepositions, 'and' and 'or' inside of phrases",
    )  # fmt: skip
    add_parameters(parser, Phrases, PARAMETERS)


def run(arguments: argparse.Namespace) -> int:
    """Find the phrases, print them, and write the text."""
    options = given(arguments, PARAMETERS)
    if arguments.english:
        options["connector_words"] = ENGLISH_CONNECTOR_WORDS
    with usage_errors():
        Phrases(**options)  # checks the parameters
    if any(space in (arguments.delimiter or "") for space in SPACES):
        raise UsageError(
            f"--delimiter is {arguments.delimiter!r}, which has white space in it: phrases would "
            "be separate words; give another one, such as '_'"
        )
    _check_outputs(arguments)
    corpus = inputs.open_corpus(arguments)
    if not corpus.n_tokens:
        raise EmptyCorpusError("the corpus is empty: there is not a single token in it")
    _check_words(corpus, SPACES if arguments.text else LINE_SPACES)
    found: dict[str, float] = {}
    for n_left in range(arguments.passes, 0, -1):
        phrases = Phrases(corpus, workers=arguments.workers, **options)
        found |= phrases.export_phrases()
        if n_left > 1 or arguments.text:
            corpus = phrases.join(corpus, workers=arguments.workers)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    with streams.output(arguments.output) as file:
        file.writelines(_encoded(f"{phrase}\t{score:.7g}\n") for phrase, score in ordered)
    if arguments.text:
        with streams.output(arguments.text) as file:
            file.writelines(_lines(corpus))
    if arguments.progress is not False and arguments.output != streams.STDIO:
        say(f"{len(found):,} phrases saved to {arguments.output}")
    return 0


def _check_words(corpus: EncodedCorpus, spaces: str) -> None:
    """Raise a ValueError if a word has one of some characters; those of a text have none."""
    if corpus.vocabulary.utf8_bytes:
        return
    has_space = re.compile(f"[{spaces}]").search
    for word in corpus.vocabulary.words:
        if has_space(str(word)):
            raise ValueError(
                f"the corpus has the word {word!r:.60}, which has white space in it: where it is "
                "written as text, it would be several words"
            )


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # as `Phrases.transform_file`


def _lines(corpus: EncodedCorpus) -> Iterator[bytes]:
    word = [_encoded(str(word)) for word in corpus.vocabulary.words].__getitem__
    for start, end in pairwise(corpus.offsets.tolist()):
        yield b" ".join(map(word, corpus.ids[start:end].tolist())) + b"\n"


def join(corpus: EncodedCorpus, n_passes: int, workers: int) -> EncodedCorpus:
    """Return a corpus with its phrases joined, by the default parameters of `Phrases`."""
    for _ in range(n_passes):
        corpus = Phrases(corpus, workers=workers).join(corpus, workers=workers)
    return corpus


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Raise a UsageError or an OSError if an output can't be written, or would replace an input."""
    if arguments.output == arguments.text:
        raise UsageError(f"{arguments.output} can't hold the phrases and the text: name two files")
    outputs.check_distinct(arguments.text, [*arguments.inputs, arguments.output])
    outputs.check_distinct(arguments.output, arguments.inputs)
    for path in (arguments.output, arguments.text):
        if path not in (None, streams.STDIO):
            filetypes.check_suffix(
                path, SUFFIXES, "a phrase and its score, or a sentence, per line"
            )
            writing.check_writable(path)
