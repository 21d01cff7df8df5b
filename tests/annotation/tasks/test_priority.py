import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotation.tasks.priority import priorities, ranked, read_predictions
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.sections import Targets
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_source

TARGETS = Targets().counts()
EVEN = [1 / 6] * 6


def sure(emotion, share=1.0):
    rest = (1 - share) / 5
    return [share if name == emotion else rest for name in EMOTIONS]


@given(
    arrays(float, (7, 6), elements=st.floats(0.001, 1)),
    st.lists(st.integers(0, 99), min_size=6, max_size=6),
)
def test_priorities_are_shares_that_grow_with_uncertainty(weights, labelled):
    table = weights / weights.sum(axis=1, keepdims=True)
    found = priorities(table, labelled, TARGETS)
    assert found.shape == (7,)
    assert ((found >= 0) & (found <= 1 + 1e-9)).all()


def test_the_formula_by_hand():
    table = np.array([sure("angry"), sure("fear"), EVEN])
    labelled, targets = [9, 0, 0, 0, 0, 0], [1] * 6
    expected = np.array(labelled) + table.sum(axis=0)
    scarcity = (1 / 6) / (expected / expected.sum())
    scarcity /= scarcity.max()
    by_hand = [scarcity[0] / 2, scarcity[1] / 2, (1 + scarcity.mean()) / 2]
    assert priorities(table, labelled, targets) == pytest.approx(by_hand)


def test_unsure_clips_and_rare_classes_come_first_and_unknown_ones_last():
    predictions = {
        "angry": sure("angry"),
        "fear": sure("fear"),
        "unsure": sure("angry", 0.4),
        "even": EVEN,
    }
    labelled = {"angry": 500, "fear": 2}
    clips = ["angry", "nobody", "fear", "unsure", "even"]
    found = ranked(clips, predictions, labelled, TARGETS, seed=0)
    assert found[-1] == "nobody"
    assert found.index("fear") < found.index("angry")
    assert found.index("even") < found.index("unsure") < found.index("angry")
    assert found == ranked(clips[::-1], predictions, labelled, TARGETS, seed=0)


def test_no_targets_and_no_predictions_are_accepted():
    assert sorted(ranked(["x", "y"], {}, {}, TARGETS, 0)) == ["x", "y"]
    assert np.isfinite(priorities(np.array([sure("sad")]), [0] * 6, [0] * 6)).all()


def predicted(name, *pieces):
    clips = [
        {
            "start": start,
            "end": end,
            "text": "",
            "emotion": "sad",
            "probabilities": dict(zip(EMOTIONS, row, strict=True)),
        }
        for start, end, row in pieces
    ]
    return {"file": name, "normalisation": "", "clips": clips}


def test_predictions_of_clips_and_of_media_files_are_matched(corpus, tmp_path):
    source = make_source(corpus.clips[0].source_id, media_path="films/第1集.mkv", duration=40)
    write_shard(corpus.root, STAGES["sources"], source.source_id, [source], {})
    first, second, *_ = corpus.clips
    files = [
        predicted(first.path, (0.0, 4.0, sure("sad"))),
        predicted("/disk/第1集.mkv", (4.0, 8.0, sure("fear")), (8.5, 12.0, EVEN)),
        predicted("other.wav", (0.0, 4.0, EVEN)),
    ]
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"command": "predict", "files": files}), encoding="utf-8")
    assert read_predictions(corpus.root, path) == {
        first.clip_id: sure("sad"),
        second.clip_id: sure("fear"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"files": [{"file": "x"}]}',
        json.dumps({"files": [predicted("other.wav", (0, 4, EVEN))]}),
    ],
)
def test_invalid_predictions_are_refused(corpus, tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"p\.json"):
        read_predictions(corpus.root, path)
    with pytest.raises(ConfigurationError, match=r"gone\.json: can't be read"):
        read_predictions(corpus.root, tmp_path / "gone.json")


@pytest.mark.parametrize("row", [[0.5] * 6, [2, -1, 0, 0, 0, 0], [float("nan")] * 6])
def test_invalid_probabilities_are_refused(corpus, tmp_path, row):
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"files": [predicted(corpus.clips[0].path, (0, 4, row))]}))
    with pytest.raises(DataError, match="not the predictions"):
        read_predictions(corpus.root, path)
