"""Temporaries that killed processes leave, and those of processes that are writing."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from classes import vectors
from test_writing import WRITERS

from fastsgns import KeyedVectors
from fastsgns.formats import folders, temporary, writing

TOKEN = "0123456789abcdef"
posix = pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")


def leftover(target: Path, token: str = TOKEN, end: str = ".tmp") -> Path:
    path = target.with_name(f"{target.name}.{token}{end}")
    path.write_bytes(b"a part")
    if temporary.fcntl is None:
        make_old(path)
    return path


def make_old(path: Path) -> None:
    seconds = path.stat().st_mtime - 2 * temporary.OLD_SECONDS
    os.utime(path, (seconds, seconds))


@pytest.mark.parametrize("name", WRITERS)
def test_each_writer_removes_what_a_killed_process_has_left(tmp_path, name):
    path = tmp_path / "f"
    left, others = leftover(path), [leftover(tmp_path / "g"), leftover(tmp_path / "f.f")]
    others += [leftover(path, "0123"), leftover(path, TOKEN.upper()), leftover(path, end=".tmp2")]
    WRITERS[name](path)
    assert not left.exists() and all(other.exists() for other in others)
    assert not set(tmp_path.glob("f.*.tmp")) - set(others)


def test_the_name_of_a_temporary_begins_with_that_of_the_target(tmp_path):
    path = tmp_path / "wörter.txt"
    with writing.atomic(path) as name:
        assert os.path.basename(name).startswith("wörter.txt.") and name.endswith(".tmp")
        assert os.path.dirname(name) == str(tmp_path)


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127])
def test_a_long_name_is_cut(tmp_path, name):
    path = tmp_path / name
    with writing.atomic(path) as first:
        assert len(os.fsencode(os.path.basename(first))) <= 255
        os.link(first, tmp_path / "keep")
        left = first.replace(first[-20:-4], TOKEN)
        os.link(first, left)
    Path(left).unlink()
    Path(left).write_bytes(b"a part")
    make_old(Path(left))
    vectors().save(path)
    assert not os.path.exists(left)


@pytest.mark.parametrize("end", [".tmp", ".tmp.old"])
def test_a_folder_is_written_without_what_was_left_of_others(tmp_path, end):
    path = tmp_path / "static"
    left = path.with_name(f"static.{TOKEN}{end}")
    left.mkdir()
    (left / "a").write_bytes(b"a part")
    make_old(left)
    for _ in range(2):
        vectors().export("static-embedding", path)
        assert os.listdir(tmp_path) == ["static"]
    assert len(KeyedVectors.from_file(path)) == 3


def test_a_folder_that_is_being_written_is_kept(tmp_path):
    path = tmp_path / "static"
    with folders.atomic(path, lambda folder: True) as held:
        vectors().export("static-embedding", path)
        assert os.path.isdir(held)
        (Path(held) / "a").write_bytes(b"whole")
    assert os.listdir(tmp_path) == ["static"] and os.listdir(path) == ["a"]


WRITING = """
import sys
from fastsgns.formats import writing
with writing.atomic(sys.argv[1]) as name:
    print(name, flush=True)
    sys.stdin.read()
