import json

import pytest

from annotation.batches.batches import read_batches, read_plans
from annotation.judgements.importing import import_annotations
from annotation.judgements.store import IMPORT_SERVER, IMPORTED, write_judgements
from annotation.tasks.assignment import Panel
from annotation.tasks.export import export_tasks
from annotation.tasks.suspects import SecondVotes
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import write_text
from tests.factories import make_judgement


@pytest.fixture
def labelled(corpus, exporter, items):
    """Ten clips, each labelled by one of two annotators, and the order of their doubts."""
    export_tasks(corpus.root, panel=Panel(["a01", "a02"], per_clip=1))
    numbers = {"a01": 1, "a02": 2}
    for batch in list(read_batches(corpus.root)):
        for data in batch.tasks:
            exporter.task(
                data["clip_id"],
                exporter.annotation(items("sad"), completed_by=numbers[batch.annotator]),
            )
    import_annotations(corpus.root, [exporter.write()])
    table = corpus.root / "annotations" / "annotators.csv"
    server = table.read_text(encoding="utf-8").splitlines()[1].split(",")[1]
    with table.open("a", encoding="utf-8") as more:
        more.writelines(f"a0{number},{server},{number},\n" for number in (3, 4, 5, 7, 9))
    write_suspects(corpus, corpus.ids())
    return corpus


def write_suspects(corpus, clips, version="v1"):
    write_text(corpus.root / "manifests" / version / "manifest.json", "{}")
    rows = [f"{place},{clip_id},sad,0.9" for place, clip_id in enumerate(clips, 1)]
    text = "\n".join(["rank,clip_id,emotion,doubt", *rows])
    write_text(corpus.root / "runs" / f"suspects-{version}" / "suspects.csv", text + "\n")


def given(corpus, name):
    return {
        batch.annotator: set(batch.clips)
        for batch in read_batches(corpus.root)
        if batch.name == name
    }


def second(corpus, number, annotators=None, **options):
    return export_tasks(
        corpus.root,
        suspects=SecondVotes(corpus.root, number),
        panel=None if annotators is None else Panel(annotators, **options),
    )


def test_the_most_doubtful_go_to_those_who_did_not_vote_on_them(labelled):
    first = given(labelled, "batch-0001")
    outcome = second(labelled, 6, ["a01", "a02"])
    again = given(labelled, "batch-0002")
    assert again["a01"] | again["a02"] == set(labelled.ids()[:6])
    assert not again["a01"] & first["a01"]
    assert not again["a02"] & first["a02"]
    assert outcome.kept == 6
    assert not outcome.warnings


def test_nothing_in_a_task_says_that_the_clip_has_a_label(labelled):
    second(labelled, 4, ["a03"])
    before, after = (
        next(batch for batch in read_batches(labelled.root) if batch.name == name)
        for name in ("batch-0001", "batch-0002")
    )
    row = next(row for row in after.rows)
    assert row.keys() == before.rows[0].keys()
    twins = [
        own
        for batch in read_batches(labelled.root, "batch-0002")
        for own in batch.tasks
        if own["clip_id"] == row["data"]["clip_id"]
    ]
    assert row["data"] == {**twins[0], "batch": "batch-0002"}
    folder = labelled.root / "annotations" / "tasks" / "batch-0002"
    for path in folder.iterdir():
        assert "suspect" not in path.read_text(encoding="utf-8").lower()
    plan = read_plans(labelled.root)["batch-0002"]
    assert (plan.kind, plan.order) == ("label", "shuffled")
    assert after.clips != labelled.ids()[:4]  # not in the order of doubt


