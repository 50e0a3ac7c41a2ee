"""The native files of models of links: their matrices, names, known links and parameters."""

from typing import Any

from fastsgns import rules
from fastsgns.formats import faults, kinds, saving
from fastsgns.formats.schema import RATE, REAL, STATE, Array, Content, Schema, Value, When, Words
from fastsgns.matrices import Matrices
from fastsgns.models.links.base import check_savable
from fastsgns.models.links.growth import Locks
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.training import Rest, layout_of, normalize_parameters
from fastsgns.training import unfinished

INT, NUMBER = Value(int), Value(REAL)
FLAG = Value((bool, int))
OPTIONAL = Value((int, type(None)))
BETWEEN_0_AND_1 = rules.real("numbers from 0 to 1", lambda value: 0 <= value <= 1)
OPTIONAL_RATE = Value((*REAL, type(None)), rules.real("finite numbers and None", none=None))


def save(model: Any, path: Any, schema: Schema) -> None:
    """Write a NodeEmbedding or PairEmbedding; see their `save`."""
    check_savable(model)
    normalize_parameters(model)
    saving.save(path, schema, model)


def _build(cls: Any, content: Content) -> Any:
    model, arrays = content.model, content.arrays
    vectors = {role: array for role, array in arrays.items() if role in ("input", "output")}
    names = content.words["source_"], content.words.get("target_", content.words["source_"])
    model.set_arrays(Matrices(vectors, layout_of(model), arrays.get("bias")), *names)
    model.source_prior, model.target_prior = arrays.get("source_prior"), arrays.get("prior")
    model.balance = arrays.get("balance")
    model.direction_weight = content.values["direction_weight"]
    model.is_directed = content.values["is_directed"]
    model.source_counts = arrays.get("source_counts")
    model.target_counts = arrays.get("target_counts")
    if "known_offsets" in arrays:
        model.known = KnownLinks(arrays["known_offsets"], arrays["known_targets"])
    if model.unfinished is not None:
        model.rest = _rest(content)
    return model


def _rest(content: Content) -> Rest:
    """Return what `resume` needs of the arrays of a file."""
    arrays, former = content.arrays, None
    if "former_offsets" in arrays:
        former = KnownLinks(arrays["former_offsets"], arrays["former_targets"])
    sources, targets = arrays.get("source_factors"), arrays.get("target_factors")
    is_shared = content.model.names_are_shared
    return Rest(former, Locks(sources, sources if is_shared else targets))


def fault_of_known(content: Content, n_targets: int, name: str = "known") -> str | None:
    """Return what is wrong with the known links of a file, or None."""
    offsets, targets = (content.arrays.get(f"{name}_{part}") for part in ("offsets", "targets"))
    if offsets is None and targets is None:
        return None
    if offsets is None or targets is None:
        return f"it holds only one of {name}_offsets and {name}_targets"
    fault = faults.of_offsets(f"{name}_offsets", offsets, len(targets))
    return fault or faults.of_ids(f"{name}_targets", targets, n_targets)


def _known(index: int) -> Any:
    return lambda model: None if model.known is None else model.known[index]


def _former(index: int) -> Any:
    return lambda model: None if model.rest.former is None else model.rest.former[index]


def _factors(index: int) -> Any:
    """Return a source of the factors of a side; None if they are those of the sources."""
    return lambda model: None if index and model.names_are_shared else model.rest.locks[index]


