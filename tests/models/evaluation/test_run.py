import csv
import json
import re
import shutil

import numpy as np
import pytest

from manifests.base.errors import ConfigurationError
from manifests.versions.index import open_manifest
from models.evaluation.page import worst_mistakes
from models.evaluation.run import evaluate
from models.loading import cache_folder
from models.training.run import train

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def made(corpus_below, tmp_path_factory, quick):
    """A corpus with a run, not to be changed."""
    folder = corpus_below(tmp_path_factory.mktemp("evaluated"))
    train(folder, folder.parent.parent / "runs" / "a", quick.changed(epochs=1))
    return folder.parent.parent


@pytest.fixture
def trained(made, tmp_path):
    """A manifest and a run of it, to do with as a test likes."""
    root = shutil.copytree(made, tmp_path / "corpus")
    return root / "manifests" / "v1", root / "runs" / "a"


def test_an_evaluation_holds_everything_and_can_be_made_again(trained, drawn):
    folder, run = trained
    outcome = evaluate(run, folder)
    out = run / "evaluation" / "v1-test"
    assert outcome.outputs == [out]
    names = {"confusion.png", "metrics.json", "predictions.csv", "reliability.png", "report.html"}
    assert {path.name for path in out.iterdir()} == {*names, "speakers.png", "SHA256SUMS"}
    for path in out.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["metrics"] == outcome.details["metrics"]
    assert [one["name"] for one in figures["chance"]] == ["majority", "stratified random"]
    rows = list(csv.DictReader((out / "predictions.csv").open()))
    right = sum(row["emotion"] == row["predicted"] for row in rows) / len(rows)
    assert right == pytest.approx(figures["metrics"]["accuracy"], abs=1e-4)
    first = (out / "predictions.csv").read_bytes()
    (out / "left.txt").write_text("")
    evaluate(run, folder)
    assert (out / "predictions.csv").read_bytes() == first
    assert {path.name for path in out.iterdir()} == {*names, "speakers.png", "SHA256SUMS"}
    assert [path.name for path in out.parent.iterdir()] == ["v1-test"]


def test_clips_of_training_are_reported(trained):
    folder, run = trained
    assert any("trained on 24" in one for one in evaluate(run, folder, "train").warnings)
    assert not any("trained on" in one for one in evaluate(run, folder, "test").warnings)


def test_a_folder_of_something_else_is_left_alone(trained, tmp_path):
    folder, run = trained
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.tex").write_text("")
    with pytest.raises(ConfigurationError, match="--out"):
        evaluate(run, folder, out=tmp_path / "own")
    assert evaluate(run, folder, out=tmp_path / "new").ok
    assert (tmp_path / "new" / "report.html").is_file()


def test_an_evaluation_that_fails_leaves_the_one_before(trained, monkeypatch):
    folder, run = trained
    evaluate(run, folder)
    before = {path: path.read_bytes() for path in (run / "evaluation" / "v1-test").iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("models.evaluation.run.write_evaluation_page", full)
    with pytest.raises(OSError, match="No space"):
        evaluate(run, folder)
    assert {path: path.read_bytes() for path in before} == before
    assert [path.name for path in (run / "evaluation").iterdir()] == ["v1-test"]


def test_a_clip_that_is_gone_costs_itself_alone(trained):
    folder, run = trained
    clips = sorted((folder.parent.parent / "clips" / "source3").iterdir())
    clips[0].unlink()
    shutil.rmtree(cache_folder(folder.parent.parent))
    outcome = evaluate(run, folder)
    assert [failure.item for failure in outcome.failures] == [clips[0].stem]
    assert outcome.details["metrics"]["n"] == 11


def test_worst_mistakes_come_first_and_can_be_played(corpus):
    folder = corpus(("test",))
    manifest = open_manifest(folder)
    entries = list(manifest.entries)[:4]
    (folder.parent.parent / entries[2].path).unlink()
    truth = np.array([0, 1, 1, 0])
    shares = np.zeros((4, 6))
    shares[:, 0] = [0.9, 0.6, 0.8, 1.0]
    shares[:, 1] = 1 - shares[:, 0]
    classes = ("angry", "fear", "happy", "neutral", "surprise", "sad")
    found = worst_mistakes(manifest, entries, truth, shares, classes)
    assert [one.entry.clip_id for one in found] == [entries[2].clip_id, entries[1].clip_id]
    assert (found[0].sound, found[1].emotion, found[1].predicted) == (None, "fear", "angry")
    assert re.match(r"data:audio/flac;base64,[A-Za-z0-9+/=]{500,}$", found[1].sound)
