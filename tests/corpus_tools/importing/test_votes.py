"""Tables with a row for each vote, repeated rows, and rows that contradict one another."""

import json

import numpy as np
import pytest

from annotation.judgements.store import latest, read_judgements
from corpus_tools.importing.run import import_manifest
from corpus_tools.media.wav import write_wav
from manifests.base.errors import DataError
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage
from manifests.versions.manifest import load_manifest, newest

pytestmark = pytest.mark.usefixtures("no_plots")


@pytest.fixture
def table(tmp_path, make_voice):
    folder = tmp_path / "theirs"
    for number in range(4):
        samples = (make_voice(1.0, seed=number) * 20_000).astype(np.int16)
        write_wav(folder / f"{number}.wav", samples)

    def table(*rows, head="file,annotator,emotion", name="list.csv"):
        path = folder / name
        path.write_text("\n".join([head, *rows]), encoding="utf-8")
        return path

    return table


def votes(corpus):
    """Return the classes voted for by file, annotators as they are counted."""
    titles = {source.source_id: source.title for source in sources(corpus)}
    clips = {clip.clip_id: clip for clip in read_stage(corpus.root, STAGES["segments"], Clip)}
    found = {}
    for row in latest(read_judgements(corpus.root)):
        if row.status == "answered":
            clip = clips[row.clip_id]
            found.setdefault(titles[clip.source_id], []).append(row.emotion or "none")
    return {name: sorted(own) for name, own in found.items()}


def sources(corpus):
    from manifests.storage.records import Source

    return read_stage(corpus.root, STAGES["sources"], Source)


def accounted(outcome):
    assert outcome.items_in == outcome.kept + outcome.rejected.total() + outcome.failed


@pytest.mark.parametrize(
    "column", ["annotator", "Rater_ID", "WorkerId", "coder", "evaluator", "labelled by", "标注员"]
)
def test_a_row_for_each_vote_makes_votes(corpus, table, column):
    rows = ["0.wav,r1,anger", "0.wav,r2,sadness", "0.wav,r3,sadness", "1.wav,r1,joy"]
    outcome = import_manifest(corpus, table(*rows, head=f"file,{column},emotion"))
    assert (outcome.kept, outcome.failures, outcome.details["clips"]) == (4, [], 2)
    assert outcome.details["new_judgements"] == 4
    assert votes(corpus) == {"0": ["angry", "sad", "sad"], "1": ["happy"]}
    accounted(outcome)


def test_the_shares_of_votes_reach_the_manifest(corpus, table):
    sides = ("train", "val", "test")
    rows = [f"{n}.wav,{rater},sad,{sides[n]}" for n in range(3) for rater in ("7", "8")]
    rows += [f"{n}.wav,9,{emotion},{sides[n]}" for n, emotion in enumerate(("anger", "sad", "sad"))]
    import_manifest(corpus, table(*rows, head="file,rater,emotion,split"))
    entries = {entry.split: entry for entry in load_manifest(newest(corpus.root)).entries}
    assert [round(share, 2) for share in entries["train"].soft] == [0.33, 0, 0, 0, 0, 0.67]
    assert len(entries["train"].votes) == 3
    assert entries["val"].agreement == 1.0


def test_rows_that_contradict_one_another_are_all_left_out(corpus, table):
    rows = ["0.wav,anger", "0.wav,sadness", "0.wav,sadness", "1.wav,joy", "2.wav,sad", "2.wav,fear"]
    outcome = import_manifest(corpus, table(*rows, head="file,emotion"))
    assert votes(corpus) == {"1": ["happy"]}
    first, second = outcome.failures
    assert (first.item, first.reason) == (
        "list.csv, line 2",
        "contradicts list.csv, line 3, list.csv, line 4 about the same audio in emotion (angry, "
        "sad); all of them were left out: correct them or, if each is a vote, name the column of "
        "the annotators with --column annotator=NAME",
    )
    assert second.item == "list.csv, line 6"
    assert (outcome.kept, outcome.failed) == (1, 5)
    accounted(outcome)
    named = table(*(f"{row},{n}" for n, row in enumerate(rows)), head="file,emotion,who")
    again = import_manifest(corpus, named, columns={"annotator": "who"})
    assert (again.kept, again.failures) == (6, [])
    assert votes(corpus)["0"] == ["angry", "sad", "sad"]


@pytest.mark.parametrize(
    ("head", "rows", "differing"),
    [
        ("file,emotion,speaker", ("0.wav,sad,F01", "0.wav,sad,F02"), "speaker"),
        ("file,emotion,split", ("0.wav,sad,train", "./0.wav,sad,test"), "split (train, test)"),
        (
            "file,emotion,text,start,end",
            ("0.wav,sad,a,0,0.5", "0.wav,sad,b,0.0,0.50"),
            "text (a, b",
        ),
        ("file,annotator,emotion,text", ("0.wav,r1,sad,a", "0.wav,r2,sad,b"), "text (a, b)"),
    ],
)
def test_other_contradictions_are_named_too(corpus, table, head, rows, differing):
    outcome = import_manifest(corpus, table(*rows, "1.wav" + rows[0][5:], head=head))
    [failure] = outcome.failures
    assert f"about the same audio in {differing}" in failure.reason
    assert (outcome.kept, outcome.failed) == (1, 2)


