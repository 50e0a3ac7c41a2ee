"""What a file says of a model: all that is saved of its kind, and nothing else."""

import inspect

import pytest
from savable import SAVABLE

from fastsgns.errors import FormatError
from fastsgns.formats import kinds, native
from fastsgns.formats.schema import Value, check_values

PARTS = ("parameters", "settings", "state")
ADDED_LATER = ("matrices", "bias", "coupling", "softmax", "unfinished", "strict")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Save one object of each class; give their classes and files."""
    folder = tmp_path_factory.mktemp("saved")
    found = {}
    for name, make in SAVABLE.items():
        thing = make()
        thing.save(folder / name)
        found[name] = type(thing), folder / name
    return found


def changed(path, target, change):
    """Write a copy of a file with other metadata."""
    kind, tensors, metadata = native.read(path)
    metadata = {name: value for name, value in metadata.items() if name not in ("format", "kind")}
    change(metadata)
    native.write(target, kind, tensors, metadata)
    return target


def refused(cls, path, match):
    """Check that the class and `fastsgns.load` refuse a file."""
    with pytest.raises(FormatError, match=match):
        cls.load(path)
    with pytest.raises(FormatError, match=match):
        kinds.load(path)


@pytest.mark.parametrize("name", SAVABLE)
def test_names_that_are_not_saved_are_refused(saved, tmp_path, name):
    cls, path = saved[name]
    metadata = native.read(path)[2]
    for part in [None, *(part for part in PARTS if part in metadata)]:

        def add(content, part=part):
            (content if part is None else content[part])["novel"] = "x"

        refused(cls, changed(path, tmp_path / "f", add), "novel")


@pytest.mark.parametrize("name", SAVABLE)
def test_arguments_that_are_not_saved_are_refused(saved, tmp_path, name):
    """Such as walks_file, graph and pairs: paths that the next fit() would write or read."""
    cls, path = saved[name]
    metadata = native.read(path)[2]
    for part in ("parameters", "settings"):
        if part not in metadata:
            continue
        arguments = set(inspect.signature(cls).parameters) - metadata[part].keys()
        assert arguments  # "progress", at least
        for argument in arguments:
            victim = tmp_path / "victim"
            victim.write_text("precious")

            def add(content, part=part, argument=argument, victim=victim):
                content[part][argument] = str(victim)

            refused(cls, changed(path, tmp_path / "f", add), argument)
            assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", SAVABLE)
def test_missing_names_and_other_types_are_refused(saved, tmp_path, name):
    cls, path = saved[name]
    metadata = native.read(path)[2]
    for part in [None, *(part for part in PARTS if part in metadata)]:
        for key in (metadata if part is None else metadata[part]).keys() - {"format", "kind"}:

            def drop(content, part=part, key=key):
                (content if part is None else content[part]).pop(key)

            def distort(content, part=part, key=key):
                (content if part is None else content[part])[key] = {"x": 1} if part else 1j.real

            if key not in ADDED_LATER:
                refused(cls, changed(path, tmp_path / "f", drop), key)
            if key not in ("comment", "smoothing", "shift", "weight"):
                refused(cls, changed(path, tmp_path / "f", distort), key if part else ".")


def test_a_wrong_value_is_named():
    values = {"a": Value((int, type(None)), default=None), "b": Value(object)}
    assert check_values("state", {"b": True}, values) == {"a": None, "b": True}
    for found, match in [
        ([], r"its state are \[\]"),
        ({"a": 1}, "lack 'b'"),
        ({"a": True, "b": 1}, "a is True; allowed are int and null"),
        ({"a": 1.0, "b": 1}, "a is 1.0"),
        ({"a": 1, "b": 1, "c": 1}, "'c'.*another release"),
        ({"a": 1, "b": 1, "format": 1}, "'format'.*another release"),
        ({"a": 1, "b": 1, "kind": "x"}, "'kind'.*another release"),
    ]:
        with pytest.raises(FormatError, match=match):
            check_values("state", found, values)
