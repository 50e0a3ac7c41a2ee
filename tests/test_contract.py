"""What every public class does: it saves, loads, copies, repeats itself, and says what it is."""

import bz2
import copy
import gzip
import inspect
import lzma
import multiprocessing
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from classes import CLASSES, SAVABLE, content

import fastsgns
from fastsgns import cooccurrence, graph, models
from fastsgns.errors import FormatError, KindError, TruncatedError
from fastsgns.formats import kinds, native
from fastsgns.formats.schema import Array
from fastsgns.models import glove, links, ppmi
from fastsgns.vectors.roles import Roles

PARTS = ("parameters", "settings", "state")
ADDED_LATER = (
    "matrices", "bias", "coupling", "softmax", "unfinished", "strict", "task", "check",
    "deleted", "direction_weight", "is_directed", "metapath", "strict_times",
    "made_up_counts", "deterministic",
)  # fmt: skip
PUBLIC = (fastsgns, cooccurrence, graph, models, glove, links, ppmi)
TRAINED = [name for name, case in CLASSES.items() if case.train]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Save one object of each class; return their classes and files."""
    folder = tmp_path_factory.mktemp("saved")
    files = {}
    for name, make in SAVABLE.items():
        thing = make()
        (folder / name).write_bytes(content(thing))
        files[name] = type(thing), folder / name
    return files


def rewritten(path, target, change):
    """Write a copy of a file with other arrays and metadata."""
    kind, tensors, metadata = native.read(path)
    metadata = {name: value for name, value in metadata.items() if name not in ("format", "kind")}
    change(tensors, metadata)
    native.write(target, kind, tensors, metadata)
    return target


def check_refused(cls, path, match=None):
    """Check that the class and `fastsgns.load` refuse a file."""
    for load in (cls.load, fastsgns.load):
        with pytest.raises(FormatError, match=match):
            load(path)


def parts_of(metadata):
    """The parts of the metadata of a file; None is all of it."""
    return [None, *(part for part in PARTS if part in metadata)]


def test_every_public_class_is_here():
    made = {type(case.make()) for case in CLASSES.values()}
    public = {getattr(module, name) for module in PUBLIC for name in module.__all__}
    public = {thing for thing in public if inspect.isclass(thing)}
    for cls in public:
        assert any(issubclass(other, cls) for other in made), cls
    for kind in kinds.KINDS:
        assert any(issubclass(cls, kinds.class_of(kind)) for cls in made), kind


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_the_table_of_kinds_names_what_exists(kind):
    assert kinds.schema_of(kind).kind == kind
    assert inspect.ismethod(kinds.class_of(kind).load)


# Save and load


@pytest.mark.parametrize("name", SAVABLE)
@pytest.mark.parametrize("mmap", [None, "r"])
def test_what_is_saved_loads_equal(saved, name, mmap):
    cls, path = saved[name]
    ask = CLASSES[name].ask
    expected = ask(CLASSES[name].make())
    for loaded in (cls.load(path), cls.load(path, mmap=mmap), fastsgns.load(path, mmap=mmap)):
        assert type(loaded) is cls
        assert content(loaded) == path.read_bytes()
        assert ask(loaded) == expected


@pytest.mark.parametrize("name", SAVABLE)
def test_mmap_is_none_or_r(saved, name):
    cls, path = saved[name]
    for load in (cls.load, fastsgns.load):
        with pytest.raises(ValueError, match="mmap='w'; allowed are None and 'r'"):
            load(path, mmap="w")


def arrays_within(thing, depth=4):
    """The arrays that an object refers to, directly or through objects of this package."""
    if isinstance(thing, np.ndarray):
        yield thing
    elif depth:
        parts = list(thing) if isinstance(thing, tuple) else []
        parts += (
            thing.values()
            if isinstance(thing, dict)
            else vars(thing).values()
            if (type(thing).__module__.startswith("fastsgns") and hasattr(thing, "__dict__"))
            else []
        )
        for part in parts:
            yield from arrays_within(part, depth - 1)


def is_mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False


IN_MEMORY = ("GloVe", "FrozenPhrases")  # a file is copied into memory


@pytest.mark.parametrize("name", [name for name in SAVABLE if name not in IN_MEMORY])
def test_arrays_are_mapped_if_asked(saved, name):
    cls, path = saved[name]
    for load in (cls.load, fastsgns.load):
        loaded = load(path, mmap="r")
        mapped = [array for array in arrays_within(loaded) if is_mapped(array)]
        assert mapped and not any(array.flags.writeable for array in mapped)
        if hasattr(loaded, "source"):
            assert is_mapped(loaded.source.array) and is_mapped(loaded.target.array)
        assert not any(map(is_mapped, arrays_within(cls.load(path, mmap=False))))


@pytest.mark.parametrize("name", SAVABLE)
def test_a_derived_class_loads_as_itself(saved, name):
    cls, path = saved[name]
    derived = type("Derived", (cls,), {"extra": 1})
    loaded = derived.load(path)
    assert type(loaded) is derived and content(loaded) == path.read_bytes()


OWN = {
    "my_note": "hi", "_hidden": 1, "my_number": -2.5, "my_nothing": None, "my_flag": True,
    "my_big": 10**100,
    "my_odd": float("inf"), "my_pair": (1, "a"), "my_names": ["a", ["b"]], "my_set": {1, 2},
    "my_table": {"a": {3: (4,)}, ("x", 1): b"\xff"}, "my_empty": {}, "my_imaginary": 1 - 2j,
    "my_matrix": np.arange(6, dtype=np.float32).reshape(2, 3), "my_mask": np.array([True, False]),
    "my_words": np.array(["ä", "bc"]), "my_mixed": np.array([None, "x", (1, 2)], object),
    "my_scalar": np.array(3.0), "my_nested": [np.arange(3), {"deep": np.zeros((0, 2))}],
    "my_wide": np.array([1 + 2j]), "my_swapped": np.array([1, 2], ">i8"), "my_text": "\ud800 \0",
}  # fmt: skip


def same(one, other):
    """Return whether two values are of the same type and equal, with all that is in them."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype.newbyteorder("=") and one.dtype != other.dtype:
            return one.dtype.newbyteorder("=") == other.dtype and np.array_equal(one, other)
        return one.shape == other.shape and all(
            same(a, b) for a, b in zip(one.ravel().tolist(), other.ravel().tolist())
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize("name", SAVABLE)
def test_attributes_of_ones_own_are_saved_and_copied(name, tmp_path):
    """Of an object of a derived class, whose constructor takes other arguments."""
    thing = SAVABLE[name]()
    cls, before = type(thing), content(thing)
    derived = type("Derived", (cls,), {"__init__": lambda self, needed: None, "level": 1})
    thing.__class__ = derived
    thing.level = 2
    vars(thing).update(OWN)
    thing.function, thing.inner = print, SAVABLE["KeyedVectors"]()
    with pytest.warns(
        UserWarning, match=r"not hold the attributes \['function', 'inner'\]"
    ) as seen:
        thing.save(tmp_path / "f")
    has_ignore = "ignore" in inspect.signature(cls.save).parameters
    assert ("ignore=" in str(seen[0].message)) is has_ignore
    loads = cls.load, derived.load, fastsgns.load
    for loaded in (load(tmp_path / "f") for load in loads):
        assert type(loaded) is (derived if loaded.__class__.__name__ == "Derived" else cls)
        assert loaded.level == 2
        assert all(same(value, vars(loaded)[own]) for own, value in OWN.items())
        assert not hasattr(loaded, "function")
    del thing.function, thing.inner, loaded.my_text  # copies hold any text
    for copied in (copy.copy(loaded), copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))):
        assert copied.level == 2 and same(copied.my_table, OWN["my_table"])
    for own in (*OWN.keys() - {"my_text"}, "level"):
        delattr(loaded, own)
    assert content(loaded) == before


