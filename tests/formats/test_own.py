"""Attributes of users in native files: what is saved, what is said, and files that are damaged."""

import io
import json
import warnings
from collections import Counter, OrderedDict, defaultdict, namedtuple
from pathlib import Path

import numpy as np
import pytest

from fastsgns import GloVe, KeyedVectors, Word2Vec
from fastsgns.errors import FormatError
from fastsgns.formats import header, native, own
from fastsgns.models.ppmi import PPMI, SVDVectors

FEW = [["a", "b", "c"]] * 9
SMALL = {"vector_size": 4, "min_count": 1, "workers": 1, "sample": 0}
Pair = namedtuple("Pair", "x y")


def round_trip(thing, **options):
    file = io.BytesIO()
    thing.save(file, **options)
    file.seek(0)
    return type(thing).load(file)


class MyModel(Word2Vec):
    def __init__(self, sentences, language, **options):
        super().__init__(sentences, **SMALL | options)
        self.language, self.ids = language, {word: i for i, word in enumerate("abc")}
        self.means = np.eye(3)

    def greet(self):
        return self.language


def test_a_model_of_a_derived_class(tmp_path):
    model = MyModel(FEW, "en", comment="mine")
    model.save(tmp_path / "m")
    loaded = MyModel.load(tmp_path / "m")
    assert type(loaded) is MyModel and loaded.greet() == "en" and loaded.ids == model.ids
    np.testing.assert_array_equal(loaded.means, model.means)
    loaded.train(FEW, total_examples=9, epochs=1)
    base = Word2Vec.load(tmp_path / "m")
    assert type(base) is Word2Vec and base.language == "en" and base.comment == "mine"


def test_attributes_of_the_vectors_of_a_model_are_saved_with_it(tmp_path):
    model = Word2Vec(FEW, **SMALL)
    model.wv.domain, model.domain = ["law"], "model"
    loaded = round_trip(model)
    assert loaded.wv.domain == ["law"] and loaded.domain == "model"
    assert round_trip(model.wv).domain == ["law"]


def pair():
    return KeyedVectors.from_arrays(["a", "b"], np.eye(2), output=np.eye(2))


HELD = {
    "words": (lambda: Word2Vec(FEW, **SMALL), lambda model: model.wv, "model.wv.output"),
    "glove": (
        lambda: GloVe(FEW, vector_size=4, min_count=1, workers=1),
        lambda m: m.input,
        "model.input.out",
    ),
    "svd": (lambda: SVDVectors(PPMI(FEW, min_count=1), 2), lambda m: m.wv, "model.wv.output"),
    "pair": (pair, lambda kv: kv, "kv.output"),
}


@pytest.mark.parametrize("name", HELD)
def test_attributes_of_views_of_other_roles_are_named(tmp_path, name):
    make, vectors_of, where = HELD[name]
    thing = make()
    output = vectors_of(thing).output
    assert vectors_of(thing).output is output
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thing.save(tmp_path / "f")
    output.note = 1
    assert vectors_of(thing).output.note == 1
    with pytest.warns(UserWarning, match=rf"\['note'\] that were set on {where}"):
        thing.save(tmp_path / "f")
    del output
    assert not hasattr(vectors_of(thing).output, "note")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thing.save(tmp_path / "f")


@pytest.mark.parametrize(
    "ignore", ["big", ["big", "absent"], ("big",), frozenset({"big", "syn1neg"})]
)
def test_ignored_attributes_are_left_out_silently(ignore):
    for thing in (Word2Vec(FEW, **SMALL), Word2Vec(FEW, **SMALL).wv):
        thing.big, thing.small = print, 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            loaded = round_trip(thing, ignore=ignore)
        assert loaded.small == 1 and not hasattr(loaded, "big")


UNSAVABLE = {
    "function": print, "module": io, "path": Path("x"), "object": object(), "range": range(3),
    "default": defaultdict(list), "named": Pair(1, 2), "inside": [1, {"a": print}],
    "structured": np.zeros(2, [("a", "i4")]), "times": np.zeros(2, "M8[s]"),
    "matrix": np.ma.masked_array([1]), "huge": 10**5000,
    "objects": np.array([print, 1], object), "vectors": KeyedVectors(2), "class": MyModel,
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAVABLE)
def test_what_cannot_be_saved_is_named_and_the_rest_is_saved(name):
    kv = KeyedVectors(2)
    kv.first, kv.odd, kv.last = np.arange(2), UNSAVABLE[name], [np.arange(3)]
    with pytest.warns(UserWarning, match=r"does not hold the attributes \['odd'\] that were set"):
        loaded = round_trip(kv)
    assert not hasattr(loaded, "odd")
    assert loaded.first.tolist() == [0, 1] and loaded.last[0].tolist() == [0, 1, 2]


