"""Edge lists: every cut into ranges and blocks gives the same graph; bad lines are named."""

import bz2
import csv
import gzip
import lzma
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsgns.cli import main
from fastsgns.corpus import ranges
from fastsgns.errors import DamagedError, FormatError
from fastsgns.graph import files
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links import HOPE
from fastsgns.models.links.nodes import NodeEmbedding

PARALLEL = (1, 3)
PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
TEXT = (
    "# comment\n% another\n  # indented\n\nann bob\n  bob\tcem  \r\nbob ann\nann bob\n"
    "élan  naïve-and-longer-than-sixteen-bytes\n \t\ncem cem"
)


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes, name: str = "edges.txt") -> Path:
        path = tmp_path / name
        data = text.encode() if isinstance(text, str) else text
        path.write_bytes(PACK[path.suffix if path.suffix in PACK else ""](data))
        return path

    return write


def content(graph: DirectedGraph) -> tuple:
    return graph.names, list(graph.edges())


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_each_cut_gives_the_same_graph(suffix, mark, write, monkeypatch):
    sources = ["ann", "bob", "bob", "ann", "élan", "cem"]
    targets = ["bob", "cem", "ann", "bob", "naïve-and-longer-than-sixteen-bytes", "cem"]
    wanted = content(DirectedGraph.from_edges(sources, targets))
    path = write(mark + TEXT, "edges.txt" + suffix)
    for size in (1, 2, 7, 30, 1 << 20):
        monkeypatch.setattr(ranges, "RANGE_BYTES", size)
        monkeypatch.setattr(files, "BLOCK_BYTES", max(size, 3))
        for workers in PARALLEL:
            assert content(DirectedGraph.from_file(path, workers=workers)) == wanted


def test_weights_of_all_forms(write):
    path = write("a b 1\na c -2.5\nb c 1e-3\nc a +4E2\nc b 0.1234567890123456789\nd a 0\n")
    graph = DirectedGraph.of(path)
    weights = {(s, t): w for s, t, w in graph.edges()}
    wanted = {"ab": 1, "ac": -2.5, "bc": 1e-3, "ca": 400, "cb": 0.12345679}
    assert weights == {tuple(ends): float(np.float32(w)) for ends, w in wanted.items()}
    assert "d" in graph.names
    assert DirectedGraph.from_file(path, weighted=False).out_weights is None


def test_several_files_are_one_graph(write):
    paths = [write("a b\nb c", "one"), write("c a\na b\n", "two.gz")]
    graph = DirectedGraph.from_file(paths)
    assert set(graph.edges()) == {("a", "b", 2), ("b", "c", 1), ("c", "a", 1)}


def test_errors_survive_pickling(write):
    for text in (b"a\n", b"\xff b\n"):
        with pytest.raises(ValueError, match="line 1") as caught:
            DirectedGraph.of(write(text))
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_delimiter_lets_names_hold_white_space(write):
    path = write("from,to,km\nNew York, Los\u00a0Angeles ,4000\n a\tb ,New York,2\r\n\n#x,y,z\n")
    graph = DirectedGraph.from_file(path, delimiter=",", skip_lines=1)
    assert set(graph.edges()) == {("New York", "Los\u00a0Angeles", 4000), ("a\tb", "New York", 2)}


def test_comments_and_further_columns_are_as_wished(write):
    path = write("#a b 1 99\n;c d 2 98\n")
    graph = DirectedGraph.from_file(path, comments=";", weighted=True)
    assert list(graph.edges()) == [("#a", "b", 1)]
    assert DirectedGraph.from_file(path, comments="", weighted=False).n_edges == 2


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", " \r\n", "\ufeff"])
def test_files_without_edges_are_graphs_without_nodes(text, write):
    assert DirectedGraph.of(write(text)).n_nodes == 0


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a b\n\nc\n", 3, "a column is missing.*'c'"),
        ("# x\na b c d\n", 2, "more than three columns"),
        ("a b\na b 1\n", 2, "there are 3 columns, but 2 in .*edges.*, line 1.*weighted=False"),
        ("a b 1\na b\n", 2, "there are 2 columns, but 3 in .*edges.*, line 1"),
        ("a b 1\na b x\nc d 1\n", 2, "not a number.*'a b x'"),
        ("a b 1\na b nan\n", 2, "not finite"),
        ("a b 1\na b 1e39\n", 2, "not finite"),
        ("a b {}\n", 1, "not a number"),
    ],
)
def test_bad_lines_are_named(suffix, text, line, words, write, monkeypatch):
    path = write(text, "edges" + suffix)
    for size in (1, 4, 1 << 20):
        monkeypatch.setattr(ranges, "RANGE_BYTES", size)
        monkeypatch.setattr(files, "BLOCK_BYTES", max(size, 3))
        with pytest.raises(FormatError, match=rf"edges.*, line {line}: .*{words}"):
            DirectedGraph.from_file(path, workers=1)


