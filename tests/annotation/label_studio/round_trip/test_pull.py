import hashlib
import json

import pytest

from annotation.judgements.importing import import_annotations
from annotation.judgements.store import latest, read_judgements
from annotation.label_studio.pull import pull_annotations
from annotation.label_studio.push import push_tasks
from manifests.base.errors import ConfigurationError


@pytest.fixture
def labelled(campaign, server):
    """a01 answered one task of three and skipped one; a02 none of two."""
    campaign.assign("batch-0001", a01=[3, 1, 2], a02=[2, 5])
    push_tasks(campaign.root, server_url=server.url)
    first, second, _ = tasks(campaign, server, "a01")
    server.answer(first, "fear")
    server.answer(second, was_cancelled=True)
    return campaign


def tasks(campaign, server, key):
    known = json.loads((campaign.root / "annotations" / "server.json").read_text())
    [found] = known["servers"].values()
    return server.tasks[found["projects"][key]["project_id"]]


def test_answers_come_back_under_pseudonyms_and_the_counts_add_up(labelled, server):
    outcome = pull_annotations(labelled.root)
    assert (outcome.kept, outcome.failures, outcome.warnings) == (2, [], [])
    answered, skipped = read_judgements(labelled.root)
    assert (answered.annotator, answered.server, answered.emotion) == (
        "a01",
        "label-studio",
        "fear",
    )
    assert (skipped.status, skipped.batch) == ("skipped", "batch-0001")
    rows = [
        [row[name] for name in ("annotator", "pushed", "answered", "skipped", "open")]
        for row in outcome.details["projects"]
    ]
    assert rows == [["a01", 3, 1, 1, 1], ["a02", 2, 0, 0, 2]]
    assert not server.snapshots
    files = (labelled.root / "annotations").rglob("*.json*")
    assert not [file for file in files if "@lab" in file.read_text(encoding="utf-8")]


def test_pulling_twice_adds_nothing_and_news_make_one_file(labelled, server):
    [first] = pull_annotations(labelled.root).outputs
    again = pull_annotations(labelled.root)
    assert (again.kept, again.outputs, again.rejected) == (0, [], {"imported before": 2})
    server.answer(tasks(labelled, server, "a01")[2], "sad")
    server.answer(tasks(labelled, server, "a02")[0], "sad", by=3)
    third = pull_annotations(labelled.root)
    assert (third.kept, len(third.outputs)) == (2, 1)
    assert first.exists()


def test_a_file_exported_by_hand_holds_the_same_judgements(labelled, server, tmp_path):
    pull_annotations(labelled.root)
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks(labelled, server, "a01")))
    outcome = import_annotations(labelled.root, [path])
    assert (outcome.kept, outcome.rejected, outcome.failures) == (0, {"imported before": 2}, [])


def test_a_relabelled_clip_keeps_its_history(labelled, server):
    pull_annotations(labelled.root)
    [annotation] = tasks(labelled, server, "a01")[0]["annotations"]
    annotation["result"][0]["value"]["choices"] = ["surprise"]
    annotation["updated_at"] = "2026-11-23T09:00:00Z"
    outcome = pull_annotations(labelled.root)
    assert (outcome.kept, outcome.details["relabelled"]) == (1, 1)
    rows = sorted(read_judgements(labelled.root), key=lambda row: row.updated_at)
    assert [row.emotion for row in rows if row.status == "answered"] == ["fear", "surprise"]
    assert {row.emotion for row in latest(rows)} == {"surprise", None}


def test_an_answer_in_another_annotators_project_is_imported_and_named(labelled, server):
    annotation = server.answer(tasks(labelled, server, "a02")[0], by=2)
    outcome = pull_annotations(labelled.root)
    assert outcome.kept == 3
    warning, sums = outcome.warnings
    assert warning.startswith(f"annotation {annotation['id']} in a02's project")
    assert warning.endswith("is by a01")
    assert "1 task is answered by other annotators only" in sums
    assert "have a02 open the tasks one by one" in sums
    [row] = [row for row in outcome.details["projects"] if row["annotator"] == "a02"]
    assert (row["answered"], row["by_others"]) == (0, 1)
    assert row["pushed"] == sum(row[name] for name in ("answered", "skipped", "open", "by_others"))
    again = pull_annotations(labelled.root)
    assert again.warnings == outcome.warnings


