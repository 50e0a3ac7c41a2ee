"""Parts of text files, without a cluster: the counts and ids are those of one machine."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.selection import select
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.distributed import parts
from fastsgns.distributed.parts import Part, cut_files
from fastsgns.distributed.text import NodeText
from fastsgns.distributed.words import WordIds, add_tables, join_tables
from fastsgns.errors import FormatError, NotUTF8Error


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(parts, "PART_BYTES", (200, 200))
    pick = random.Random(3)
    lines = [
        b" ".join(pick.choices([b"a", b"b", b"cc", b"d\xc3\xa9", b"e"], k=pick.randrange(12)))
        for _ in range(200)
    ]
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"z a z\n\nzz\n"))
    (tmp_path / "long").write_bytes(b"x y " * 300 + b"\n" + b"w\n" * 50)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf")
    return [str(tmp_path / name) for name in ("a", "b.gz", "empty", "bom", "long")]


def test_parts_are_whole_lines_and_all_of_them(texts: list[str]):
    of_a = [part for part in cut_files(texts, 3) if part.path == texts[0]]
    text = Path(texts[0]).read_bytes()
    pieces = [text[part.start : part.stop] for part in of_a]
    assert len(pieces) > 10
    assert b"".join(pieces) == text[3:]
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])


@pytest.mark.parametrize(
    ("name", "place", "text", "message"),
    [
        ("a", 0, b"abc" * 1000, r"a has 3,000 bytes on the machine '.+', and had [\d,]+ where it"),
        ("a", 3, b"?", r"a has other text from byte 3 on, on the machine '.+', than where it was"),
        ("a", 900, b"?", r"a has other text from byte [1-9]\d\d on, on the machine"),
        ("b.gz", 4, b"?", r"b\.gz has other text from byte 0 on, on the machine"),
        ("a", 0, None, r"No such file or directory on the machine '.+': '.+a'"),
    ],
)
def test_other_files_of_a_machine_are_noticed_when_it_gets_a_part(
    texts: list[str], tmp_path: Path, name: str, place: int, text: bytes | None, message: str
):
    numbered = [each for each in enumerate(cut_files(texts, 1)) if each[1].path.endswith(name)]
    path, before = tmp_path / name, (tmp_path / name).read_bytes()
    if text is None:
        path.unlink()
    elif len(text) == 1:
        path.write_bytes(before[:place] + text + before[place + 1 :])
    else:
        path.write_bytes(text)
    with pytest.raises((FormatError, FileNotFoundError), match=message):
        NodeText(1).scan(0, numbered)


@pytest.mark.parametrize("n_nodes", [1, 3])
def test_counts_and_ids_are_those_of_one_machine(texts: list[str], n_nodes: int):
    numbered = list(enumerate(cut_files(texts, n_nodes)))
    nodes = [NodeText(workers=2) for _ in range(n_nodes)]
    sizes = {}
    for i, node in enumerate(nodes):
        sizes |= node.scan(i, numbered[i::n_nodes])
    divided = [node.table([i]).divided(n_nodes) for i, node in enumerate(nodes)]
    counted = join_tables([add_tables(column) for column in zip(*divided)]).vocabulary()

    whole = EncodedCorpus.from_files(texts)
    assert counted.words == whole.vocabulary.words
    assert counted.counts.tolist() == whole.vocabulary.counts.tolist()
    assert sum(size.n_tokens for size in sizes.values()) == whole.n_raw_tokens
    assert sum(size.n_sentences for size in sizes.values()) == whole.n_raw_sentences

    chosen = select(counted, 20).vocabulary
    words = WordIds.of(chosen)
    for node in nodes:
        sizes |= node.encode(words)
    encoded = whole.restrict(chosen)
    slices = [
        nodes[number % n_nodes].around(number, 0, sizes[number].n_tokens, 9)
        for number, _ in numbered
        if sizes[number].n_tokens
    ]
    assert np.array_equal(np.concatenate([each.ids for each in slices]), encoded.ids)
    lengths = np.concatenate([np.diff(each.offsets) for each in slices])
    assert np.array_equal(lengths, np.diff(encoded.offsets))


def test_a_batch_of_which_nobody_knows_is_not_counted(texts: list[str]):
    numbered = list(enumerate(cut_files(texts, 1)))
    node = NodeText(2)
    node.scan(1, numbered)
    node.scan(2, numbered[:3])
    node.scan(3, numbered[3:])
    counted = node.table([2, 3]).sorted().vocabulary()
    whole = EncodedCorpus.from_files(texts).vocabulary
    assert counted.words == whole.words
    assert counted.counts.tolist() == whole.counts.tolist()


def test_words_that_no_text_has_are_left_out():
    words = WordIds.of(Vocabulary(["a", 7, "", "b c", "\ud800", ("a",), "d"], [1] * 7))
    assert words.ids.tolist() == [0, 4, 6]
    assert words.find(b"d\nx\na\n", 3).tolist() == [6, -1, 0]


def test_a_text_that_is_not_utf8_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "text").write_bytes(b"a b\n" * 5 + b"c \xff d\n")
    with pytest.raises(NotUTF8Error, match="text, line 6"):
        NodeText(1).scan(0, [(0, Part(str(tmp_path / "text"), 0, 26))])
