"""The native files of models of links: their matrices, names, known links and parameters."""

from typing import Any

from fastsgns import rules
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import REAL, Array, Content, Schema, Value, When, Words, numbers
from fastsgns.matrices import Matrices, MatrixLayout

FLAG = (bool, int)
INT_OR_NONE = (int, type(None))


def save(model: Any, path: Any, schema: Schema) -> None:
    """Write a NodeEmbedding or PairEmbedding; see their `save`."""
    model._check_learned()
    model._check_roles()
    saving.save(path, schema, model)


def _layout(content: Content) -> MatrixLayout:
    return MatrixLayout.of(content.made.matrices, "word")


def _build(cls: Any, content: Content) -> Any:
    model, arrays = content.made, content.arrays
    vectors = {role: array for role, array in arrays.items() if role in ("input", "output")}
    model._matrices = Matrices(vectors, _layout(content), arrays.get("bias"))
    model._show(content.words["source_"], content.words.get("target_", content.words["source_"]))
    model.target_prior, model.target_counts = arrays.get("prior"), arrays.get("target_counts")
    if "known_offsets" in arrays:
        model.known = arrays["known_offsets"], arrays["known_targets"]
    return model


def fault_of_known(content: Content, n_targets: int) -> str | None:
    """Say what is wrong with the known links of a file, if it has any."""
    offsets, targets = (content.arrays.get(f"known_{name}") for name in ("offsets", "targets"))
    if offsets is None and targets is None:
        return None
    if offsets is None or targets is None:
        return "it holds only one of known_offsets and known_targets"
    return faults.of_offsets("known_offsets", offsets, len(targets)) or faults.of_ids(
        "known_targets", targets, n_targets
    )


def _part(index: int) -> Any:
    return lambda model: None if model.known is None else model.known[index]


def _schema(
    kind: str, sources: str, targets: str, words: tuple[Words, ...], parameters: tuple[Value, ...]
) -> Schema:
    """Return the table of one kind; `sources` and `targets` are the symbols of their numbers."""

    def fault(content: Content) -> str | None:
        counts = content.arrays.get("target_counts")
        return fault_of_known(content, content.sizes[targets]) or (
            None if counts is None else faults.of_numbers("target_counts", counts)
        )

    return Schema(
        kind,
        arrays=(
            Array(
                "input", "float32", (sources, "dimensions"), lambda m: m._matrices.vectors["input"]
            ),
            Array(
                "output",
                "float32",
                (targets, "dimensions"),
                lambda m: m._matrices.vectors.get("output"),
                When("matrices", lambda content: not _layout(content).shares_one_matrix),
            ),
            Array(
                "bias",
                "float32",
                (targets,),
                lambda m: m._matrices.bias,
                When("matrices", lambda content: _layout(content).has_word_bias),
            ),
            Array("prior", "float32", (targets,), "target_prior", is_optional=True),
            Array("target_counts", "float64", (targets,), is_optional=True),
            Array("known_offsets", "int64", (f"{sources} + 1",), _part(0), is_optional=True),
            Array("known_targets", "int32", ("links",), _part(1), is_optional=True),
        ),
        values={
            "parameters": parameters,
            "state": (
                Value("epochs_trained", int),
                Value("epochs_begun", int),
                Value("epoch_losses", list, numbers),
            ),
        },
        build=_build,
        words=words,
        make=kinds.maker(kind, ("alpha", "min_alpha")),
        checks=(fault,),
        shown=("source", "target", "target_prior", "target_counts", "known"),
    )


NODES = _schema(
    "nodes",
    "nodes",
    "nodes",
    (Words("source_", "nodes", "source.index_to_key"),),
    (
        Value("dimensions", int),
        Value("walk_length", INT_OR_NONE),
        Value("num_walks", INT_OR_NONE),
        Value("window_size", int),
        Value("p", REAL),
        Value("q", REAL),
        Value("walks", (str, type(None))),
        Value("matrices", str),
        Value("negative", int),
        Value("alpha", REAL, rules.ANY_NUMBER),
        Value("min_alpha", REAL, rules.ANY_NUMBER),
        Value("epochs", int),
        Value("ns_exponent", REAL),
        Value("sample", REAL),
        Value("shrink_windows", FLAG),
        Value("stop", REAL),
        Value("joint", FLAG),
        Value("negative_sharing", str),
        Value("workers", INT_OR_NONE),
        Value("seed", INT_OR_NONE),
        Value("compute_loss", FLAG),
    ),
)
PAIRS = _schema(
    "pairs",
    "sources",
    "targets",
    (
        Words("source_", "sources", "source.index_to_key"),
        Words("target_", "targets", "target.index_to_key"),
    ),
    (
        Value("dimensions", int),
        Value("negative", int),
        Value("alpha", REAL, rules.ANY_NUMBER),
        Value("min_alpha", REAL, rules.ANY_NUMBER),
        Value("epochs", int),
        Value("ns_exponent", REAL),
        Value("shuffle", FLAG),
        Value("negative_sharing", str),
        Value("workers", INT_OR_NONE),
        Value("seed", INT_OR_NONE),
        Value("compute_loss", FLAG),
    ),
)
