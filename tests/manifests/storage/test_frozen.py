import json

import pytest

from manifests.base.errors import DataError
from manifests.storage.frozen import frozen_clips
from manifests.storage.store import write_jsonl


def test_tasks_judgements_and_manifests_freeze_what_they_name(tmp_path):
    tasks = tmp_path / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "b1.json").write_text(json.dumps([{"data": {"clip_id": "a"}}]))
    (tasks / ".x.partial.json").write_text("half")
    write_jsonl(tmp_path / "annotations/judgements/x.jsonl", [{"clip_id": "a"}, {"clip_id": "b"}])
    write_jsonl(tmp_path / "manifests/v1/manifest.jsonl", [{"clip_id": "c"}])
    assert frozen_clips(tmp_path) == {
        "a": "annotations/tasks/b1.json",
        "b": "annotations/judgements/x.jsonl",
        "c": "manifests/v1/manifest.jsonl",
    }


def test_tasks_of_named_annotators_freeze_too(tmp_path):
    folder = tmp_path / "annotations" / "tasks" / "batch-0001"
    left = folder.parent / ".0f.partial"
    for place in (folder, left):
        place.mkdir(parents=True)
        (place / "a01.json").write_text(json.dumps([{"data": {"clip_id": place.name}}]))
    (folder / "plan.json").write_text("{}")
    assert frozen_clips(tmp_path) == {"batch-0001": "annotations/tasks/batch-0001/a01.json"}


def test_a_corpus_without_labels_has_nothing_frozen(tmp_path):
    assert frozen_clips(tmp_path) == {}


@pytest.mark.parametrize(
    "text", ["{", "[1]", '[{"data": {}}]', '{"data": 1}', '[{"data":{"clip_id":3}}]']
)
def test_unreadable_tasks_stop_everything(tmp_path, text):
    tasks = tmp_path / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "b1.json").write_text(text)
    with pytest.raises(DataError, match=r"b1\.json"):
        frozen_clips(tmp_path)


@pytest.mark.parametrize("row", ["{", '{"x": 1}', '{"clip_id": null}'])
def test_unreadable_judgements_stop_everything(tmp_path, row):
    path = tmp_path / "annotations" / "judgements" / "x.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(row)
    with pytest.raises(DataError, match=r"x\.jsonl"):
        frozen_clips(tmp_path)
