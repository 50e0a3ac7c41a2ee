"""The study as a whole: runner, claims, report and command."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import toy

from fastsgns import EncodedCorpus
from fastsgns.cli import main
from fastsgns.cli import study as command
from fastsgns.study import graphs, pairs, report
from fastsgns.study import material as material_module
from fastsgns.study import runner as runner_module
from fastsgns.study.check import Check
from fastsgns.study.claim import Claim, Evidence, Results, Trial
from fastsgns.study.claims import CLAIMS
from fastsgns.study.experiments import batches
from fastsgns.study.material import Material
from fastsgns.study.runner import Runner
from fastsgns.study.settings import Settings

TINY = Settings(
    n_seeds=2, dimensions=4, window=2, epochs=1, min_count=1, alpha=0.05, sample=0, n_frequent=24,
    n_exact=20, exact_dimensions=2, exact_steps=3, batch_tokens=300, batch_epochs=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def material() -> Material:
    return Material(EncodedCorpus.from_iterable(toy.sentences(100)), TINY)


def claim(name: str, *trials: Trial) -> Claim:
    def judge(results: Results) -> Evidence:
        return Evidence([Check(f"<{name}>", results.of("t0", "number"), high=9.0)])

    table = {f"t{i}": trial for i, trial in enumerate(trials)}
    return Claim(name, f"title of {name}", "s", "w", "m", lambda settings: table, judge)


class Counting:
    """An experiment that notes its calls, and is interrupted at one of them."""

    def __init__(self, interrupted_at: int | None = None) -> None:
        self.calls: list[tuple[int, int]] = []
        self.interrupted_at = interrupted_at

    def __call__(self, material: Material, seed: int, k: int = 0, shape: str = "") -> dict:
        if len(self.calls) == self.interrupted_at:
            raise KeyboardInterrupt
        self.calls.append((seed, k))
        return {"number": seed + 10.0 * k}


# runner


def test_each_trial_runs_once_a_seed(material: Material, tmp_path: Path):
    count = Counting()
    first = claim("C1", Trial.of("count"), Trial.of("count", k=1))
    second = claim("C2", Trial.of("count", k=1))
    results = Runner(material, tmp_path, False, {"count": count}).run([first, second])
    assert count.calls == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert results["C1"].of("t1", "number") == results["C2"].of("t0", "number") == [11.0, 12.0]


def test_an_interrupted_run_goes_on(material: Material, tmp_path: Path):
    count = Counting(interrupted_at=3)
    wanted = [claim("C1", Trial.of("count"), Trial.of("count", k=1))]
    with pytest.raises(KeyboardInterrupt):
        Runner(material, tmp_path, False, {"count": count}).run(wanted)
    assert len(list(tmp_path.glob("*.json"))) == 3
    again = Counting()
    runner = Runner(material, tmp_path, False, {"count": again})
    assert runner.run(wanted)["C1"].of("t1", "number") == [11.0, 12.0]
    assert again.calls == [(2, 1)]
    assert runner.n_computed == 1


def test_other_settings_are_computed_anew_but_more_seeds_are_added(
    material: Material, tmp_path: Path
):
    wanted = [claim("C1", Trial.of("count"))]
    corpus = material.corpus
    for changed, calls in (
        ({}, [(1, 0), (2, 0)]),
        ({"n_seeds": 3}, [(3, 0)]),
        ({"epochs": 9}, [(1, 0), (2, 0)]),
    ):
        count = Counting()
        other = Material(corpus, replace(TINY, **changed))
        Runner(other, tmp_path, False, {"count": count}).run(wanted)
        assert count.calls == calls


# report


class Page(HTMLParser):
    """Notes what a page refers to, and whether its tags are closed."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.references += [v for k, v in attributes if k in ("href", "src", "xlink:href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def test_report_judges_by_the_numbers(material: Material, tmp_path: Path):
    claims = [claim("C1", Trial.of("count")), claim("C2", Trial.of("count", k=1))]
    results = Runner(material, tmp_path / "cache", False, {"count": Counting()}).run(claims)
    evidence = report.write(tmp_path, {"corpus": material}, claims, results, "<toy>")
    assert evidence["C1"].verdict == "confirmed"  # 1.5 within 6.4 is below 9
    assert evidence["C2"].verdict == "undecided on this corpus"  # 11.5 within 6.4 may be
    text = (tmp_path / "report.html").read_text()
    assert "&lt;C1&gt;" in text and "<C1>" not in text and "&lt;toy&gt;" in text
    record = json.loads((tmp_path / "report.json").read_text())
    assert [trial["settings"] for trial in record["trials"]] == [{}, {"k": 1}]
    assert record["trials"][1]["results"] == [{"number": 11.0}, {"number": 12.0}]
    assert record["claims"][1]["trials"] == {"t0": 1}
    assert record["settings"]["n_seeds"] == 2


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the command's work on a toy corpus, with all claims."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "text.txt").write_text("".join(" ".join(s) + "\n" for s in toy.sentences(120)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "QUICK", TINY)
        patch.setattr(material_module, "N_SAMPLED", 1000)
        patch.setattr(pairs, "N_JUDGED", 500)
        patch.setattr(batches, "N_TESTED", 200)
        graph = graphs.made(60, 300, 4)
        patch.setattr(graphs, "made", lambda: graph)
        arguments = ["study", folder / "text.txt", "-o", folder / "out", "--quick", "--quiet"]
        assert main([str(a) for a in arguments]) == 0
    return folder


