import numpy as np
import pytest

from manifests.base.emotions import EMOTIONS
from manifests.versions.index import open_manifest
from models.config.train import TrainSettings
from models.evaluation.bootstrap import bootstrap
from models.training.series_results import RunPredictions, markdown, summarise_series


@pytest.fixture
def predicted(corpus):
    """Return a function that summarises seeds, each with a share of correct clips."""

    def make(speakers, *shares):
        manifest = open_manifest(corpus(("test",) * speakers, takes=1))
        truth = {entry.clip_id: EMOTIONS.index(entry.emotion) for entry in manifest.entries}
        runs = []
        for seed, share in enumerate(shares):
            wrong = np.random.default_rng(seed).random(len(truth)) >= share
            clips = {
                clip: (label, (label + off) % 6)
                for (clip, label), off in zip(sorted(truth.items()), wrong, strict=True)
            }
            runs.append(RunPredictions(None, seed, clips))
        return summarise_series(manifest, TrainSettings(), None, runs), runs, manifest

    return make


def _columns(run):
    return np.array([run.clips[clip] for clip in sorted(run.clips)]).T


@pytest.mark.parametrize(("speakers", "over"), [(4, "clip"), (10, "speaker")])
def test_intervals_equal_evaluate_and_name_their_units(predicted, speakers, over):
    document, (run,), manifest = predicted(speakers, 0.6)
    speaker_of = {entry.clip_id: entry.speaker for entry in manifest.entries}
    expected = bootstrap(*_columns(run), 6, [speaker_of[clip] for clip in sorted(run.clips)])
    uar = document["pooled"]["uar"]
    assert uar["interval"] == uar["run_intervals"]["0"]
    assert uar["interval"] == pytest.approx(expected.uar, abs=1e-4)
    assert document["interval"] == expected.describe()
    assert (document["interval_over"], document["interval_units"]) == (over, expected.units)
    assert f"in brackets bootstrap over {expected.units} {over}s, 95 %" in markdown(document)


def test_interval_of_the_mean_widens_with_deviation_of_seeds(predicted):
    alike, _, _ = predicted(4, 0.5, 0.5, 0.5)
    apart, _, _ = predicted(4, 0.1, 0.5, 0.9)
    (low, high), (lowest, highest) = (
        document["pooled"]["accuracy"]["interval"] for document in (alike, apart)
    )
    assert lowest < low < high < highest
    assert lowest < apart["pooled"]["accuracy"]["mean"] < highest
    assert "over seeds" in apart["interval"]


def test_each_seed_has_a_row_with_its_own_interval(predicted):
    document, _, _ = predicted(4, 0.3, 0.8)
    low, high = document["pooled"]["uar"]["run_intervals"]["1"]
    row = next(line for line in markdown(document).splitlines() if "all, seed 1" in line)
    assert f"({low:.3f} to {high:.3f})" in row
    assert "±" not in row


def test_clips_missing_in_a_seed_are_not_resampled(predicted):
    _, runs, manifest = predicted(4, 0.5, 0.5)
    first = next(iter(runs[0].clips))
    del runs[0].clips[first]
    document = summarise_series(manifest, TrainSettings(), None, runs)
    assert (document["pooled"]["n"], document["interval_units"]) == (24, 23)
