import json
import multiprocessing
import os
import shutil
import signal
from dataclasses import replace

import pytest

from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.versions.index import open_manifest
from models.training import series
from models.training.series import fold_manifests, series_name, train_series

pytestmark = pytest.mark.usefixtures("undrawn")

FIVE = ("train", "train", "train", "val", "test")


@pytest.fixture
def brief(quick):
    return quick.changed(modality="audio", epochs=1, speeds=(), features={"pitch": False})


@pytest.fixture
def trained(monkeypatch):
    """Return a list that receives the names of trained runs."""
    made = []
    own = series.train_on

    def recorded(manifest, out, *others, **options):
        made.append(out.name)
        return own(manifest, out, *others, **options)

    monkeypatch.setattr(series, "train_on", recorded)
    return made


def _out(folder, name="all"):
    return folder.parent.parent / "runs" / name


def _sides(manifest):
    sides = {}
    for entry in manifest.entries:
        sides.setdefault(entry.split, set()).add(entry.speaker)
    return sides


def test_each_speaker_is_tested_once_and_not_in_training(corpus):
    divided = fold_manifests(open_manifest(corpus(FIVE, takes=1)), "speakers")
    sides = [_sides(fold) for fold in divided.values()]
    assert [side["test"] for side in sides] == [{f"s{number}"} for number in range(5)]
    for side in sides:
        assert len(side["val"]) == 1
        assert len(side["train"]) == 3
        assert not side["train"] & (side["test"] | side["val"])


def test_groups_of_the_manifest_stay_whole_in_folds(corpus):
    divided = fold_manifests(open_manifest(corpus(FIVE, takes=1)), "2")
    first, second = (_sides(fold) for fold in divided.values())
    assert first["test"] == second["train"]
    assert first["train"] == second["test"]
    assert not first["test"] & first["train"]


def test_held_clips_are_in_no_fold(corpus):
    divided = fold_manifests(open_manifest(corpus(("train", "val", "test", "held"), takes=1)), "3")
    assert {entry.speaker for entry in divided[1].entries} == {"s0", "s1", "s2"}


@pytest.mark.parametrize("folds", ["1", "0", "-3", "persons", "2.5"])
def test_invalid_folds_are_refused(corpus, folds):
    with pytest.raises(ConfigurationError, match="expected speakers, or a number of at least 2"):
        fold_manifests(open_manifest(corpus(takes=1)), folds)


def test_more_folds_than_groups_are_refused(corpus):
    with pytest.raises(DataError, match="4 groups can't fill 5 folds"):
        fold_manifests(open_manifest(corpus(takes=1)), "5")


def test_folds_of_the_version_are_used_and_others_refused(corpus):
    manifest = open_manifest(corpus(takes=1))
    placed = fold_manifests(manifest, "4")
    own = series.fold_manifests(placed[3], "4")
    for fold, tested in placed.items():
        assert _sides(own[fold]) == _sides(tested)
    with pytest.raises(ConfigurationError, match=r"has its own folds \(4\)"):
        fold_manifests(placed[1], "3")


def test_series_trains_missing_runs_only(corpus, brief, trained):
    folder = corpus(("train", "val", "test"), takes=1)
    out = _out(folder)
    first = train_series(folder, out, brief, folds="speakers")
    assert first.ok
    assert trained == ["fold-1-seed-0", "fold-2-seed-0", "fold-3-seed-0"]
    assert first.details["pooled"]["uar"]["deviation"] is None
    before = (out / "fold-1-seed-0" / "model.safetensors").read_bytes()
    del trained[:]
    shutil.rmtree(out / "fold-3-seed-0")
    done = []
    outcome = train_series(
        folder,
        out,
        brief,
        folds="speakers",
        seeds=2,
        progress=lambda *shown: done.append(shown[0] / shown[1]),
    )
    assert trained == ["fold-3-seed-0", *(f"fold-{fold}-seed-1" for fold in (1, 2, 3))]
    assert (out / "fold-1-seed-0" / "model.safetensors").read_bytes() == before
    assert done == sorted(done)
    assert done[-1] == 1
    document = json.loads((out / "series.json").read_text())
    assert document == {key: outcome.details[key] for key in document}
    assert document["seeds"] == [0, 1]
    assert document["pooled"]["n"] == 18
    assert sum(map(sum, document["confusion"])) == 36
    assert [row["speakers"] for row in document["folds"]] == [["s0"], ["s1"], ["s2"]]
    assert [row["speaker"] for row in document["speakers"]] == ["s0", "s1", "s2"]
    runs = document["folds"][0]["accuracy"]["runs"]
    assert document["folds"][0]["accuracy"]["mean"] == pytest.approx(
        sum(runs.values()) / 2, abs=1e-4
    )
    table = (out / "series.md").read_text()
    assert "| fold 2: s1 | 6 |" in table
    assert "2 seeds (0, 1)" in table


