"""The page's server: who may use it, what it takes, and what it answers."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest
import soundfile

from corpus_tools.prediction.predict import predict_files
from corpus_tools.serving import server as module
from corpus_tools.serving import service as service_module
from corpus_tools.serving.server import PageServer
from manifests.base.errors import ConfigurationError


def ask(server, method="GET", path=None, body=None, headers=(), **query):
    """Return status, headers and content of the answer to a request."""
    address = urlsplit(server.url)
    path = address.path if path is None else path.replace("TOKEN", server.token)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    connection.request(method, f"{path}?{urlencode(query)}", body, dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def post(server, body, headers=(), **query):
    status, _, content = ask(server, "POST", "/TOKEN/predict", body, headers, **query)
    return status, json.loads(content)


def test_a_file_is_answered_as_predict_does_and_removed(
    server, predictor, make_media, make_scene, tmp_path, uploads
):
    path = make_media(tmp_path / "film.wav", make_scene([(3.5, 0.8)] * 4))
    status, answer = post(server, path.read_bytes(), name="../../a\n<b>.wav")
    rows, _ = predict_files(predictor, [path])
    expected = rows[0].row(predictor.classes)
    assert status == 200
    assert answer["clips"] == expected["clips"]
    assert len(answer["clips"]) > 1
    assert answer["name"] == "a�<b>.wav"
    assert answer["notes"] == ["no text is known, so the sound alone decides"]
    assert answer["normalisation"] == expected["normalisation"]
    assert list(uploads.iterdir()) == []


@pytest.mark.parametrize(("suffix", "codec"), [("webm", "libopus"), ("mka", "libopus")])
def test_what_browsers_record_is_read(server, make_media, make_voice, tmp_path, suffix, codec):
    path = make_media(tmp_path / f"recording.{suffix}", make_voice(4.0), codec=codec)
    status, answer = post(server, path.read_bytes(), name=path.name)
    assert (status, len(answer["clips"])) == (200, 1)


def test_what_is_said_counts(server, clip, make_media, make_scene, tmp_path):
    sound = clip("a.wav").read_bytes()
    _, without = post(server, sound, name="a.wav")
    _, answer = post(server, sound, name="a.wav", text=" 巴适 ")
    assert answer["clips"][0]["text"] == "巴适"
    assert answer["clips"][0]["probabilities"] != without["clips"][0]["probabilities"]
    film = make_media(tmp_path / "film.wav", make_scene([(3.5, 0.8)] * 4))
    _, answer = post(server, film.read_bytes(), name="b.wav", text="x")
    assert answer["error"].startswith("b.wav: is cut into ")
    assert "but the text is for one" in answer["error"]


def test_a_file_without_speech_has_no_clips(server, tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(32_000), 16_000)
    _, answer = post(server, path.read_bytes(), name="silence.wav")
    assert (answer["clips"], answer["notes"]) == ([], ["silence.wav: no speech found"])


@pytest.mark.parametrize(
    ("body", "name", "problem"),
    [
        (b"", "a.wav", "the file is empty; give another one"),
        (b"hello " * 40, "a.wav", "a.wav: is a text file, not audio or video, whatever its name"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "a.mp4", "a.mp4: is a playlist: it names other files"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "a.ffconcat", "is a playlist"),
        (os.urandom(4096), "a.mkv", "a.mkv: is not readable audio or video, or is damaged"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "a.wav", "a.wav: "),
    ],
)
def test_what_is_no_sound_is_one_sentence(server, uploads, body, name, problem):
    status, answer = post(server, body, name=name)
    assert status in (400, 422)
    assert problem in answer["error"]
    assert str(uploads) not in answer["error"]
    assert list(uploads.iterdir()) == []


def test_long_sound_in_a_small_file_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(service_module, "MOST_HOURS", 0.01)
    path = tmp_path / "bomb.flac"
    soundfile.write(path, np.zeros(8000 * 60), 8000)
    status, answer = post(server, path.read_bytes(), name="bomb.flac")
    assert (status, answer["error"]) == (
        422,
        "bomb.flac: lasts longer than 0.01 h; give a part of it",
    )


@pytest.mark.parametrize(
    ("headers", "status", "problem"),
    [
        ({"Content-Length": str(2 << 30)}, 413, "the file is larger than 1024 MB"),
        ({"Content-Length": "9" * 5000}, 413, "the file is larger than 1024 MB"),
        ({"Content-Length": "-1"}, 411, "the size of the file isn't known"),
        ({"Content-Length": "٣"}, 411, "the size of the file isn't known"),
        ({"Transfer-Encoding": "chunked"}, 411, "the size of the file isn't known"),
    ],
)
def test_sizes_are_refused_before_the_file_is_read(server, headers, status, problem):
    headers = {name: value.encode() for name, value in headers.items()}
    found, answer = post(server, b"x", headers)
    assert found == status
    assert answer["error"].startswith(problem)


def test_a_full_disk_is_refused_before_the_file_is_read(server, monkeypatch):
    monkeypatch.setattr(module, "_SPARE_BYTES", 1 << 60)
    status, answer = post(server, b"x")
    assert status == 507
    assert answer["error"].startswith("no space left in ")


def test_one_file_at_a_time(server, clip):
    sound = clip("a.wav").read_bytes()
    with server.busy:
        status, answer = post(server, sound)
        assert status == 503
        assert answer["error"] == "another file is at work; try again when it is done"
    assert post(server, sound)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_pages_can_neither_read_nor_send(server, clip, headers):
    assert ask(server, headers=headers)[0] == 404
    assert post(server, clip("a.wav").read_bytes(), headers)[0] == 403


@pytest.mark.parametrize("path", ["/", "/wrong/", "/TOKEN", "/TOKEN/../", "/TOKEN/x"])
def test_nothing_is_at_other_addresses(server, path):
    assert ask(server, path=path)[0] == 404
    assert ask(server, "POST", path, b"x")[0] == 403


def test_the_page_loads_and_sends_nothing_elsewhere(server):
    status, headers, content = ask(server)
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert (headers["Referrer-Policy"], headers["X-Frame-Options"]) == ("no-referrer", "DENY")
    assert "Access-Control-Allow-Origin" not in headers
    assert b"http://" not in content.replace(b"http://www.w3.org/2000/svg", b"")
    assert b"https://" not in content
    assert b"innerHTML" not in content
    assert b"style=" not in content  # the policy forbids it


def test_a_port_in_use_is_named(server, predictor, uploads):
    port = server.server_address[1]
    with pytest.raises(ConfigurationError, match=f"port {port} can't be used.*--port"):
        PageServer(server.service, port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_command_and_leaves_nothing(run, tmp_path, number):
    command = [sys.executable, "-m", "corpus_tools", "serve", str(run), "--no-browser", "--json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not list(tmp_path.glob("corpus-serve-*")) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, "ended; everything uploaded was removed\n")
    assert json.loads(out)["url"].startswith("http://127.0.0.1:")
    assert list(tmp_path.iterdir()) == []
