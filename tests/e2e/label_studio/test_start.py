"""`corpus label-studio start`: access, served files, and state after it stops."""

import os
import signal
import subprocess

import httpx
import pytest
from label_studio_sdk import LabelStudio
from label_studio_sdk.core import ApiError

from annotation.label_studio.address import ServerFolder
from tests.e2e.label_studio.conftest import ENVIRONMENT

CONFIG = '<View><Audio name="audio" value="$audio"/></View>'


@pytest.fixture(scope="module")
def project(server):
    """A project with a storage that covers the clips."""
    lead = LabelStudio(base_url=server.url, api_key=server.token)
    project = lead.projects.create(title="served", label_config=CONFIG)
    path = str(ServerFolder(server.corpus).clips)
    lead.import_storage.local.create(project=project.id, title="clips", path=path)
    return project.id


def fetch(client, path, **headers):
    return client.get("/data/local-files/", params={"d": path}, headers=headers)


def a_clip(corpus):
    return next((corpus / "clips").rglob("*.wav")).relative_to(corpus).as_posix()


@pytest.mark.parametrize("annotator", ["admin", "a01", "a02", "a03"])
def test_every_annotator_can_log_in_and_fetch_a_clip(server, project, annotator):
    client = server.session(annotator)
    email = client.get("/api/current-user/whoami").json()["email"]
    assert email.startswith(
        {"admin": "admin@", "a01": "li@", "a02": "wang@", "a03": "zhao@"}[annotator]
    )
    answer = fetch(client, a_clip(server.corpus), Range="bytes=0-3")
    assert (answer.status_code, answer.content) == (206, b"RIFF")
    assert answer.headers["content-type"].startswith("audio/")


def test_tokens_identify_their_owners(server):
    for annotator, token in [("admin", server.token), ("li", server.token_of("a01"))]:
        label_studio = LabelStudio(base_url=server.url, api_key=token)
        assert label_studio.users.whoami().email.startswith(annotator)


def test_only_the_lead_administers(server):
    assert server.session("admin").get("/admin/").url.path == "/admin/"
    assert server.session("a01").get("/admin/").url.path == "/admin/login/"


@pytest.mark.parametrize(
    "path",
    [
        "speakers.csv",
        "corpus.toml",
        "annotations/annotators.csv",
        "annotations/label-studio/label_studio.sqlite3",
        "../label_studio.sqlite3",
        "../first-passwords.csv",
        "../../annotators.csv",
        "clips/../../first-passwords.csv",
        "/etc/passwd",
    ],
)
def test_nothing_but_clips_is_served(server, project, path):
    answer = fetch(server.session("a01"), path)
    assert answer.status_code in (404, 500)
    for secret in (b"@lab.example", b"SQLite format", b"speaker_id", b"root:"):
        assert secret not in answer.content


@pytest.mark.parametrize("folder", [".", "annotations", "clips", "annotations/label-studio"])
def test_an_annotator_cannot_add_a_storage_that_serves_more(server, project, folder):
    client = LabelStudio(base_url=server.url, api_key=server.token_of("a02"))
    with pytest.raises(ApiError) as raised:
        client.import_storage.local.create(
            project=project, title="more", path=str(server.corpus / folder)
        )
    assert raised.value.status_code == 400


def test_anonymous_users_get_nothing_and_cannot_sign_up(server, project):
    anonymous = server.client()
    assert fetch(anonymous, a_clip(server.corpus)).status_code == 401
    anonymous.get("/user/signup/")
    form = {"email": "eve@evil.example", "password": "long-enough-9", "allow_newsletters": "false"}
    form["csrfmiddlewaretoken"] = anonymous.cookies["csrftoken"]
    assert anonymous.post("/user/signup/", data=form).status_code in (400, 403)
    emails = [
        user.email for user in LabelStudio(base_url=server.url, api_key=server.token).users.list()
    ]
    assert "eve@evil.example" not in emails


def test_passwords_are_in_no_list_of_processes_and_in_no_log(server):
    listed = subprocess.run(
        ["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True
    )
    said = listed.stdout + server.printed.read_text() + (server.data / "server.log").read_text()
    for secret in [*server.passwords.values(), server.token]:
        assert secret not in said


def test_a_second_start_names_the_first(server, corpus_command):
    done = corpus_command("label-studio", "start", "--corpus", server.corpus, "--port", 1)
    assert done.returncode == 1
    assert f"already runs for this corpus: {server.url}, process {server.pid}" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_process_and_data_persist(make_corpus, serve, how):
    corpus = make_corpus(1)
    shell = {"HOST": "http://evil.example", "DEBUG": "true", "DATABASE_NAME": "/nonexistent/db"}
    with serve(corpus, environment=shell) as first:
        LabelStudio(base_url=first.url, api_key=first.token).projects.create(title="kept")
        pid = first.pid
        assert first.stop(how) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with serve(corpus) as second:
        client = LabelStudio(base_url=second.url, api_key=second.token)
        assert [project.title for project in client.projects.list()] == ["kept"]


def test_a_killed_start_leaves_a_server_that_the_next_start_ends(make_corpus, serve):
    corpus = make_corpus(0)
    with serve(corpus) as first:
        pid = first.pid
        first.stop(signal.SIGKILL)
        assert first.client().get("/health").status_code == 200
    with serve(corpus, "--restart") as second:
        assert f"process {pid}" in second.printed.read_text()
        with pytest.raises(httpx.ConnectError):
            first.client().get("/health")


def test_a_database_of_others_is_refused_until_it_is_adopted(make_corpus, serve, corpus_command):
    """As on another machine, which remembers nothing."""
    corpus = make_corpus(0)
    elsewhere = {"CORPUS_TOOLS_HOME": str(corpus.parent / "another-machine")}
    options = ["label-studio", "start", "--corpus", corpus, "--environment", ENVIRONMENT]
    done = corpus_command(*options, **elsewhere)
    assert done.returncode == 1
    assert "trust it with --adopt" in done.stderr
    with serve(corpus, "--adopt", environment=elsewhere) as server:
        assert server.session("a01").get("/api/current-user/whoami").status_code == 200


def test_behind_a_proxy_log_ins_at_the_public_url_work(make_corpus, serve):
    """As a proxy hands them on: with the Host and the Origin that the browser shows."""
    shown = "https://label.lab.example"
    with serve(make_corpus(0), "--public-url", shown) as server:
        assert f"Label Studio is at {shown};" in server.printed.read_text()
        statuses = {}
        for origin in (shown, "https://evil.example"):
            client = server.client(headers={"Host": "label.lab.example", "Origin": origin})
            client.get("/user/login/")
            form = {"email": "li@lab.example", "password": server.passwords["a01"]}
            form["csrfmiddlewaretoken"] = client.cookies["csrftoken"]
            statuses[origin] = client.post("/user/login/", data=form).status_code
    assert statuses == {shown: 302, "https://evil.example": 403}


def test_listening_on_all_addresses_gives_a_warning(make_corpus, serve):
    with serve(make_corpus(0), "--host", "0.0.0.0") as server:  # noqa: S104
        assert "sent unencrypted" in server.printed.read_text()
        assert server.client().get("/health").status_code == 200


def test_an_annotator_logs_in_through_the_page(server, page_of):
    requested = []
    page = page_of(server, "a01")
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{server.url}/projects/")
    page.wait_for_load_state("networkidle")
    assert "/user/login" not in page.url
    assert [url for url in requested if not url.startswith((server.url, "data:", "blob:"))] == []
