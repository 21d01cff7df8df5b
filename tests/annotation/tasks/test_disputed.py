import pytest

from annotation.batches.batches import read_batches, read_plans
from annotation.judgements.importing import import_annotations
from annotation.labels.aggregate import aggregated_labels
from annotation.scheme.settings import LabelSettings
from annotation.tasks.assignment import Panel
from annotation.tasks.disputed import export_disputed, is_disputed, vote_summary
from annotation.tasks.export import export_tasks
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Judgement, Label


def vote(emotion, **changes):
    fields = {
        "clip_id": "c",
        "annotator": "a01",
        "emotion": emotion,
        "status": "answered",
        "server": "s",
        "project_id": None,
        "task_id": None,
        "annotation_id": 1,
        "unique_id": None,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "import_sha256": "",
    }
    return Judgement(**(fields | changes))


@pytest.fixture
def voted(corpus, exporter, items):
    """Ten clips that three annotators labelled: 0 and 1 are ties, of 2 one vote is open."""
    export_tasks(corpus.root, panel=Panel(["a01", "a02", "a03"]))
    for number, clip_id in enumerate(corpus.ids()):
        answers = {0: ["sad", "fear", "happy"], 1: ["sad", "unclear", "fear"], 2: ["sad", "fear"]}
        given = answers.get(number, ["sad", "sad", "fear"])
        exporter.task(
            clip_id,
            *(
                exporter.annotation(items(emotion), completed_by=person)
                for person, emotion in enumerate(given, start=1)
            ),
        )
    import_annotations(corpus.root, [exporter.write()])
    return corpus


def tasks_of(corpus, name):
    [batch] = [batch for batch in read_batches(corpus.root) if batch.name == name]
    return {data["clip_id"]: data for data in batch.tasks}


def answered(corpus, exporter, batch, result, **changes):
    """Import answers of an adjudicator with the number 9 on the server."""
    exporter.tasks.clear()
    for clip_id in tasks_of(corpus, batch):
        annotation = exporter.annotation(result, completed_by=9, project=2, **changes)
        exporter.task(clip_id, annotation, data={"clip_id": clip_id, "batch": batch}, project=2)
    return import_annotations(corpus.root, [exporter.write(f"{batch}.json")])


def test_only_complete_and_balanced_votes_are_disputed(voted):
    outcome = export_disputed(voted.root, ["a03"], batch="disputed")
    assert set(tasks_of(voted, "disputed")) == set(voted.ids()[:2])
    assert outcome.items_in == 10
    assert outcome.rejected == {"not disputed": 7, "votes still open": 1}
    assert outcome.details["annotators"] == {"a03": {"tasks": 2, "gold": 0}}
    assert "a03 voted on 2 of the 2 clips" in outcome.warnings[0]
    assert {data["votes"] for data in tasks_of(voted, "disputed").values()} == {""}
    plan = read_plans(voted.root)["disputed"]
    assert (plan.kind, plan.per_clip, plan.show_votes) == ("adjudication", 1, False)


def test_the_same_command_again_finds_its_adjudication(voted, exporter, items):
    export_disputed(voted.root, ["a03"], batch="disputed")
    again = export_disputed(voted.root, ["a03"], batch="disputed")
    assert (again.kept, again.ok) == (2, True)
    assert "with the same tasks; it stays as it is" in again.warnings[-1]
    answered(voted, exporter, "disputed", items("sad"))
    with pytest.raises(ConfigurationError, match="with other tasks than this command gives now"):
        export_disputed(voted.root, ["a03"], batch="disputed")