def test_many_misplaced_answers_are_named_up_to_a_number(labelled, server):
    for _ in range(30):
        server.answer(tasks(labelled, server, "a02")[0], by=1)
    outcome = pull_annotations(labelled.root)
    assert outcome.details["in_others_projects"] == 30
    warning, _ = outcome.warnings
    assert "and 20 more in a02's project" in warning
    assert warning.endswith("are by admin@localhost") or warning.endswith("are by a04")


def test_answers_to_disputed_clips_are_adjudications(labelled, server):
    labelled.assign("batch-0002", kind="adjudication", a02=[3])
    push_tasks(labelled.root)
    server.answer(tasks(labelled, server, "a02:adjudication")[0], "sad", by=3)
    outcome = pull_annotations(labelled.root)
    roles = {row.role for row in read_judgements(labelled.root) if row.annotator == "a02"}
    assert roles == {"adjudication"}
    assert [row["kind"] for row in outcome.details["projects"]] == [
        "label",
        "label",
        "adjudication",
    ]


def test_count_mismatches_are_reported_with_numbers(labelled, server):
    own = tasks(labelled, server, "a01")
    own.pop()
    server.add_task(own[0]["project"], {"clip_id": "strange", "audio": "x"})
    server.add_task(own[0]["project"], own[0]["data"])
    outcome = pull_annotations(labelled.root)
    first, second, third = outcome.warnings
    sums = "3 tasks were pushed = 1 answered + 1 skipped + 0 open + 0 refused + 0 by others "
    sums += "+ 1 missing on the server"
    assert sums in first
    assert "1 task is on the server but not pushed" in second
    assert "1 task is on the server twice" in third


def test_drafts_are_no_answers_and_predictions_are_counted(labelled, server):
    task = tasks(labelled, server, "a01")[2]
    task["drafts"], task["predictions"] = [{"id": 1}], [5, 6]
    outcome = pull_annotations(labelled.root)
    assert (outcome.kept, outcome.details["drafts"], outcome.details["predictions"]) == (2, 1, 2)
    assert outcome.details["projects"][0]["open"] == 1


def test_a_deleted_project_fails_alone(labelled, server):
    number = tasks(labelled, server, "a02")[0]["project"]
    del server.projects[number]
    outcome = pull_annotations(labelled.root)
    assert outcome.kept == 2
    [failure] = outcome.failures
    assert failure.item == f"a02's project {number}"
    assert "judgements pulled before are kept" in failure.reason


def test_a_project_made_by_hand_can_be_pulled_by_its_number(labelled, server):
    number = server.make_project()
    task = server.add_task(number, {"clip_id": labelled.ids[8], "batch": "by-hand"})
    server.answer(task, by=3)
    outcome = pull_annotations(labelled.root, projects=[number])
    assert outcome.kept == 1
    assert outcome.details["projects"][0]["pushed"] is None


def test_unreadable_answers_are_listed_and_the_rest_imported(labelled, server):
    server.answer(tasks(labelled, server, "a01")[2], "NOT_A_CLASS")
    outcome = pull_annotations(labelled.root)
    assert (outcome.items_in, outcome.kept, outcome.failed) == (3, 2, 1)
    assert "NOT_A_CLASS" in outcome.failures[0].reason


def test_nothing_was_pushed(campaign, server):
    with pytest.raises(ConfigurationError, match="start with: corpus push-tasks"):
        pull_annotations(campaign.root, server_url=server.url)
    assert not (campaign.root / "annotations" / "server.json").exists()


def test_annotators_keep_their_pseudonym_on_another_server(labelled, server):
    pull_annotations(labelled.root)
    for project in server.projects.values():
        project["created_at"] = "2026-12-01T00:00:00Z"
    for row in server.tasks.values():
        row.clear()
    push_tasks(labelled.root)
    known = json.loads((labelled.root / "annotations" / "server.json").read_text())
    number = known["servers"]["label-studio-2"]["projects"]["a01"]["project_id"]
    server.users |= {2: "new@lab.example", 7: "li@lab.example"}
    server.answer(server.tasks[number][0], by=7)
    outcome = pull_annotations(labelled.root)
    assert (outcome.kept, outcome.warnings) == (1, [])
    assert {row.annotator for row in read_judgements(labelled.root)} == {"a01"}


