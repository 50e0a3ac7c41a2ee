"""Writing files: whole or not at all, with the mode and the owner of the file that is replaced."""

import io
import lzma
import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from classes import SAVABLE, vectors

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.cli import main
from fastsgns.formats import files, native, temporary, word2vec, writing
from fastsgns.graph.walks.files import walk_file
from fastsgns.utils import save_as_line_sentence

posix = pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")


def write_walks(path):
    """Write one walk."""
    with walk_file(path, ["a"]) as file:
        file.write(np.array([0]), np.array([0, 1]))


def convert(path):
    """Write vectors by the command line."""
    vectors().save(f"{path}.in")
    return main(["convert", f"{path}.in", str(path), "--to", "text"])


WRITERS = {
    **{name: lambda path, make=make: make().save(path) for name, make in SAVABLE.items()},
    "save_word2vec_format": lambda path: vectors().save_word2vec_format(path),
    "binary": lambda path: vectors().save_word2vec_format(path, binary=True),
    "fvocab": lambda path: vectors().save_word2vec_format(f"{path}.v", fvocab=path),
    "save_as_line_sentence": lambda path: save_as_line_sentence([["a"]], path),
    "walks_file": write_walks,
    "convert": convert,
}


@posix
@pytest.mark.parametrize("name", WRITERS)
def test_saving_keeps_the_mode_of_the_file_it_replaces(tmp_path, name):
    path = tmp_path / "f"
    for mode in (0o600, 0o664):
        path.write_text("old")
        path.chmod(mode)
        WRITERS[name](path)
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert path.read_bytes() != b"old"


@posix
@pytest.mark.parametrize("name", WRITERS)
def test_a_read_only_file_is_refused_and_left_as_it_was(tmp_path, name, capsys):
    path = tmp_path / "f"
    path.write_text("precious")
    path.chmod(0o444)
    if name == "convert":
        assert convert(path) == 1
        assert f"{path}: the file is read-only" in capsys.readouterr().err
    else:
        with pytest.raises(PermissionError, match="read-only") as caught:
            WRITERS[name](path)
        assert caught.value.filename == str(path)
    assert path.read_text() == "precious"
    assert not list(tmp_path.glob("*.tmp"))


@posix
def test_a_checkpoint_that_cannot_be_written_is_refused_before_training(tmp_path):
    path = tmp_path / "f"
    path.write_text("precious")
    path.chmod(0o444)
    model = Word2Vec(vector_size=2, min_count=1, sample=0, progress=False)
    model.build_vocab([["a", "b"]] * 9)
    with pytest.raises(PermissionError, match="read-only"):
        model.train([["a", "b"]] * 9, total_examples=9, epochs=2, checkpoint=path)
    assert model.epochs_trained == model.epochs_begun == 0


@posix
def test_a_file_of_another_user_in_a_sticky_folder_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("precious")
    path.chmod(0o666)
    tmp_path.chmod(0o1777)
    writing.check_writable(path)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 12345)
    with pytest.raises(PermissionError, match="sticky") as caught:
        writing.check_writable(path)
    assert caught.value.filename == str(path)
    writing.check_writable(tmp_path / "new")
    tmp_path.chmod(0o777)
    writing.check_writable(path)


