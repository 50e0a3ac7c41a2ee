"""Schemas: what a table allows, and how it is said."""

from collections import Counter

import numpy as np
import pytest

from fastsgns.errors import FormatError
from fastsgns.formats import kinds, native
from fastsgns.formats.schema import Array, Schema, Value, When, Words, check, check_values, collect


class Rows:
    """Something with a list of names and an array."""

    def __init__(self, rows, has_more=False):
        self.names, self.rows, self.has_more, self.width = ["a", "b"], rows, has_more, 3


SCHEMA = Schema(
    "rows",
    arrays={
        "rows": [Array("float32", "words + 1, width, ..."), Array("int32", "3")],
        "more": Array("uint8", "n", when=When("has_more", lambda content: content.model.has_more)),
        "of:*": Array("any", "words, ...", lambda thing: {"x": np.zeros(2)}),
    },
    values={"strict": Value(bool, default=False), "parameters": {"has_more": Value(bool)}},
    build=lambda cls, content: content,
    words={"": Words(source="names")},
    construct=lambda cls, values: cls(None, values["parameters"]["has_more"]),
    fault=lambda content: "rows are odd" if content.arrays["rows"].sum() % 2 else None,
)
METADATA = {"strict": True, "parameters": {"has_more": False}, "format": 1, "kind": "rows"}
WORDS = native.pack_words(["a", "b"])


@pytest.mark.parametrize(
    "rows", [np.zeros((3, 3), np.float32), np.zeros((3, 3, 1), np.float32), np.zeros(3, np.int32)]
)
def test_a_file_is_as_one_of_the_alternatives(rows):
    content = check(SCHEMA, Rows, {"rows": rows, "of:x": np.zeros(2), **WORDS}, METADATA)
    assert content.words[""] == ["a", "b"] and content.sizes["words"] == 2
    assert content.values == {"strict": True, "parameters": {"has_more": False}}


@pytest.mark.parametrize(
    "arrays, parameters, match",
    [
        (
            {"rows": np.zeros((2, 3), np.float32)},
            {},
            r"rows is of shape \(2, 3\) and float32; allowed is "
            r"\(words \+ 1, width, \.\.\.\) and float32 or \(3\) and int32, "
            r"where width=3 and words=2",
        ),
        ({"rows": np.zeros(3, np.int64)}, {}, "of shape .* and int64"),
        ({"rows": np.ones(3, np.int32)}, {}, "rows are odd"),
        ({"of:x": np.zeros(3)}, {}, "of:x is of shape"),
        ({"novel": np.zeros(3)}, {}, "holds an array 'novel', which this release does not"),
        ({"more": np.zeros(3)}, {}, "holds an array 'more', which has_more=False does not have"),
        ({}, {"has_more": True}, "holds no array 'more', which has_more=True needs"),
        (native.pack_words(["a", "a"]), {}, "'a' is there twice; allowed is each of the words"),
    ],
)
def test_what_a_table_does_not_allow_is_named(arrays, parameters, match):
    whole = {"rows": np.zeros(3, np.int32), **WORDS, **arrays}
    with pytest.raises(FormatError, match=match):
        check(SCHEMA, Rows, whole, METADATA | {"parameters": {"has_more": False} | parameters})


def test_what_is_collected_is_what_is_checked():
    thing = Rows(np.zeros((3, 3), np.float32))
    thing.strict, thing.parameters = True, None
    schema = Schema(**vars(SCHEMA) | {"arrays": {**SCHEMA.arrays, "more": Array("any", "n", str)}})
    arrays, metadata = collect(schema, thing)
    assert arrays["rows"] is thing.rows and arrays["of:x"].tolist() == [0, 0]
    assert metadata == {"strict": True, "parameters": {"has_more": False}}


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


FREE = {  # sizes that a single array has, and nothing else
    "vectors": {"vector_size", "output_size"}, "corpus": {"sentences", "tokens"},
    "subword vectors": {"n_rows", "output_size"}, "fasttext": {"own_rows"},
    "nodes": {"links", "former_links"}, "pairs": {"links", "former_links"},
    "node factors": {"links"},
}  # fmt: skip


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_each_symbol_of_a_shape_has_one_value(kind):
    """A symbol that is misspelt would check nothing."""
    schema = kinds.schema_of(kind)
    symbols = Counter()
    for entries in schema.arrays.values():
        shapes = [e.shape for e in (entries if isinstance(entries, list) else [entries])]
        symbols.update({s.split(" ")[0] for shape in shapes for s in shape.split(", ")})
    known = {words.size for words in schema.words.values()} | FREE.get(kind, set())
    for part in schema.values.values():
        known |= set(part) if isinstance(part, dict) else set()
    unknown = {symbol for symbol, n in symbols.items() if n < 2} - known
    assert not {symbol for symbol in unknown if not symbol.isdigit() and symbol != "..."}