LARGE = {
    "idf": lambda: {f"w\u00f6rd{i}": i / 7 for i in range(400_000)},
    "ints": lambda: list(range(300_000)),
    "lists": lambda: [[i] for i in range(50_000)],
    "dicts": lambda: [{"a": i, "b": (i, None)} for i in range(30_000)],
    "text": lambda: 9_000_000 * "x",
    "odd text": lambda: '"\\\n\ud800\udc00\ud800, {[' * 100_000,
    "floats": lambda: [float("inf"), *np.arange(2e5).tolist()],
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_large_values_are_saved(tmp_path, name, suffix):
    kv, value = KeyedVectors(2), LARGE[name]()
    kv.value, kv.small = value, [np.arange(3), 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kv.save(tmp_path / f"v{suffix}")
    loaded = KeyedVectors.load(tmp_path / f"v{suffix}")
    assert loaded.value == value and loaded.small[0].tolist() == [0, 1, 2]
    assert vars(loaded).keys() == vars(kv).keys()


@pytest.mark.parametrize(
    "text", ["\ud800", "\ud800\udc00", "\U00010000", "\udc00\ud800", "\ufffd", "\0"]
)
def test_each_text_comes_back(text):
    kv = KeyedVectors(2)
    kv.text = [text, {text: text}]
    assert round_trip(kv).text == kv.text


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("MAX_OBJECTS", [[i] for i in range(100)]),
        ("MAX_OBJECTS", [{i} for i in range(50)]),
        ("MAX_VALUES", list(range(101))),
        ("MAX_VALUES", {i: i for i in range(50)}),
        ("MAX_CHARACTERS", 101 * "x"),
        ("MAX_CHARACTERS", 51 * [b"ab"]),
        ("MAX_CHARACTERS", [1 << 400]),
    ],
)
def test_what_is_too_large_is_named_with_the_limit(monkeypatch, limit, value):
    monkeypatch.setattr(own, limit, 100)
    kv = KeyedVectors(2)
    kv.first, kv.large, kv.last = 1, value, np.arange(200)
    expected = r"\['large'\].*too large: a file holds up to .*100 .*Make arrays of numpy"
    with pytest.warns(UserWarning, match=expected):
        loaded = round_trip(kv)
    assert loaded.first == 1 and loaded.last.tolist() == list(range(200))
    assert not hasattr(loaded, "large")


@pytest.mark.parametrize("n", [1, 7, 1000])
def test_what_collect_counts_is_enough_for_decode(n):
    value = [{"a": (n, {1}), b"b": [1j, float("nan")]}, np.array([None, [n]], object)] * n
    encoder = own._Encoder()
    text = json.dumps({"": {"value": encoder.whole([value, np.zeros((1,) * 20, "S1")])}}).encode()
    n_objects, n_lists, n_values = header.count_outside_strings(text, b"{[,")
    assert n_objects + n_lists <= 2 * encoder._n_objects and n_values <= 2 * encoder._n_values


@pytest.mark.parametrize("value", ["loop", "deep"])
def test_the_reason_is_depth(value):
    kv = KeyedVectors(2)
    kv.value = [1]
    kv.value.append(kv.value if value == "loop" else [])
    for _ in range(40 if value == "deep" else 0):
        kv.value = [kv.value]
    with pytest.warns(UserWarning, match=r"\['value'\].*nested more than 32 deep, or contain them"):
        round_trip(kv)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"\xff", b'{"": {"a": 1' + b"0" * 5000 + b"}}", b"[" * 10**6,
        b'{"": {"a": [' + b"{}," * (1 << 23) + b"1]}}", np.zeros(2), np.zeros((2, 2), np.uint8),
    ],
    ids=range(9),
)  # fmt: skip
def test_damaged_text_is_refused(tmp_path, text):
    values = np.frombuffer(text, np.uint8) if isinstance(text, bytes) else text
    tensors = {"vectors": np.zeros((0, 2), np.float32), **native.pack_words([])}
    metadata = {"attributes": {}, "strict": False}
    native.write(tmp_path / "f", "vectors", tensors | {"own:values": values}, metadata)
    with pytest.raises(FormatError):
        KeyedVectors.load(tmp_path / "f")
    fine = {"own:values": np.frombuffer(b'{"": {"a": 1}}', np.uint8)}
    native.write(tmp_path / "f", "vectors", tensors | fine, metadata)
    assert KeyedVectors.load(tmp_path / "f").a == 1
    native.write(tmp_path / "f", "vectors", tensors | fine, metadata | {"own": {}})
    with pytest.raises(FormatError, match="twice"):
        KeyedVectors.load(tmp_path / "f")


class Slotted(Word2Vec):
    __slots__ = ("absent", "language", "print")


class SlottedVectors(KeyedVectors):
    __slots__ = ("absent", "language", "print")


