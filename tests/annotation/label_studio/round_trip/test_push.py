import json
import re

import pytest

from annotation.label_studio import push
from annotation.label_studio.push import push_tasks
from manifests.base.errors import ConfigurationError, CorpusError


def pushed(server, project):
    return [task["data"]["clip_id"] for task in server.tasks[project]]


def known(campaign, server_id="label-studio"):
    text = (campaign.root / "annotations" / "server.json").read_text()
    return json.loads(text)["servers"][server_id]


def numbers(campaign, server_id="label-studio"):
    projects = known(campaign, server_id)["projects"]
    return {key: project["project_id"] for key, project in projects.items()}


@pytest.fixture
def two(campaign):
    campaign.assign("batch-0001", a01=[3, 1, 2], a02=[2, 5])
    return campaign


def test_each_annotator_gets_a_project_with_tasks_in_order(two, server):
    outcome = push_tasks(two.root, server_url=server.url)
    assert (outcome.items_in, outcome.kept, outcome.failures) == (5, 5, [])
    place = numbers(two)
    assert pushed(server, place["a01"]) == [two.ids[3], two.ids[1], two.ids[2]]
    assert pushed(server, place["a02"]) == [two.ids[2], two.ids[5]]
    project = server.projects[place["a01"]]
    assert project["title"] == "corpus · a01"
    assert project["sampling"] == "Sequential sampling"
    assert (project["show_skip_button"], project["show_collab_predictions"]) == (True, False)
    assert "emotion" in project["label_config"]
    [storage] = server.storages[place["a01"]]
    assert storage["path"] == str(two.root / "clips")
    assert outcome.details["projects"][0]["address"].endswith("/data?labeling=1")


def test_pushing_twice_adds_nothing(two, server):
    push_tasks(two.root, server_url=server.url)
    again = push_tasks(two.root, server_url=server.url)
    assert (again.kept, again.rejected) == (0, {"there already": 5})
    assert len(server.projects) == 2
    assert all(len(storages) == 1 for storages in server.storages.values())
    assert sum(map(len, server.tasks.values())) == 5


def test_a_new_batch_goes_into_the_same_project(two, server):
    push_tasks(two.root, server_url=server.url)
    two.assign("batch-0002", a01=[3, 7])
    outcome = push_tasks(two.root)
    assert outcome.kept == 2
    assert known(two)["projects"]["a01"]["batches"] == ["batch-0001", "batch-0002"]
    assert len(server.tasks[numbers(two)["a01"]]) == 5


def test_adjudication_has_projects_of_its_own(two, server):
    two.assign("batch-0002", kind="adjudication", a01=[1])
    push_tasks(two.root, server_url=server.url)
    place = numbers(two)
    assert place.keys() == {"a01", "a02", "a01:adjudication"}
    assert server.projects[place["a01:adjudication"]]["title"] == "corpus · a01 · adjudication"


def test_a_shared_batch_goes_to_one_project_or_to_each_in_full(campaign, server):
    campaign.share("batch-0001", [0, 1])
    push_tasks(campaign.root, server_url=server.url)
    assert numbers(campaign).keys() == {":shared"}
    campaign.share("batch-0002", [2, 3])
    push_tasks(campaign.root, batches=["batch-0002"], annotators=["a01", "a02"])
    assert pushed(server, numbers(campaign)["a02"]) == campaign.ids[2:4]
    again = push_tasks(campaign.root)
    assert (again.kept, again.items_in) == (0, 6)


@pytest.mark.parametrize("fault", ["reset", "lost", 500, 502, 503])
def test_a_server_that_restarts_in_mid_push_gets_each_task_once(two, server, fault, monkeypatch):
    monkeypatch.setattr(push, "_PORTION", 2)
    server.faults.extend([None, fault, fault])
    outcome = push_tasks(two.root, server_url=server.url)
    assert (outcome.kept, outcome.failures) == (5, [])
    assert pushed(server, numbers(two)["a01"]) == [two.ids[3], two.ids[1], two.ids[2]]


def test_an_interrupted_push_is_resumed(two, server, monkeypatch):
    monkeypatch.setattr(push, "_PORTION", 1)
    server.faults.extend([None] + [503] * 9)
    outcome = push_tasks(two.root, server_url=server.url)
    assert (outcome.kept, outcome.failed) == (1, 4)
    [failure] = outcome.failures
    assert "503" in failure.reason
    assert "run the same command to resume" in failure.reason
    server.faults.clear()
    again = push_tasks(two.root)
    assert (again.kept, again.rejected["there already"]) == (4, 1)
    assert pushed(server, numbers(two)["a01"]) == [two.ids[3], two.ids[1], two.ids[2]]


def test_an_unrecorded_project_is_found_again(two, server):
    push_tasks(two.root, server_url=server.url)
    (two.root / "annotations" / "server.json").unlink()
    outcome = push_tasks(two.root, server_url=server.url)
    assert (outcome.kept, len(server.projects)) == (0, 2)


def test_a_project_of_that_title_with_other_tasks_is_left_alone(two, server):
    other = server.make_project("corpus · a01")
    server.add_task(other, {"clip_id": "of another corpus", "batch": "batch-0001"})
    push_tasks(two.root, server_url=server.url)
    assert len(server.tasks[other]) == 1