def _schema(
    kind: str, sources: str, targets: str, words: dict[str, Words], parameters: dict[str, Value]
) -> Schema:
    """Return the table of one kind; `sources` and `targets` are the symbols of their numbers."""
    rows = f"{targets}, dimensions"
    two = When("matrices", lambda content: not layout_of(content.model).shares_one_matrix)
    biased = When("matrices", lambda content: layout_of(content.model).has_word_bias)
    return Schema(
        kind,
        arrays={
            "input": Array("float32", f"{sources}, dimensions", _array_of("input")),
            "output": Array("float32", rows, _array_of("output"), two),
            "bias": Array("float32", targets, "arrays.bias", biased),
            "source_prior": Array("float32", sources, is_optional=True),
            "prior": Array("float32", targets, "target_prior", is_optional=True),
            "balance": Array("float32", sources, is_optional=True),
            "source_counts": Array("float64", sources, is_optional=True, fault=faults.negative),
            "target_counts": Array("float64", targets, is_optional=True, fault=faults.negative),
            "known_offsets": Array("int64", f"{sources} + 1", _known(0), is_optional=True),
            "known_targets": Array("int32", "links", _known(1), is_optional=True),
            "former_offsets": Array("int64", f"{sources} + 1", _former(0), is_optional=True),
            "former_targets": Array("int32", "former_links", _former(1), is_optional=True),
            "source_factors": Array("float32", sources, _factors(0), is_optional=True),
            "target_factors": Array("float32", targets, _factors(1), is_optional=True),
        },
        values={
            "parameters": parameters,
            "state": STATE | {"unfinished": unfinished.VALUE},
            "direction_weight": Value(REAL, BETWEEN_0_AND_1, default=0.0),
            "is_directed": Value((bool, type(None)), default=None),
        },
        build=_build,
        words=words,
        construct=kinds.constructor(kind),
        fault=lambda content: (
            fault_of_known(content, content.sizes[targets])
            or fault_of_known(content, content.sizes[targets], "former")
        ),
        set_by_build=(
            "source", "target", "arrays", "known", "source_prior", "target_prior", "balance",
            "direction_weight", "is_directed", "source_counts", "target_counts", "rest",
        ),
    )  # fmt: skip


def _array_of(role: str) -> Any:
    return lambda model: model.arrays.vectors.get(role)


def _metapath(name: str, value: Any) -> Any:
    for part in value or []:
        types = part if isinstance(part, list) else [part]
        if not all(isinstance(kind, (str, int)) for kind in types):
            raise TypeError(f"{name} is {value!r:.80}; a file has lists of str and int")
    return value


NODE_PARAMETERS = {
    "dimensions": INT, "walk_length": OPTIONAL, "num_walks": OPTIONAL, "window_size": OPTIONAL,
    "p": NUMBER, "q": NUMBER, "walks": Value((str, type(None))), "matrices": Value(str),
    "negative": INT, "alpha": OPTIONAL_RATE, "min_alpha": RATE, "epochs": INT,
    "ns_exponent": NUMBER, "sample": NUMBER, "shrink_windows": FLAG, "stop": NUMBER, "joint": FLAG,
    "negative_sharing": Value(str), "workers": OPTIONAL, "seed": OPTIONAL,
    "compute_loss": FLAG, "task": Value(str, default="links"),
    "check": Value((bool, int), default=True),
    "metapath": Value((list, type(None)), _metapath, default=None),
    "strict_times": Value((bool, int), default=False),
    "deterministic": Value((bool, int), default=False),
}  # fmt: skip
PAIR_PARAMETERS = {
    "dimensions": INT, "negative": INT, "alpha": OPTIONAL_RATE, "min_alpha": RATE, "epochs": INT,
    "ns_exponent": NUMBER, "shuffle": FLAG, "negative_sharing": Value(str),
    "workers": OPTIONAL, "seed": OPTIONAL, "compute_loss": FLAG,
    "deterministic": Value((bool, int), default=False),
}  # fmt: skip
NODE_NAMES = {"source_": Words("nodes", "source.index_to_key")}
PAIR_NAMES = {
    "source_": Words("sources", "source.index_to_key"),
    "target_": Words("targets", "target.index_to_key"),
}
NODES = _schema("nodes", "nodes", "nodes", NODE_NAMES, NODE_PARAMETERS)
PAIRS = _schema("pairs", "sources", "targets", PAIR_NAMES, PAIR_PARAMETERS)