def test_the_same_clip_twice_with_an_equal_label_counts_once(corpus, table):
    """``sad`` and ``sadness`` are one class, and an empty cell contradicts nothing."""
    rows = ["0.wav,sad,,s1", "0.wav,sadness,hello,s1", "0.wav,,hello,s1"]
    outcome = import_manifest(corpus, table(*rows, head="file,emotion,text,speaker"))
    assert (outcome.kept, outcome.rejected, outcome.failures) == (1, {"the same row again": 2}, [])
    assert votes(corpus) == {"0": ["sad"]}
    [clip] = read_stage(corpus.root, STAGES["segments"], Clip)
    assert clip.speaker == "s1"


def test_one_annotator_has_one_vote(corpus, table):
    rows = ["0.wav,r1,sad", "0.wav,R1 ,sadness", "0.wav,r2,fear", "0.wav,r2,joy", "0.wav,r3,sad"]
    outcome = import_manifest(corpus, table(*rows))
    [failure] = outcome.failures
    assert "contradicts list.csv, line 5 about the same audio in emotion (fear, happy), by one" in (
        failure.reason
    )
    assert (outcome.kept, outcome.rejected) == (2, {"the same row again": 1})
    assert votes(corpus) == {"0": ["sad", "sad"]}
    accounted(outcome)


def test_votes_of_nobody_are_named(corpus, table):
    rows = ["0.wav,r1,sad", "0.wav,,fear", "0.wav,unknown,joy", "1.wav,n/a,joy"]
    outcome = import_manifest(corpus, table(*rows))
    [failure] = outcome.failures
    assert failure.reason == "names no annotator, as other rows about the same audio do"
    assert votes(corpus) == {"0": ["sad"], "1": ["happy"]}
    assert (outcome.kept, outcome.failed) == (2, 2)


def test_unclear_and_dropped_labels_are_votes_for_no_class(corpus, table):
    rows = ["0.wav,r1,sad", "0.wav,r2,unclear", "0.wav,r3,contempt", "1.wav,r1,contempt"]
    rows += ["2.wav,r1,", "2.wav,r2,fear"]
    outcome = import_manifest(corpus, table(*rows), dropped=["contempt"])
    assert outcome.rejected == {"label contempt": 1}
    assert votes(corpus) == {"0": ["none", "none", "sad"], "2": ["fear"]}
    accounted(outcome)


def test_a_dropped_label_contradicts_another(corpus, table):
    rows = ["0.wav,sad", "0.wav,contempt", "1.wav,contempt", "2.wav,joy"]
    outcome = import_manifest(corpus, table(*rows, head="file,emotion"), dropped=["contempt"])
    assert votes(corpus) == {"2": ["happy"]}
    assert "emotion (sad, contempt)" in outcome.failures[0].reason
    accounted(outcome)


def test_votes_in_a_cell_and_in_rows_are_refused(corpus, table, tmp_path):
    path = tmp_path / "theirs/votes.jsonl"
    row = {"file": "0.wav", "rater": 4, "votes": [["a01", "sad"]]}
    path.write_text(json.dumps(row) + "\n" + json.dumps({"file": "1.wav", "emotion": "sad"}))
    outcome = import_manifest(corpus, path)
    assert "has both a column of votes and one of annotators" in outcome.failures[0].reason
    assert votes(corpus) == {"1": ["sad"]}