def test_bad_lines_are_counted_with_those_skipped(write):
    path = write("head,er\nmore\na,b,1\n,b,1\n")
    with pytest.raises(FormatError, match=r"line 4: a column is missing"):
        DirectedGraph.from_file(path, delimiter=",", skip_lines=2)
    with pytest.raises(FormatError, match=r"line 1: a name contains a control"):
        DirectedGraph.from_file(write("a\x1fb,c\n"), delimiter=",")


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("size", [3, 1 << 20])
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("1, 2\n2, 3\n3, 1\n", 1, r'delimiter=","'),
        ("1 2\n2 ,3\n", 2, r'delimiter=" "'),
        ("1 , 2\n", 1, "comma"),
        ("# x\n1; 2; 0.5\n", 2, "semicolon"),
        ("1 2, 0.5\n", 1, "comma"),
        ("1 2\n\ufeff2 3\n", 2, "byte order mark"),
    ],
)
def test_signs_of_another_form_are_refused(suffix, size, text, line, words, write, monkeypatch):
    monkeypatch.setattr(ranges, "RANGE_BYTES", size)
    monkeypatch.setattr(files, "BLOCK_BYTES", max(size, 3))
    with pytest.raises(FormatError, match=rf"edges.*, line {line}: .*{words}"):
        DirectedGraph.of(write(text, "edges" + suffix), workers=1)


def test_the_advice_against_another_form_helps(write):
    spaced = write("1, 2\n2, 3\n3, 1\n")
    assert set(DirectedGraph.of(spaced, delimiter=",").names) == {"1", "2", "3"}
    assert set(DirectedGraph.of(spaced, delimiter=" ").names) == {"1,", "2,", "3,", "1", "2", "3"}


def test_of_several_files_the_one_that_differs_is_named(write, monkeypatch):
    """Whatever thread is first, and wherever a file is cut."""
    plain, weighted = write("a b\nb c\n" * 50, "plain"), write("\nc d 2\n" * 50, "weighted")
    for size in (7, 1 << 20):
        monkeypatch.setattr(ranges, "RANGE_BYTES", size)
        for one, other, line in ((plain, weighted, 2), (weighted, plain, 1)):
            counts = ("3 columns, but 2", "2 columns, but 3")[one is weighted]
            message = rf"{other}, line {line}: there are {counts} in {one}, line {3 - line}; give a"
            for workers in (1, 2, 3):
                with pytest.raises(FormatError, match=message):
                    DirectedGraph.from_file([one, one, other], workers=workers)
    mixed = write("a b\n" * 9 + "a b 1\n" + "a b\n" * 9, "mixed")
    for size in range(1, 60, 3):
        monkeypatch.setattr(ranges, "RANGE_BYTES", size)
        with pytest.raises(FormatError, match=r"mixed, line 10: there are 3 columns, but 2 in"):
            DirectedGraph.of(mixed, workers=3)
    assert DirectedGraph.from_file([plain, weighted], weighted=False).n_edges == 3


DELIMITERS_OF_CSV = (",", ";", "\t")
CSV = [  # text, delimiter, names
    ('"a","b"\n', ",", ["a", "b"]),
    ('"Lee, A" , "Orr ""Bo"" B"\r\n', ",", ["Lee, A", 'Orr "Bo" B']),
    ('" a ",b\n', ",", [" a ", "b"]),
    ('"a\tb"\t"c"\n', "\t", ["a\tb", "c"]),
    ('New York;"Los Angeles"\n', ";", ["New York", "Los Angeles"]),
    ('a"b,c""d\n', ",", ['a"b', 'c""d']),
    ('"New York" Boston\n', None, ["New York", "Boston"]),
    ('"New York" "x ""y"""\n', None, ["New York", 'x "y"']),
    ('"New York" Boston\n', " ", ["New York", "Boston"]),
    ('" x\n', None, ['"', "x"]),
    ('" " x\n', None, None),
    ('"x y\n', None, ['"x', "y"]),
    ('"a"b c\n', None, ['"a"b', "c"]),
    ('"" x\n', None, ['""', "x"]),
    ('"#a",b\n', ",", ["#a", "b"]),
]