def test_speakers_of_one_group_share_a_fold_with_a_warning(corpus, brief, monkeypatch):
    def tied(folder):
        manifest = open_manifest(folder)
        entries = [
            entry.changed(group="s0") if entry.speaker == "s1" else entry
            for entry in manifest.entries
        ]
        return replace(manifest, entries=entries)

    monkeypatch.setattr(series, "open_manifest", tied)
    folder = corpus(takes=1)
    outcome = train_series(folder, _out(folder), brief, folds="speakers")
    assert [row["speakers"] for row in outcome.details["folds"]] == [["s0", "s1"], ["s2"], ["s3"]]
    assert "fold 1 (s0, s1): several speakers share a fold" in outcome.warnings[-1]
    assert "| speaker s1 | 6 |" in (_out(folder) / "series.md").read_text()


def test_figures_of_a_fold_are_those_of_its_run(corpus, brief):
    folder = corpus(("train", "val", "test"), takes=1)
    train_series(folder, _out(folder), brief, folds="3")
    metrics = json.loads((_out(folder) / "fold-2-seed-0" / "metrics.json").read_text())
    document = json.loads((_out(folder) / "series.json").read_text())
    assert document["folds"][1]["uar"]["runs"]["0"] == metrics["splits"]["test"]["uar"]
    config = (_out(folder) / "fold-2-seed-0" / "config.toml").read_text()
    assert "fold = 2" in config
    assert 'folds = "3"' in config


def test_killed_series_is_resumed_with_the_same_result(corpus, brief):
    folder = corpus(("train", "val", "test"), takes=1)
    settings = brief.changed(epochs=3)

    def killed(done, total, item):
        if done == 5:  # of nine epochs: the second of the second fold
            os.kill(os.getpid(), signal.SIGKILL)

    def until_killed():
        train_series(folder, _out(folder), settings, folds="3", progress=killed)

    process = multiprocessing.get_context("fork").Process(target=until_killed)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (_out(folder) / "fold-2-seed-0").exists()
    before = (_out(folder) / "fold-1-seed-0" / "model.safetensors").stat()
    train_series(folder, _out(folder), settings, folds="3")
    train_series(folder, _out(folder, "undisturbed"), settings, folds="3")
    assert (_out(folder) / "fold-1-seed-0" / "model.safetensors").stat() == before
    for file in ("series.json", "series.md", "fold-2-seed-0/model.safetensors"):
        ours, theirs = (_out(folder, name) / file for name in ("all", "undisturbed"))
        assert ours.read_bytes() == theirs.read_bytes()


def test_seeds_count_up_from_the_settings_seed(corpus, brief, trained):
    folder = corpus(takes=1)
    document = train_series(folder, _out(folder), brief.changed(seed=7), seeds=2).details
    assert trained == ["seed-7", "seed-8"]
    assert document["folds"] == []
    assert document["pooled"]["n"] == 6


def test_series_of_other_settings_is_refused(corpus, brief):
    folder = corpus(takes=1)
    train_series(folder, _out(folder), brief)
    with pytest.raises(ConfigurationError, match="--name"):
        train_series(folder, _out(folder), brief.changed(lr=0.5))
    with pytest.raises(ConfigurationError, match="other clips, folds or settings"):
        train_series(folder, _out(folder), brief, folds="4")
    _out(folder, "else").mkdir()
    (_out(folder, "else") / "notes.txt").write_text("ours")
    with pytest.raises(ConfigurationError, match="something else"):
        train_series(folder, _out(folder, "else"), brief)


def test_series_from_before_a_withdrawal_is_refused(corpus, brief, monkeypatch):
    folder = corpus(takes=1)
    train_series(folder, _out(folder), brief)
    whole = open_manifest(folder)
    monkeypatch.setattr(
        series, "open_manifest", lambda _: replace(whole, entries=list(whole.entries)[1:])
    )
    with pytest.raises(ConfigurationError, match="other clips"):
        train_series(folder, _out(folder), brief)


def test_failed_run_is_reported_without_a_summary(corpus, brief, monkeypatch):
    folder = corpus(("train", "val", "test"), takes=1)
    own = series.train_on

    def fails(manifest, out, *others, **options):
        if out.name == "fold-2-seed-0":
            raise CorpusError("the loss is no number")
        return own(manifest, out, *others, **options)

    monkeypatch.setattr(series, "train_on", fails)
    outcome = train_series(folder, _out(folder), brief, folds="3")
    assert [failure.item for failure in outcome.failures] == ["fold-2-seed-0"]
    assert (outcome.items_in, outcome.kept, outcome.failed) == (3, 2, 1)
    assert not (_out(folder) / "series.json").exists()
    monkeypatch.setattr(series, "train_on", own)
    assert train_series(folder, _out(folder), brief, folds="3").ok


def test_without_test_clips_nothing_is_trained(corpus, brief, trained):
    folder = corpus(("train", "train", "val"), takes=1)
    with pytest.raises(DataError, match="the test split is empty"):
        train_series(folder, _out(folder), brief, seeds=2)
    assert trained == []


def test_invalid_predictions_are_reported(corpus, brief):
    folder = corpus(takes=1)
    train_series(folder, _out(folder), brief)
    path = _out(folder) / "seed-0" / "predictions.csv"
    path.write_text(path.read_text().replace("predicted", "told"))
    with pytest.raises(DataError, match="train again"):
        train_series(folder, _out(folder), brief)


def test_series_names(brief, quick):
    assert series_name("v1", quick, "5") == "v1-default-folds-5"
    assert series_name("v1", brief, "speakers") == "v1-default-audio-speakers"
    assert series_name("v2", quick, None) == "v2-default-seeds"
