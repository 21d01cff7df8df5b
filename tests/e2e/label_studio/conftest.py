"""A real Label Studio, started by `corpus label-studio start` on a free port of this machine.

The database is made once and copied: migrations take most of a minute. Run by `make e2e`.
"""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from annotation.label_studio.address import ServerFolder, left_process
from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import sha256_file
from tests.factories import make_clip, make_transcript

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[2] / ".venv-ls"
PEOPLE = {"a01": "li@lab.example", "a02": "wang@lab.example", "a03": "zhao@lab.example"}
SOURCE = "剧 第1集-0123456789ab"
CORPUS = [sys.executable, "-c", "from corpus_tools.cli import main; main()"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


class LiveServer:
    """Running server of a corpus, with log-ins of annotators."""

    def __init__(self, corpus, *options, port=None, environment=None):
        self.corpus = corpus
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.data = corpus / "annotations" / "label-studio"
        self.printed = corpus.parent / f"{corpus.name}-{port}.log"
        self._sessions, self._tokens = [], {}
        arguments = ["--corpus", corpus, "--port", port, "--environment", ENVIRONMENT, *options]
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [*CORPUS, "label-studio", "start", *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        try:
            self._wait()
        except BaseException:
            self.stop(signal.SIGTERM)
            raise

    def _wait(self, seconds=900):
        end = time.monotonic() + seconds
        while "; Ctrl-C stops it" not in self.printed.read_text():
            ended = self.process.poll() is not None
            assert not ended, self.printed.read_text()
            assert time.monotonic() < end, self.printed.read_text()
            time.sleep(0.2)

    @property
    def token(self):
        """The administrator's token."""
        return (self.corpus / "annotations" / ".label-studio-token").read_text().strip()

    @property
    def pid(self):
        return left_process(ServerFolder(self.corpus)).pid

    @property
    def passwords(self):
        """First password of each annotator, and of `admin`."""
        with (self.data / "first-passwords.csv").open() as rows:
            return {row["annotator"]: row["first_password"] for row in csv.DictReader(rows)}

    def client(self, **options):
        client = httpx.Client(base_url=self.url, timeout=60, trust_env=False, **options)
        self._sessions.append(client)
        return client

    def session(self, annotator):
        """Log in as a browser does; the client carries the cookies and the CSRF token."""
        client = self.client(follow_redirects=True)
        client.get("/user/login/")
        form = {
            "email": PEOPLE.get(annotator, "admin@localhost"),
            "password": self.passwords[annotator],
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        client.post("/user/login/", data=form)
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        return client

    def token_of(self, annotator):
        """Return an annotator's token for the SDK."""
        if annotator not in self._tokens:
            answer = self.session(annotator).post("/api/token/").raise_for_status()
            self._tokens[annotator] = answer.json()["token"]
        return self._tokens[annotator]

    def stop(self, how=signal.SIGINT):
        """Interrupt the command, as Ctrl-C does, and return its exit code."""
        for session in self._sessions:
            session.close()
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=30)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clip_record(corpus, number, seconds=4):
    """Write a clip with an individual tone and return its record."""
    clip_id = f"{SOURCE}-{number * 4000:08d}-{(number + 1) * 4000:08d}"
    path = corpus / "clips" / SOURCE / f"{clip_id}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(seconds * 16000) / 16000
    tone = 0.3 * np.sin(2 * np.pi * (200 + 10 * number) * times) * (1 + np.sin(6 * times)) / 2
    soundfile.write(path, tone, 16000, subtype="PCM_16")
    return make_clip(
        SOURCE, number * 4, number * 4 + seconds, clip_id=clip_id, file_sha256=sha256_file(path)
    )


def write_corpus(root, clips):
    """Write a corpus of accepted clips with texts, and three annotators."""
    subprocess.run([*CORPUS, "init", str(root)], check=True, capture_output=True)
    records = [clip_record(root, number) for number in range(clips)]
    ids = [record.clip_id for record in records]
    texts = [make_transcript(one, f"今天巴适 {n}", model="tiny") for n, one in enumerate(ids)]
    write_shard(root, STAGES["segments"], SOURCE, records, {})
    accepted = [Screen(clip_id=one, accepted=True) for one in ids]
    write_shard(root, STAGES["screen"], SOURCE, accepted, {})
    write_shard(root, STAGES["transcripts"], SOURCE, texts, {})
    rows = "".join(f"{name},,,{email}\n" for name, email in PEOPLE.items())
    (root / "annotations" / "annotators.csv").write_text(f"annotator,server,number,email\n{rows}")
    return root


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Return a corpus with database and accounts of a stopped server."""
    assert (ENVIRONMENT / "installed").exists(), "no Label Studio in .venv-ls; run: make e2e"
    corpus = write_corpus(tmp_path_factory.mktemp("template") / "corpus", clips=0)
    assert LiveServer(corpus).stop() == 0
    return corpus


@pytest.fixture(scope="session")
def make_corpus(template, tmp_path_factory):
    """Function that makes a corpus with a number of clips, and accounts on its server."""

    def make(clips):
        corpus = write_corpus(tmp_path_factory.mktemp("campaign") / "corpus", clips)
        made = Path("annotations")
        shutil.copytree(
            template / made / "label-studio", corpus / made / "label-studio", symlinks=True
        )
        shutil.copy(template / made / ".label-studio-token", corpus / made)
        return corpus

    return make


@contextmanager
def running(corpus, *options, **more):
    server = LiveServer(corpus, *options, **more)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def serve():
    """Run a corpus's server for a block: `with serve(corpus, "--host", "0.0.0.0") as server`."""
    return running


@pytest.fixture(scope="module")
def server(make_corpus):
    """Run the server of a corpus with six clips."""
    with running(make_corpus(6)) as server:
        yield server


@pytest.fixture(scope="session")
def corpus_command():
    """Run the command line: `corpus_command("push-tasks", "--corpus", folder)`."""

    def run(*arguments, **variables):
        return subprocess.run(
            [*CORPUS, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            env={**os.environ, **variables},
        )

    return run


@pytest.fixture(scope="session")
def chromium():
    """Run a headless Chromium without network access."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    assert found, "no Chromium on the PATH; install it, such as with: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_QUIET)
        yield browser
        browser.close()


_QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture
def page_of(chromium):
    """Log in through the page, and return it: `page_of(server, "a01")`."""
    contexts = []

    def log_in(server, annotator):
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(f"{server.url}/user/login/")
        page.fill("input[name=email]", PEOPLE[annotator])
        page.fill("input[name=password]", server.passwords[annotator])
        page.click("button[type=submit]")
        page.wait_for_url(f"{server.url}/**", wait_until="load")
        return page

    yield log_in
    for context in contexts:
        context.close()