@pytest.mark.parametrize(("text", "delimiter", "names"), CSV)
def test_quotes_around_a_column_are_not_part_of_it(text, delimiter, names, write, monkeypatch):
    path = write(text)
    monkeypatch.setattr(ranges, "RANGE_BYTES", 2)
    if names is None:
        with pytest.raises(FormatError, match="line 1: "):
            DirectedGraph.of(path, delimiter=delimiter)
        return
    assert DirectedGraph.of(path, delimiter=delimiter).names == names
    if delimiter in DELIMITERS_OF_CSV:
        rows = list(csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True))
        assert [name.strip() for name in names] == [name.strip() for name in rows[0]]
    weighted = write(text.rstrip() + f'{delimiter or " "}"2.5"\n', "weighted")
    assert DirectedGraph.of(weighted, delimiter=delimiter).out_weights.tolist() == [2.5]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(*[st.text('ab",; \t#', min_size=1).map("x{}y".format)] * 2), min_size=1),
    st.sampled_from([*"\t,; "]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_python_writes_as_csv_is_read(tmp_path_factory, edges, delimiter, quoting):
    path = tmp_path_factory.getbasetemp() / "written.txt"
    with open(path, "w", newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=quoting).writerows(edges)
    graph = DirectedGraph.of(path, delimiter=delimiter, skip_lines=0, workers=1)
    assert content(graph) == content(DirectedGraph.of(edges))
    if delimiter == " " and quoting == csv.QUOTE_ALL:
        assert content(DirectedGraph.of(path, skip_lines=0)) == content(graph)


def test_quotes_that_are_not_closed_are_faults_or_names(write):
    for text in ('a,"b\nc"\n', '"a"b,c\n', 'a,b,"1\n'):
        path = write(text)
        with pytest.raises(FormatError, match=r"line 1: a quote opens .*quotes=False.*read_csv"):
            DirectedGraph.of(path, delimiter=",")
    assert DirectedGraph.of(write('"a,b"\n'), delimiter=",", quotes=False).names == ['"a', 'b"']
    assert DirectedGraph.of(write('"a" "b"\n'), quotes=False).names == ['"a"', '"b"']


def test_the_suffix_of_a_name_tells_the_delimiter(write):
    for name, text in (("x.csv", "New York,b\n"), ("x.TSV.gz", "New York\tb\n")):
        text = gzip.compress(text.encode()) if name.endswith("gz") else text
        path = write("", name.lower()).with_name(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert DirectedGraph.of(path).names == ["New York", "b"]
    for text, advice in (("a b\n", '" "'), ("a;b\n", '";"'), ("a\tb\n", '"\\\\t"')):
        path = write(text, "other.csv")
        with pytest.raises(FormatError, match=rf"line 1: a column is missing.*delimiter={advice}"):
            DirectedGraph.of(path)
        assert DirectedGraph.of(path, delimiter=text[1]).n_nodes == 2
    path = write("a;b;0,5\n", "other.csv")
    with pytest.raises(FormatError, match=r"line 1: .*means that a comma .*contains a semicolon"):
        DirectedGraph.of(path)
    assert DirectedGraph.of(path, delimiter=",").names == ["a;b;0", "5"]


@pytest.mark.parametrize("title", ["", '""', "Unnamed: 0"])
@pytest.mark.parametrize("lines", [0, 1])
def test_an_index_is_not_a_column_of_nodes(title, lines, write):
    path = write("# edges\n" * lines + f"{title},source,target\n0,7,8\n1,8,9\n", "frame.csv")
    for options in ({}, {"skip_lines": lines + 1}, {"weighted": False}):
        with pytest.raises(FormatError, match=rf"line {lines + 1}: the first column is empty.*ind"):
            DirectedGraph.of(path, **options)


def test_names_of_rows_are_not_nodes(write):
    """Of R's write.table, whose header has no title for them."""
    for delimiter, quote in ((None, '"'), (",", ""), ("\t", '"')):
        mark = delimiter or " "
        rows = [["source", "target"], ["1", "5", "6"], ["2", "6", "7"]]
        path = write("".join(mark.join(quote + c + quote for c in row) + "\n" for row in rows))
        for options in ({}, {"skip_lines": 1}):
            with pytest.raises(FormatError, match=r"line 2: there is one column more.*row.names"):
                DirectedGraph.of(path, delimiter=delimiter, **options)
        weighted = DirectedGraph.of(path, delimiter=delimiter, skip_lines=1, weighted=True)
        assert set(weighted.edges()) == {("1", "5", 6), ("2", "6", 7)}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.npy", "a b\n", "numpy.load"),
        ("x.NPZ", "a b\n", "scipy.sparse.load_npz"),
        ("x.graphml", "a b\n", "read_graphml"),
        ("x", "<?xml version='1.0'?>\n", "read_graphml"),
        ("x.gz", "\n<!DOCTYPE html>\n", "XML or HTML"),
        ("x.json", "{}\n", "JSON"),
        ("x.mtx.gz", "%%MatrixMarket\n", "mmread"),
    ],
)
def test_files_of_other_formats_are_named_with_what_reads_them(name, text, words, write):
    with pytest.raises(ValueError, match=rf"{name} is .*, not a list of edges: in Py") as caught:
        DirectedGraph.of(write(text, name))
    assert words in str(caught.value)
    assert DirectedGraph.of(write("<unk> <htmlx>\n<s> <?x\n")).n_nodes == 4


