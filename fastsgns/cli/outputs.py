"""Output files of the command line: checks before any work, and writing."""

import contextlib
from argparse import Namespace
from collections.abc import Callable, Iterable
from typing import Any

from fastsgns.cli import filetypes, streams
from fastsgns.cli.inputs import has_output, main_vectors
from fastsgns.cli.parsers import UsageError
from fastsgns.cli.streams import STDIO
from fastsgns.formats import writing
from fastsgns.models.callbacks import Checkpoint
from fastsgns.runtime.console import say
from fastsgns.vectors.exchange import FORMATS


def check(
    output: str,
    others: Iterable[str],
    intermediate: str | None = None,
    resumed: str | None = None,
    checkpoint: str | None = None,
) -> None:
    """Check, before any work is done, that the outputs of a training can be written.

    Parameters
    ----------
    output : str
        The file for the vectors.
    others : iterable of str
        Input files, which no output may overwrite.
    intermediate : str, optional
        Another output in the native format: a corpus or counts.
    resumed : str, optional
        A saved model, which `output` may overwrite.
    checkpoint : str, optional
        A file in the native format, which may be that of `output` or `resumed`.

    Raises
    ------
    UsageError, OSError
        As for `check_distinct` and `check_writable`.
    """
    check_distinct(output, [*others, intermediate])
    check_distinct(intermediate, [*others, resumed])
    check_writable(output)
    if checkpoint:
        check_distinct(checkpoint, [*others, intermediate])
        filetypes.check_native(checkpoint)
        Checkpoint(checkpoint).check_path()
    if intermediate:
        filetypes.check_native(intermediate)
        writing.check_writable(intermediate)


def check_distinct(output: str | None, others: Iterable[str | None]) -> None:
    """Raise a UsageError if `output` is the same file as one of `others`, by whatever name."""
    for other in others:
        if not output or not other or STDIO in (output, other):
            continue
        if writing.is_same_file(output, other):
            raise UsageError(
                f"{output} would overwrite {other}, which is to be kept: name another output"
            )


def check_writable(path: str, format: str | None = None) -> None:
    """Check, before any work is done, that vectors can be written to a file.

    Raises
    ------
    UsageError
        As for `fastsgns.cli.filetypes.output_format`.
    OSError
        As for `fastsgns.formats.writing.check_writable`.
    """
    check_folder = FORMATS[filetypes.output_format(path, format)].check_folder
    if check_folder is not None:
        check_folder(path)
    elif path != STDIO:
        writing.check_writable(path)


def save(
    loaded: Any,
    path: str,
    format: str | None = None,
    one_role: bool = False,
    dtype: str | None = None,
) -> None:
    """Write a model or vectors; `-` is standard output, by default as word2vec text.

    Only the native format holds models. Of others, some hold both matrices; see
    `fastsgns.vectors.exchange.FORMATS`. With `one_role`, these are vectors of one role, and output
    vectors that belong to them are left out. `dtype` is the type of the numbers in the file.
    """
    format = filetypes.output_format(path, format)
    with streams.output(path) if path == STDIO else contextlib.nullcontext(path) as target:
        if format == "native" and not one_role:
            loaded.save(target)
            return
        has_two = FORMATS[format].holds_output and getattr(loaded, "names_are_shared", False)
        output: Any = loaded.target if has_two else False if one_role else None
        main_vectors(loaded).export(format, target, output=output, dtype=dtype)


def say_without_ngrams(loaded: Any, path: str, format: str | None = None) -> None:
    """Print on standard error that `save` leaves out the vectors of n-grams, if it does."""
    format = filetypes.output_format(path, format)
    kept = ("native", "floret" if getattr(loaded, "hash_count", 0) else "fasttext")
    if getattr(main_vectors(loaded), "unseen", None) is not None and format not in kept:
        say(
            f"{path} is without the vectors of n-grams, so that words that are not in it have no "
            f"vectors: {format} holds vectors of words. Formats that hold them are "
            f"{' and '.join(kept)}"
        )


def say_what_is_left_out(loaded: Any, path: str, format: str | None = None) -> None:
    """Print on standard error that `save` leaves out the output vectors, if it does."""
    format = filetypes.output_format(path, format)
    if format == "native" or not has_output(loaded):
        return
    if not FORMATS[format].holds_output:
        both = ", ".join(kind for kind, form in FORMATS.items() if form.holds_output)
        why, remedy = f"{format} holds one matrix", f", or choose {both}"
    elif not getattr(loaded, "names_are_shared", True):
        why, remedy = "targets have other names than sources", ""
    else:
        return
    say(
        f"{path} is without the output vectors: {why}. Write these to a file of their own with "
        f"--role output{remedy}"
    )


def finish(save: Callable[[], None], report: str, finished: bool, arguments: Namespace) -> int:
    """Save a trained model, print a report, and return the exit code.

    Only Ctrl-C stops the saving; see `fastsgns.cli.stopping`. If the model is not saved, and there
    is a checkpoint that has it, a message says so.

    Parameters
    ----------
    save : callable
    report : str
    finished : bool
        Whether training came to its end, rather than being stopped.
    arguments : Namespace
        With ``output``, ``progress`` and ``signals``.

    Returns
    -------
    int
        0, that of a command that was stopped, or 1 if a checkpoint was not written.
    """
    signals, checkpoint = arguments.signals, _whole_checkpoint(arguments, finished)
    try:
        signals.defer()
        save()
    except KeyboardInterrupt:
        learned = f"in {checkpoint}" if checkpoint else "lost"
        say(f"stopped while saving to {arguments.output}: what was learned is {learned}")
        return int(signals.exit_code)
    except Exception:
        if checkpoint:
            say(f"{arguments.output} is not saved; what was learned is in {checkpoint}")
        raise
    if arguments.progress is not False or not finished:
        say(report)
        say(
            f"{'saved to' if finished else 'stopped early; what there is is saved to'} "
            f"{arguments.output}"
        )
    return int(signals.failed if finished else signals.exit_code)


def _whole_checkpoint(arguments: Namespace, finished: bool) -> str | None:
    """Return the checkpoint that has all that was learned, before the output is saved; or None."""
    path: str | None = getattr(arguments, "checkpoint", None)
    if not path or arguments.signals.failed:
        return None
    # After a stop, what is also the output is saved only as such
    return path if finished or not writing.is_same_file(path, arguments.output) else None
