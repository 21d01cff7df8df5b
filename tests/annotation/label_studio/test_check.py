"""Causes of playback failures, with a server that responds as the real one did."""

import http.server
import io
import json
import socket
import threading
import wave
from urllib.parse import urlsplit

import pytest

from annotation.label_studio.address import ServerFolder
from annotation.label_studio.check import check
from manifests.base.errors import ConfigurationError, CorpusError

CLIP = "clips/剧 1/剧 1-00000000-00004000.wav"
PAT = "header.payload.signature"


def wav(seconds=0.1):
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(b"\x01\x00" * int(16000 * seconds))
    return out.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Responds with a clip, unless the attributes say otherwise."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status, self.body, self.headers = 206, wav(), {"Content-Type": "audio/x-wav"}
        self.storages, self.requests = [], []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(dict(self.headers) | {"path": self.path})
        path = urlsplit(self.path).path
        if path == "/health":
            return self.say(200, b"{}")
        if path == "/api/projects":
            return self.say(200, b'{"results": [{"id": 1}]}')
        if path == "/api/storages/localfiles":
            return self.say(200, json.dumps(self.server.storages).encode())
        body = self.server.body if self.server.status in (200, 206) else b"error"
        size = {"Content-Range": f"bytes 0-9/{len(body)}"} if self.server.status == 206 else {}
        return self.say(self.server.status, body, self.server.headers | size)

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = said == {"refresh": PAT}
        self.say(200 if known else 401, b'{"access": "for-minutes"}' if known else b"{}")

    def say(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def corpus(corpus_folder, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", PAT)
    (corpus_folder / CLIP).parent.mkdir(parents=True)
    (corpus_folder / CLIP).write_bytes(wav())
    offer(
        corpus_folder,
        "/data/local-files/?d=clips/%E5%89%A7%201/%E5%89%A7%201-00000000-00004000.wav",
    )
    return corpus_folder


def offer(corpus, audio, **data):
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(exist_ok=True)
    data = {"clip_id": "剧 1-00000000-00004000", "audio": audio, "asr_text": ""} | data
    (tasks / "batch-0001.json").write_text(json.dumps([{"data": data}]), encoding="utf-8")


def playback_problem(corpus, server):
    outcome = check(corpus, url=server.url)
    assert outcome.items_in == outcome.kept + outcome.failed
    return outcome.failures[0].reason if outcome.failures else None


def test_a_clip_is_fetched_with_a_log_in_and_a_range(corpus, server):
    assert playback_problem(corpus, server) is None
    requests = server.requests[-1]
    assert requests["Authorization"] == "Bearer for-minutes"
    assert requests["Range"].startswith("bytes=0-")
    assert requests["path"].endswith("?d=clips/%E5%89%A7%201/%E5%89%A7%201-00000000-00004000.wav")


def test_a_legacy_token_is_sent_as_it_is(corpus, server, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "40hex")
    assert playback_problem(corpus, server) is None
    assert server.requests[-1]["Authorization"] == "Token 40hex"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, "the task's URL is invalid"),
        (401, "neither log-in nor token"),
        (403, "LOCAL_FILES_SERVING_ENABLED"),
        (404, "no project has a Local files storage"),
        (500, "outside its document root"),
        (502, "status 502"),
        (302, "status 302"),
    ],
)
def test_each_status_is_explained(corpus, server, status, sentence):
    server.status = status
    assert sentence in playback_problem(corpus, server)


def test_a_missing_clip_is_distinguished_from_a_missing_storage(corpus, server):
    server.status = 404
    (corpus / CLIP).unlink()
    assert "the corpus has no clips/" in playback_problem(corpus, server)


def test_a_storage_on_another_folder_is_named(corpus, server):
    server.status, server.storages = 404, [{"path": "/elsewhere/clips"}]
    said = playback_problem(corpus, server)
    assert "/elsewhere/clips" in said
    assert str(corpus / "clips") in said


