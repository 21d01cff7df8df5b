import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.judgements.importing import import_annotations
from annotation.judgements.store import latest
from annotation.labels.aggregate import aggregate_clip, aggregate_votes, aggregated_labels
from annotation.scheme.settings import LabelSettings
from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Judgement


def vote(annotator, emotion, **changes):
    fields = {
        "clip_id": "c",
        "annotator": annotator,
        "server": "s",
        "project_id": None,
        "task_id": None,
        "annotation_id": int(annotator[1:]),
        "unique_id": None,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
        "status": "answered",
        "emotion": emotion,
        "import_sha256": "0",
    }
    return Judgement(**(fields | changes))


def votes(*emotions, **changes):
    return [vote(f"a{number:02d}", emotion, **changes) for number, emotion in enumerate(emotions)]


def label(rows, **settings):
    return aggregate_clip("c", rows, LabelSettings(**settings))


def test_most_frequent_class_wins():
    result = label(votes("sad", "sad", "fear", None))
    assert (result.emotion, result.reason, result.adjudicated) == ("sad", None, False)
    assert result.soft == [0, 0.333333, 0, 0, 0, 0.666667]
    assert result.agreement == 0.666667
    assert result.votes == [("a00", "sad"), ("a01", "sad"), ("a02", "fear"), ("a03", None)]


@pytest.mark.parametrize(
    ("emotions", "reason"),
    [
        (["sad", "fear"], "tie"),
        (["sad", "sad", "fear", "fear", "happy"], "tie"),
        (["sad", None], "unclear"),
        ([None], "unclear"),
        (["sad", "fear", None], "tie"),
    ],
)
def test_undecided_clips_have_a_reason(emotions, reason):
    result = label(votes(*emotions))
    assert (result.emotion, result.reason) == (None, reason)


def test_too_few_answers_and_skips_are_no_answers():
    rows = [*votes("sad"), vote("a09", None, status="skipped")]
    assert label(rows, min_votes=2).reason == "too_few_votes"
    assert label(rows).emotion == "sad"
    alone = label(rows[1:])
    assert (alone.reason, alone.votes, alone.soft, alone.agreement) == (
        "too_few_votes",
        [],
        None,
        None,
    )


def test_unclear_counts_as_an_answer_towards_min_votes():
    assert label(votes("sad", "sad", None), min_votes=3).emotion == "sad"


def test_problem_named_by_half_leaves_the_clip_out():
    rows = [*votes("sad", "sad"), vote("a07", "sad", problems=["noise", "mandarin"])]
    assert label(rows).emotion == "sad"
    rows.append(vote("a08", "sad", problems=["noise", "mandarin"]))
    result = label(rows)
    assert (result.emotion, result.reason, result.agreement) == (None, "problem:noise", 1)
    assert label(rows, drop_problems=["mandarin"]).reason == "problem:mandarin"
    assert label(rows, drop_problems=[]).emotion == "sad"


def test_adjudication_decides_alone_and_is_counted():
    rows = [*votes("sad", "fear"), vote("a08", "fear", role="adjudication")]
    result = label(rows, min_votes=5)
    assert (result.emotion, result.agreement, result.adjudicated) == ("fear", 0.666667, True)
    assert result.votes[-1] == ("a08", "fear")
    rows[-1] = vote("a08", None, role="adjudication")
    assert label(rows).reason == "unclear"
    rows[-1] = vote("a08", "sad", role="adjudication", problems=["music"])
    assert label(rows).reason == "problem:music"


def test_later_adjudication_replaces_the_earlier():
    later = "2026-01-02T00:00:00.000000Z"
    rows = [
        vote("a09", "happy", role="adjudication"),
        vote("a08", "fear", role="adjudication", updated_at=later),
    ]
    assert label(rows).emotion == "fear"


@given(st.permutations(votes("sad", "fear", "sad", None, "happy", "fear")))
def test_order_does_not_matter(rows):
    result = label(rows)
    assert (result.emotion, result.reason) == (None, "tie")
    assert result == label(votes("sad", "fear", "sad", None, "happy", "fear"))


@given(st.lists(st.sampled_from([*EMOTIONS, None]), min_size=1, max_size=7))
def test_soft_labels_are_shares_and_agreement_is_the_winners(emotions):
    result = label(votes(*emotions))
    if result.soft is None:
        assert set(emotions) == {None}
        return
    assert sum(result.soft) == pytest.approx(1, abs=1e-5)
    assert result.agreement == max(result.soft)
    if result.emotion:
        assert result.soft[EMOTIONS.index(result.emotion)] == result.agreement


def test_latest_version_and_latest_answer_count():
    rows = [
        vote("a01", "sad", annotation_id=1, updated_at="2026-01-03T00:00:00.000000Z"),
        vote("a01", "fear", annotation_id=1, updated_at="2026-01-01T00:00:00.000000Z"),
        vote("a01", "happy", annotation_id=2, updated_at="2026-01-02T00:00:00.000000Z"),
        vote("a01", "angry", annotation_id=3, role="adjudication"),
        vote("a02", "sad", annotation_id=1, server="t"),
    ]
    expected = ["sad", "angry", "sad"]
    assert [row.emotion for row in latest(rows)] == expected
    assert [row.emotion for row in latest(rows[::-1])] == expected


