"""The bench: what its sub-commands are made of, and the report."""

import doctest
import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

MARKED = "before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n"


pytestmark = pytest.mark.usefixtures("bench_importable")


def a_run(command, **flags):
    return {
        "machine": {"cpu": "A processor", "usable_cores": 2},
        "versions": {"fastsgns": "1", "gensim": "4", "fastsgns_code": "c", "fastsgns_kernel": "k"},
        "flags": {"command": command, "sg": 1, "rounds": 2, **flags},
        "corpus": {"name": "text.txt", "bytes": 9, "tokens": 1000},
    }


def write_speed(path):
    results = [
        {"run": 0, "round": n_round, "side": side, "package": side.split("-")[0], "feed": "file",
         "sharing": sharing, "kernel": None, "dim": 100, "workers": 1, "n_words": 1000,
         "train_cpu": seconds * (n_round + 1)}
        for n_round in range(2)
        for side, sharing, seconds in (("gensim-file", None, 1), ("fastsgns-file b", "block", 0.25))
    ]  # fmt: skip
    path.write_text(json.dumps({"runs": [a_run("speed")], "results": results}))
    return path


def write_quality(path):
    settings = {"sg": 1, "vector_size": 100, "window": 5, "negative": 5, "epochs": 3}
    settings |= {"min_count": 5, "workers": 1, "alpha": 0.025}
    flags = {name: value for name, value in settings.items() if name != "vector_size"}
    run = a_run("quality", dim=100, seeds=2, cbow_gradient=None, fastsgns=[], **flags)
    results = [
        {"key": {"side": side, "code": code, "corpus": run["corpus"],
                 "settings": settings | own | {"seed": seed}}, "scores": {"men": score + seed / 10}}
        for side, code, own, score in (
            ("gensim", ["4"], {}, 0.3),
            ("fastsgns", ["1", "an older one", "k"], {"negative_sharing": "block"}, 0.7),
            ("fastsgns", ["1", "c", "k"], {"negative_sharing": "block", "progress": False}, 0.5),
            ("fastsgns", ["1", "c", "k"], {"negative_sharing": "block", "window": 9}, 0.7),
        )
        for seed in (1, 2, 3)
    ]  # fmt: skip
    path.write_text(json.dumps({"runs": [run], "results": results}))
    return path


def test_report_rewrites_what_lies_between_the_markers(tmp_path, capsys):
    from bench import summary

    files = [write_speed(tmp_path / "s.json"), write_quality(tmp_path / "q.json")]
    readme = tmp_path / "README.md"
    readme.write_text(MARKED)
    assert summary.publish(files, readme, None) == 0
    printed = capsys.readouterr().out
    assert readme.read_text() == MARKED.replace("old\n", printed)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()[:4]]
    assert rows[0] == ["", "kw/CPU s, d = 100", "x gensim, d = 100", "MEN"]
    assert rows[2] == ["gensim", "1", "1.0", "0.450 ± 0.071"]
    assert rows[3] == ['fastsgns, "block"', "3", "4.0", "0.650 ± 0.071"]
    assert "A processor, 2 cores" in printed.replace("\n", " ")


def test_report_describes_speeds_with_the_same_settings_in_one_note(tmp_path):
    from bench import summary

    files = [write_speed(tmp_path / name) for name in ("a.json", "b.json")]
    content = json.loads(files[1].read_text())
    content["runs"][0]["corpus"]["tokens"] = None
    files[1].write_text(json.dumps(content).replace('"dim": 100', '"dim": 300'))
    (note,) = summary.collect(files).notes
    texts = "the first 1,000 words (d = 100) or all words (d = 300) of text.txt"
    assert note.startswith(f"Speed: skip-gram, one epoch, 1 worker, on {texts}; thousands of")


@pytest.mark.parametrize(
    "text", ["no markers", MARKED + MARKED, "<!-- bench:end --><!-- bench:begin -->"]
)
def test_report_leaves_a_readme_alone_that_lacks_its_markers(tmp_path, capsys, text):
    from bench import summary

    readme = tmp_path / "README.md"
    readme.write_text(text)
    assert summary.publish([write_speed(tmp_path / "s.json")], readme, None) == 1
    assert readme.read_text() == text
    assert "once each" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["report", "sides", "summary"])
def test_examples_of_the_bench_are_right(name):
    done = doctest.testmod(importlib.import_module(f"bench.{name}"))
    assert done.attempted and not done.failed