@pytest.mark.parametrize("weight", ["1_000", "1_0.5", "_1", "0x1", "1e1_0", '"1_0"', "1d3", "١"])
def test_weights_are_written_as_c_and_fortran_have_them(weight, write):
    with pytest.raises(FormatError, match="line 1: the third column is empty or not"):
        DirectedGraph.of(write(f"a,b,{weight}\n"), delimiter=",")


@pytest.mark.parametrize(
    ("text", "options", "line"),
    [
        ("source,target\nann,bob\nbob,cem\n", {"delimiter": ","}, 1),
        ("# of friends\n\nFromNodeId\tToNodeId\n1\t2\n", {}, 3),
        ("user_id item_id\nu1 i1\n", {}, 1),
        ("x;y\n1;2\n2;3\n", {"delimiter": ";"}, 1),
        ("u v w\n1 2 0.5\n2 3 1\n", {"weighted": False}, 1),
        ("Source Target\n", {}, 1),
        ('"source" "target"\n1 2\n', {}, 1),
    ],
)
def test_headers_are_not_edges(text, options, line, write):
    path = write(text)
    with pytest.raises(
        FormatError, match=rf"edges.txt, line {line}: the line looks like a header.*"
    ):
        DirectedGraph.of(path, **options)
    with pytest.raises(FormatError, match="header"):
        DirectedGraph.from_file([write("1 2\n", "other"), path], **options, workers=1)
    without = DirectedGraph.of(path, **options, skip_lines=line)
    whole = DirectedGraph.of(path, **options, skip_lines=0)
    assert (whole.n_nodes, whole.n_edges) == (without.n_nodes + 2, without.n_edges + 1)


def test_a_header_whose_third_title_is_no_number_is_called_one(write):
    path = write("source,target,km\n1,2,3\n", "x.csv")
    with pytest.raises(FormatError, match=r"line 1: the line looks like a header.*skip_lines=1"):
        DirectedGraph.of(path)
    with pytest.raises(FormatError, match="line 1: the third column is empty or not a number"):
        DirectedGraph.of(path, skip_lines=0)
    assert DirectedGraph.of(path, skip_lines=1).n_edges == 1


def test_headers_of_several_files_are_found_and_edges_are_not_taken_for_headers(write):
    paths = [write("source target\na b\n", name) for name in ("one", "two.gz")]
    with pytest.raises(FormatError, match="one, line 1: the line looks like a header"):
        DirectedGraph.from_file(paths)
    for kind in (NodeEmbedding, HOPE):  # which know no skip_lines
        with pytest.raises(FormatError, match=r"DirectedGraph\.of\(path, skip_lines=1\)"):
            kind(dimensions=1).fit(paths[0])
    for text in ("source target\ntarget sink\n", "a b\n1 2\nc 3\n", "a b\n", "from a\nb c\n"):
        assert DirectedGraph.of(write(text)).n_edges == text.count("\n")


