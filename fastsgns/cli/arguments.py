"""Arguments that several sub-commands share.

`PARAMETERS` has the options that set a parameter of a class. Without such an option, the class's
own default applies, which the help text shows.
"""

import argparse
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fastsgns.cli.parsers import AllCores, n_threads, positive
from fastsgns.formats.files import local_path
from fastsgns.runtime.machine import n_cores
from fastsgns.training.every import EVERY
from fastsgns.vectors.exchange import FORMATS as EXCHANGED
from fastsgns.vectors.spaces import COMBINATIONS, ROLES, SPACES

FORMATS = """\
The suffix of the output determines its format: .txt and .vec are word2vec text, .bin is word2vec
binary, and .fastsgns, .model and no suffix are the native format, each also with .gz, .bz2 or .xz;
.npz, .safetensors, .parquet, .arrow and .tsv are the formats of these names.
"""


class Option(NamedTuple):
    """An option that sets a parameter of a class.

    Attributes
    ----------
    flags : str
        One or more, separated by spaces.
    type : callable or sequence of str
        Parses the value; or the allowed values.
    help : str
    default : str
        What the help text shows as the default, if it is not that of the class.
    """

    flags: str
    type: Callable[[str], object] | Iterable[str]
    help: str
    default: str = ""


PARAMETERS = {
    "vector_size": Option("--dim --vector-size", positive, "length of a vector"),
    "window": Option("--window", positive, "largest distance from focus to context word"),
    "min_count": Option("--min-count", int, "ignore words that occur less often"),
    "max_final_vocab": Option("--max-vocab", positive, "largest number of words", "all"),
    "seed": Option("--seed", int, "random seed; same seed and --workers 1: same vectors"),
    "epochs": Option("--epochs", positive, "passes over the text"),
}


METAVARS: dict[Any, str] = {str: "TEXT", float: "X"}


def add_parameters(
    parser: argparse._ActionsContainer, owner: Callable[..., object], options: Mapping[str, Option]
) -> None:
    """Add options that set parameters.

    Parameters
    ----------
    parser : parser or group
    owner : class or function
        Whose parameters are set.
    options : mapping of str to Option
        By the name of the parameter.
    """
    signature = inspect.signature(owner).parameters
    for name, option in options.items():
        metavar = METAVARS.get(option.type, "N")
        settings: dict[str, Any] = {"metavar": metavar, "type": option.type}
        if not callable(option.type):
            settings = {"choices": tuple(option.type)}
        default = option.default or signature[name].default
        text = f"{option.help} (default: {default})"
        parser.add_argument(*option.flags.split(), dest=name, help=text, **settings)


def shared(*names: str) -> dict[str, Option]:
    """Return some of `PARAMETERS`."""
    return {name: PARAMETERS[name] for name in names}


