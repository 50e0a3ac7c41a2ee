"""Models in a folder: shards and a manifest, whole at each moment, and hostile ones refused."""

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from classes import SAVABLE, content

import fastsgns
from fastsgns import FastText, GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec, cli
from fastsgns.errors import FormatError, KindError, TruncatedError
from fastsgns.formats import native, shards, temporary
from fastsgns.formats.shards import MANIFEST, Shard
from fastsgns.models.callbacks import Checkpoint

TRAINED = Word2Vec, FastText, GloVe, NodeEmbedding, PairEmbedding
SENTENCES = [["the", "cat", "sat"], ["a", "dog", "ran"]] * 20


def write_three(folder: str, id: str, matrices: Any) -> list[dict[str, int]]:
    return [shards.write_shard(folder, Shard(id, number, 3), matrices) for number in range(3)]


@pytest.fixture
def three() -> Any:
    """Have saves to folders write three shards."""
    with shards.written_by(write_three):
        yield


@pytest.fixture
def model() -> Word2Vec:
    return Word2Vec(SENTENCES, vector_size=5, min_count=1, workers=1, epochs=1, sample=0)


@pytest.fixture
def folder(model: Word2Vec, three: None, tmp_path: Path) -> Path:
    model.save(f"{tmp_path}/part/")
    return tmp_path / "part"


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("cls", TRAINED)
@pytest.mark.parametrize("n_shards", [1, 3])
def test_a_folder_holds_what_a_file_holds(cls: Any, n_shards: int, tmp_path: Path):
    made = SAVABLE[cls.__name__]()
    with shards.written_by(write_three if n_shards == 3 else shards.write_here):
        made.save(f"{tmp_path}/part/")
    assert len(files_of(tmp_path / "part")) == n_shards + 1
    for loaded in (
        cls.load(tmp_path / "part"), cls.load(f"{tmp_path}/part/", mmap="r"),
        fastsgns.load(os.fsencode(tmp_path / "part")),
    ):  # fmt: skip
        assert type(loaded) is cls and content(loaded) == content(made)
    with pytest.raises(KindError, match=r"part holds .*, not vectors by key"):
        KeyedVectors.load(tmp_path / "part")


def test_a_second_save_removes_the_files_of_the_first(folder: Path, model: Word2Vec):
    first = files_of(folder)
    ends = "-00000-of-00002.rows", ".saving", f"-00001-of-00002.rows.{'1' * 16}.tmp"
    leftovers = ["0" * 16 + end for end in ends]
    others = ["0" * 16, "notes", f"{'0' * 16}-1.rows"]
    for name in (*leftovers, *others):
        (folder / name).write_bytes(b"")
    model.save(folder)
    assert set(files_of(folder)) & {*first, *leftovers, *others} == {MANIFEST, *others}
    assert len(files_of(folder)) == len(others) + 4


