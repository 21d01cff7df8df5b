"""A campaign from tasks to a manifest: three annotators, some of it through the real page."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from label_studio_sdk import LabelStudio

from annotation.batches.batches import batch_path, write_batch
from annotation.judgements.store import read_judgements
from annotation.scheme.label_config import template
from manifests.base.emotions import EMOTIONS
from manifests.storage.shards import STAGES, write_shard
from tests.factories import make_source

CLIPS, IN_PAGE, DISPUTED = 60, 3, 6
PICTURES = os.environ.get("CORPUS_E2E_PICTURES")
"""Folder for screenshots of the labelling screen, for visual inspection."""


def answer(emotion, text=None):
    def item(name, kind, value):
        return {"from_name": name, "to_name": "audio", "type": kind, "value": value}

    items = [item("emotion", "choices", {"choices": [emotion]})]
    return items + ([item("transcript", "textarea", {"text": [text]})] if text else [])


def ours(clips, clip_id, annotator):
    """Return an annotator's answer: the same for all, except for three of the first clips."""
    place = clips.index(clip_id)
    person = int(annotator[1:]) if place < DISPUTED else 0
    return EMOTIONS[(place + person) % len(EMOTIONS)]


def picture(page, name):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def label_in_page(page, address, count):
    """Play, press 3 for happy, correct the text, submit; as an annotator does."""
    page.goto(address)
    for number in range(count):
        play = page.locator('[data-testid="playback-button:play"]').first
        play.wait_for()
        page.locator(".lsf-choices").first.wait_for()
        page.wait_for_function("!document.querySelector('.lsf-choices input:checked')")
        play.click()
        page.locator('[data-testid="playback-button:pause"]').first.wait_for()
        page.keyboard.press("3")
        page.locator("input[name=happy]:checked").first.wait_for()
        page.locator("textarea").first.fill(f"改过的文字 {number}")
        picture(page, f"screen-{number}")
        with page.expect_response(_saves) as saved:
            page.click("[data-testid=bottombar-submit-button]")
        assert saved.value.status == 201
        page.wait_for_function("!document.querySelector('.lsf-choices input:checked')")


def _saves(response):
    return response.request.method == "POST" and "/annotations" in response.url


def label_by_api(server, project, annotator, clips, *, skip=()):
    client = LabelStudio(base_url=server.url, api_key=server.token_of(annotator))
    include = "id,data,total_annotations"
    for task in client.tasks.list(project=project, include=include, page_size=100):
        if task.total_annotations:
            continue
        clip_id = task.data["clip_id"]
        client.annotations.create(
            id=task.id,
            result=answer(ours(clips, clip_id, annotator), task.data["asr_text"]),
            was_cancelled=clip_id in skip,
            lead_time=4.5,
        )


@pytest.fixture(scope="module")
def corpus(make_corpus):
    corpus = make_corpus(CLIPS)
    name = next((corpus / "clips").iterdir()).name
    source = make_source(
        name, series="剧", title="第1集", media_path="第1集.mkv", duration=4.0 * CLIPS
    )
    write_shard(corpus, STAGES["sources"], name, [source], {})
    return corpus


@pytest.fixture(scope="module")
def live(corpus, serve):
    with serve(corpus) as server:
        yield server


