import json

import numpy as np
import pytest

from manifests.audit.label_cues import (
    find_confounding,
    find_label_cues,
    find_shallow_cues,
    table_uar,
)
from manifests.base.emotions import EMOTIONS


@pytest.fixture
def make_corpus(make_entry):
    """Return a function that makes clips of eight speakers with skewed classes."""

    def make(seed, loyalty, n=300):
        rng = np.random.default_rng(seed)
        entries = []
        for number in range(n):
            speaker = int(rng.integers(8))
            own = rng.random() < loyalty
            emotion = EMOTIONS[speaker % 6 if own else rng.integers(6)]
            side = ("train", "train", "val", "test")[number % 4]
            entries.append(
                make_entry(
                    f"c{number}", emotion, speaker=f"s{speaker}", source=f"film{speaker // 2}"
                ).changed(split=side, duration=round(rng.uniform(3, 5), 3))
            )
        return entries

    return make


def by_hand(values, classes, folds):
    """Reference implementation of the figure, clip by clip."""
    hits = np.zeros(len(classes))
    for number, (value, fold) in enumerate(zip(values, folds, strict=True)):
        learnt = folds != fold
        share = np.array([
            np.sum(learnt & (values == value) & (classes == name))
            / max(np.sum(learnt & (classes == name)), 1)
            for name in range(classes.max() + 1)
        ])  # fmt: skip
        best = share == share.max()
        hits[number] = best[classes[number]] / best.sum()
    return np.mean([hits[classes == name].mean() for name in range(classes.max() + 1)])


@pytest.mark.parametrize("seed", range(5))
def test_the_table_scores_as_a_clip_by_clip_reference(seed):
    rng = np.random.default_rng(seed)
    values, folds = rng.integers(0, 7, 80), rng.integers(0, 5, 80)
    classes = np.concatenate([np.arange(4), rng.integers(0, 4, 76)])
    expected = by_hand(values, classes, folds)
    assert table_uar(values, classes, folds) == pytest.approx(expected, abs=1e-12)


def test_speakers_with_one_emotion_each_are_flagged(make_corpus):
    found = find_confounding(make_corpus(0, loyalty=0.95))
    assert found["speaker"].confounded
    assert found["speaker"].uar > 0.9
    assert found["source"].confounded
    assert "sentence" not in found
    assert "speaker alone: UAR 0.9" in found["speaker"].describe()


def test_random_classes_give_no_warning(make_corpus):
    flagged = sum(
        any(one.confounded for one in find_confounding(make_corpus(seed, 0.0), seed).values())
        for seed in range(20)
    )
    assert flagged <= 1


def test_a_source_per_clip_predicts_nothing(make_entry):
    entries = [
        make_entry(f"c{n}", EMOTIONS[n % 6], source=f"s{n}").changed(split="train")
        for n in range(60)
    ]
    found = find_confounding(entries)["source"]
    assert found.uar == pytest.approx(1 / 6, abs=1e-3)
    assert not found.confounded


def test_loudness_correlated_with_the_class_is_found(make_corpus):
    entries = make_corpus(3, 0.0)
    rng = np.random.default_rng(0)
    loud = {one.clip_id: float(rng.normal(-25, 1)) for one in entries}
    shouted = {one.clip_id: loud[one.clip_id] + 20 * (one.emotion == "angry") for one in entries}
    quiet = find_shallow_cues(entries, loud)
    shouting = find_shallow_cues(entries, shouted)
    assert quiet.clips == 75
    assert abs(quiet.uar - quiet.chance) < 0.12
    assert shouting.uar > quiet.uar + 0.08


def test_too_few_clips_are_no_error(make_entry):
    one = make_entry("a").changed(split="train")
    found = find_label_cues([one], {"a": -20.0})
    assert found.row() == {"confounding": {}, "shallow_cues": None}
    assert "No speaker, series, source or sentence" in found.markdown()
    same = [make_entry(name).changed(split="test") for name in "ab"]
    assert find_shallow_cues(same, {"a": -20.0, "b": -20.0}) is None


def test_a_build_reports_label_cues_and_warns(corpus):
    for number in range(12):
        for _ in range(8):
            corpus.add(f"s{number}", EMOTIONS[number % 6], f"f{number % 6}")
    outcome = corpus.build()
    assert any("speaker alone" in warning for warning in outcome.warnings)
    folder = corpus.root / "manifests" / "v1"
    document = json.loads((folder / "giveaways.json").read_text())
    assert document == outcome.details["manifest"]["giveaways"]
    assert document["confounding"]["speaker"]["confounded"]
    assert "## Label cues" in (folder / "card.md").read_text()
