import json

import pytest

from annotation.batches.batches import read_batches, read_plans
from corpus_tools.assembly.task_batches import BatchOptions, export_batch
from corpus_tools.segmentation.segment import segment
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage


@pytest.fixture(scope="module")
def film(tmp_path_factory, make_scene, make_media):
    talk = [(3.5, 0.8), (3.2, 0.9), (3.4, 1.5), (3.2, 2.0)]
    return make_media(tmp_path_factory.mktemp("films") / "E01.mkv", make_scene(talk))


@pytest.fixture
def workspace(tmp_path, film):
    """A corpus of one film with all clips accepted."""
    sections = {"screen": {"min_snr_db": 0.0, "max_music": 1.0}}
    workspace = Workspace.create(tmp_path / "corpus", "试", sections=sections)
    outcome = segment(workspace.root, [film], screen=workspace.configuration.screen)
    assert outcome.details["clips"]["accepted"] >= 3
    return workspace


def tasks(workspace):
    return {batch.annotator: batch.tasks for batch in read_batches(workspace.root)}


def predictions(workspace, path):
    """Write predictions of decreasing confidence for all clips but the last."""
    clips = [
        {
            "start": clip.start,
            "end": clip.end,
            "probabilities": {
                name: 1 - 0.1 * number if name == "sad" else 0.02 * number for name in EMOTIONS
            },
        }
        for number, clip in enumerate(
            list(read_stage(workspace.root, STAGES["segments"], Clip))[:-1]
        )
    ]
    path.write_text(json.dumps({"files": [{"file": "/x/E01.mkv", "clips": clips}]}))
    return path


def test_context_is_optional(workspace, film):
    outcome = export_batch(
        workspace, BatchOptions(annotators=["a01", "a02"], media=[film], limit=2)
    )
    assert not outcome.warnings
    for own in tasks(workspace).values():
        for data in own:
            assert data["context"].endswith(f"/context/{data['clip_id']}.wav")
    assert len(list(workspace.clips.glob("*/context/*.wav"))) == 2
    without = export_batch(workspace, BatchOptions(batch="b2", context=False))
    assert not without.warnings
    assert {data["context"] for data in tasks(workspace)[None]} == {""}


def test_missing_films_give_one_warning(workspace):
    outcome = export_batch(workspace, BatchOptions())
    assert outcome.ok
    [warning] = outcome.warnings
    assert "--media" in warning


def test_predictions_order_the_tasks_and_stay_hidden(workspace, tmp_path):
    path = predictions(workspace, tmp_path / "p.json")
    options = BatchOptions(
        annotators=["a01", "a02"], order="uncertainty", predictions=path, context=False
    )
    outcome = export_batch(workspace, options)
    clips = [clip.clip_id for clip in read_stage(workspace.root, STAGES["segments"], Clip)]
    for own in tasks(workspace).values():
        assert [data["clip_id"] for data in own] == [*clips[-2::-1], clips[-1]]
    assert outcome.warnings == [f"1 clip has no prediction and comes last, the first {clips[-1]}"]
    assert read_plans(workspace.root)["batch-0001"].order == "uncertainty"
    assert not any(
        row.keys() - {"data"} for batch in read_batches(workspace.root) for row in batch.rows
    )


def test_pre_annotation_warns(workspace, tmp_path):
    path = predictions(workspace, tmp_path / "p.json")
    outcome = export_batch(
        workspace, BatchOptions(predictions=path, pre_annotate=True, context=False)
    )
    assert "pre-selected" in outcome.warnings[0]
    [batch] = read_batches(workspace.root)
    assert sum("predictions" in row for row in batch.rows) == len(batch.rows) - 1


def test_corpus_without_votes_has_no_disputed_clips(workspace):
    outcome = export_batch(workspace, BatchOptions(disputed=True, annotators=["lead"]))
    assert (outcome.kept, outcome.outputs) == (0, [])
    assert "no disputed clip" in outcome.warnings[0]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"disputed": True}, "--disputed: name the adjudicators"),
        ({"disputed": True, "annotators": ["a"], "gold_rate": 0.1}, "one adjudicator"),
        ({"disputed": True, "annotators": ["a"], "order": "uncertainty"}, "one adjudicator"),
        ({"show_votes": True}, "--show-votes needs --disputed"),
        ({"per_clip": 2}, "--per-clip: name the --annotators"),
        ({"gold_rate": 0.1}, "--gold-rate: name the --annotators"),
        ({"order": "uncertainty"}, "need --predictions FILE"),
        ({"pre_annotate": True}, "need --predictions FILE"),
        ({"predictions": "p.json"}, "--predictions: add --order"),
        ({"suspects": 3, "disputed": True, "annotators": ["a"]}, "must be blind; omit --disputed"),
        ({"suspects": 3, "pre_annotate": True, "predictions": "p.json"}, "must be blind"),
        ({"suspects": 0}, "--suspects 0: at least one clip"),
        ({"suspects": 3, "limit": 0}, "--limit 0: at least one task"),
        ({"suspects": 3}, "run: corpus suspects"),
    ],
)
def test_incompatible_flags_are_refused(workspace, flags, message):
    with pytest.raises(ConfigurationError, match=message):
        export_batch(workspace, BatchOptions(**flags))
    assert not tasks(workspace)