def given(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of those parameters that have one."""
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the output for vectors; see `fastsgns.cli.outputs.save`."""
    parser.add_argument(
        "-o", "--output", required=True, type=local_path, metavar="FILE",
        help="file for the vectors; '-' is standard output, as text",
    )  # fmt: skip


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add the model to continue with, and checkpoints."""
    parser.add_argument(
        "--resume", type=local_path, metavar="MODEL",
        help="continue training this saved model, with its words and settings. If its training was "
        "stopped, continue with what is left of it, on the same text; a schedule other than that "
        "of the file, such as by --epochs, begins a new training instead. Options that the file "
        "has, too, are ignored. If this is also the file of --checkpoint, and its training has "
        "ended, nothing is left to train, and the model is saved to the output",
    )  # fmt: skip
    add_checkpoint(parser)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add the file to save to during training, and how often."""
    parser.add_argument(
        "--checkpoint", type=local_path, metavar="FILE|FOLDER/",
        help="also save the model to this file, or to files in this folder, during training; if "
        "the process is killed, continue from there with --resume FILE",
    )  # fmt: skip
    parser.add_argument(
        "--every", type=every, metavar="N|TIME",
        help="for --checkpoint: save after this number of epochs, or after a time such as 30s, "
        "10min or 2h, also within an epoch (default: 1)",
    )  # fmt: skip


def every(text: str) -> Any:
    """Parse `--every`, for argparse.

    Examples
    --------
    >>> every("2"), every("10min")
    (2, datetime.timedelta(seconds=600))
    """
    try:
        return EVERY("every", text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of epochs, such as 2, nor a time, such as 30s, 10min or "
            "2h"
        ) from None


def saving(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments `checkpoint` and `every` of a call that trains."""
    if arguments.every is not None and not arguments.checkpoint:
        arguments.usage("--every: it belongs to --checkpoint FILE")
    return {"checkpoint": arguments.checkpoint, "every": arguments.every}


def add_inputs(parser: argparse.ArgumentParser, saved: str = "one saved corpus") -> None:
    """Add text or a saved corpus; see `fastsgns.cli.inputs.open_corpus`."""
    parser.add_argument(
        "inputs", nargs="+", type=local_path, metavar="INPUT",
        help="text files with one sentence per line, also .gz, .bz2 or .xz; '-' is standard input; "
        f"or {saved}",
    )  # fmt: skip
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add threads, the handling of invalid UTF-8, and progress bars."""
    add_workers(parser)
    add_errors(parser)
    add_progress(parser)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add the number of threads."""
    parser.add_argument(
        "--workers", type=n_threads, default=AllCores(n_cores()), metavar="N",
        help="number of threads; -1 is all cores (default: all cores, here %(default)s)",
    )  # fmt: skip


def add_deterministic(parser: argparse._ActionsContainer) -> None:
    """Add whether the result is the same for any number of threads."""
    parser.add_argument(
        "--deterministic", action="store_const", const=True,
        help="same seed, same vectors with any number of --workers; somewhat slower",
    )  # fmt: skip


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add whether to show progress."""
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--progress", action="store_true", default=None,
        help="show progress (default: on a terminal)",
    )  # fmt: skip
    shown.add_argument(
        "-q", "--quiet", dest="progress", action="store_false",
        help="show neither progress nor a report",
    )  # fmt: skip


def add_errors(parser: argparse.ArgumentParser) -> None:
    """Add the handling of bytes that are not UTF-8."""
    parser.add_argument(
        "--errors", choices=("strict", "replace", "ignore"), default="strict",
        help="handling of invalid UTF-8; strict stops with an error (default: %(default)s)",
    )  # fmt: skip


def add_vectors(parser: argparse.ArgumentParser, name: str) -> None:
    """Add a file of vectors and its options; see `fastsgns.cli.inputs.load_vectors`."""
    parser.add_argument(
        name, type=local_path, metavar=name.upper(),
        help="vectors or a model; '-' is standard input",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="from_format", choices=tuple(EXCHANGED),
        help=f"format of {name.upper()} (default: detected from content and suffix)",
    )  # fmt: skip
    parser.add_argument(
        "--no-header",
        action="store_true",
        help=f"{name.upper()} is text without a first line with its sizes, such as GloVe's",
    )
    add_errors(parser)
    parser.add_argument(
        "--role",
        choices=(*ROLES, *COMBINATIONS),
        help="vectors of a model: input, output, negative (a third matrix), sum (of input and "
        "output), or concat (both end to end) (default: input; sum for GloVe)",
    )


def add_space(parser: argparse.ArgumentParser) -> None:
    """Add the roles of the two vectors of a cosine."""
    parser.add_argument(
        "--space", choices=SPACES, default=SPACES[0],
        help="roles of the query and of the answers: in-in finds similar words, "
        "in-out words of the same topic; sum and concat combine both vectors of a word (default: "
        "%(default)s)",
    )  # fmt: skip


def check_space(arguments: argparse.Namespace) -> None:
    """Exit with the usage if both --space and --role are given."""
    if arguments.space != SPACES[0] and arguments.role:
        arguments.usage("give --role or --space, not both")


def add_topn(parser: argparse.ArgumentParser) -> None:
    """Add the number of answers."""
    parser.add_argument(
        "-n", "--topn", type=positive, default=10, metavar="N",
        help="number of answers (default: %(default)s)",
    )  # fmt: skip


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add output as JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON")
