"""The command line on files of Facebook's fastText."""

from pathlib import Path

import pytest

from fastsgns import load
from fastsgns.cli import main
from fastsgns.models.fasttext import FastTextKeyedVectors

FOLDER = Path(__file__).parents[1] / "formats" / "fasttext_0_9"


@pytest.mark.parametrize("name", ["skipgram.bin", "supervised.bin", "pruned.ftz"])
def test_commands_read_files_of_fasttext(tmp_path, name, capsys):
    path = str(FOLDER / name)
    assert main(["nn", path, "nightly", "-n", "3"]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) >= 3
    assert main(["info", path]) == 0
    facts, rows = capsys.readouterr().out, load(path).subwords.array
    assert "fasttext" in facts and f"{len(rows)} x {rows.shape[1]} float32" in facts
    saved = str(tmp_path / "v.fastsgns")
    assert main(["convert", path, saved]) == 0
    loaded = load(saved)
    assert type(loaded) is FastTextKeyedVectors and "nightlys" in loaded


def test_vectors_are_converted_to_a_file_of_fasttext(tmp_path):
    saved, path = str(tmp_path / "v.fastsgns"), str(tmp_path / "v.bin")
    assert main(["convert", str(FOLDER / "skipgram.bin"), saved]) == 0
    assert main(["convert", saved, path, "--to", "fasttext"]) == 0
    first, second = load(saved), load(path)
    assert first.index_to_key == second.index_to_key
    assert (first["unseen"] == second["unseen"]).all()


@pytest.mark.parametrize("options", [[], ["--floret", "2", "--bucket", "50"]])
def test_what_a_file_without_n_grams_lacks_is_said(tmp_path, capsys, options):
    text, model = tmp_path / "text.txt", tmp_path / "model.fastsgns"
    text.write_text("painter painting walker walking\n" * 40)
    train = ["train", str(text), "--subwords", *options, "--epochs", "1", "-o"]
    kept = "floret" if options else "fasttext"
    for path, is_said in ((model, False), (tmp_path / "words.vec", True)):
        assert main([*train, str(path)]) == 0
        said = "is without the vectors of n-grams" in capsys.readouterr().err
        assert said == is_said
    for kind, is_said in (("vec", True), (kept, False), ("native", False)):
        path = str(tmp_path / f"converted.{kind}")
        assert main(["convert", str(model), path, "--to", kind]) == 0
        assert ("is without the vectors of n-grams" in capsys.readouterr().err) == is_said
