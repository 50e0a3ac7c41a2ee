"""The bench: each sub-command on a tiny corpus, without gensim."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import fastsgns

BENCH = Path(__file__).resolve().parents[2] / "bench"
WORDS = [f"w{i}" for i in range(40)]


@pytest.fixture
def bench(tmp_path):
    """Run ``python -m bench`` where gensim can't be imported; returns its output and results."""
    if not BENCH.is_dir():
        pytest.skip("the bench is not part of this installation")
    path = tmp_path / "path"
    path.mkdir()
    (path / "bench").symlink_to(BENCH)
    (path / "gensim.py").write_text("raise ImportError('not here')")
    corpus = tmp_path / "corpus.txt"
    lines = (" ".join(WORDS[(i * 7 + j * j) % 40] for j in range(25)) for i in range(60))
    corpus.write_text("\n".join(lines))
    output = tmp_path / "results.json"
    folders = [str(path), str(Path(fastsgns.__file__).parent.parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}

    def run(command, *arguments, **variables):
        text = [] if command in ("memory", "load", "queries") else [str(corpus)]
        line = [command, *text, "--cache", str(tmp_path / "cache"), "--output", str(output)]
        done = subprocess.run(
            [sys.executable, "-m", "bench", *line, *arguments],
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done, json.loads(output.read_text())

    return run


def test_speed_without_gensim_has_a_result_for_each_round(bench):
    done, record = bench(
        "speed", "--rounds", "2", "--dim", "8", "--tokens", "1000", "--workers", "2"
    )
    assert "gensim is not installed" in done.stderr
    sides = ("fastsgns-file", "fastsgns-lists")
    assert [(r["round"], r["side"]) for r in record["results"]] == [
        *((0, side) for side in sides),
        *((1, side) for side in sides[::-1]),
    ]
    for result in record["results"]:
        assert result["n_words"] == 1000
        assert result["train_cpu"] > 0 and result["train_wall"] > 0
        assert result["peak_bytes"] > 1 << 20
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("fastsgns-")]
    assert [row[:3] for row in rows] == [[side, "8", "2"] for side in sides]


def test_speed_makes_a_side_of_each_mode_and_kernel(bench):
    done, record = bench(
        "speed", "--rounds", "1", "--dim", "8", "--tokens", "1000", "--workers", "1",
        "--sides", "fastsgns-lines", "--sharing", "pair", "block", "--force", "plain", "avx3",
    )  # fmt: skip
    assert "kernel avx3 can't run here" in done.stderr
    found = [(r["side"], r["sharing"], r["kernel"], r["feed"]) for r in record["results"]]
    assert found == [
        ("fastsgns-lines pair plain", "pair", "plain", "lines"),
        ("fastsgns-lines block plain", "block", "plain", "lines"),
    ]


def test_speed_of_word2vec_c_or_the_reason_why_not(bench):
    sides = ("fastsgns-file", "word2vec-c")
    done, record = bench(
        "speed", "--rounds", "1", "--dim", "8", "--tokens", "1000", "--workers", "1",
        "--sides", *sides,
    )  # fmt: skip
    try:
        importlib.metadata.version("word2vec")
    except importlib.metadata.PackageNotFoundError:
        assert "pip install word2vec" in done.stderr
        assert [r["side"] for r in record["results"]] == ["fastsgns-file"]
    else:
        assert [(r["side"], r["n_words"]) for r in record["results"]] == [(s, 1000) for s in sides]


def test_scan_of_files_and_lists_reads_the_same_and_says_where_it_ran(bench):
    done, record = bench("scan", "--rounds", "1", "--min-count", "30", "--markdown")
    (n_words, n_types), *others = [(r["n_words"], r["n_types"]) for r in record["results"]]
    assert n_words == 1500 and 0 < n_types <= 40
    assert others == [(n_words, n_types)] * 2  # lists, and the file by two workers
    assert done.stdout.count("| fastsgns-file ") == 2
    (run,) = record["runs"]
    assert run["machine"]["cores"] and len(run["load_after"]) == 3
    assert run["versions"]["fastsgns"] == fastsgns.__version__
    assert run["versions"]["gensim"] is None
    assert run["command"].startswith("python -m bench scan")
    assert run["corpus"]["name"] == "corpus.txt"
    assert run["flags"]["rounds"] == 1


def test_files_of_vectors_are_read_and_written_and_removed(bench, tmp_path):
    sizes = ("--rows", "1200", "--text-rows", "20", "--dim", "5")
    files = ("binary", "gzip", "native", "mapped", "save-text")
    done, record = bench("load", *sizes, "--rounds", "1", "--files", *files)
    found = [(r["file"], r["side"]) for r in record["results"]]
    assert found == [
        *((name, side) for name in files[:3] for side in ("bare", "fastsgns")),
        ("mapped", "fastsgns"),
        ("save-text", "fastsgns"),
    ]
    for result in record["results"]:
        n_rows = 20 if result["file"] in ("gzip", "save-text") else 1200
        assert result["rows"] == n_rows
        assert result["side"] == "bare" or result["length"] == n_rows
        assert result["bytes"] > n_rows * 20
        assert result["wall"] > 0 and result["cpu"] > 0
    assert done.stdout.count("\nbinary ") == 2 and "x bare" in done.stdout
    assert list((tmp_path / "cache").iterdir()) == []
    done, record = bench("load", *sizes, "--rounds", "2", "--files", "text17")
    sides = [(r["round"], r["side"]) for r in record["results"]][len(found) :]
    assert sides == [(0, "bare"), (0, "fastsgns"), (1, "fastsgns"), (1, "bare")]


def test_queries_are_timed_in_turn(bench, tmp_path):
    sizes = ("--rows", "300", "--dim", "10", "--batches", "4", "--index-rows", "100")
    done, record = bench("queries", *sizes, "--rounds", "2", "--threads", "1", "2")
    times = [r for r in record["results"] if r["query"] != "index"]
    assert all(r["wall"] > 0 and r["cpu"] >= 0 for r in times)
    first = [(r["round"], r["side"]) for r in times if r["query"] == "most_similar"]
    sides = ["fastsgns", "bare", "bare mapped", "loaded", "mapped"]
    one = [*((0, side) for side in sides), *((1, side) for side in sides[::-1])]
    assert first == one * 2
    assert {r["side"] for r in times if r["query"] == "most_similar_ids, 4 keys"} == {
        "fastsgns", "bare",
    }  # fmt: skip
    for line in ("most_similar, mapped ", "kv[key] ", "similarity ", "rank "):
        assert done.stdout.count(f"\n{line}") == 2
    for found in (r for r in record["results"] if r["query"] == "index"):
        assert found["rows"] == 100 and found["recall"] > 0.9
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_loss_of_each_type_is_measured(bench, tmp_path):
    pairs = (f"{a}\t{b}\t{i % 10}\n" for i, (a, b) in enumerate(pairwise(WORDS)))
    (tmp_path / "wordsim353.tsv").write_text("".join(pairs))
    options = ("--eval", str(tmp_path), "--dim", "8", "--words", "30", "--epochs", "1")
    done, record = bench("quantized", *options)
    found = {r["type"]: r for r in record["results"]}
    assert list(found) == ["float32", "float16", "int8", "int8, one scale"]
    assert found["float32"]["recall"] == 1 and found["float32"]["cosine"] == 0
    assert 0 < found["float16"]["cosine"] < found["int8"]["cosine"] < 0.1
    assert all(result["scores"].keys() == {"wordsim353"} for result in found.values())
    sizes = [result["bytes"] for result in found.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert "\nrecall@10 " in done.stdout


def test_texts_are_encoded_in_turn(bench):
    sizes = ("--dim", "8", "--tokens", "1000", "--min-count", "1", "--halves", "30")
    done, record = bench("encode", *sizes, "--rounds", "2", "--threads", "1", "2")
    shares = [record["results"].pop() for _ in range(6)]
    assert all(r["halves"] == 30 and 0 <= r["share"] <= 1 for r in shares)
    assert "\nzipf, 1 removed " in done.stdout
    sides = ["mean", "sif, 1 component", "zipf", "lists mean", "FastText, unseen words"]
    found = [r for r in record["results"] if r["side"].startswith("fastsgns ")]
    order = [*((0, side) for side in sides), *((1, side) for side in sides[::-1])]
    assert [(r["round"], r["side"].removeprefix("fastsgns ")) for r in found] == order * 2
    assert all(r["words"] == r["known"] == 1000 and r["wall"] > 0 for r in found)
    assert all(r["difference"] < 1e-5 for r in record["results"] if r["side"].endswith(" mean"))
    for side in ("fastsgns mean", "fastsgns zipf"):
        assert done.stdout.count(f"\n{side} ") == 2


def test_phrases_are_learned_and_joined_in_turn(bench):
    settings = ("--min-count", "1", "--threshold", "0.5", "--english")
    done, record = bench("phrases", *settings, "--rounds", "2", "--tokens", "1000")
    sides = [result["side"] for result in record["results"]]
    assert sides[: len(sides) // 2] == sides[: len(sides) // 2 - 1 : -1]
    assert all(r["words"] == 1000 and r["phrases"] > 0 and r["wall"] > 0 for r in record["results"])
    for side in ("learn: fastsgns, text", "join: fastsgns, file to file"):
        assert done.stdout.count(f"\n{side} ") == 1
    assert not record["results"][0]["agreement"]  # gensim is not there


def test_quality_is_resumed_and_not_computed_twice(bench, tmp_path):
    folder = tmp_path / "eval"
    folder.mkdir()
    pairs = (f"{a}\t{b}\t{i % 10}\n" for i, (a, b) in enumerate(pairwise(WORDS)))
    (folder / "wordsim353.tsv").write_text("".join(pairs))
    (folder / "questions-words.txt").write_text(": some\nw1 w2 w3 w4\n")
    options = ("--eval", str(folder), "--dim", "8", "--epochs", "1")
    done, first = bench("quality", *options, "--seeds", "1")
    assert "SimLex-999 is left out" in done.stderr
    assert set(first["results"][0]["scores"]) == {"wordsim353", "analogies", "analogies_semantic"}
    _, second = bench("quality", *options, "--seeds", "2")
    assert second["results"][:1] == first["results"]
    assert [r["key"]["settings"]["seed"] for r in second["results"]] == [1, 2]
    _, other = bench("quality", *options, "--seeds", "1", "--fresh", "--fastsgns", "min_count=5")
    assert len(other["results"]) == 3
    assert other["results"][2]["key"] == first["results"][0]["key"]
    assert other["results"][2]["scores"] == first["results"][0]["scores"]


def test_quality_of_each_mode_is_a_side(bench, tmp_path):
    folder = tmp_path / "eval"
    folder.mkdir()
    (folder / "men.tsv").write_text("".join(f"w{i}\tw{i + 1}\t{i}\n" for i in range(30)))
    options = ("--eval", str(folder), "--dim", "8", "--epochs", "1", "--seeds", "1")
    done, record = bench("quality", *options, "--sharing", "pair", "window", "block")
    modes = [r["key"]["settings"]["negative_sharing"] for r in record["results"]]
    assert modes == ["pair", "window", "block"]
    assert "fastsgns window" in done.stdout


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_has_its_stages_and_bytes_a_word(bench):
    done, record = bench(
        "memory", "--types", "100", "300", "--tokens", "2000", "--dim", "16",
        "--sides", "fastsgns-lists", "fastsgns-mapped",
    )  # fmt: skip
    sizes = [(r["n_types"], r["n_words"]) for r in record["results"]]
    assert sizes == [(100, 2000), (300, 2000), (100, 4000)] * 2
    for result in record["results"]:
        before, after = (result["memory"][name]["bytes"] for name in ("before", "after"))
        assert 0 < result["memory"]["imported"]["bytes"] <= before
        assert max(before, after) <= result["peak_bytes"] + (1 << 20)  # the system counts in steps
    assert done.stdout.count("fastsgns-mapped") == 4


def test_scaling_repeats_the_same_corpus_and_grows_the_vocabulary(bench):
    done, record = bench(
        "scaling", "--rounds", "1", "--dim", "8", "--workers", "1", "2", "--sides", "block",
        "--tokens-to", "4500", "--types", "50", "100", "--zipf-tokens", "500", "--min-count", "1",
    )  # fmt: skip
    tables = {name: [] for name in ("workers", "copies", "types")}
    for result in record["results"]:
        value, n_tokens = result[result["table"]], result.get("n_trained", result["n_words"])
        tables[result["table"]].append((value, n_tokens, result["n_types"]))
    assert tables["workers"] == [(1, 1500, 40), (2, 1500, 40)]
    assert tables["copies"] == [(1, 1500, 40), (2, 3000, 40), (3, 4500, 40)]
    assert tables["types"] == [(50, 500, 50), (100, 500, 100)]
    assert "flat within 15%" in done.stdout and "caches:" in done.stdout


def test_coherence_counts_rows_and_judges_virtual_workers(bench, tmp_path):
    (tmp_path / "wordsim353.tsv").write_text("w1\tw2\t1\nw3\tw4\t2\nw5\tw6\t3\n")
    done, record = bench(
        "coherence", "--dim", "8", "--workers", "2", "4", "--sides", "window", "cbow tied",
        "--hot", "0", "8", "--traced", "1000", "--quality", "--epochs", "1",
        "--eval", str(tmp_path),
    )  # fmt: skip
    traces = [r for r in record["results"] if "points" in r]
    assert [r["side"] for r in traces] == ["window", "cbow tied"]
    for point in (point for r in traces for point in r["points"]):
        assert point["n_touches"] >= point["n_moved"] >= point["n_fetched"] > 0
        assert (point["n_merges"] > 0) == (point["hot"] > 0)
    trained = [(r["workers"], r["hot"]) for r in record["results"] if "loss" in r]
    assert trained == 2 * [(1, 0), (2, 0), (2, 8), (4, 0), (4, 8)]
    losses = {(r["side"], r["workers"]): r["loss"] for r in record["results"] if r.get("hot") == 0}
    assert len(set(losses.values())) == 6  # the virtual workers were those that trained
    assert "WordSim353" in done.stdout


def test_rounds_of_nodes_are_counted_and_simulated_once(bench):
    options = ("--dim", "8", "--nodes", "2", "4", "--merges", "2", "--cores", "2", "--gbits", "10")
    options += ("--traced", "1000", "--workers", "2", "--hot", "0", "8", "--min-count", "1")
    done, record = bench("distributed", *options)
    jobs = [result["key"]["job"] for result in record["results"]]
    assert jobs == ["touch", "merge_speed", *4 * ["events"], "trace"]
    touched = record["results"][0]
    assert touched["n_tokens"] == 1500 and touched["n_words"] == len(WORDS)
    assert [point["n_outputs"] for point in touched["points"]] == 2 * [40]
    simulated = [result for result in record["results"] if "seconds" in result]
    assert all(result["seconds"] > 0 and result["n_bytes"] > 0 for result in simulated)
    assert "merges per epoch" in done.stdout and "speed-up" in done.stdout
    assert len(bench("distributed", *options)[1]["results"]) == len(jobs)


def test_virtual_nodes_are_judged_and_resumed(bench, tmp_path):
    (tmp_path / "men.tsv").write_text("".join(f"w{i}\tw{i + 1}\t{i % 7}\n" for i in range(30)))
    options = ("--what", "quality", "--grid", "2x2", "20x3", "--dim", "8", "--epochs", "2")
    options += ("--traced", "1000", "--eval", str(tmp_path), "--min-count", "1")
    bench("distributed", *options, "--seeds", "1")
    done, record = bench("distributed", *options, "--seeds", "2")
    judged = [result for result in record["results"] if "scores" in result]
    points = [(1, 0), (2, 2), (20, 3)]
    trained = [(r["key"]["nodes"], r["key"]["merges"]) for r in judged]
    assert trained == 2 * points
    assert len({result["loss"] for result in judged}) == 6
    # The first epoch begins with rounds of 1, 1, 2, ... shards.
    assert [result.get("n_rounds") for result in judged] == 2 * [None, [3, 2], [8, 3]]
    rows = [line.split() for line in done.stdout.splitlines() if line[:2].strip().isdigit()]
    assert [tuple(map(int, row[:3])) for row in rows[1:]] == [(2, 2, 375), (20, 3, 25)]
    rules = ("--grid", "20x3", "--rules", "damped", "single", "mean", "sum")
    done, record = bench("distributed", *options, "--seeds", "1", *rules)
    judged = [result for result in record["results"] if result["key"].get("rule")]
    assert [result["key"]["rule"] for result in judged] == ["single", "mean", "sum"]
    losses = [result["loss"] for result in record["results"] if result["key"].get("nodes") == 20]
    assert len({*losses}) == len(losses) == 5


def test_scaling_judges_each_number_of_workers_and_says_when_cores_are_shared(bench, tmp_path):
    (tmp_path / "men.tsv").write_text("".join(f"w{i}\tw{i + 1}\t{i % 7}\n" for i in range(30)))
    sides = ("block", "cbow tied+bias:word")
    options = ("--sides", *sides, "gensim", "--workers", "1", "99", "--dim", "8", "--rounds", "1")
    options += ("--what", "workers", "--quality", "--eval", str(tmp_path), "--epochs", "1")
    done, record = bench("scaling", *options, "--seeds", "2")
    assert "gensim is not installed" in done.stderr
    assert "with more workers than cores, threads share cores" in done.stdout
    timed = [r for r in record["results"] if "round" in r]
    assert [(r["side"], r["workers"]) for r in timed] == [(s, n) for s in sides for n in (1, 99)]
    assert not any("scores" in r for r in timed)
    judged = [r["key"]["settings"] for r in record["results"] if "scores" in r]
    assert [(s["seed"], s["sg"], s["workers"]) for s in judged] == [
        (seed, sg, n) for seed in (1, 2) for sg in (1, 0) for n in (1, 99)
    ]
    assert judged[2]["matrices"] == "tied+bias" and judged[2]["bias"] == "word"
    rows = [line for line in done.stdout.splitlines() if line.startswith("cbow tied+bias:word")]
    assert len(rows) == 4 and rows[3].count(" ± ") == 1
    _, again = bench("scaling", *options, "--seeds", "2")
    assert len(again["results"]) == len(record["results"]) + len(timed)


def test_roofline_has_peaks_where_there_is_a_compiler(bench):
    options = ("--rounds", "1", "--dim", "16", "--tokens", "500", "--sharing", "pair", "block")
    if shutil.which("cc"):
        done, record = bench("roofline", *options)
        peaks, *trained = record["results"]
        assert peaks["flops"] > 0 and peaks["bandwidth"]["DRAM"]["read"] > 0
        assert [r["products_per_example"] > 1 for r in trained] == [True, True]
    done, _ = bench("roofline", *options, "--markdown", CC="no-such-compiler")
    assert "there is no C compiler, no-such-compiler" in done.stderr
    assert "| block " in done.stdout


def test_overhead_sees_all_that_is_trained(bench):
    options = ("--rounds", "1", "--dim", "8", "--epochs", "2", "--sharing", "pair", "block")
    _, record = bench("overhead", *options)
    assert [r["n_trained"] for r in record["results"]] == [3000] * 4
    assert all(r["kernel_wall"] > 0 for r in record["results"])


def test_matrices_are_judged_in_each_role_and_not_trained_twice(bench, tmp_path):
    (tmp_path / "wordsim353.tsv").write_text("w1\tw2\t1\nw3\tw4\t2\nw5\tw6\t3\n")
    asked = ["--eval", str(tmp_path), "--seeds", "2", "--epochs", "1", "--sharing", "block"]
    asked += ["--matrices", "two", "tied+bias:word", "three:10"]
    (tmp_path / "results.json").write_text("{}")
    lines = tmp_path / "results.jsonl"
    asked += ["--output", str(lines), "--figure", str(tmp_path / "f.svg")]
    for _ in range(2):
        done, _ = bench("matrices", *asked)
        results = [json.loads(line) for line in lines.read_text().splitlines()]
        assert len(results) == 6
    assert results[1]["key"]["bias"] == "word"
    assert list(results[0]["scores"]) == ["input", "output", "input + output"]
    assert list(results[1]["scores"]) == ["input"]
    assert "tied+bias word" in done.stdout
    assert (tmp_path / "f.svg").read_text().count("<rect") == 2 * 3


def test_matrices_computed_afresh_add_what_older_lines_lack(bench, tmp_path):
    (tmp_path / "wordsim353.tsv").write_text("w1\tw2\t1\nw3\tw4\t2\nw5\tw6\t3\n")
    lines = tmp_path / "results.jsonl"
    (tmp_path / "results.json").write_text("{}")
    asked = ["--eval", str(tmp_path), "--seeds", "2", "--epochs", "1", "--matrices", "two"]
    asked += ["--output", str(lines)]
    bench("matrices", *asked)
    (tmp_path / "questions-words.txt").write_text(": capital\nw1 w2 w3 w4\n: gram1\nw1 w2 w3 w5\n")
    done, _ = bench("matrices", *asked, "--table")
    assert "semantic" not in done.stdout
    bench("matrices", *asked, "--fresh", "--seeds", "1")
    done, _ = bench("matrices", *asked, "--table")
    results = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [r["key"]["seed"] for r in results] == [1, 2, 1]
    assert results[2]["scores"]["input"].items() > results[0]["scores"]["input"].items()
    assert set(results[2]["scores"]["output"]) >= {"analogies_semantic", "analogies_syntactic"}
    head, row = done.stdout.splitlines()[:2]
    assert head.split()[-5:-1] == ["Google", "analogies", "semantic", "syntactic"]
    assert " 2 " in row  # both seeds, of which one has halves


def test_frontier_is_resumed_and_draws_each_side(bench, tmp_path):
    (tmp_path / "men.tsv").write_text("".join(f"w{i}\tw{i + 1}\t{i % 7}\n" for i in range(30)))
    (tmp_path / "questions-words.txt").write_text(": some\nw1 w2 w3 w4\n")
    figure = tmp_path / "frontier.svg"
    options = ("--sides", "block", "cbow tied+bias:word", "--eval", str(tmp_path))
    options += ("--dim", "8", "--epochs", "1", "2", "--rounds", "2", "--figure", str(figure))
    done, first = bench("frontier", *options, "--seeds", "1", "--what", "scores")
    assert [r["key"]["settings"]["epochs"] for r in first["results"]] == [1, 1, 2, 2]
    assert " - " in done.stdout and "no time was measured" in done.stderr
    _, second = bench("frontier", *options, "--seeds", "2")
    assert second["results"][:4] == first["results"] and len(second["results"]) == 12
    timed = [r["key"]["round"] for r in second["results"] if "round" in r["key"]]
    assert timed == [0, 0, 1, 1]
    done, third = bench("frontier", *options, "--seeds", "3", "--table")
    assert third["results"] == second["results"]
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("cbow tied")]
    assert [row[2:4] for row in rows] == [["1", "2"], ["2", "2"]]
    once, twice = (float(row[4]) for row in rows)
    assert twice == pytest.approx(2 * once, abs=0.1)
    drawn = figure.read_text()
    assert drawn.count("<polyline") == 2 and drawn.count("stroke-dasharray") == 1
    assert drawn.count("<circle") == 4 and 'fill="#fff"' in drawn


def test_glove_judges_each_matrix_and_is_resumed(bench, tmp_path):
    pairs = tmp_path / "wordsim353.tsv"
    pairs.write_text("".join(f"w{i}\tw{i + 1}\t{i}\n" for i in range(9)))
    flags = ("--dim", "4", "--epochs", "2", "--min-count", "1", "--eval", str(tmp_path))
    done, record = bench("glove", *flags)
    two, tied = record["results"]
    assert list(two["scores"]) == ["W", "W~", "W + W~"] and list(tied["scores"]) == ["tied"]
    assert len(two["losses"]) == 2 and two["n_cells"] and "ns per cell" in done.stdout
    _, record = bench("glove", *flags, "--matrices", "two", "tied")
    assert len(record["results"]) == 2


def test_a_failing_job_is_told(bench):
    with pytest.raises(AssertionError, match="windw"):
        bench("speed", "--rounds", "1", "--fastsgns", "windw=3")