"""


@posix
def test_the_temporary_of_a_process_is_kept_until_it_is_killed(tmp_path):
    path = tmp_path / "f"
    command = [sys.executable, "-c", WRITING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        held = process.stdout.readline().decode().strip()
        vectors().save(path)
        assert sorted(os.listdir(tmp_path)) == ["f", os.path.basename(held)]
        process.kill()
        process.wait()
        assert os.path.exists(held)
        vectors().save(path)
        assert os.listdir(tmp_path) == ["f"]


@pytest.fixture(params=["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EACCES", "Windows"])
def without_locks(request, monkeypatch):
    """Be on a file system without locks, or on Windows, which opens no folders either."""
    opened = os.open

    def refuse(*_):
        raise OSError(getattr(errno, request.param), "no locks")

    def open_no_folder(path, *rest, **named):
        if os.path.isdir(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, *rest, **named)

    if request.param != "Windows":
        if temporary.fcntl is None:
            pytest.skip("no locks to refuse")
        monkeypatch.setattr(temporary.fcntl, "flock", refuse)
        return
    monkeypatch.setattr(temporary, "fcntl", None)
    monkeypatch.setattr(writing, "flush", lambda path: None)
    monkeypatch.setattr(temporary.shutil, "_use_fd_functions", False)
    monkeypatch.setattr(os, "open", open_no_folder)


def write_folder(path):
    """Write a folder."""
    vectors().export("static-embedding", path)


@pytest.mark.parametrize("write", [lambda path: vectors().save(path), write_folder])
def test_without_locks_old_ones_are_removed(tmp_path, without_locks, write):
    path = tmp_path / "f"
    new, old, folder = leftover(path), leftover(path, "f" * 16), tmp_path / f"f.{'e' * 16}.tmp"
    new.touch()
    folder.mkdir()
    for each in (old, folder):
        make_old(each)
    for _ in range(2):
        write(path)
        assert sorted(tmp_path.iterdir()) == sorted([path, new])


# What goes wrong

ATOMIC = {"file": writing.atomic, "folder": lambda path: folders.atomic(path, lambda _: True)}
each_kind = pytest.mark.parametrize("atomic", ATOMIC.values(), ids=ATOMIC)


@posix
@each_kind
def test_one_that_cannot_be_opened_is_removed_and_the_target_is_named(
    tmp_path, monkeypatch, atomic
):
    def fail(path):
        raise OSError(errno.EMFILE, "Too many open files", path)

    monkeypatch.setattr(temporary, "_open", fail)
    with pytest.raises(OSError, match="Too many open files") as caught, atomic(tmp_path / "f"):
        pass
    assert caught.value.filename == str(tmp_path / "f")
    assert not list(tmp_path.iterdir())


@posix
@each_kind
def test_locks_that_are_refused_for_ever_are_an_error(tmp_path, monkeypatch, atomic):
    monkeypatch.setattr(temporary, "_lock", lambda descriptor: False)
    with (
        pytest.raises(OSError, match="locks or removes each new") as caught,
        atomic(tmp_path / "f"),
    ):
        pass
    assert caught.value.filename == str(tmp_path / "f")
    assert not list(tmp_path.iterdir())


@each_kind
def test_an_error_is_not_hidden_by_a_temporary_that_is_gone(tmp_path, monkeypatch, atomic):
    def gone(path, *_, **__):
        raise FileNotFoundError(errno.ENOENT, "gone", path)

    with pytest.raises(OSError, match="No space left"), atomic(tmp_path / "f"):
        monkeypatch.setattr(os, "unlink", gone)
        monkeypatch.setattr(temporary.shutil, "rmtree", gone)
        raise OSError(errno.ENOSPC, "No space left on device")


@posix
@each_kind
def test_a_temporary_is_held_until_it_is_removed(tmp_path, monkeypatch, atomic):
    """Otherwise another process could remove it first."""
    seen = []

    def note(path, *_, **__):
        seen.append(temporary._lock(temporary._open(path)))

    with pytest.raises(ZeroDivisionError), atomic(tmp_path / "f"):
        monkeypatch.setattr(os, "unlink", note)
        monkeypatch.setattr(temporary.shutil, "rmtree", note)
        raise ZeroDivisionError
    assert seen == [False]


@posix
@pytest.mark.parametrize("how", ["locked", "removed"])
def test_one_that_another_process_takes_for_a_leftover_is_made_again(tmp_path, monkeypatch, how):
    lock, taken = temporary._lock, []

    def lose(descriptor):
        if taken:
            return lock(descriptor)
        taken.append(next(iter(tmp_path.iterdir())))
        taken[0].unlink()
        return False if how == "locked" else lock(descriptor)

    monkeypatch.setattr(temporary, "_lock", lose)
    vectors().save(tmp_path / "f")
    assert taken and os.listdir(tmp_path) == ["f"]


@posix
def test_a_link_of_that_name_is_not_followed(tmp_path):
    target, path = tmp_path / "precious", tmp_path / "f"
    target.write_bytes(b"precious")
    link = tmp_path / f"f.{TOKEN}.tmp"
    link.symlink_to(target)
    vectors().save(path)
    assert target.read_bytes() == b"precious" and not link.is_symlink()