def test_a_right_storage_below_a_wrong_root_is_reported(corpus, server):
    ServerFolder(corpus).make()
    server.status, server.storages = 404, [{"path": str(ServerFolder(corpus).clips)}]
    assert "document root" in playback_problem(corpus, server)


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("text/html; charset=utf-8", b"<html>log in</html>", "the response is a page"),
        ("text/plain", wav(), "content type is text/plain"),
        ("", wav(), "content type is missing"),
        ("audio/x-wav", b"<html>", "isn't a WAV file"),
        ("audio/x-wav", b"", "isn't a WAV file"),
        ("audio/x-wav", wav(0.2), "the file differs"),
        ("audio/x-wav", wav()[:-1] + b"\x07", "the file differs"),
    ],
)
def test_a_response_that_is_no_clip_of_the_corpus_is_refused(corpus, server, kind, body, sentence):
    server.headers, server.body = {"Content-Type": kind}, body
    assert sentence in playback_problem(corpus, server)


def test_a_server_without_ranges_gives_a_warning(corpus, server):
    server.status = 200
    outcome = check(corpus, url=server.url)
    assert outcome.ok
    assert "Range" in outcome.warnings[0]


def test_a_context_that_cannot_be_fetched_fails_beside_a_clip_that_can(corpus, server):
    batch = corpus / "annotations" / "tasks" / "batch-0001.json"
    audio = json.loads(batch.read_text(encoding="utf-8"))[0]["data"]["audio"]
    offer(corpus, audio, context="ftp://old.example/c.wav")
    outcome = check(corpus, url=server.url)
    assert (outcome.items_in, outcome.kept) == (2, 1)
    assert outcome.failures[0].item == "ftp://old.example/c.wav"


@pytest.fixture
def elsewhere(corpus, server):
    """Serve the clips by a web server that allows Label Studio's origin."""
    offer(corpus, f"{server.url}/a/%E5%89%A7%201/%E5%89%A7%201-00000000-00004000.wav")
    server.headers["Access-Control-Allow-Origin"] = server.url
    return server


def test_clips_on_a_web_server_are_fetched_without_a_log_in(corpus, elsewhere):
    assert playback_problem(corpus, elsewhere) is None
    assert "Authorization" not in elsewhere.requests[-1]
    assert elsewhere.requests[-1]["Origin"] == elsewhere.url


def test_another_file_on_a_web_server_is_reported(corpus, elsewhere):
    elsewhere.body = wav(0.2)
    assert "the file differs" in playback_problem(corpus, elsewhere)


@pytest.mark.parametrize("allowed", [None, "https://other.example", "null"])
def test_without_cross_origin_permission_the_header_is_named(corpus, elsewhere, allowed):
    elsewhere.headers = {"Content-Type": "audio/wav"}
    if allowed:
        elsewhere.headers["Access-Control-Allow-Origin"] = allowed
    said = playback_problem(corpus, elsewhere)
    assert f"Access-Control-Allow-Origin: {elsewhere.url}" in said
    assert (allowed or "none") in said


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "log-in"), (403, "refuses"), (404, "--audio-base-url"), (500, "500")],
)
def test_statuses_of_a_web_server_are_explained(corpus, elsewhere, status, sentence):
    elsewhere.status = status
    assert sentence in playback_problem(corpus, elsewhere)


def test_an_invalid_address_is_reported(corpus, server):
    offer(corpus, f"{server.url}/with blanks/a.wav")
    assert "no HTTP response" in playback_problem(corpus, server)


def test_no_server_at_the_clips_address(corpus, server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        offer(corpus, f"http://127.0.0.1:{closed.getsockname()[1]}/s/a.wav")
        assert "no server answers" in playback_problem(corpus, server)


def test_a_wrong_token_is_reported_without_quoting_it(corpus, server, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "other.secret.token")
    said = playback_problem(corpus, server)
    assert "rejects the token" in said
    assert "secret" not in said


def test_an_unavailable_server_is_reported(corpus):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(CorpusError, match="no Label Studio answers"):
            check(corpus, url=f"http://127.0.0.1:{closed.getsockname()[1]}")


def test_the_server_pushed_to_is_checked(corpus, server):
    known = {"servers": {"label-studio": {"url": server.url, "projects": {}}}}
    (corpus / "annotations" / "server.json").write_text(json.dumps(known))
    assert check(corpus).details["url"] == server.url


def test_without_tasks_or_with_a_bad_address_the_next_step_is_named(corpus, server):
    with pytest.raises(ConfigurationError, match="--server-url"):
        check(corpus, url="file:///etc/passwd")
    (corpus / "annotations" / "tasks" / "batch-0001.json").unlink()
    with pytest.raises(ConfigurationError, match="export-tasks"):
        check(corpus, url=server.url)
