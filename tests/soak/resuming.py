"""Training that is saved as it goes on, and resumed from what a killed process would have left."""

import copy
import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fastsgns
from fastsgns.models import callbacks
from fastsgns.models.callbacks import Checkpoint

from .checks import check, check_same, content
from .draws import Draw, among
from .subject import Setting, may_refuse

EVERY: Draw = among(1, 1, 2, 3, "1 s", "5 s", timedelta(seconds=2))
END: Draw = among("", "", "/")  # of the path: a slash makes it a folder
MOST_FILES = 200


@contextmanager
def kept_files(path: Path) -> Iterator[list[bytes]]:
    """Keep each state of a checkpoint. A second passes whenever the clock is read."""
    files: list[bytes] = []
    save, seconds = Checkpoint._save, itertools.count()

    def keep(saver: Checkpoint, model: Any) -> None:
        save(saver, model)
        if len(files) < MOST_FILES:
            files.append(path.read_bytes() if path.is_file() else file_of(path))

    with (
        patch.object(Checkpoint, "_save", keep),
        patch.object(callbacks, "clock", lambda: float(next(seconds))),
    ):
        yield files


def file_of(folder: Path) -> bytes:
    """Return the file of the model in a folder."""
    file = io.BytesIO()
    fastsgns.load(folder).save(file)
    return file.getvalue()


def killed_and_resumed(
    model: Any, setting: Setting, train: Callable[..., Any], resume: Callable[[Any], Any],
    also: tuple[type[BaseException], ...],
) -> Any:  # fmt: skip
    """Train with checkpoints, resume from one of them, and compare with the whole training.

    Parameters
    ----------
    train : callable
        ``train(model, checkpoint=path, every=every)``.
    resume : callable
    also : tuple of exceptions
        What `train` may raise.
    """
    path, every = setting.folder / "checkpoint", EVERY(setting.dice)
    whole = copy.deepcopy(model)
    with kept_files(path) as files, may_refuse(model, also=also):
        train(whole, checkpoint=f"{path}{END(setting.dice)}", every=every)
    left = {file.name for file in setting.folder.iterdir()} - {path.name}
    check(not any(name.startswith(path.name) for name in left), f"temporary files: {left}")
    if not files:  # nothing was trained
        return whole
    resumed = type(model).load(io.BytesIO(setting.dice.pick(files)))
    if resumed.unfinished is not None:
        resume(resumed)
    check(resumed.unfinished is None, "something is left to train")
    check(
        resumed.epochs_trained == whole.epochs_trained,
        f"{resumed.epochs_trained} epochs, {whole.epochs_trained}",
    )
    is_repeatable = whole.workers == 1 or getattr(whole, "deterministic", False)
    if is_repeatable and whole.seed is not None:
        check_same(content(resumed), content(whole), "resumed training differs from a whole one")
    return whole