def test_command_reports_on_all_claims(whole: Path):
    record = json.loads((whole / "out" / "report.json").read_text())
    assert [c["name"] for c in record["claims"]] == [c.name for c in CLAIMS]
    for entry in record["claims"]:
        assert entry["verdict"] in ("confirmed", "refuted", "undecided on this corpus")
        assert entry["checks"]
        assert all(len(c["values"]) == 2 for c in entry["checks"])
    assert record["corpus"]["source"].endswith("text.txt")


def test_report_needs_nothing_else(whole: Path):
    text = (whole / "out" / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    assert all(r.startswith("#") for r in page.references)
    assert set(page.references) == {f"#{c.name}" for c in CLAIMS}
    assert "url(" not in text and "<script" not in text
    assert "not a human judgement" in text
    assert " nan" not in text


def test_command_runs_nothing_twice(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(command, "QUICK", TINY)
    out, text = str(whole / "out"), str(whole / "text.txt")
    assert main(["study", text, "-o", out, "--quick", "--only", "C5"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("C5 ")
    assert shown.err.startswith("0 runs computed")


def test_command_with_judgements(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(command, "QUICK", TINY)
    judged = whole / "judged"
    judged.mkdir()
    for name in ("wordsim353_sim.tsv", "wordsim353_rel.tsv"):
        (judged / name).write_text("fruit0\tFruit1\t9\nfruit2\tmetal3\t1\nriver1\triver2\t5\n")
    given = ["--eval", str(judged), "--only", "C4", "--quick", "-q", "-o", str(whole / "people")]
    assert main(["study", str(whole / "text.txt"), *given]) == 0
    record = json.loads((whole / "people" / "report.json").read_text())
    assert record["judgements"] == {"WordSim353 similarity": 3, "WordSim353 relatedness": 3}
    assert "WordSim353 relatedness" in record["claims"][0]["checks"][0]["statement"]


def test_wrong_claims_are_wrong_usage(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["study", "--only", "C99"])
    assert stop.value.code == 2
    assert "there is no claim 'C99'" in capsys.readouterr().err


def test_a_file_is_no_folder_for_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as stop:
        main(["study", "--only", "C1a", "-o", str(tmp_path / "file")])
    assert stop.value.code == 2
    assert "is a file; name a folder" in capsys.readouterr().err


def test_ctrl_c_leaves_what_was_done(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(command, "QUICK", TINY)
    monkeypatch.setitem(runner_module.EXPERIMENTS, "exact", Counting(interrupted_at=2))
    given = ["--only", "C1a", "--quick", "-q", "-o", str(whole / "stopped")]
    assert main(["study", str(whole / "text.txt"), *given]) == 130
    assert capsys.readouterr().err == "fastsgns: stopped\n"
    assert len(list((whole / "stopped" / "cache").glob("*.json"))) == 2
    assert not (whole / "stopped" / "report.html").exists()