@pytest.fixture
def run(corpus, corpus_command):
    def run(verb, *arguments):
        done = corpus_command(verb, "--corpus", corpus, "--json", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_from_tasks_to_a_manifest(corpus, live, run, page_of):
    clips = sorted(path.stem for path in (corpus / "clips").rglob("*.wav"))
    run("export-tasks", "--annotators", "a01,a02,a03")
    pushed = run("push-tasks")
    assert [row["pushed"] for row in pushed["projects"]] == [CLIPS] * 3
    place = {row["annotator"]: row for row in pushed["projects"]}

    label_in_page(page_of(live, "a01"), place["a01"]["address"], IN_PAGE)
    early = run("pull-annotations")
    assert early["projects"][0] | {"answered": 3, "open": 57} == early["projects"][0]
    for annotator, row in place.items():
        skip = clips[-1:] if annotator == "a03" else ()
        label_by_api(live, row["project_id"], annotator, clips, skip=skip)

    pulled = run("pull-annotations")
    counts = [
        [row[name] for name in ("pushed", "answered", "skipped", "open")]
        for row in pulled["projects"]
    ]
    assert counts == [[CLIPS, CLIPS, 0, 0], [CLIPS, CLIPS, 0, 0], [CLIPS, CLIPS - 1, 1, 0]]
    assert (pulled["counts"]["kept"], pulled["counts"]["failed"]) == (3 * CLIPS - IN_PAGE, 0)
    assert run("pull-annotations")["counts"]["kept"] == 0
    rows = list(read_judgements(corpus))
    assert Counter(row.annotator for row in rows) == {"a01": CLIPS, "a02": CLIPS, "a03": CLIPS}
    texts = {row.transcript for row in rows}
    assert {f"改过的文字 {number}" for number in range(IN_PAGE)} <= texts

    assert run("agreement")["counts"]["kept"]
    disputed = run("export-tasks", "--disputed", "--show-votes", "--annotators", "a02")
    decided = disputed["counts"]["kept"]
    assert decided >= DISPUTED - IN_PAGE
    again = run("push-tasks")
    [adjudication] = [row for row in again["projects"] if row["kind"] == "adjudication"]
    assert (adjudication["pushed"], again["counts"]["kept"]) == (decided, decided)
    if PICTURES:
        page = page_of(live, "a02")
        page.goto(adjudication["address"])
        page.locator('[data-testid="playback-button:play"]').first.wait_for()
        picture(page, "adjudication")
    label_by_api(live, adjudication["project_id"], "a02", clips)
    last = run("pull-annotations")
    assert last["counts"]["kept"] == decided
    roles = Counter(row.role for row in read_judgements(corpus))
    assert roles == {"label": 3 * CLIPS, "adjudication": decided}
    built = run("build-manifest", "--group-by", "none")  # one film: it can't be divided by source
    assert built["counts"]["kept"] >= CLIPS - 1


def test_a_refused_answer_is_corrected_and_a_deleted_project_repeats_no_task(
    make_corpus, serve, corpus_command
):
    corpus = make_corpus(4)

    def run(verb, *arguments):
        done = corpus_command(verb, "--corpus", corpus, "--json", *arguments)
        return done.returncode, json.loads(done.stdout)

    with serve(corpus) as server:
        run("export-tasks", "--annotators", "a01")
        _, pushed = run("push-tasks")
        [row] = pushed["projects"]
        person = LabelStudio(base_url=server.url, api_key=server.token_of("a01"))
        first, second, *_ = person.tasks.list(project=row["project_id"], include="id,data")
        bad = person.annotations.create(id=first.id, result=answer("happy") + answer("sad"))
        person.annotations.create(id=second.id, result=answer("fear"))
        code, pulled = run("pull-annotations")
        [account] = pulled["projects"]
        assert code == 1
        assert (account["answered"], account["refused"], account["open"]) == (1, 1, 2)
        assert f"annotation {bad.id}" in pulled["failures"][0]["item"]
        person.annotations.update(id=bad.id, result=answer("happy"))
        code, pulled = run("pull-annotations")
        assert (code, pulled["projects"][0]["answered"]) == (0, 2)

        LabelStudio(base_url=server.url, api_key=server.token).projects.delete(row["project_id"])
        code, again = run("push-tasks")
        assert (code, again["projects"][0]["pushed"]) == (0, 2)
        assert again["projects"][0]["answered_before"] == 2
        code, pulled = run("pull-annotations")
        [account] = pulled["projects"]
        assert (code, account["pushed"], account["answered"], account["open"]) == (0, 4, 2, 2)


def test_an_answer_in_another_annotators_project_is_named(corpus, live, run):
    lead = LabelStudio(base_url=live.url, api_key=live.token)
    [project] = [one for one in lead.projects.list(title="a02") if one.title == "corpus · a02"]
    task = next(iter(lead.tasks.list(project=project.id, include="id")))
    other = LabelStudio(base_url=live.url, api_key=live.token_of("a03"))
    made = other.annotations.create(id=task.id, result=answer("sad"))
    pulled = run("pull-annotations")
    [warning] = [text for text in pulled["warnings"] if "project" in text]
    assert warning == f"annotation {made.id} in a02's project {project.id} is by a03"


def test_a_server_that_restarts_in_mid_push_gets_each_task_once(make_corpus, serve, tmp_path):
    corpus = make_corpus(1)
    rows = [
        {"data": {"clip_id": f"clip-{n}", "audio": "https://lab.example/x.wav", "batch": "many"}}
        for n in range(8000)
    ]
    write_batch(batch_path(corpus, "many"), rows)
    (corpus / "annotations" / "tasks" / "label_config.xml").write_text(template())
    command = [sys.executable, "-c", "from corpus_tools.cli import main; main()", "push-tasks"]
    with serve(corpus) as server:
        port = int(server.url.rpartition(":")[2])
        with (tmp_path / "out").open("wb") as out:
            push = subprocess.Popen([*command, "--corpus", str(corpus)], stdout=out, stderr=out)
        try:
            while count(server) < 500:
                assert push.poll() is None, (tmp_path / "out").read_text()
            server.stop()
            assert push.poll() is None, "the push was over before the restart"
            with serve(corpus, port=port) as server:
                code = push.wait(timeout=300)
                assert code == 0, (tmp_path / "out").read_text()
                lead = LabelStudio(base_url=server.url, api_key=server.token)
                [project] = lead.projects.list()
                found = lead.tasks.list(project=project.id, include="id,data", page_size=2000)
                assert [task.data["clip_id"] for task in found] == [
                    f"clip-{n}" for n in range(8000)
                ]
        finally:
            push.kill()


def count(server):
    lead = LabelStudio(base_url=server.url, api_key=server.token)
    return sum(project.task_number or 0 for project in lead.projects.list())
