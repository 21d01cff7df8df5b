import csv
import json
import tomllib
from dataclasses import replace

import pytest

from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome
from manifests.versions.index import open_manifest
from models.evaluation.run import evaluate
from models.loading import load_examples
from models.training.run import train

pytestmark = pytest.mark.usefixtures("undrawn")


def _train(folder, settings, name="a"):
    return train(folder, folder.parent.parent / "runs" / name, settings)


def test_run_folder_is_complete(corpus, quick, drawn):
    folder = corpus()
    outcome = _train(folder, quick)
    run = folder.parent.parent / "runs" / "a"
    assert outcome.ok
    assert outcome.outputs == [run]
    assert outcome.items_in == outcome.kept == 48
    assert {path.name for path in run.iterdir()} == {
        "README.md",
        "SHA256SUMS",
        "config.toml",
        "history.csv",
        "metrics.json",
        "model.json",
        "model.safetensors",
        "plots",
        "predictions.csv",
    }
    assert {path.name for path in run.parent.iterdir()} == {"a"}
    for name in ("loss", "accuracy", "confusion"):
        assert (run / "plots" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    config = tomllib.loads((run / "config.toml").read_text())
    header = json.loads((folder / "manifest.json").read_text())
    assert config["run"]["digest"] == header["digest"]
    assert type(quick).model_validate(config["train"]) == quick
    rows = list(csv.DictReader((run / "predictions.csv").open()))
    assert len(rows) == 48
    assert sum(float(rows[0][f"p_{name}"]) for name in _classes(rows[0])) == pytest.approx(
        1, abs=1e-3
    )
    assert len(list(csv.DictReader((run / "history.csv").open()))) == quick.epochs
    metrics = json.loads((run / "metrics.json").read_text())
    assert set(metrics["splits"]) == {"train", "val", "test"}
    assert metrics["splits"]["test"]["n"] == 12
    assert metrics["text"]["known_words"]["test"] == 1.0


def _classes(row):
    return [key[2:] for key in row if key.startswith("p_")]


def test_run_is_reproducible_from_cold_and_warm_cache(corpus, quick):
    folder = corpus()
    runs = folder.parent.parent / "runs"
    for name in "ab":
        _train(folder, quick.changed(epochs=2), name)
    for file in ("model.safetensors", "model.json", "history.csv", "predictions.csv", "README.md"):
        assert (runs / "a" / file).read_bytes() == (runs / "b" / file).read_bytes()


def test_evaluate_gives_the_runs_figures(corpus, quick):
    folder = corpus()
    trained = _train(folder, quick.changed(epochs=3))
    again = evaluate(trained.outputs[0], folder, "test")
    assert again.details["metrics"] == trained.details["metrics"]["test"]


def test_a_finished_run_is_never_overwritten(corpus, quick):
    folder = corpus(takes=1)
    settings = quick.changed(epochs=1)
    run = _train(folder, settings).outputs[0]
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert "finished before with these settings" in " ".join(_train(folder, settings).warnings)
    with pytest.raises(ConfigurationError, match="--name"):
        _train(folder, settings.changed(lr=0.5))
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_missing_and_changed_clips_are_left_out(corpus, quick):
    folder = corpus()
    clips = sorted((folder.parent.parent / "clips" / "source0").iterdir())
    clips[0].unlink()
    clips[1].write_bytes(clips[2].read_bytes())
    outcome = _train(folder, quick.changed(epochs=1))
    assert {failure.item for failure in outcome.failures} == {clips[0].stem, clips[1].stem}
    assert outcome.kept == 46
    assert outcome.outputs[0].is_dir()


def test_missing_clips_folder_is_reported(corpus, quick):
    folder = corpus(takes=1)
    clips = folder.parent.parent / "clips"
    clips.rename(clips.with_name("elsewhere"))
    with pytest.raises(DataError, match=r"none of the 24 clips can be read.*No such file"):
        _train(folder, quick)
    assert not list((folder.parent.parent / "runs").iterdir())


def test_clips_can_be_deleted_during_training(corpus, quick):
    folder = corpus(takes=1)
    settings, runs = quick.changed(epochs=3), folder.parent.parent / "runs"
    _train(folder, settings, "undisturbed")
    clips = sorted((folder.parent.parent / "clips").rglob("*.wav"))

    def delete(done, total, item):
        if done == 1:
            for clip in clips:
                clip.unlink()

    outcome = train(folder, runs / "disturbed", settings, delete)
    assert not any(clip.exists() for clip in clips)
    assert outcome.ok
    for file in ("model.safetensors", "history.csv", "metrics.json", "predictions.csv"):
        assert (runs / "disturbed" / file).read_bytes() == (
            runs / "undisturbed" / file
        ).read_bytes()


def test_held_clips_are_left_out(corpus, quick):
    outcome = _train(corpus(("train", "held", "test")), quick.changed(epochs=1))
    assert outcome.rejected == {"split_held": 12}
    assert any("validation split is empty" in warning for warning in outcome.warnings)


def test_missing_class_and_splits_give_warnings(corpus, quick):
    outcome = _train(corpus(("train",), labels=(0, 2, 5)), quick.changed(epochs=1))
    message = " ".join(outcome.warnings)
    assert "no training clips of fear, neutral, surprise" in message
    assert "test split is empty" in message
    assert set(outcome.details["metrics"]) == {"train"}


@pytest.mark.parametrize(
    ("splits", "labels"), [(("train",), (3,)), (("test", "val"), range(6)), (("held",), range(6))]
)
def test_too_few_classes_are_refused(corpus, quick, splits, labels):
    folder = corpus(splits, labels=labels)
    with pytest.raises(DataError, match="training split"):
        _train(folder, quick)
    assert not list((folder.parent.parent / "runs").iterdir())


def test_empty_split_cant_be_evaluated(corpus, quick):
    folder = corpus(("train", "test"))
    run = _train(folder, quick.changed(epochs=1)).outputs[0]
    with pytest.raises(DataError, match="no val clips"):
        evaluate(run, folder, "val")


def test_interrupted_run_can_be_repeated(corpus, quick):
    folder = corpus(takes=1)

    def interrupt(done, total, item):
        if item.startswith("loss"):
            raise KeyboardInterrupt

    out = folder.parent.parent / "runs" / "a"
    with pytest.raises(KeyboardInterrupt):
        train(folder, out, quick, interrupt)
    assert {path.name for path in out.parent.iterdir()} <= {".unfinished"}
    assert train(folder, out, quick.changed(epochs=1)).ok


def test_missing_texts_give_a_warning(corpus, quick):
    folder = corpus(takes=1)  # the first take of the fixture has no text
    outcome = _train(folder, quick.changed(epochs=1))
    assert any("no training clip has a text" in warning for warning in outcome.warnings)
    assert outcome.ok


def test_group_is_a_single_speaker_if_the_speaker_is_known(corpus, quick):
    manifest = open_manifest(corpus(takes=1))
    some = [
        entry.changed(speaker=None) if number % 2 else entry
        for number, entry in enumerate(manifest.entries)
    ]
    loaded = load_examples(replace(manifest, entries=some), quick, Outcome())
    found = {
        example.clip_id: example.single_speaker for split in loaded.values() for example in split
    }
    assert found == {entry.clip_id: entry.speaker is not None for entry in some}
    assert set(found.values()) == {True, False}