@pytest.mark.parametrize("name", SAVABLE)
def test_an_attribute_of_a_file_replaces_nothing_of_the_class(saved, tmp_path, name):
    cls, path = saved[name]
    thing = cls.load(path)
    taken = [
        *vars(thing),
        *(own for own in dir(cls) if not own.startswith("__")),
        "__class__",
        "a b",
    ]
    values = dict.fromkeys(taken, "changed") | {"fine": 1}

    def add(tensors, metadata):
        metadata["own"] = {"": values}

    rewritten(path, tmp_path / "f", add)
    for load in (cls.load, fastsgns.load):
        with pytest.warns(UserWarning, match="itself uses these names"):
            loaded = load(tmp_path / "f")
        assert type(loaded) is cls and loaded.fine == 1
        del loaded.fine
        assert content(loaded) == path.read_bytes()


@pytest.mark.parametrize("name", SAVABLE)
def test_damaged_attributes_are_refused(saved, tmp_path, name):
    cls, path = saved[name]
    for own in (
        1, {"": 1}, {"nowhere": {"a": 1}}, {"": {"a": {"type": "array", "array": 0}}},
        {"": {"a": {"type": "code", "items": []}}}, {"": {"a": {}}},
    ):  # fmt: skip

        def add(tensors, metadata, own=own):
            metadata["own"] = own

        check_refused(cls, rewritten(path, tmp_path / "f", add))
    array = {"own:0": np.zeros(1)}
    check_refused(cls, rewritten(path, tmp_path / "f", lambda t, _: t.update(array)), "not used")