def test_a_clip_gets_one_second_vote(labelled, exporter, items):
    second(labelled, 4, ["a03"])
    outcome = second(labelled, 4, ["a04"])
    assert given(labelled, "batch-0003")["a04"] == set(labelled.ids()[4:8])
    assert outcome.rejected == {"votes still open": 4}
    exporter.tasks.clear()
    for clip_id in labelled.ids()[:4]:
        annotation = exporter.annotation(items("fear"), completed_by=3, project=2)
        exporter.task(
            clip_id, annotation, data={"clip_id": clip_id, "batch": "batch-0002"}, project=2
        )
    import_annotations(labelled.root, [exporter.write("second.json")])
    outcome = second(labelled, 4, ["a05"])
    assert outcome.rejected == {"second vote before": 4, "votes still open": 4}
    assert given(labelled, "batch-0004")["a05"] == set(labelled.ids()[8:])
    assert outcome.warnings[0].endswith("suspects.csv can have a second vote, not 4")
    assert outcome.warnings[0].startswith("only 2 clips of ")


def test_imported_labels_may_have_a_second_vote(corpus):
    votes = [
        make_judgement(clip, IMPORTED, number, "sad", server=IMPORT_SERVER)
        for number, clip in enumerate(corpus.ids(), 1)
    ]
    write_judgements(corpus.root, votes)
    write_suspects(corpus, corpus.ids()[::-1])
    assert second(corpus, 3).warnings == []
    assert given(corpus, "batch-0001")[None] == set(corpus.ids()[-3:])
    assert second(corpus, 3).rejected == {"second vote before": 3}


def test_a_shared_list_warns_of_people_who_voted_before(labelled):
    [warning] = second(labelled, 10).warnings
    assert warning == (
        "a01, a02 voted on some of these clips, and would replace their own vote; name other "
        "--annotators, who get them alone"
    )


@pytest.mark.parametrize(
    ("role", "reason"), [("adjudication", "adjudicated"), ("label", "all --annotators voted on it")]
)
def test_clips_that_a_vote_cannot_help_are_passed_over(labelled, role, reason):
    clip = labelled.ids()[0]
    vote = make_judgement(clip, "a09", 999, "fear", role=role)
    write_judgements(labelled.root, [vote])
    own = next(name for name, clips in given(labelled, "batch-0001").items() if clip in clips)
    outcome = second(labelled, 1, ["a09"] if role == "label" else ["a07"])
    assert own in ("a01", "a02")
    assert outcome.rejected == {reason: 1}
    assert next(iter(given(labelled, "batch-0002").values())) == {labelled.ids()[1]}


def test_gold_clips_are_no_suspects_but_are_mixed_in(labelled):
    rows = [f"{clip_id},sad" for clip_id in labelled.ids()[:2]]
    write_text(
        labelled.root / "annotations" / "gold.csv", "\n".join(["clip_id,emotion", *rows, ""])
    )
    outcome = second(labelled, 4, ["a03"], gold_rate=0.3)
    assert outcome.rejected == {"gold": 2}
    plan = read_plans(labelled.root)["batch-0002"]
    assert set(plan.gold) == set(labelled.ids()[:2])
    assert given(labelled, "batch-0002")["a03"] == set(labelled.ids()[:6])


def test_the_newest_version_with_suspects_counts(labelled):
    write_suspects(labelled, labelled.ids()[5:], "v2")
    write_text(labelled.root / "manifests" / "v10" / "manifest.json", "{}")
    second(labelled, 1, ["a03"])
    assert given(labelled, "batch-0002")["a03"] == {labelled.ids()[5]}


def test_unusable_requests_are_refused(labelled, corpus):
    with pytest.raises(ConfigurationError, match="--suspects 0: at least one clip"):
        SecondVotes(labelled.root, 0)
    path = labelled.root / "runs" / "suspects-v1" / "suspects.csv"
    write_text(path, "clip,p\nx,1\n")
    with pytest.raises(DataError, match="not the table of corpus suspects; make it again"):
        second(labelled, 1, ["a03"])
    write_text(path, "clip_id,doubt\nx,1,2,3\n")
    with pytest.raises(DataError, match="line 2: has more fields than columns"):
        second(labelled, 1, ["a03"])
    path.unlink()
    with pytest.raises(ConfigurationError, match="doubts yet; run: corpus suspects"):
        SecondVotes(labelled.root, 1)
    assert json.loads((corpus.root / "manifests" / "v1" / "manifest.json").read_text()) == {}