def test_a_deleted_project_is_recreated_with_a_warning(two, server):
    push_tasks(two.root, server_url=server.url)
    gone = numbers(two)["a01"]
    del server.projects[gone]
    outcome = push_tasks(two.root)
    assert (outcome.kept, outcome.rejected["there already"]) == (3, 2)
    assert f"project {gone} was deleted on the server" in outcome.warnings[0]


def test_a_new_database_at_the_old_address_is_another_server(two, server):
    push_tasks(two.root, server_url=server.url)
    for number in list(server.projects):
        server.projects[number]["created_at"] = "2026-12-01T00:00:00Z"
    outcome = push_tasks(two.root)
    assert outcome.details["server"] == "label-studio-2"
    assert known(two)["replaced_by"] == "label-studio-2"
    assert outcome.kept + outcome.rejected["there already"] == 5
    assert "counts as a new server" in outcome.warnings[0]


def test_a_server_that_moved_is_the_same(two, server):
    push_tasks(two.root, server_url=server.url)
    moved = server.url.replace("127.0.0.1", "localhost")
    outcome = push_tasks(two.root, server_url=moved)
    assert (outcome.details["server"], outcome.kept) == ("label-studio", 0)
    assert known(two)["url"] == moved


def test_a_label_configuration_that_loses_answers_is_refused(two, server):
    push_tasks(two.root, server_url=server.url)
    number = numbers(two)["a01"]
    two.assign("batch-0002", a01=[7])
    screen = two.root / "annotations" / "tasks" / "batch-0002" / "label_config.xml"
    whole = screen.read_text(encoding="utf-8")
    screen.write_text(re.sub('<Choice value="music".*/>', "", whole), encoding="utf-8")
    server.answer(server.tasks[number][0])
    outcome = push_tasks(two.root)
    [failure] = outcome.failures
    assert "lacks the value 'music' of 'problems'" in failure.reason
    assert len(server.tasks[number]) == 3
    server.tasks[number][0]["annotations"].clear()
    assert push_tasks(two.root).ok
    assert 'value="music"' not in server.projects[number]["label_config"]


def test_predictions_are_shown_only_where_a_batch_has_some(two, server):
    path = two.root / "annotations" / "tasks" / "batch-0001" / "a02.json"
    path.with_name("SHA256SUMS").unlink()
    rows = json.loads(path.read_text(encoding="utf-8"))
    rows[0]["predictions"] = [{"model_version": "v1", "result": []}]
    path.write_text(json.dumps(rows), encoding="utf-8")
    push_tasks(two.root, server_url=server.url)
    place = numbers(two)
    assert not server.projects[place["a01"]]["show_collab_predictions"]
    assert server.projects[place["a02"]]["show_collab_predictions"]
    assert server.tasks[place["a02"]][0]["predictions"]


def test_a_server_that_cannot_serve_the_clips_is_reported(two, server):
    server.served = "/elsewhere"
    outcome = push_tasks(two.root, server_url=server.url)
    assert len(outcome.failures) == 2
    assert "can't serve the clips" in outcome.failures[0].reason
    assert not any(server.tasks.values())


def test_clips_of_a_web_server_need_no_storage(two, server):
    folder = two.root / "annotations" / "tasks" / "batch-0001"
    (folder / "SHA256SUMS").unlink()
    for name in ("a01", "a02"):
        path = folder / f"{name}.json"
        path.write_text(path.read_text().replace("/data/local-files/?d=", "https://lab.example/"))
    assert push_tasks(two.root, server_url=server.url).ok
    assert not server.storages


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batches": ["batch-0009"]}, "did you mean 'batch-0001'"),
        ({"annotators": ["a09"]}, "annotators.csv has no annotator of that name"),
        (
            {"server_url": "ftp://lab.example"},
            "--server-url: give the plain http://",
        ),
        (
            {"server_url": "http://li:secret@lab.example"},
            "--server-url: give the plain http://",
        ),
    ],
)
def test_missing_batches_and_annotators_are_named(two, server, options, sentence):
    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as raised:
        push_tasks(two.root, **{"server_url": server.url, **options})
    assert "secret" not in str(raised.value)
    assert not server.projects


def test_an_unavailable_server_gives_one_sentence(two, server):
    with pytest.raises(CorpusError, match="Label Studio doesn't answer"):
        push_tasks(two.root, server_url="http://127.0.0.1:9")
    assert not (two.root / "annotations" / "server.json").exists()


@pytest.mark.parametrize("status", [200, 301, 404])
def test_another_web_server_gives_one_sentence(two, server, web_page, status):
    with pytest.raises(CorpusError, match="isn't from a supported Label Studio"):
        push_tasks(two.root, server_url=web_page(status))


def test_the_name_of_the_corpus_is_cut_to_what_a_title_may_have(two, server):
    long = two.root.with_name("语料" * 40)
    two.root.rename(long)
    push_tasks(long, server_url=server.url)
    titles = [project["title"] for project in server.projects.values()]
    assert all(len(title) <= 50 and title.endswith((" · a01", " · a02")) for title in titles)


def test_annotators_without_account_are_named(campaign, server):
    campaign.assign("batch-0001", a02=[1], a03=[2])
    [warning] = push_tasks(campaign.root, server_url=server.url).warnings
    assert warning.startswith("a03 has no account on")
    assert "label-studio start" in warning