@pytest.mark.parametrize("make", [lambda: Slotted(FEW, **SMALL), lambda: SlottedVectors(2)])
def test_slots_of_a_derived_class_are_saved(tmp_path, make):
    thing = make()
    thing.language, thing.print, thing.other = "en", print, 1
    with pytest.warns(UserWarning, match=r"\['print'\] that were set"):
        thing.save(tmp_path / "f")
    loaded = type(thing).load(tmp_path / "f")
    assert loaded.language == "en" and loaded.other == 1 and "language" not in vars(loaded)
    assert not hasattr(loaded, "absent") and not hasattr(loaded, "print")
    base = type(thing).__mro__[1].load(tmp_path / "f")
    assert base.language == "en"


def test_a_value_that_contains_itself_is_named():
    kv = KeyedVectors(2)
    kv.loop = [1]
    kv.loop.append(kv.loop)
    with pytest.warns(UserWarning, match=r"\['loop'\]"):
        round_trip(kv)


@pytest.mark.parametrize("name", ["save", "vectors", "__dict__x", "a b", "key_to_index"])
def test_a_name_of_the_class_is_named(name):
    kv = KeyedVectors(2)
    vars(kv)[name] = 5
    with pytest.warns(UserWarning, match=rf"\['{name}'\]"):
        kv.__class__.save(kv, io.BytesIO())


def test_a_table_of_many_words_fits():
    kv = KeyedVectors(2)
    kv.table = {f"word{i}": i for i in range(100_000)}
    kv.tallies, kv.order = Counter("abca"), OrderedDict([("z", 1), ("a", 2)])
    loaded = round_trip(kv)
    assert loaded.table == kv.table
    assert type(loaded.tallies) is Counter and loaded.tallies == kv.tallies
    assert type(loaded.order) is OrderedDict and list(loaded.order) == ["z", "a"]


def test_no_code_of_the_class_runs_when_attributes_are_set():
    class Guarded(KeyedVectors):
        def __setattr__(self, name, value):
            assert name not in ("note",)
            super().__setattr__(name, value)

    kv = KeyedVectors(2)
    kv.note = 1
    file = io.BytesIO()
    kv.save(file)
    file.seek(0)
    assert Guarded.load(file).note == 1


def array(**entry):
    return {"type": "array", "array": 0, **entry}


RAW = np.arange(16, dtype=np.uint8)
DAMAGED = {
    "another size": array(dtype="<u2", shape=[9]),
    "a negative shape": array(dtype="<u2", shape=[-4, -2]),
    "a huge shape": array(dtype="<u2", shape=[2**62, 2**62]),
    "no shape": array(dtype="<u2"),
    "objects": array(dtype="|O", shape=[2]),
    "structures": array(dtype="V8", shape=[2]),
    "values of 0 bytes": array(dtype="<U0", shape=[2**28]),
    "one value of 0 bytes": array(dtype="|S0", shape=[]),
    "two numbers": array(dtype="<f8,<f8", shape=[1]),
    "a number and an object": array(dtype="<f8,O", shape=[1]),
    "a matrix as a type": array(dtype="<f4,(2)f4", shape=[1]),
    "a size that is True": array(dtype="<u8", shape=[True, 2]),
    "a size that is not a list": array(dtype="<u8", shape="2"),
    "a type of code": array(dtype=["f4"], shape=[2]),
    "an absent array": {"type": "array", "array": 7},
    "twice": [array(dtype="|u1", shape=[16]), array(dtype="|u1", shape=[16])],
    "no text": array(dtype="<U4", shape=[1]),
    "unhashable": {"type": "set", "items": [[1]]},
    "an unhashable key": {"type": "dict", "keys": [[1]], "items": [1]},
    "fewer keys": {"type": "dict", "keys": [], "items": [1]},
    "no number": {"type": "float", "value": "1e5"},
    "no bytes": {"type": "bytes", "value": "\u0100"},
    "complex": {"type": "complex", "items": ["1", "2"]},
    "fewer objects": {"type": "objects", "shape": [3], "items": [1]},
    "another type": {"type": ["dict"], "items": []},
    "no type": {"items": []},
    "deep": None,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_attribute_is_refused(name, tmp_path):
    value = DAMAGED[name]
    if name == "deep":
        value = []
        for _ in range(500):
            value = [value]
    arrays = {"own:0": RAW[:0] if "0 bytes" in name else RAW} if "array" in str(value) else {}
    vectors = {"vectors": np.zeros((0, 2), np.float32)} | native.pack_words([])
    metadata = {"attributes": {}, "strict": False, "own": {"": {"a": value}}}
    native.write(tmp_path / "f", "vectors", vectors | arrays, metadata)
    with pytest.raises(FormatError):
        KeyedVectors.load(tmp_path / "f")


def test_what_decode_takes_is_what_collect_makes():
    kv = KeyedVectors(2)
    kv.value = {"a": (1, [2.5, float("nan")], np.arange(3))}
    parts, arrays, lost = own.collect(kv, {"": vars(KeyedVectors(2))})
    assert lost == {"": {}}
    found = own.decode(parts, arrays)[""]["value"]["a"]
    assert found[0] == 1 and found[1][0] == 2.5 and found[1][1] != found[1][1]
    assert found[2].tolist() == arrays["own:0"].tolist()