def test_a_line_that_no_edge_has_is_refused_before_it_is_parsed(write, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 5000)
    monkeypatch.setattr(files, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(files, "_parser_buffers", _small_buffers)
    for suffix in ("", ".gz"):
        for lines in (0, 3):
            path = write("a b\n" * lines + "1 " * 50_000, "edges" + suffix)
            with pytest.raises(FormatError, match=rf"line {lines + 1}: the line is longer than"):
                DirectedGraph.from_file(path, workers=1)
    name = "x" * 4000
    assert DirectedGraph.from_file(write(f"a {name}\n" * 5)).n_nodes == 2


def _small_buffers(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    assert n <= 7000
    return np.empty(n + 2, np.uint8), np.empty(n // 3 + 1), np.empty(n // 3 + 1)


def test_the_whole_long_line_is_in_no_error(write):
    with pytest.raises(FormatError) as caught:
        DirectedGraph.of(write("a b c d " * 100_000))
    assert len(str(caught.value)) < 1000


def test_names_that_are_not_utf8(write):
    path = write(b"a \xff\xfe\nb a\n")
    with pytest.raises(
        UnicodeDecodeError, match=r"edges.txt, line 1: .*not UTF-8.*errors='replace'"
    ):
        DirectedGraph.from_file(path)
    spaced = write(b"a,b\n\nc \xff d,e\n", "spaced.gz")
    with pytest.raises(UnicodeDecodeError, match=r"spaced.gz, line 3: the word b'c .xff d'"):
        DirectedGraph.from_file(spaced, delimiter=",")
    assert "\ufffd\ufffd" in DirectedGraph.from_file(path, errors="replace").names
    with pytest.raises(ValueError, match='"replace" keeps'):
        DirectedGraph.from_file(path, errors="ignore")


def test_bad_arguments(write, tmp_path):
    path = write("a b\n")
    for options in (
        {"delimiter": "::"},
        {"delimiter": "\n"},
        {"delimiter": "é"},
        {"comments": "é"},
        {"skip_lines": -1},
        {"workers": 0},
    ):
        with pytest.raises(ValueError, match=next(iter(options))):
            DirectedGraph.from_file(path, **options)
    with pytest.raises(FileNotFoundError):
        DirectedGraph.of(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        DirectedGraph.of(tmp_path)
    with pytest.raises(ValueError, match="from_scipy"):
        DirectedGraph.of(write("%%MatrixMarket\n", "x.mtx"))
    with pytest.raises(ValueError, match="empty"):
        DirectedGraph.from_file([])
    with pytest.raises(TypeError, match="must be a path"):
        DirectedGraph.from_file([3])


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_cut_and_damaged_files_are_named(suffix, write):
    path = write("a b\n" * 1000, "edges" + suffix)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(FormatError, match="edges"):
        DirectedGraph.from_file(path)
    path.write_bytes(b"a b\n")
    with pytest.raises(DamagedError, match="damaged"):
        DirectedGraph.from_file(path)


def test_progress_ends_at_the_whole(write):
    path = write("a b\n" * 100)
    seen = []
    DirectedGraph.from_file(path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (400, 400)


def test_lines_of_any_length(write, monkeypatch):
    monkeypatch.setattr(ranges, "RANGE_BYTES", 1000)
    long = "x" * 100_000
    graph = DirectedGraph.from_file(write(f"a {long}\n#{long}\n{long} b\n"))
    assert set(graph.edges()) == {("a", long, 1), (long, "b", 1)}


def test_parallel_edges_agree_with_numpy(write, monkeypatch):
    monkeypatch.setattr(ranges, "RANGE_BYTES", 5000)
    rng = np.random.default_rng(1)
    ends, weights = rng.integers(0, 300, (5000, 2)), rng.integers(-3, 4, 5000)
    lines = (f"{s} {t} {w}\n" for (s, t), w in zip(ends.tolist(), weights.tolist()))
    path = write("".join(lines))
    wanted = DirectedGraph.from_edges(*ends.astype(str).T, weights)
    for workers in PARALLEL:
        assert content(DirectedGraph.from_file(path, workers=workers)) == content(wanted)


def textbook(text: bytes, delimiter: str | None) -> list | None:
    """Edges, by Python's own split; None: some line is not an edge."""
    edges = []
    for line in text.split(b"\n"):
        if not line.split() or line.split()[0][:1] in (b"#", b"%"):
            continue
        fields = [field.strip() for field in line.split(delimiter.encode() if delimiter else None)]
        if len(fields) not in (2, 3) or not (fields[0] and fields[1]):
            return None
        if any(b"\r" in field for field in fields[:2]):
            return None
        ends = fields[0][-1:], fields[1][:1], fields[1][-1:]
        if delimiter is None and any(end in b",;" for end in ends):
            return None
        try:
            weights = [float(field) for field in fields[2:]]
        except ValueError:
            return None
        edges.append((fields[0].decode(), fields[1].decode(), *weights))
    return edges if len({len(edge) for edge in edges}) < 2 else None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*"ab01,;#%.- \t\r\f", "a b\n", "0,1\n", "a;b;1\n", "a b -.5\n"])),
    st.sampled_from([None, ",", ";", "\t"]),
    st.integers(1, 12),
)
def test_any_text_is_read_as_python_would(tmp_path_factory, parts, delimiter, size):
    text = "".join(parts).encode()
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(text)
    wanted = textbook(text, delimiter)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "RANGE_BYTES", size)
        if wanted is None:
            with pytest.raises(FormatError, match=r"any.txt, line \d+: "):
                DirectedGraph.from_file(path, delimiter=delimiter, workers=1, skip_lines=0)
            return
        graph = DirectedGraph.from_file(path, delimiter=delimiter, workers=1, skip_lines=0)
    assert content(graph) == content(DirectedGraph.of(wanted))