@pytest.mark.parametrize("name", SAVABLE)
def test_a_file_that_is_cut_is_refused(saved, tmp_path, name):
    cls, path = saved[name]
    whole, cut = path.read_bytes(), tmp_path / "cut"
    for length in (*range(0, len(whole), len(whole) // 40), *range(len(whole) - 9, len(whole))):
        cut.write_bytes(whole[:length])
        check_refused(cls, cut)


@pytest.mark.parametrize("name", SAVABLE)
@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_a_compressed_file_that_is_cut_or_damaged_is_refused(saved, tmp_path, name, module):
    cls, path = saved[name]
    whole, packed = path.read_bytes(), tmp_path / "packed"
    content_of = module.compress(whole)
    step = len(content_of) // 12
    for length in (*range(9, len(content_of), step), *range(len(content_of) - 9, len(content_of))):
        packed.write_bytes(content_of[:length])
        with module.open(packed) as file, pytest.raises(TruncatedError, match="too early, it was"):
            fastsgns.load(file)
        check_refused(cls, packed, str(packed))
    for place in range(0, len(content_of), step):
        flipped = bytearray(content_of)
        flipped[place] ^= 4
        packed.write_bytes(flipped)
        try:
            assert content(cls.load(packed)) == whole  # a bit that nothing reads, as of the time
        except FormatError as error:
            assert str(packed) in str(error)


@pytest.mark.parametrize("name", SAVABLE)
def test_a_file_of_another_kind_names_what_loads_it(saved, name):
    cls, _ = saved[name]
    for other, path in saved.values():
        if issubclass(other, cls):
            continue
        loads = "(HOPE|STRAP|FastRP|ProNE|ProximityFactorization)"
        loads = loads if other.__name__ in loads else other.__name__
        message = (
            rf"{path} holds .*, not .*: load it with fastsgns\.load\(path\) or "
            rf"fastsgns(\.models\.(links|ppmi|fasttext)|\.cooccurrence)?"
            rf"\.{loads}\.load\(path\)"
        )
        with pytest.raises(KindError, match=message) as info:
            cls.load(path)
        assert isinstance(info.value, FormatError) and isinstance(info.value, AttributeError)


# What a file holds, and nothing else


@pytest.mark.parametrize("name", SAVABLE)
def test_names_that_are_not_saved_are_refused(saved, tmp_path, name):
    cls, path = saved[name]
    for part in parts_of(native.read(path)[2]):

        def add(tensors, metadata, part=part):
            (metadata if part is None else metadata[part])["novel"] = "x"

        check_refused(cls, rewritten(path, tmp_path / "f", add), "novel")
    check_refused(
        cls,
        rewritten(path, tmp_path / "f", lambda tensors, _: tensors.update(novel=np.zeros(1))),
        "novel",
    )


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

            def add(tensors, metadata, part=part, argument=argument, victim=victim):
                metadata[part][argument] = str(victim)

            check_refused(cls, rewritten(path, tmp_path / "f", add), argument)
            assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", SAVABLE)
def test_missing_names_and_other_types_are_refused(saved, tmp_path, name):
    cls, path = saved[name]
    metadata = native.read(path)[2]
    for part in parts_of(metadata):
        for key in (metadata if part is None else metadata[part]).keys() - {"format", "kind"}:

            def drop(tensors, metadata, part=part, key=key):
                (metadata if part is None else metadata[part]).pop(key)

            def distort(tensors, metadata, part=part, key=key):
                (metadata if part is None else metadata[part])[key] = {"x": 1} if part else 1j.real

            if key not in ADDED_LATER:
                check_refused(cls, rewritten(path, tmp_path / "f", drop), key)
            if key not in ("comment", "smoothing", "shift", "weight", "direction_weight"):
                check_refused(cls, rewritten(path, tmp_path / "f", distort), key if part else ".")


@pytest.mark.parametrize("name", SAVABLE)
def test_arrays_that_are_missing_or_of_another_form_are_refused(saved, tmp_path, name):
    cls, path = saved[name]
    kind, tensors, _ = native.read(path)
    for array in tensors:
        entry = kinds.schema_of(kind).arrays.get(array)
        is_optional = isinstance(entry, Array) and entry.is_optional
        if not (is_optional or array.startswith("attr:")):
            check_refused(cls, rewritten(path, tmp_path / "f", lambda t, _, a=array: t.pop(a)))

        def shorten(tensors, _, array=array):
            tensors[array] = tensors[array][:-1]

        def nest(tensors, _, array=array):
            tensors[array] = tensors[array][None]

        def retype(tensors, _, array=array):
            tensors[array] = tensors[array].astype(np.float16)

        check_refused(cls, rewritten(path, tmp_path / "f", shorten))
        check_refused(cls, rewritten(path, tmp_path / "f", nest))
        is_free = array.startswith("attr:") or getattr(entry, "dtype", "") == "float"
        if not is_free:
            check_refused(cls, rewritten(path, tmp_path / "f", retype))


# The same again


@pytest.mark.parametrize("name", CLASSES)
def test_the_same_seed_gives_the_same_bytes(name):
    assert content(CLASSES[name].make()) == content(CLASSES[name].make())


@pytest.mark.parametrize("name", TRAINED)
def test_a_second_training_gives_the_same_bytes(name):
    case = CLASSES[name]
    one, other = case.make(), case.make()
    for model in (one, other):
        case.train(model)
    assert content(one) == content(other)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_a_copy_is_equal_and_apart(name, copied):
    case = CLASSES[name]
    thing = case.make()
    again = copied(thing)
    assert type(again) is type(thing) and content(again) == content(thing)
    assert case.ask(again) == case.ask(thing)
    if case.train:
        before = content(thing)
        case.train(again)
        assert content(thing) == before
        case.train(thing)
        assert content(again) == content(thing)


def test_objects_reach_a_process_that_is_spawned():
    things = [case.make() for case in CLASSES.values()]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:  # it raises an error if a process dies
        assert list(pool.map(content, things)) == [content(thing) for thing in things]


@pytest.mark.parametrize("name", TRAINED)
def test_a_learning_rate_that_rises_is_a_warning(name):
    """Of each class that has a min_alpha; it warns once per training, and only then."""
    case = CLASSES[name]
    model = case.make()
    if not hasattr(model, "min_alpha"):
        return
    for alpha, min_alpha, n_warnings in ((0.02, 0.03, 1), (0.02, 0.02, 0), (0.02, 0.0001, 0)):
        model.alpha, model.min_alpha = alpha, min_alpha
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            case.train(model)
        rises = [str(one.message) for one in caught if "learning rate rises" in str(one.message)]
        assert len(rises) == n_warnings
        assert all("min_alpha is 0.03, above alpha, 0.02" in message for message in rises)


# Its vectors


def vectors_within(thing):
    """The KeyedVectors that an object is or has, those of other roles among them."""
    parts = (thing, *(getattr(thing, name, None) for name in ("wv", "source", "target", "roles")))
    for part in parts:
        if isinstance(part, fastsgns.KeyedVectors):
            yield part
        elif isinstance(part, Roles):
            yield from part.values()


@pytest.mark.parametrize("name", CLASSES)
def test_texts_of_one_key_have_its_vector(name):
    """Whatever the keys and the type of the vectors are, and in which matrix they are stored."""
    for kv in vectors_within(CLASSES[name].make()):
        keys = kv.index_to_key[:3]
        expected = np.array([kv[key] for key in keys], np.float32)
        np.testing.assert_array_equal(kv.encode([[key] for key in keys]), expected)
        np.testing.assert_allclose(kv.encode([keys * 2, keys])[0], expected.mean(0), atol=1e-5)


# What it says of itself


@pytest.mark.parametrize("name", CLASSES)
def test_its_repr_is_short_and_names_the_class(name):
    thing = CLASSES[name].make()
    text = repr(thing)
    assert type(thing).__name__ in text and " at 0x" not in text
    assert len(text) < 300 and "\n" not in text


@pytest.mark.parametrize("name", [name for name, case in CLASSES.items() if case.is_query])
def test_a_query_for_an_unknown_key_names_it(name):
    case = CLASSES[name]
    thing = case.make()
    with pytest.raises(KeyError, match="'absent'"):
        case.ask(thing, "absent")
    assert case.ask(thing)


@pytest.mark.parametrize("name", [name for name, case in CLASSES.items() if not case.is_result])
def test_its_docstring_has_an_example(name):
    assert ">>> " in inspect.getdoc(type(CLASSES[name].make()))  # tests/test_examples.py runs it


@pytest.mark.parametrize("name", SAVABLE)
def test_what_the_package_sets_is_not_an_attribute_of_the_user(name, tmp_path):
    """Also what training and queries set; own attributes are only those that a user sets."""
    case, thing = CLASSES[name], SAVABLE[name]()
    case.ask(thing)
    if case.train:
        case.train(thing)
        case.ask(thing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thing.save(tmp_path / "f")
    assert "own" not in native.read(tmp_path / "f")[2]
