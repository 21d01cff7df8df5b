import json

import pytest

from annotation.judgements.importing import import_annotations
from annotation.reliability.measure import measure_agreement
from manifests.base.emotions import EMOTIONS


@pytest.fixture
def vote(corpus, exporter, items):
    def vote(table, **changes):
        """Import rows of answers, one per annotator; '-' is a skip, '' no task."""
        for clip, column in enumerate(zip(*table, strict=True)):
            annotations = [
                exporter.annotation(
                    items(emotion), completed_by=person, was_cancelled=emotion == "-", **changes
                )
                for person, emotion in enumerate(column)
                if emotion
            ]
            exporter.task(corpus.ids()[clip], *annotations)
        import_annotations(corpus.root, [exporter.write()])

    return vote


def test_figures_of_a_small_panel_by_hand(corpus, vote):
    vote(
        [
            ["sad", "sad", "fear", "happy", "unclear"],
            ["sad", "fear", "fear", "-", "sad"],
            ["sad", "sad", "fear", "", ""],
        ]
    )
    report, outcome = measure_agreement(corpus.root)
    assert report.clips == {"none": 0, "one": 2, "several": 3}
    # coincidences: sad 3+1, fear 3, sad-fear 2 halves twice: n=9, diagonal 3+1+3
    assert report.observed == pytest.approx(7 / 9, abs=1e-6)
    expected = 1 - (9 * 8 - (5 * 4 + 4 * 3)) / (9 * 8)
    assert report.alpha.value == pytest.approx(1 - (2 / 9) / (1 - expected), abs=1e-6)
    assert report.alpha.low <= report.alpha.value <= report.alpha.high
    by_class = {row.emotion: row for row in report.classes}
    assert (by_class["sad"].votes, by_class["sad"].agreement) == (5, 0.8)
    assert by_class["sad"].confused_with[EMOTIONS.index("fear")] == 0.2
    assert by_class["happy"].agreement is None
    first, second, third = report.annotators
    assert (first.answered, first.unclear, first.skipped) == (5, 1, 0)
    assert (second.answered, second.skipped, second.agreement) == (4, 1, pytest.approx(4 / 6, 1e-5))
    assert third.votes == [0, 1, 0, 0, 0, 2]
    pair = report.pairs[1]
    assert (pair.annotators, pair.clips, pair.agreement) == (("a01", "a03"), 3, 1)
    assert (outcome.items_in, outcome.kept, outcome.rejected) == (5, 3, {"one vote only": 2})
    json.dumps(outcome.details, allow_nan=False)


def test_seconds_are_of_answers_only(corpus, vote):
    vote([["sad", "sad"], ["sad", "-"]], lead_time=4.0)
    report, _ = measure_agreement(corpus.root)
    assert [row.median_seconds for row in report.annotators] == [4.0, 4.0]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ([["sad", "fear"]], "needs two annotators"),
        ([["sad", "fear"], ["unclear", "-"]], "needs two annotators"),
        ([["sad", ""], ["", "fear"]], "no clip has two votes"),
        ([["sad", "sad"], ["sad", "sad"]], "one class"),
    ],
)
def test_undefined_alpha_says_why(corpus, vote, table, sentence):
    vote(table)
    report, outcome = measure_agreement(corpus.root)
    assert report.alpha.value is report.alpha.low is None
    assert sentence in report.alpha.undefined
    assert outcome.ok
    assert sentence in outcome.warnings[0]


def test_no_judgements_is_a_warning(corpus):
    report, outcome = measure_agreement(corpus.root)
    assert outcome.ok
    assert "no judgements yet" in outcome.warnings[0]
    assert report.annotators == []
    json.dumps(outcome.details, allow_nan=False)


def test_unknown_or_missing_gold_is_reported(corpus, vote):
    vote([["sad", "sad"], ["sad", "fear"]], ground_truth=True)
    _, outcome = measure_agreement(corpus.root)
    assert "2 clips have an answer marked as ground truth" in outcome.warnings[0]
    gold = corpus.root / "annotations" / "gold.csv"
    rows = [f"{clip},sad" for clip in corpus.ids()[:2]]
    gold.write_text("\n".join(["clip_id,emotion", *rows, "elsewhere,sad", ""]), encoding="utf-8")
    report, outcome = measure_agreement(corpus.root)
    assert report.annotators[1].gold.accuracy == 0.5
    [warning] = outcome.warnings
    assert "1 clip that is not in this corpus, the first 'elsewhere'" in warning