def test_votes_replace_a_label_imported_before(corpus, table, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    import_manifest(corpus, table("0.wav,anger", head="file,emotion"))
    rows = ["0.wav,r1,anger", "0.wav,r2,sadness", "0.wav,r3,sadness"]
    outcome = import_manifest(corpus, table(*rows))
    assert votes(corpus) == {"0": ["angry", "sad", "sad"]}
    assert outcome.warnings == [
        "the labels of 1 clip differ from those imported before, which they replace: list.csv, "
        "line 2"
    ]
    again = import_manifest(corpus, table(*rows))
    assert again.warnings == ["list.csv: nothing new to import"]


def test_another_label_for_a_clip_imported_before_is_named(corpus, table, monkeypatch):
    """As when each annotator's table is imported by itself, without a column of annotators."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # all within a second
    for emotion in ("sad", "joy", "anger", "neutral", "fear"):
        outcome = import_manifest(corpus, table(f"0.wav,{emotion}", head="file,emotion"))
    assert "the labels of 1 clip differ from those imported before" in outcome.warnings[0]
    assert votes(corpus) == {"0": ["fear"]}


@pytest.mark.parametrize(
    "names",
    [
        ("rater1", "rater2", "rater3"),
        ("Annotator 1", "Annotator 2", "x"),
        ("r1_emo", "r2_emo", "z"),
        ("annot_a", "annot_b", "z"),
    ],
)
def test_a_column_of_each_annotator_makes_votes(corpus, table, names):
    rows = ["0.wav,sad,anger,sadness,sad", "1.wav,happy,joy,,joy"]
    outcome = import_manifest(corpus, table(*rows, head=f"file,emotion,{','.join(names)}"))
    third = names[2] == "rater3"
    assert votes(corpus) == {
        "0": ["angry", "sad", "sad"][: 3 if third else 2],
        "1": ["happy", "happy"][: 2 if third else 1],
    }
    assert outcome.details["unread_columns"] == ([] if third else [names[2]])


@pytest.mark.parametrize("column", ["rater1", "who"])
def test_columns_of_other_things_make_no_votes(corpus, table, column):
    rows = ["0.wav,sad,Li,4", "1.wav,happy,Li,anger"]
    outcome = import_manifest(corpus, table(*rows, head=f"file,emotion,{column},rater2"))
    assert outcome.details["unread_columns"] == [column, "rater2"]
    assert votes(corpus) == {"0": ["sad"], "1": ["happy"]}


def test_two_votes_of_one_annotator_in_a_cell_are_refused(corpus, table, tmp_path):
    path = tmp_path / "theirs/votes.jsonl"
    ballots = ([["x", "sad"], ["x", "joy"]], [["x", "sad"], ["x", "sadness"], ["y", "joy"]])
    lines = [{"file": f"{n}.wav", "votes": own} for n, own in enumerate(ballots)]
    adjudicated = {"file": "2.wav", "votes": [["x", "sad"], ["x", "joy"]], "adjudicated": True}
    path.write_text("\n".join(map(json.dumps, [*lines, adjudicated])), encoding="utf-8")
    outcome = import_manifest(corpus, path)
    [failure] = outcome.failures
    assert failure.reason == "annotator 'x' has several votes on it; keep one"
    assert votes(corpus) == {"1": ["happy", "sad"], "2": ["happy", "sad"]}


@pytest.mark.parametrize(
    ("cell", "taken"),
    [
        (json.dumps({"x": "sad", "y": "joy"}), ["happy", "sad"]),
        ([[7, "sad"], [8, None]], ["none", "sad"]),
        ([["x", "sad", 1]], "votes are not pairs; give [[annotator, emotion], ...]"),
        ("3", "votes are not pairs; give [[annotator, emotion], ...]"),
        ({"x": "sad", "Li Wei": "joy", "z": None}, ["happy", "sad"]),
        ([{"rater": 3, "label": "anger"}, {"rater": 4, "label": "sad"}], ["angry", "sad"]),
        ({"annotator": ["x", "y"], "emotion": ["sad", "fear"]}, ["fear", "sad"]),
        ({"annotator_id": "x", "label": "fear"}, ["fear"]),
        (
            {"angry": 3, "sad": 1},
            "votes don't name their annotators, but classes; give [[annotator, emotion], ...]",
        ),
        ({"x": {"label": "sad"}}, "votes are not pairs; give [[annotator, emotion], ...]"),
        (None, []),
        ([], []),
    ],
)
def test_a_cell_of_votes_is_read_or_refused(corpus, table, tmp_path, cell, taken):
    path = tmp_path / "theirs/votes.jsonl"
    path.write_text(json.dumps({"file": "0.wav", "emotion": "sad", "votes": cell}))
    outcome = import_manifest(corpus, path)
    if isinstance(taken, str):
        assert [failure.reason for failure in outcome.failures] == [taken]
    else:
        assert votes(corpus) == {"0": taken or ["sad"]}


def test_votes_in_a_struct_of_parquet_are_of_those_who_voted(corpus, table, tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [{"x": "sad", "y": "joy", "z": None}, {"x": None, "y": None, "z": "fear"}]
    path = tmp_path / "theirs/list.parquet"
    parquet.write_table(pa.table({"file": ["0.wav", "1.wav"], "Ratings": rows}), path)
    outcome = import_manifest(corpus, path, columns={"votes": "Ratings"})
    assert votes(corpus) == {"0": ["happy", "sad"], "1": ["fear"]}
    assert outcome.details["unread_columns"] == []


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("votes", {"sad": 2}, "list.jsonl, line 1: votes don't name their annotators, but classes"),
        ("labels", ["sad", "joy"], "list.jsonl, line 1: has 2 labels; if they are votes, give"),
    ],
)
def test_a_column_of_labels_that_cannot_be_read_isnt_called_empty(
    corpus, table, tmp_path, column, cell, said
):
    path = tmp_path / "theirs/list.jsonl"
    path.write_text(json.dumps({"file": "0.wav", column: cell}))
    with pytest.raises(DataError, match=said):
        import_manifest(corpus, path)


def test_a_list_of_one_label_is_that_label(corpus, table, tmp_path):
    path = tmp_path / "theirs/list.jsonl"
    rows = [{"file": f"{n}.wav", "labels": own} for n, own in enumerate((["sad"], ["joy", "sad"]))]
    path.write_text("\n".join(map(json.dumps, rows)))
    outcome = import_manifest(corpus, path)
    assert votes(corpus) == {"0": ["sad"]}
    assert [failure.reason for failure in outcome.failures] == [
        "has 2 labels; if they are votes, give [[annotator, emotion], ...] in a column votes"
    ]
