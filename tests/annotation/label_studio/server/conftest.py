"""Start of the fake Label Studio, until it answers."""

import os
import signal
import socket
import threading

import pytest

from annotation.label_studio.server.run import serve


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def run(corpus_folder, label_studio_environment, port, monkeypatch):
    """Start, call something once the server answers, then interrupt as ctrl-C does."""
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)

    def run_until_ready(
        meanwhile=lambda: None, end_with=signal.SIGINT, corpus=corpus_folder, **options
    ):
        notes = []

        def ready(url):
            notes.append(url)
            meanwhile()
            threading.Timer(0.1, os.kill, (os.getpid(), end_with)).start()

        options = {"port": port, "environment": label_studio_environment} | options
        with pytest.raises(KeyboardInterrupt):
            serve(corpus, report=notes.append, ready=ready, **options)
        return "\n".join(notes)

    return run_until_ready