@pytest.mark.parametrize(
    ("text", "delimiter", "seen", "advice", "option"),
    [
        ("1;2\n", None, "column is missing", 'delimiter=";"', "--delimiter ';'"),
        ("1;2\n", ",", "column is missing", 'delimiter=";"', "--delimiter ';'"),
        ("1\t2\n", ",", "column is missing", r'delimiter="\\t"', r"--delimiter '\\t'"),
        ("1 2,\n", None, "comma", "repair or remove", "repair or remove"),
        ("1 2,\n", ",", "column is missing", "repair or remove", "repair or remove"),
        ("1, 2, 3\n", None, "comma", 'delimiter=","', "--delimiter ,"),
        ("1 2\r3 4\r5 6\r", None, "carriage return", "to newlines", "to newlines"),
        ("1,2\r3,4\r", ",", "carriage return", "to newlines", "to newlines"),
        ('{"source": 1, "target": 2}\n', None, "JSON", "read_json", "convert"),
        ('{"source": 1, "target": 2}\n', ",", "JSON", "read_json", "convert"),
        ('{"source":1,"target":2}\n', None, "JSON", "read_json", "convert"),
        ("[1, 2]\n", None, "JSON", "read_json", "convert"),
        ("[1, 2]\n", ",", "JSON", "read_json", "convert"),
        ('"Lee, A,Orr\n', ",", "quote", "read_csv", "--no-quotes"),
        (",u,v\n0,1,2\n", ",", "first column is empty", "index=False", "without the index"),
    ],
)
def test_the_advice_on_an_edge_list_leads_to_its_edges(
    write, capsys, text, delimiter, seen, advice, option
):
    path = write(text)
    for options in ({}, {"weighted": False}):
        if text.startswith("1") and "\r" in text and options:
            continue  # further columns are ignored as wished
        with pytest.raises(FormatError, match=rf"line 1: .*{seen}.*{advice}"):
            DirectedGraph.of(path, delimiter=delimiter, **options)
    given = [] if delimiter is None else ["--delimiter", delimiter]
    assert main(["nodes", "train", str(path), "-o", str(path.with_name("m")), *given]) == 1
    assert re.search(f"{seen}.*{option}", capsys.readouterr().err)


@pytest.mark.parametrize("text", ["{a} {b}\n[c] [d]\n", "{a [b]\n", '"x y\n'])
def test_brackets_belong_to_names(write, text):
    assert set(DirectedGraph.of(write(text)).names) == set(text.split())