def test_report_names_the_seeds_of_a_side_that_has_fewer(tmp_path, capsys):
    from bench import summary

    path = write_quality(tmp_path / "q.json")
    content = json.loads(path.read_text())
    content["results"].pop(1)  # seed 2 of gensim
    path.write_text(json.dumps(content))
    assert summary.publish([path], None, None) == 0
    printed = capsys.readouterr().out
    assert "over seeds 1 to 2 (gensim: 1 to 1)." in printed.replace("\n", " ")
    assert "| gensim            |         0.400 |" in printed


def test_report_reads_the_scores_that_are_kept_of_gensim_too():
    from bench import summary

    path = Path(summary.__file__).parent / "measured" / "quality-wiki17m.json"
    if not path.exists():
        pytest.skip("the measured results are not part of this installation")
    scores = summary.collect([path]).scores
    modes = {f'fastsgns, "{mode}"' for mode in ("pair", "window", "batch", "block")}
    assert set(scores) == {"gensim", *modes}
    assert min(len(values) for side in scores.values() for values in side.values()) > 2
    assert {"analogies_semantic", "analogies_syntactic"} <= set(scores["gensim"])


def test_report_of_other_results_says_so(tmp_path, capsys):
    from bench import summary

    path = tmp_path / "m.json"
    path.write_text(json.dumps({"runs": [a_run("memory")], "results": []}))
    assert summary.publish([path], None, None) == 1
    assert "it holds results of memory" in capsys.readouterr().err


def test_figure_is_the_same_for_the_same_results(tmp_path):
    from bench import summary

    files = [write_speed(tmp_path / "s.json"), write_quality(tmp_path / "q.json")]
    readme = tmp_path / "README.md"
    for name in ("a.svg", "b.svg"):
        readme.write_text(MARKED)
        assert summary.publish(files, readme, tmp_path / name) == 0
        assert f"in the table]({name})\n<!-- bench:end -->" in readme.read_text()
    drawn = (tmp_path / "a.svg").read_bytes()
    assert drawn == (tmp_path / "b.svg").read_bytes()
    assert b"d = 100" in drawn and b"MEN" in drawn


ANALOGIES = """\
: capital-common-countries
a b c d
a b c d
: gram1-adjective-to-adverb
a b c x
a b c d
a b c d
a b c d
: empty
a b c unknown
"""


@pytest.mark.parametrize(
    "kept, expected",
    [
        ("", {"analogies": 5 / 6, "analogies_semantic": 1.0, "analogies_syntactic": 0.75}),
        ("capital", {"analogies": 1.0, "analogies_semantic": 1.0}),
        ("gram", {"analogies": 0.75, "analogies_syntactic": 0.75}),
    ],
)
def test_analogies_are_scored_by_halves(tmp_path, kept, expected):
    from bench import child
    from fastsgns import KeyedVectors

    directions = np.array([[1, 0], [1, 1], [1, 0.1], [1, 1.1], [-1, 0]])
    sections = [": " + section for section in ANALOGIES.split(": ")[1:]]
    (tmp_path / "q.txt").write_text("".join(s for s in sections if s.startswith(f": {kept}")))
    kv = KeyedVectors.from_arrays(list("abcdx"), directions.astype(np.float32))
    assert child.analogies(kv, str(tmp_path / "q.txt")) == expected


def test_the_table_of_quality_has_the_scores_that_all_results_have():
    from bench import quality

    old, new = {"men": 0.5, "analogies": 0.25}, {"men": 0.5, "analogies": 0.25}
    new |= {"analogies_semantic": 0.5, "analogies_syntactic": 0.125}
    key = {"settings": {"epochs": 1}}
    common = {"key": key, "n_words": 1, "train_cpu": 1, "train_wall": 1, "peak_bytes": 1}
    first, second = common | {"scores": old}, common | {"scores": new}
    assert "semantic" not in quality.render({"fastsgns": [first], "gensim": [second]}, False)
    table = quality.render({"fastsgns": [second], "gensim": [second]}, False)
    (row,) = (line.split() for line in table.splitlines() if line.startswith("syntactic"))
    assert row == ["syntactic", "0.125", "0.125", "+0.000", "-"]