def test_labels_of_a_corpus(corpus, exporter, items):
    for number, emotions in enumerate([("sad", "sad"), ("sad", "happy")]):
        exporter.task(
            corpus.ids()[number],
            *(
                exporter.annotation(items(emotion), completed_by=person)
                for person, emotion in enumerate(emotions)
            ),
        )
    import_annotations(corpus.root, [exporter.write()])
    found = aggregated_labels(corpus.root, LabelSettings())
    assert {clip_id: label.emotion for clip_id, label in found.items()} == {
        corpus.ids()[0]: "sad",
        corpus.ids()[1]: None,
    }


def test_weighted_shares_decide_beyond_the_margin_and_are_kept():
    rows = votes("sad", "fear")
    shares = [0, 0.4, 0, 0, 0, 0.6]
    result = aggregate_clip("c", rows, LabelSettings(), shares)
    assert (result.emotion, result.soft, result.agreement) == ("sad", shares, 0.5)
    close = aggregate_clip("c", rows, LabelSettings(margin=0.3), shares)
    assert (close.emotion, close.reason, close.soft) == (None, "tie", shares)
    assert aggregate_clip("c", rows, LabelSettings(margin=0.2), shares).emotion == "sad"


def test_rules_before_the_class_hold_for_every_method():
    shares = [0, 0, 0, 0, 0, 1]
    assert aggregate_clip("c", votes("sad", None), LabelSettings(), shares).reason == "unclear"
    few = aggregate_clip("c", votes("sad"), LabelSettings(min_votes=2), shares)
    assert (few.reason, few.soft) == ("too_few_votes", shares)
    noisy = votes("sad", "sad", problems=["noise"])
    assert aggregate_clip("c", noisy, LabelSettings(), shares).reason == "problem:noise"


def test_adjudication_outranks_the_method():
    rows = [*votes("sad", "sad"), vote("a08", "fear", role="adjudication")]
    result = aggregate_clip("c", rows, LabelSettings(), [0, 0, 0, 0, 0, 1])
    assert (result.emotion, result.soft[EMOTIONS.index("fear")]) == ("fear", 0.333333)


@pytest.fixture
def campaign(corpus, exporter, items):
    """Nine gold clips, and a last clip on which the best annotator is outvoted by two.

    a01 is right on all of the nine, a02 on six, a03 on one.
    """
    *known, last = corpus.ids()
    emotions = ["sad", "fear", "happy", "sad", "fear", "happy", "sad", "fear", "angry"]
    for number, (clip, emotion) in enumerate(zip(known, emotions, strict=True)):
        second = "surprise" if number < 3 else emotion
        exporter.task(clip, *people(exporter, items, emotion, second, "angry"))
    exporter.task(last, *people(exporter, items, "sad", "neutral", "neutral"))
    import_annotations(corpus.root, [exporter.write()])
    rows = [f"{clip},{emotion}" for clip, emotion in zip(known, emotions, strict=True)]
    gold = corpus.root / "annotations" / "gold.csv"
    gold.write_text("\n".join(["clip_id,emotion", *rows, ""]), encoding="utf-8")
    return corpus


def people(exporter, items, *emotions):
    return [exporter.annotation(items(e), completed_by=n) for n, e in enumerate(emotions, 1)]


def test_each_method_on_a_corpus(campaign):
    last = campaign.ids()[-1]
    assert aggregated_labels(campaign.root, LabelSettings())[last].emotion == "neutral"
    weighted = aggregate_votes(campaign.root, LabelSettings(method="weighted"))
    weights = weighted.shares.weights
    assert weights["a01"] > weights["a02"] > weights["a03"]
    assert weighted.labels[last].emotion == "sad"
    assert weighted.params(LabelSettings(method="weighted"))["method"] == "weighted"
    fitted = aggregate_votes(campaign.root, LabelSettings(method="dawid_skene"))
    assert "only 10 clips" in fitted.shares.warnings[0]
    assert fitted.labels[campaign.ids()[0]].emotion == "sad"
    for label in fitted.labels.values():
        assert sum(label.soft) == pytest.approx(1, abs=1e-5)


def test_weighted_without_gold_says_so_and_counts(campaign):
    (campaign.root / "annotations" / "gold.csv").unlink()
    settings = LabelSettings(method="weighted")
    decided = aggregate_votes(campaign.root, settings)
    assert decided.labels == aggregate_votes(campaign.root, LabelSettings()).labels
    assert "gold.csv" in decided.shares.warnings[0]
    assert decided.params(settings) == decided.params(LabelSettings())
    assert "margin" not in decided.params(settings)