def test_a_clip_waits_for_its_assigned_annotators(corpus, exporter, items):
    people = "".join(f"a0{number},label-studio,{number},\n" for number in (1, 2, 3))
    path = corpus.root / "annotations" / "annotators.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"annotator,server,number,email\n{people}")
    export_tasks(corpus.root, panel=Panel(["a01", "a02", "a03"], per_clip=2), batch="shared-out")
    given = {
        batch.annotator: {data["clip_id"] for data in batch.tasks}
        for batch in read_batches(corpus.root)
    }
    clip_id = min(given["a01"] & given["a02"])
    for person, emotion in ((1, "sad"), (3, "fear")):
        annotation = exporter.annotation(items(emotion), completed_by=person)
        exporter.task(clip_id, annotation, data={"clip_id": clip_id, "batch": "shared-out"})
    import_annotations(corpus.root, [exporter.write()])
    outcome = export_disputed(corpus.root, ["a03"], batch="disputed")
    assert outcome.rejected["votes still open"] == 1
    exporter.task(
        clip_id,
        exporter.annotation(items("angry"), completed_by=2),
        data={"clip_id": clip_id, "batch": "shared-out"},
    )
    import_annotations(corpus.root, [exporter.write("more.json")])
    assert export_disputed(corpus.root, ["a03"], batch="disputed").kept == 1


def test_votes_are_shown_on_request_and_without_names(voted):
    (voted.root / "annotations/annotators.csv").unlink()
    outcome = export_disputed(voted.root, ["lead"], batch="d", show_votes=True)
    assert outcome.warnings == []
    assert [data["votes"] for _, data in sorted(tasks_of(voted, "d").items())] == [
        "fear ×1, happy ×1, sad ×1",
        "fear ×1, sad ×1, unclear ×1",
    ]


def test_an_adjudicated_clip_is_decided_and_a_skipped_one_is_exported_again(voted, exporter, items):
    first = export_disputed(voted.root, ["a01"], batch="d1", limit=1)
    assert first.rejected["over the limit"] == 1
    second = export_disputed(voted.root, ["a02"], batch="d2")
    assert second.rejected["in an open adjudication batch"] == 1
    again = export_disputed(voted.root, ["a02"])
    assert (again.kept, again.outputs) == (0, [])
    assert answered(voted, exporter, "d1", items("surprise")).kept == 1
    assert answered(voted, exporter, "d2", [], was_cancelled=True).kept == 1
    [decided], [skipped] = tasks_of(voted, "d1"), tasks_of(voted, "d2")
    found = aggregated_labels(voted.root, LabelSettings())
    assert (found[decided].emotion, found[decided].adjudicated) == ("surprise", True)
    assert (found[skipped].emotion, found[skipped].adjudicated) == (None, False)
    third = export_disputed(voted.root, ["a02"], batch="d3")
    assert third.rejected == {"not disputed": 8, "votes still open": 1}
    assert list(tasks_of(voted, "d3")) == [skipped]


def test_disputed_clips_are_shared_among_adjudicators(voted):
    outcome = export_disputed(voted.root, ["a01", "a02"])
    assert {own["tasks"] for own in outcome.details["annotators"].values()} == {1}
    with pytest.raises(ConfigurationError, match="'a09' is not in"):
        export_disputed(voted.root, ["a09"])


@pytest.mark.parametrize(
    ("reason", "emotions", "disputed"),
    [
        ("tie", ["sad", "fear"], True),
        ("unclear", ["sad", None], True),
        ("unclear", ["sad", None, None], False),
        ("too_few_votes", ["sad"], False),
        (None, ["sad"], False),
    ],
)
def test_a_majority_decides(reason, emotions, disputed):
    label = Label(clip_id="c", emotion=None, reason=reason, votes=[])
    assert is_disputed(label, [vote(emotion) for emotion in emotions]) is disputed


def test_music_named_by_half_is_disputed():
    label = Label(clip_id="c", emotion=None, reason="problem:music", votes=[])
    rows = [vote("sad", problems=["music"]), vote("sad"), vote(None, status="skipped")]
    assert is_disputed(label, rows)
    assert not is_disputed(label, rows[:1])
    assert vote_summary(rows) == "sad ×2, music ×1"