def states_of(save: Callable[[], object], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return copies of a folder from before each change that a save makes, in their order."""
    states = list[Path]()

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if folder.exists():
                states.append(folder.with_name(f"state {len(states)}"))
                shutil.copytree(folder, states[-1])
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("open", "replace", "unlink", "fsync"):
            patch.setattr(os, name, noted(getattr(os, name)))
        save()
    return states


def test_at_each_moment_the_folder_has_the_old_or_the_new_model(
    folder: Path, model: Word2Vec, monkeypatch: pytest.MonkeyPatch
):
    old = content(model)
    model.wv.vectors[:] = 1
    states = states_of(lambda: model.save(folder), folder, monkeypatch)
    found = [content(Word2Vec.load(state)) for state in states]
    new = content(model)
    assert found == [old] * found.count(old) + [new] * found.count(new)
    assert found.count(old) > 10 and found.count(new) > 4


def test_what_is_left_by_the_first_save_is_replaced_by_the_next(
    model: Word2Vec, three: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "part"
    states = states_of(lambda: model.save(f"{folder}/"), folder, monkeypatch)
    assert len(states) > 10
    for state in states:
        model.save(state)
        assert len(files_of(state)) == 4 and content(Word2Vec.load(state)) == content(model)


def test_what_a_lost_machine_still_writes_replaces_no_shard(model: Word2Vec, tmp_path: Path):
    """A save is repeated by two machines; the third, which was lost, ends its first attempt."""
    folder = tmp_path / "part"

    def write_two(folder: str, id: str, matrices: Any) -> Any:
        sums = [shards.write_shard(folder, Shard(id, i, 2), matrices) for i in range(2)]
        shards.write_shard(folder, Shard(id, 1, 3), matrices)
        return sums

    with shards.written_by(write_two):
        model.save(f"{folder}/")
    assert content(Word2Vec.load(folder)) == content(model)


@pytest.mark.parametrize("n_written", [0, 2, 3])
def test_a_save_that_fails_leaves_the_old_model_and_nothing_else(
    folder: Path, model: Word2Vec, n_written: int, monkeypatch: pytest.MonkeyPatch
):
    before, files, left = content(model), files_of(folder), [1] * n_written
    real = native.write

    def write(*arguments: Any) -> None:
        if not left:
            raise OSError(28, "no space left")
        left.pop()
        real(*arguments)

    model.wv.vectors[:] = 1
    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space left"):
        patch.setattr(native, "write", write)
        model.save(folder)
    assert files_of(folder) == files and content(Word2Vec.load(folder)) == before


def test_an_error_after_the_manifest_has_its_place_leaves_the_new_model(
    folder: Path, model: Word2Vec, monkeypatch: pytest.MonkeyPatch
):
    real = native.write

    def write(path: str, *arguments: Any) -> None:
        real(path, *arguments)
        if path.endswith(MANIFEST):
            raise KeyboardInterrupt

    model.wv.vectors[:] = 1
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(native, "write", write)
        model.save(folder)
    assert len(files_of(folder)) == 4 and content(Word2Vec.load(folder)) == content(model)


def test_a_folder_to_which_another_process_saves_while_it_is_read(
    folder: Path, model: Word2Vec, monkeypatch: pytest.MonkeyPatch
):
    real = native.read

    def read(*arguments: Any) -> Any:
        found = real(*arguments)
        monkeypatch.undo()
        model.save(folder)
        return found

    model.wv.vectors[:] = 1
    monkeypatch.setattr(native, "read", read)
    assert content(Word2Vec.load(folder)) == content(model)


@pytest.mark.skipif(temporary.fcntl is None, reason="locks of POSIX")
def test_two_cannot_save_to_a_folder_at_once(folder: Path, model: Word2Vec):
    with (
        shards.marked(str(folder)),
        pytest.raises(BlockingIOError, match="another process saves to this folder"),
    ):
        model.save(folder)


# Paths


def test_a_folder_that_exists_is_used_if_it_has_nothing_else(model: Word2Vec, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    model.save(tmp_path / "empty")
    assert content(Word2Vec.load(tmp_path / "empty")) == content(model)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    for name, error in (("full", IsADirectoryError), ("full/", IsADirectoryError),
                        ("file/", FileExistsError), ("no/such/", FileNotFoundError)):  # fmt: skip
        for save in (model.save, lambda path: Checkpoint(path).check_path()):
            with pytest.raises(error):
                save(f"{tmp_path}/{name}")
    assert files_of(tmp_path) == ["empty", "file", "full"]


def test_only_models_that_can_be_resumed_are_in_folders(model: Word2Vec, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(IsADirectoryError):
        model.wv.save(tmp_path / "empty")
    with pytest.raises(IsADirectoryError):
        Word2Vec.load(tmp_path / "empty")


def test_a_part_alone_is_not_a_model(folder: Path):
    for name in files_of(folder):
        with pytest.raises(FormatError, match=f"{name} is a part of a model; load the folder"):
            fastsgns.load(folder / name)


def test_a_checkpoint_in_a_folder_is_resumed_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text, output, part = tmp_path / "text", tmp_path / "m.fastsgns", f"{tmp_path}/part/"
    text.write_text("\n".join(map(" ".join, SENTENCES)))
    command = ["train", str(text), "-o", str(output), "--min-count=1", "--checkpoint", part, "-q"]
    assert cli.main(command) == 0
    assert content(Word2Vec.load(part)) == content(Word2Vec.load(output))
    assert cli.main([*command, "--resume", part]) == 0
    assert "nothing is left to train" in capsys.readouterr().err
    assert cli.main(["info", part]) == 0
    n_bytes = sum(path.stat().st_size for path in Path(part).iterdir())
    assert f"{n_bytes:,}" in capsys.readouterr().out


# Folders that contradict themselves


def change_manifest(folder: Path, change: Callable[[Any], Any]) -> None:
    """Change what a manifest says about the shards."""
    kind, tensors, metadata = native.read(folder / MANIFEST)
    stored = metadata.pop("shards")
    changed = change(stored)
    del metadata["format"], metadata["kind"]
    shown = metadata | {"shards": stored if changed is None else changed}
    native.write(folder / MANIFEST, kind, tensors, shown)


def setter(*place: Any) -> Callable[[Any], None]:
    """Return a function that sets a value at a place in JSON."""
    *keys, last, value = place

    def change(stored: Any) -> None:
        for key in keys:
            stored = stored[key]
        stored[last] = value

    return change


BAD = {
    "no dict": lambda stored: [1], "nothing": lambda stored: {},
    "a field more": setter("path", "/etc"), "a path": setter("id", "../../etc/passwd"),
    "an absolute path": setter("id", "/etc/passwd"), "a newline": setter("id", "0" * 16 + "\n"),
    "a number as id": setter("id", 7), "another id": setter("id", "0" * 16),
    "no shard": setter("n_shards", 0), "a true value": setter("n_shards", True),
    "a negative number": setter("n_shards", -1), "too many shards": setter("n_shards", 2**62),
    "fewer shards": setter("n_shards", 2), "no matrices": setter("arrays", [[]]),
    "no matrix": setter("arrays", "input", 7),
    "one dimension": setter("arrays", "input", "shape", [6]),
    "a negative size": setter("arrays", "input", "shape", [-6, 5]),
    "a broken size": setter("arrays", "input", "shape", [6.0, 5]),
    "a huge size": setter("arrays", "input", "shape", [2**31 - 1, 2**31 - 1]),
    "sizes exchanged": setter("arrays", "input", "shape", [5, 6]),
    "no rows": setter("arrays", "input", "shape", [0, 5]),
    "another type": setter("arrays", "input", "dtype", "I32"),
    "an unknown type": setter("arrays", "input", "dtype", "O"),
    "a list as type": setter("arrays", "input", "dtype", []),
    "few checksums": setter("arrays", "input", "crc32", [1, 2]),
    "another checksum": setter("arrays", "input", "crc32", [1, 2, 3]),
    "huge checksums": setter("arrays", "input", "crc32", [2**40] * 3),
    "an array of the manifest": lambda stored: setter("arrays", "words", stored["arrays"]["input"])(
        stored
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_manifest_that_contradicts_itself_or_the_shards_is_refused(what: str, folder: Path):
    change_manifest(folder, BAD[what])
    with pytest.raises(FormatError, match="part"):
        Word2Vec.load(folder)


@pytest.mark.parametrize("number", range(3))
def test_each_cut_of_a_shard_is_refused(folder: Path, number: int):
    shard = folder / files_of(folder)[number]
    whole = shard.read_bytes()
    for length in (*range(0, len(whole), 23), len(whole) - 1):
        shard.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="part is damaged") as found:
            Word2Vec.load(folder)
        assert isinstance(found.value, TruncatedError) or length > 80  # the bytes of its rows
    shard.unlink()
    with pytest.raises(FormatError, match=f"part is damaged: there is no file {shard.name}"):
        Word2Vec.load(folder)


def test_shards_of_other_saves_and_with_other_numbers_are_refused(
    folder: Path, model: Word2Vec, tmp_path: Path
):
    other = f"{tmp_path}/other/"
    model.save(other)
    pairs = list(zip(files_of(folder)[:3], files_of(Path(other))[:3]))
    mine = [(folder / name).read_bytes() for name, _ in pairs]
    theirs = [(Path(other) / name).read_bytes() for _, name in pairs]
    for data in (theirs[0], mine[1], mine[0][:-1] + b"\xff", (folder / MANIFEST).read_bytes()):
        (folder / pairs[0][0]).write_bytes(data)
        with pytest.raises(FormatError, match="part"):
            Word2Vec.load(folder)
    (folder / pairs[0][0]).write_bytes(mine[0])
    assert content(Word2Vec.load(folder)) == content(model)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes of POSIX")
@pytest.mark.parametrize("name", [MANIFEST, "a shard"])
def test_links_pipes_and_folders_are_refused(folder: Path, name: str, tmp_path: Path):
    path = folder / (name if name == MANIFEST else files_of(folder)[0])
    path.rename(tmp_path / "elsewhere")
    for make in (lambda: path.symlink_to(tmp_path / "elsewhere"), lambda: os.mkfifo(path)):
        make()
        with pytest.raises(FormatError, match="is not an ordinary file"):
            Word2Vec.load(folder)
        path.unlink()


def test_what_the_manifest_says_is_what_docs_say(folder: Path, model: Word2Vec):
    """The names and checksums are such that other programs can read and check a folder."""
    head = (folder / MANIFEST).read_bytes()
    header = json.loads(head[8 : 8 + int.from_bytes(head[:8], "little")])
    stored = json.loads(header["__metadata__"]["fastsgns"])["shards"]
    assert stored["n_shards"] == 3 and stored["arrays"]["input"]["shape"] == [6, 5]
    for number, name in enumerate(files_of(folder)[:3]):
        assert name == f"{stored['id']}-{number:05}-of-00003.rows"
        rows = native.read(io.BytesIO((folder / name).read_bytes()))[1]["input"]
        assert np.array_equal(rows, model.wv.vectors[2 * number : 2 * number + 2])
