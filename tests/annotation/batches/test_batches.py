import json
import os

import pytest

from annotation.batches import batches
from annotation.batches.batches import (
    Batch,
    Plan,
    check_new,
    next_batch,
    offered_texts,
    read_batches,
    read_plans,
    tasked_clips,
    write_assigned,
    write_batch,
)
from manifests.base.errors import ConfigurationError, DataError


def row(clip_id, text=""):
    return {"data": {"clip_id": clip_id, "asr_text": text, "votes": "", "cast": []}}


def plan(name="batch-0002", annotators=("a02", "a01"), **fields):
    return Plan(kind="label", batch=name, seed=7, per_clip=2, annotators=list(annotators), **fields)


def test_both_forms_are_read_and_freeze_their_clips(tmp_path):
    tasks = tmp_path / "annotations" / "tasks"
    write_batch(tasks / "batch-0001.json", [row("x", "话"), row("y")])
    lists = {"a01": [row("y", "改"), row("z")], "a02": [row("z") | {"predictions": [{}]}]}
    folder = write_assigned(tmp_path, plan(gold=["y"]), lists, "<View/>")
    assert sorted(path.name for path in folder.iterdir()) == [
        "SHA256SUMS",
        "a01.json",
        "a02.json",
        "label_config.xml",
        "plan.json",
    ]
    assert list(read_batches(tmp_path)) == [
        Batch("batch-0001", [row("x", "话"), row("y")]),
        Batch("batch-0002", lists["a02"], "a02"),
        Batch("batch-0002", lists["a01"], "a01"),
    ]
    assert read_plans(tmp_path) == {"batch-0002": plan(gold=["y"])}
    assert tasked_clips(tmp_path) == {"x": "batch-0001", "y": "batch-0001", "z": "batch-0002"}
    assert offered_texts(tmp_path)["y"] == {"", "改"}
    assert next_batch(tmp_path) == "batch-0003"


def test_a_name_is_taken_by_either_form(tmp_path):
    tasks = tmp_path / "annotations" / "tasks"
    write_assigned(tmp_path, plan("v1.2"), {"a01": [], "a02": []}, "")
    write_batch(tasks / "b.json", [])
    for name, screen in (("v1.2", "<View/>"), ("b", "")):
        with pytest.raises(ConfigurationError, match="never overwritten"):
            write_assigned(tmp_path, plan(name), {"a01": [], "a02": []}, screen)
    with pytest.raises(ConfigurationError, match="never overwritten"):
        check_new(tmp_path, "v1.2", [], shared=True)
    with pytest.raises(ConfigurationError, match="never overwritten"):
        write_batch(tasks / "b.json", [row("x")])


def test_the_same_batch_again_stays_as_it_is(tmp_path):
    lists = {"a01": [row("x")], "a02": [row("x")]}
    folder = write_assigned(tmp_path, plan("v1.2"), lists, "")
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert write_assigned(tmp_path, plan("v1.2"), lists, "") == folder
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder]


def test_an_interrupted_export_leaves_no_batch(tmp_path, monkeypatch):
    def killed(path, rows):
        write_batch(path, rows)
        if path.name == "a01.json":
            os._exit(9)

    if (child := os.fork()) == 0:
        monkeypatch.setattr(batches, "write_batch", killed)
        write_assigned(tmp_path, plan(), {"a01": [row("x")], "a02": [row("x")]}, "")
    os.waitpid(child, 0)
    tasks = tmp_path / "annotations" / "tasks"
    assert [path.name[0] for path in tasks.iterdir()] == ["."]
    assert not list(read_batches(tmp_path))
    assert next_batch(tmp_path) == "batch-0001"
    write_assigned(tmp_path, plan("batch-0001"), {"a01": [], "a02": []}, "")
    assert [path.name for path in tasks.iterdir()] == ["batch-0001"]


def test_broken_plans_and_missing_lists_are_named(tmp_path):
    folder = write_assigned(tmp_path, plan(), {"a01": [row("x")], "a02": []}, "")
    (folder / "a01.json").unlink()
    with pytest.raises(DataError, match=r"a01\.json"):
        tasked_clips(tmp_path)
    for text in ("{", "[]", json.dumps({"kind": "other"})):
        (folder / "plan.json").write_text(text)
        with pytest.raises(DataError, match=r"plan\.json"):
            list(read_batches(tmp_path))


@pytest.mark.parametrize("annotator", ["../x", "plan", "", "a/b", ".a", "label_config.xml"])
def test_a_plan_names_no_other_files(annotator):
    with pytest.raises(ValueError, match="pseudonym"):
        plan(annotators=[annotator])


def test_tasks_of_earlier_versions_get_the_keys_that_the_screen_needs(tmp_path):
    path = tmp_path / "annotations/tasks/batch-0001.json"
    write_batch(path, [{"data": {"clip_id": "x", "asr_text": "话"}}])
    [batch] = read_batches(tmp_path)
    assert batch.rows == [row("x", "话")]
