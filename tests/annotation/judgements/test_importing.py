import json
import stat

import pytest

from annotation.batches.batches import Plan, write_assigned
from annotation.judgements.importing import import_annotations
from annotation.judgements.store import latest, read_judgements
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import sha256_file


def taken(corpus):
    return list(read_judgements(corpus.root))


def test_api_made_annotation_becomes_a_judgement(corpus, exporter, items, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    result = items(
        "surprise", text="安逸", confidence=2, problems=["noise", "music"], emotion2="sad"
    )
    path = exporter.task(corpus.ids()[0], exporter.annotation(result)).write()
    outcome = import_annotations(corpus.root, [path])
    assert (outcome.items_in, outcome.kept, outcome.failures) == (1, 1, [])
    [judgement] = taken(corpus)
    sha256 = judgement.import_sha256
    assert judgement.row() == {
        "clip_id": corpus.ids()[0],
        "annotator": "a01",
        "server": "label-studio",
        "project_id": 1,
        "task_id": 1,
        "annotation_id": 1,
        "unique_id": "a5cfbd20-2fd0-406b-859a-000000000001",
        "created_at": "2026-11-22T14:00:52.043371Z",
        "updated_at": "2026-11-22T14:00:52.043428Z",
        "status": "answered",
        "emotion": "surprise",
        "emotion2": "sad",
        "confidence": 2,
        "transcript": "安逸",
        "problems": ["music", "noise"],
        "speaker": None,
        "origin": None,
        "lead_time": 7.5,
        "role": "label",
        "batch": "batch-0001",
        "import_sha256": sha256,
    }
    [file] = outcome.outputs
    assert file.name == f"20260921T141320Z-{sha256_file(file)[:16]}.jsonl"


def test_page_made_annotation_keeps_its_origin_and_hides_who_made_it(corpus, exporter):
    """As exported after labelling in the browser: ids, origins and an object as completed_by."""
    result = [
        {
            "value": {"choices": ["angry"]},
            "id": "ksYerdw9ps",
            "from_name": "emotion",
            "to_name": "audio",
            "type": "choices",
            "origin": "prediction-changed",
        },
        {
            "value": {"text": ["转写文本 10"]},
            "id": "HGQWPckT5n",
            "from_name": "transcript",
            "to_name": "audio",
            "type": "textarea",
            "origin": "prediction",
        },
    ]
    annotation = exporter.annotation(
        result,
        completed_by={"id": 2, "email": "rater2@example.com", "first_name": "Li"},
        created_username=" rater2@example.com, 2",
        created_ago="0 minutes",
    )
    import_annotations(corpus.root, [exporter.task(corpus.ids()[0], annotation).write()])
    [judgement] = taken(corpus)
    assert (judgement.origin, judgement.emotion) == ("prediction-changed", "angry")
    assert judgement.annotator == "a01"


def test_skip_with_prefilled_text_is_a_skip(corpus, exporter, items):
    skip = exporter.annotation(items("happy", text="预填"), was_cancelled=True)
    outcome = import_annotations(corpus.root, [exporter.task(corpus.ids()[0], skip).write()])
    [judgement] = taken(corpus)
    assert (judgement.status, judgement.emotion, judgement.transcript) == ("skipped", None, None)
    assert outcome.details["skipped"] == 1


def test_unclear_is_an_answer_without_a_class(corpus, exporter, items):
    annotation = exporter.annotation(items("unclear"))
    import_annotations(corpus.root, [exporter.task(corpus.ids()[0], annotation).write()])
    [judgement] = taken(corpus)
    assert (judgement.status, judgement.emotion) == ("answered", None)


def test_tasks_drafts_and_predictions_without_annotations_are_counted(corpus, exporter):
    exporter.task(corpus.ids()[0], exporter.annotation(), predictions=[1], drafts=[{"result": []}])
    exporter.task(corpus.ids()[1], predictions=[2, 3])
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert outcome.details["tasks"] == 2
    assert outcome.details["unannotated_tasks"] == 1
    assert outcome.details["drafts"] == 1
    assert outcome.details["predictions"] == 3
    assert (outcome.items_in, outcome.kept) == (1, 1)


def test_many_annotators_on_one_task_are_all_taken(corpus, exporter):
    """More annotations than maximum_annotations asks for are accepted by the server."""
    three = [exporter.annotation(completed_by=number) for number in (12, 7, 9)]
    import_annotations(corpus.root, [exporter.task(corpus.ids()[0], *three).write()])
    assert {j.annotation_id: j.annotator for j in taken(corpus)} == {1: "a03", 2: "a01", 3: "a02"}


def test_importing_twice_adds_nothing_and_says_so(corpus, exporter):
    path = exporter.task(corpus.ids()[0], exporter.annotation()).write()
    import_annotations(corpus.root, [path])
    before = sorted(p.read_bytes() for p in (corpus.root / "annotations").rglob("*.*"))
    again = import_annotations(corpus.root, [path, path])
    assert (again.kept, again.rejected, again.outputs) == (0, {"imported before": 2}, [])
    assert "nothing new" in again.warnings[0]
    assert sorted(p.read_bytes() for p in (corpus.root / "annotations").rglob("*.*")) == before


def test_relabelled_clip_keeps_its_history(corpus, exporter, items):
    first = exporter.annotation(items("happy"))
    exporter.task(corpus.ids()[0], first).write("1.json")
    first |= {"result": items("sad"), "updated_at": "2026-11-23T08:00:00Z"}
    exporter.write("2.json")
    import_annotations(corpus.root, [exporter.folder / "1.json"])
    outcome = import_annotations(corpus.root, [exporter.folder / "2.json"])
    assert outcome.details["relabelled"] == 1
    assert sorted(j.emotion for j in taken(corpus)) == ["happy", "sad"]
    assert [j.emotion for j in latest(taken(corpus))] == ["sad"]


def test_one_file_per_import_and_none_is_ever_overwritten(corpus, exporter, monkeypatch):
    """The same export again, once a clip it names is known, adds a file beside the first."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    exporter.task(corpus.ids()[0], exporter.annotation())
    exporter.task(corpus.ids()[1], exporter.annotation())
    path, clips = exporter.write(), corpus.clips
    corpus.write("segments", clips[:1])
    assert import_annotations(corpus.root, [path]).details["refused"] == {"unknown clip": 1}
    corpus.write("segments", clips)
    outcome = import_annotations(corpus.root, [path])
    assert (outcome.kept, outcome.rejected) == (1, {"imported before": 1})
    assert len(list(outcome.outputs[0].parent.iterdir())) == 2
    assert len(taken(corpus)) == 2


def test_rows_are_sorted_by_key_whatever_the_order_of_the_export(corpus, exporter):
    rows = [exporter.annotation(completed_by=number) for number in (1, 2, 3)]
    import_annotations(corpus.root, [exporter.task(corpus.ids()[0], *rows[::-1]).write()])
    assert [j.annotation_id for j in taken(corpus)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"completed_by": None}, "no annotator", "neither id nor email"),
        ({"completed_by": {"email": 3}}, "no annotator", "neither id nor email"),
        ({"id": "7"}, "malformed", "its id isn't a number"),
        ({"id": True}, "malformed", "its id isn't a number"),
        ({"was_cancelled": "yes"}, "malformed", "isn't true or false"),
        ({"updated_at": "yesterday"}, "malformed", "updated_at isn't a time"),
        ({"created_at": 5}, "malformed", "created_at isn't a time"),
        ({"updated_at": "0001-01-01T00:00:00+23:59"}, "malformed", "updated_at isn't a time"),
        ({"result": None}, "malformed", "result isn't a list"),
        ({"result": []}, "malformed", "no emotion is selected"),
        ({"result": [[]]}, "malformed", "has no control name"),
    ],
)
def test_bad_annotation_is_listed_and_the_next_one_imported(
    corpus, exporter, changes, kind, sentence
):
    bad = exporter.annotation() | changes
    exporter.task(corpus.ids()[0], bad, exporter.annotation())
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert (outcome.items_in, outcome.kept) == (2, 1)
    assert outcome.details["refused"] == {kind: 1}
    assert sentence in outcome.failures[0].reason
    assert "task 1, annotation" in outcome.failures[0].item


@pytest.mark.parametrize(
    ("control", "value", "sentence"),
    [
        ("emotion", {"choices": ["NOT_A_CLASS"]}, "'NOT_A_CLASS' isn't a value of 'emotion'"),
        ("emotion", {"choices": ["Happy"]}, "'Happy' isn't a value"),
        ("emotion", {"choices": ["happy", "sad"]}, "2 answers, not one"),
        ("emotion", {"choices": []}, "no emotion"),
        ("emotion", {"choices": [["happy"]]}, "isn't a list of texts"),
        ("emotion", {"text": ["happy"]}, "has no choices"),
        ("emotion", None, "has no choices"),
        ("emotion2", {"choices": ["unclear"]}, "'unclear' isn't a value of 'emotion2'"),
        ("confidence", {"rating": 4}, "confidence 4"),
        ("confidence", {"rating": float("nan")}, "confidence a float"),
        ("confidence", {"rating": 10**400}, "confidence 1000"),
        ("confidence", {"rating": True}, "confidence True"),
        ("transcript", {"text": ["长" * 2001]}, "2001 characters"),
        ("transcript", {"text": ["\ud83d"]}, "unpaired surrogate"),
        ("transcript", {"text": [1]}, "isn't a list of texts"),
        ("problems", {"choices": ["echo"]}, "'echo' isn't one of music"),
        ("speaker", {"choices": ["a", "b"]}, "2 answers"),
        ("speaker", {"text": ["li@lab.example"]}, "<e-mail>"),
    ],
)
def test_invalid_answer_of_a_control_is_listed(corpus, exporter, items, control, value, sentence):
    result = [item for item in items() if item["from_name"] != control]
    result.append({"from_name": control, "to_name": "audio", "value": value})
    exporter.task(corpus.ids()[0], exporter.annotation(result))
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert outcome.kept == 0
    assert sentence in outcome.failures[0].reason


def test_answering_a_control_twice_is_listed(corpus, exporter, items):
    exporter.task(corpus.ids()[0], exporter.annotation(items("sad") + items("happy")))
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert "answered twice" in outcome.failures[0].reason


def test_task_that_names_no_clip_of_ours_is_listed(corpus, exporter):
    exporter.task("../../etc/passwd", exporter.annotation())
    exporter.task(None, exporter.annotation())
    exporter.task(corpus.ids()[0], exporter.annotation(), data=["clip_id"])
    exporter.task({"a": 1}, exporter.annotation())
    exporter.tasks += [7, {"id": 9, "annotations": "none"}]
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert (outcome.items_in, outcome.kept, len(outcome.failures)) == (6, 0, 6)
    assert outcome.details["refused"] == {"malformed": 2, "no clip_id": 2, "unknown clip": 2}
    assert not (corpus.root / "annotations").exists()


def test_good_to_know_values_that_cannot_be_right_become_null(corpus, exporter):
    annotation = exporter.annotation(
        lead_time=float("inf"), unique_id=["x"], project=-1, created_at=None
    )
    exporter.task(corpus.ids()[0], annotation, id="x")
    assert import_annotations(corpus.root, [exporter.write()]).kept == 1
    [judgement] = taken(corpus)
    assert judgement.lead_time is judgement.unique_id is judgement.project_id is None
    assert judgement.task_id is None
    assert judgement.created_at == judgement.updated_at


def test_answers_to_controls_that_are_not_ours_are_counted(corpus, exporter, items):
    result = [*items(), {"from_name": "intensity", "type": "rating", "value": {"rating": 4}}]
    exporter.task(corpus.ids()[0], exporter.annotation(result))
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert outcome.kept == 1
    assert outcome.details["ignored_controls"] == {"'intensity'": 1}
    assert "'intensity'" in outcome.warnings[0]


def test_control_with_the_name_of_task_data_changes_no_task_data(corpus, exporter, items):
    result = [*items(), {"from_name": "clip_id", "value": {"text": [corpus.ids()[1]]}}]
    exporter.task(corpus.ids()[0], exporter.annotation(result))
    import_annotations(corpus.root, [exporter.write()])
    assert taken(corpus)[0].clip_id == corpus.ids()[0]


def test_script_in_a_transcript_stays_inert_text(corpus, exporter, items):
    text = "<script>alert('莫得')</script>\x1b[2J\u0000"
    exporter.task(corpus.ids()[0], exporter.annotation(items(text=text)))
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert taken(corpus)[0].transcript == "<script>alert('莫得')</script> [2J"
    line = outcome.outputs[0].read_text(encoding="utf-8")
    assert "\x1b" not in line
    assert len(line.splitlines()) == 1


def test_same_key_with_another_content_is_a_conflict(corpus, exporter, items):
    exporter.task(corpus.ids()[0], exporter.annotation(items("sad"))).write("1.json")
    exporter.tasks[0]["annotations"][0]["result"] = items("happy")
    exporter.write("2.json")
    files = [exporter.folder / "1.json", exporter.folder / "2.json"]
    outcome = import_annotations(corpus.root, files)
    assert outcome.details["refused"] == {"conflict": 1}
    assert [j.emotion for j in taken(corpus)] == ["sad"]
    other = import_annotations(corpus.root, files[1:], server="lab2")
    assert (other.kept, len(taken(corpus))) == (1, 2)


def test_times_are_stored_in_the_one_spelling_that_sorts(corpus, exporter):
    exporter.task(
        corpus.ids()[0],
        exporter.annotation(updated_at="2026-11-22T22:00:00+08:00"),
        exporter.annotation(updated_at="2026-11-22T14:00:00.5Z"),
    )
    import_annotations(corpus.root, [exporter.write()])
    assert [j.updated_at for j in taken(corpus)] == [
        "2026-11-22T14:00:00.000000Z",
        "2026-11-22T14:00:00.500000Z",
    ]


def test_ground_truth_is_gold(corpus, exporter):
    exporter.task(corpus.ids()[0], exporter.annotation(ground_truth=True))
    import_annotations(corpus.root, [exporter.write()])
    assert taken(corpus)[0].role == "gold"


JSON_MIN = {"audio": "x", "clip_id": "c", "id": 1, "emotion": "sad", "annotator": 2}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("min.json", json.dumps([JSON_MIN, JSON_MIN | {"annotator": None}]), "JSON-MIN"),
        ("a.csv", "audio,clip_id,emotion\nx,c,sad\n", "CSV"),
        ("a.json", "audio,clip_id,emotion\nx,c,sad\n", "CSV"),
        ("a.csv", "[]", "CSV"),
        ("a.json", '[{"data": {"clip_id": "c"}}]', "tasks without annotations"),
        ("a.json", '[{"id": 1, "completed_by": 2, "result": []}]', "annotations without their"),
        ("a.json", '[{"x": 1}]', "not a Label Studio export"),
        ("a.json", '"text"', "not JSON"),
        ("a.json", '{"count": 3}', "not a list of tasks"),
        ("a.json", "[1, 2]", "not a Label Studio export"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", '[{"annotations": [', "not valid JSON"),
        ("a.json", "[" + "9" * 5000 + "]", "not valid JSON"),
        ("a.json", " ", "empty"),
    ],
)
def test_other_files_are_refused_with_what_to_do(
    corpus, exporter, tmp_path, name, content, sentence
):
    good = exporter.task(corpus.ids()[0], exporter.annotation()).write("good.json")
    (tmp_path / name).write_text(content, encoding="utf-8")
    outcome = import_annotations(corpus.root, [tmp_path / name, good])
    assert sentence in outcome.failures[0].reason
    assert "Export > JSON" in outcome.failures[0].reason
    assert outcome.kept == 1


def test_missing_files_and_folders_cost_only_themselves(corpus, exporter, tmp_path):
    good = exporter.task(corpus.ids()[0], exporter.annotation()).write()
    (tmp_path / "latin.json").write_bytes('["é"]'.encode("latin-1"))
    bad = [tmp_path / "none.json", tmp_path, tmp_path / "latin.json"]
    outcome = import_annotations(corpus.root, [*bad, good])
    assert (outcome.kept, len(outcome.failures)) == (1, 3)


def test_server_id_must_be_one(corpus):
    with pytest.raises(ConfigurationError, match="--server '<e-mail>'"):
        import_annotations(corpus.root, [], server="me@lab.example")


def test_addresses_are_in_annotators_csv_alone_and_only_we_may_read_it(corpus, exporter, items):
    people = [{"id": 4, "email": "li@lab.example"}, {"id": 3, "email": "wang@lab.example"}]
    for number, person in enumerate(people):
        exporter.task(corpus.ids()[number], exporter.annotation(completed_by=person))
    exporter.task(corpus.ids()[2], exporter.annotation(items("NO"), completed_by=people[0]))
    exporter.task("li@lab.example", exporter.annotation(completed_by=people[0]))
    exporter.task({"email": "li@lab.example"}, exporter.annotation(completed_by=people[0]))
    exporter.task(corpus.ids()[3], exporter.annotation(id="li@lab.example"), id="li@lab.example")
    exporter.task(
        corpus.ids()[4],
        exporter.annotation([*items(), {"from_name": "li@lab.example"}], unique_id="li@x.example"),
    )
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert outcome.kept == 3
    path = corpus.root / "annotations/annotators.csv"
    assert path.read_text() == (
        "annotator,server,number,email\n"
        "a01,label-studio,1,\n"
        "a02,label-studio,3,wang@lab.example\n"
        "a03,label-studio,4,li@lab.example\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    others = (p for p in corpus.root.rglob("*") if p.is_file() and p != path)
    assert not any(b"@" in other.read_bytes() for other in others)
    said = [outcome.warnings, outcome.details, outcome.failures]
    assert ".example" not in repr(said)


def test_broken_annotators_file_stops_before_anything_is_written(corpus, exporter):
    path = corpus.root / "annotations/annotators.csv"
    path.parent.mkdir()
    path.write_text("annotator,server,number,email\na1,,x,secret@lab.example\n")
    exporter.task(corpus.ids()[0], exporter.annotation())
    with pytest.raises(DataError, match="line 2: the number") as caught:
        import_annotations(corpus.root, [exporter.write()])
    assert "secret" not in str(caught.value)
    assert not (corpus.root / "annotations/judgements").exists()


def test_answers_to_a_batch_of_disputed_clips_are_adjudications(corpus, exporter):
    clip_id = corpus.ids()[0]
    plan = Plan(
        kind="adjudication", batch="disputed-1", seed=0, per_clip=1, annotators=["lead"], gold=[]
    )
    write_assigned(corpus.root, plan, {"lead": [{"data": {"clip_id": clip_id}}]}, "<View/>")
    data = {"clip_id": clip_id, "batch": "disputed-1"}
    exporter.task(clip_id, exporter.annotation(ground_truth=True), data=data)
    exporter.task(clip_id, exporter.annotation(completed_by=2))
    import_annotations(corpus.root, [exporter.write()])
    assert sorted((row.batch, row.role) for row in taken(corpus)) == [
        ("batch-0001", "label"),
        ("disputed-1", "adjudication"),
    ]


def test_a_speaker_like_another_one_is_named_and_nobody_is_none(corpus, exporter, items):
    for number, name in enumerate(("M03", "m03", "M-3", "unknown")):
        speaker = {"from_name": "speaker", "to_name": "audio", "type": "textarea"}
        result = [*items(), {**speaker, "value": {"text": [name]}}]
        exporter.task(corpus.ids()[number], exporter.annotation(result))
    outcome = import_annotations(corpus.root, [exporter.write()])
    assert [row.speaker for row in taken(corpus)] == ["M03", "m03", "M-3", None]
    said = "\n".join(outcome.warnings)
    assert "speakers written in several ways count as one: M03 (also m03)" in said
    assert "M-3 and M03 count as different speakers" in said