def test_the_file_of_a_pull_is_named_by_its_content(labelled, server):
    [path] = pull_annotations(labelled.root).outputs
    assert path.stem.endswith(f"-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")


def test_a_refused_answer_is_no_answer_until_it_is_corrected(labelled, server):
    task = tasks(labelled, server, "a01")[2]
    annotation = server.answer(task, "furious")
    outcome = pull_annotations(labelled.root)
    [failure] = outcome.failures
    assert f"task {task['id']}, annotation {annotation['id']}" in failure.item
    assert "furious" in failure.reason
    row = outcome.details["projects"][0]
    assert [row[name] for name in ("answered", "skipped", "refused", "open")] == [1, 1, 1, 0]
    [warning] = outcome.warnings
    assert "1 task is answered in an invalid way" in warning
    assert "press Update" in warning
    annotation["result"][0]["value"]["choices"] = ["sad"]
    again = pull_annotations(labelled.root)
    assert (again.failures, again.warnings) == ([], [])
    assert again.details["projects"][0]["answered"] == 2


def test_tasks_finished_in_a_deleted_project_are_not_pushed_again(labelled, server):
    pull_annotations(labelled.root)
    [number] = {task["project"] for task in tasks(labelled, server, "a01")}
    del server.projects[number]
    pushed = push_tasks(labelled.root)
    assert (pushed.kept, pushed.rejected) == (1, {"there already": 2, "answered before": 2})
    assert [task["data"]["clip_id"] for task in tasks(labelled, server, "a01")] == [labelled.ids[2]]
    outcome = pull_annotations(labelled.root)
    row = outcome.details["projects"][0]
    assert [row[name] for name in ("pushed", "answered", "skipped", "open")] == [3, 1, 1, 1]
    assert (outcome.failures, outcome.warnings) == ([], [])


def test_answers_of_a_deleted_account_are_imported_under_a_name(labelled, server):
    """Those pulled before keep theirs; new ones need one."""
    pull_annotations(labelled.root)
    own = tasks(labelled, server, "a01")
    server.answer(own[2], "sad", by=None)
    for task in own:
        for annotation in task["annotations"]:
            annotation["completed_by"] = None
    del server.users[2]
    outcome = pull_annotations(labelled.root)
    assert (outcome.kept, outcome.rejected) == (0, {"imported before": 2})
    [failure] = outcome.failures
    assert failure.reason.endswith("import it with --nameless a01")
    counts = outcome.details["projects"][0]
    assert (counts["answered"], counts["skipped"], counts["refused"]) == (1, 1, 1)
    outcome = pull_annotations(labelled.root, nameless="a01")
    assert (outcome.kept, outcome.failures) == (1, [])
    assert outcome.warnings == ["1 annotations without an account count as those of a01"]
    again = pull_annotations(labelled.root)
    assert (again.failures, again.details["projects"][0]["answered"]) == ([], 2)
    assert {row.annotator for row in read_judgements(labelled.root)} == {"a01"}


def test_an_address_changed_on_the_server_is_followed(labelled, server):
    pull_annotations(labelled.root)
    server.users[2] = "li.new@lab.example"
    server.answer(tasks(labelled, server, "a01")[2], "sad")
    outcome = pull_annotations(labelled.root)
    assert (outcome.kept, outcome.failures) == (1, [])
    assert "a01 keeps the pseudonym" in outcome.warnings[0]
    assert {row.annotator for row in read_judgements(labelled.root)} == {"a01"}


def test_a_restored_server_changes_no_judgement(labelled, server):
    """It gave the number of an answer that it lost to another answer."""
    pull_annotations(labelled.root)
    first, _, third = tasks(labelled, server, "a01")
    [lost] = first["annotations"]
    first["annotations"].clear()
    server.answer(third, "sad", id=lost["id"], created_at="2026-11-29T08:00:00Z")
    outcome = pull_annotations(labelled.root)
    assert outcome.details["refused"] == {"conflict": 1}
    assert "corpus import-annotations FILE --server NAME" in outcome.failures[0].reason
    assert outcome.details["projects"][0]["refused"] == 1
    assert [row.emotion for row in read_judgements(labelled.root)] == ["fear", None]