def test_the_standard_set_is_made_of_lines_that_can_be_parsed(tmp_path):
    from bench import __main__, standard
    from bench.sides import SHARINGS

    asked = ["standard", "a.txt", "--tokens", "1e3", "--dim", "10", "20", "--cache", str(tmp_path)]
    arguments = __main__.parser().parse_args(asked)
    lines = standard.lines(arguments, tmp_path / "out", tmp_path / "quality.json")
    parsed = {}
    for module, line in lines:
        command = module.__name__.removeprefix("bench.")
        parsed[command] = __main__.parser().parse_args([command, *line])
    assert list(parsed) == ["scan", "speed", "quality", "memory", "overhead"]
    assert parsed["speed"].dim == [10, 20] and parsed["speed"].tokens == 1000
    assert parsed["quality"].output == tmp_path / "quality.json"
    assert parsed["quality"].sharing == list(SHARINGS)
    assert parsed["quality"].sides == ["fastsgns", "gensim"]  # the README's row of gensim


def test_zipf_has_each_word_and_frequent_ones_first():
    from bench import synthetic

    corpus = synthetic.zipf(50, 2000)
    counts = np.bincount(corpus.ids, minlength=50)
    assert counts.min() >= 1 and counts[0] > 100
    assert np.array_equal(counts, corpus.vocabulary.counts)
    assert np.all(np.diff(counts) <= 0)
    assert np.array_equal(corpus.ids, synthetic.zipf(50, 2000).ids)
    assert len(corpus) == 80
    with pytest.raises(ValueError, match="50 words do not fit in 49 tokens"):
        synthetic.zipf(50, 49)


def test_a_repeated_corpus_has_the_same_sentences_over_again(tmp_path):
    from bench import synthetic

    corpus = synthetic.zipf(20, 60)
    thrice = synthetic.repeat(corpus, 3, str(tmp_path))
    assert list(thrice) == 3 * list(corpus)
    assert np.array_equal(thrice.vocabulary.counts, 3 * corpus.vocabulary.counts)
    assert [path.name for path in tmp_path.iterdir()] == ["path"]


def test_products_of_a_window_are_counted_by_different_output_rows():
    from bench import products

    shared = {
        "negative": 5,
        "window": 1,
        "shrink_windows": False,
        "keep_thresholds": None,
        "n_shared_negatives": 8,
    }
    always_word_0 = np.zeros((4, 2), np.uint32)
    objective = SimpleNamespace(window_order="batch", cbow=False, noise=always_word_0, **shared)
    ids, offsets = np.array([1, 2, 3], np.int32), np.array([0, 3])
    # 1, 2 and 1 contexts by two rows, the focus word and word 0; there are 4 pairs
    assert products.per_example(objective, ids, offsets) == (8 / 4, 10 / 4)
    objective.cbow = True
    assert products.per_example(objective, ids, offsets) == (6, 8)
    objective.cbow, objective.window_order = False, None
    assert products.per_example(objective, ids, offsets) == (6, 7)


def test_sides_are_multiplied_for_fastsgns_alone():
    from bench.sides import expand

    sides = expand(["fastsgns-file", "gensim-file"], ["pair", "block"], ["avx2"])
    assert list(sides) == ["fastsgns-file pair avx2", "fastsgns-file block avx2", "gensim-file"]
    assert sides["fastsgns-file block avx2"].settings["negative_sharing"] == "block"
    assert sides["gensim-file"].settings == {} and sides["gensim-file"].kernel is None
    sides = expand(["fastsgns-file", "gensim-file"], layouts=["two", "tied+bias:word"])
    assert list(sides) == ["fastsgns-file two", "fastsgns-file tied+bias:word", "gensim-file"]
    assert sides["fastsgns-file tied+bias:word"].settings["bias"] == "word"


@pytest.mark.parametrize(
    "name, expected",
    [
        ("fastsgns", {"sg": 1}),
        ("window", {"sg": 1, "negative_sharing": "window"}),
        ("cbow tied+bias:word", {"sg": 0, "matrices": "tied+bias", "bias": "word"}),
        ("three:10 cbow", {"sg": 0, "matrices": "three", "coupling": 10.0}),
        ("block tied", {"sg": 1, "negative_sharing": "block", "matrices": "tied"}),
    ],
)
def test_sides_have_names(name, expected):
    from bench.sides import named

    assert named(name).settings == expected | {"progress": False}


@pytest.mark.parametrize("name", ["", "windw", "gensim block", "cbow block", "gensim tied"])
def test_other_names_of_sides_are_errors(name):
    from bench import __main__

    with pytest.raises(SystemExit):
        __main__.parser().parse_args(["scaling", "--sides", name])