@posix
def test_the_owner_is_kept_where_the_system_allows_it(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    path = tmp_path / "f"
    path.write_text("old")
    os.chown(path, 1234, 4321)
    native.write(path, "thing", {"a": np.zeros(1)}, {})
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


@posix
def test_a_private_file_is_private_while_it_is_written(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o640)
    with writing.atomic(path) as temporary:
        assert stat.S_IMODE(os.stat(temporary).st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


TEXT = ("save_word2vec_format", "binary", "fvocab", "save_as_line_sentence", "walks_file")


@pytest.mark.parametrize("name", [*TEXT, "KeyedVectors", "convert"])
@pytest.mark.parametrize("suffix", [".zip", ".zst", ".tar.gz", ".TGZ"])
def test_text_is_not_written_under_the_name_of_an_archive(tmp_path, name, suffix):
    path = tmp_path / f"f{suffix}"
    if name == "KeyedVectors":  # read by its content
        vectors().save(path)
        assert KeyedVectors.load(path).index_to_key == list("abc")
        return
    if name == "convert":
        assert convert(path) == 1
    else:
        with pytest.raises(ValueError, match="is not supported; allowed are"):
            WRITERS[name](path)
    assert not path.exists()


def test_a_folder_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="directory"):
        vectors().save(tmp_path)
    with pytest.raises(FileNotFoundError, match="make it first") as caught:
        vectors().save(tmp_path / "none" / "f")
    assert caught.value.filename == str(tmp_path / "none")


@posix
def test_a_pipe_is_written_in_place(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as reader:
        vectors().save_word2vec_format(path)
        assert reader.stdout.read() == b"3 2\na 0 1\nb 2 3\nc 4 5\n"
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_compressor_gets_little_at_once(tmp_path, monkeypatch):
    """Python looks for Ctrl-C between two calls of a compressor, and not within one."""
    sizes = []

    class Spy(lzma.LZMAFile):
        def write(self, data):
            sizes.append(len(data))
            return super().write(data)

    monkeypatch.setitem(files.OPENERS, ".xz", Spy)
    rows = np.ones((200, 5000), np.float32)
    word2vec.write(tmp_path / "v.xz", [f"w{i}" for i in range(200)], rows)
    assert max(sizes) <= 1 << 14
    assert sum(sizes) > 2 * rows.size
    assert word2vec.read(tmp_path / "v.xz")[1].shape == rows.shape
    native.write(tmp_path / "n.xz", "thing", {"a": rows}, {})
    assert max(sizes) <= 1 << 14
    assert (native.read(tmp_path / "n.xz")[1]["a"] == rows).all()


@pytest.mark.parametrize("append", [False, True])
def test_an_open_file_stays_open(append):
    file = io.BytesIO()
    with writing.destination(file, append) as same:
        same.write(b"x")
    assert file.getvalue() == b"x"


def test_an_exception_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(RuntimeError), writing.atomic(path) as temporary:
        with open(temporary, "w") as file:
            file.write("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_symbolic_link_is_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    native.write(link, "thing", {"a": np.zeros(1)}, {})
    assert link.is_symlink()
    assert native.read(target)[0] == "thing"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_permissions_follow_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        native.write(tmp_path / "f", "thing", {"a": np.zeros(1)}, {})
    finally:
        os.umask(old)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640


def test_names_of_any_length_can_be_saved_to(tmp_path):
    path = tmp_path / ("n" * 255)
    native.write(path, "thing", {"a": np.zeros(1)}, {})
    assert native.read(path)[0] == "thing"


def test_two_can_save_to_one_path_at_once(tmp_path):
    path = tmp_path / "f"
    with writing.atomic(path) as first, writing.atomic(path) as second:
        for temporary in (first, second):
            with open(temporary, "wb") as file:
                file.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["f"]


FULL_DISK = """
import resource, sys
import numpy as np
from fastsgns.formats import native, word2vec
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    if sys.argv[2] == "native":
        native.write(sys.argv[1], "thing", {"a": np.zeros(10000)}, {})
    else:
        word2vec.write(sys.argv[1], ["a"], np.ones((1, 10000), np.float32))
except OSError as error:
    assert sys.argv[1] in str(error), error
    print("refused")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of processes are POSIX")
@pytest.mark.parametrize("kind", ["native", "word2vec"])
def test_a_full_disk_is_an_os_error_that_names_the_file(tmp_path, kind):
    path = tmp_path / "f"
    path.write_text("old")
    command = [sys.executable, "-c", FULL_DISK, str(path), kind]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.stdout == "refused\n", result.stderr
    assert os.listdir(tmp_path) == ["f"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["v.npy", "v.json", "v.zip", "v.bin", "v"])
def test_save_writes_the_native_format_whatever_the_name_is(name, tmp_path):
    model = Word2Vec([["a", "b"]] * 9, min_count=1, vector_size=2, sample=0, progress=False)
    for savable, kind in ((model, "model"), (model.wv, "vectors")):
        savable.save(tmp_path / name)
        assert native.kind_of(tmp_path / name) == kind


def test_a_temporary_that_another_thread_takes_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    """Between its creation and its lock."""
    inner, removed = temporary._open, []

    def open_after_removal(path):
        if not removed:
            os.unlink(path)
            removed.append(path)
        return inner(path)

    monkeypatch.setattr(temporary, "_open", open_after_removal)
    with writing.destination(tmp_path / "f") as file:
        file.write(b"content")
    assert removed and (tmp_path / "f").read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
