"""A server with a barely trained model."""

import threading

import pytest

from corpus_tools.serving.server import PageServer
from corpus_tools.serving.service import Service
from tests.corpus_tools.prediction.conftest import clip, predictor, run

__all__ = ["clip", "predictor", "run"]


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def server(predictor, uploads):
    with PageServer(Service("tiny", predictor, uploads)) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()
