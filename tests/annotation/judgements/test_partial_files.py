"""Partial files of killed writers: private, and removed by the next command that makes them."""

import signal
import stat
import subprocess
import sys

import pytest

from annotation.judgements.importing import import_annotations
from annotation.label_studio.connection import connect
from annotation.label_studio.machine import changed_machine
from manifests.base.errors import CorpusError

KILLED = """
import os, signal, sys
from pathlib import Path
from annotation.judgements.annotators import Annotators, Rater
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
annotators = Annotators(Path(sys.argv[1]))
annotators.pseudonym("label-studio", Rater(3, "li@lab.example"))
annotators.save()
"""


@pytest.fixture
def killed(tmp_path):
    """Corpus in which a writer of annotators.csv was killed, and the file that it left."""
    corpus = tmp_path / "corpus"
    (corpus / "annotations" / "judgements").mkdir(parents=True)
    (corpus / "corpus.toml").touch()
    done = subprocess.run([sys.executable, "-c", KILLED, corpus], umask=0, check=False)
    assert done.returncode == -signal.SIGKILL
    [left] = (corpus / "annotations").glob(".*.partial.csv")
    assert "li@lab.example" in left.read_text()
    return corpus, left


def test_a_killed_import_leaves_a_private_file_and_the_next_one_none(killed):
    corpus, left = killed
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    judgements = corpus / "annotations" / "judgements" / f"{left.stem}.jsonl"
    judgements.touch()
    (corpus / "export.json").write_text("[]")
    import_annotations(corpus, [corpus / "export.json"])
    assert not left.exists()
    assert not judgements.exists()


def test_push_and_pull_remove_it_before_anything_else(killed, monkeypatch, tmp_path):
    corpus, left = killed
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0123456789abcdef")
    with pytest.raises(CorpusError, match="doesn't answer"):
        connect(corpus, "http://127.0.0.1:9")
    assert not left.exists()


def test_the_memory_of_the_machine_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("CORPUS_TOOLS_HOME", str(tmp_path))
    left = tmp_path / ".0123456789abcdef.partial.json"
    left.touch()
    with changed_machine():
        assert not left.exists()
