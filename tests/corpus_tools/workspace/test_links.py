"""No command reads or writes through a link that leads out of the corpus."""

import os
import re
import shutil
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import DataError
from manifests.storage.links import check_links
from manifests.storage.locking import FolderLock
from manifests.storage.store import (
    atomic_folder,
    atomic_path,
    partial_folder,
    rewrite,
    write_bytes,
    write_jsonl,
    write_text,
)

ARGUMENTS = {
    "segment": ["{outside}"],
    "read-subtitles": ["{outside}"],
    "screen": [],
    "review": [],
    "add-recordings": ["{outside}/keep", "{outside}"],
    "transcribe": [],
    "import-transcripts": ["{outside}/keep", "--name", "x"],
    "compare-transcripts": ["a", "b"],
    "combine-transcripts": [],
    "export-tasks": [],
    "push-tasks": [],
    "pull-annotations": [],
    "import-annotations": ["{outside}/keep"],
    "agreement": [],
    "build-manifest": [],
    "diff-manifests": ["v1"],
    "verify": [],
    "verify-manifest": [],
    "export-manifest": ["--format", "csv", "--to", "{outside}/export"],
    "import-manifest": ["{outside}/keep"],
    "withdraw": ["--speaker", "f01"],
    "train": [],
    "compare": [],
    "evaluate": ["run"],
    "predict": ["{outside}/keep"],
    "serve": ["r1", "--no-browser"],
    "suspects": [],
    "status": [],
    "why": ["clip"],
    "label-studio start": [],
    "label-studio check": [],
}
NEITHER = {"init", "doctor", "demo"}

FOLDERS = (
    *("annotations", "annotations/tasks", "annotations/tasks/b1", "annotations/judgements"),
    *("choices", "clips", "clips/film", "exports", "exports/v1", "manifests", "manifests/v1"),
    *("review", "runs", "runs/r1", "runs/.unfinished", "stages", "stages/segments"),
)
FILES = (
    *("speakers.csv", "withdrawn.jsonl", "stages/segments/film.jsonl", "clips/film/a.wav"),
    *("annotations/annotators.csv", "annotations/judgements/x.jsonl", "manifests/v1/card.md"),
    *("runs/r1/model.safetensors", "choices/film.jsonl", "review/film.html"),
    "manifests/.0123456789abcdef.partial",
)


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "keep").write_text("kept")
    return folder


def verbs():
    names = [f"label-studio {verb}" for verb in ("start", "check")]
    return [*(one.name for one in app.registered_commands if one.name not in NEITHER), *names]


TRAPS = [
    *((place, target) for place in FOLDERS for target in ("{outside}", "{outside}/gone")),
    *((place, target) for place in FILES for target in ("{outside}/keep", "/dev/zero", "pipe")),
    ("stages/segments/relative.jsonl", "../../../outside/keep"),
]


def trapped(corpus, outside, place, target):
    """Create a corpus with a link, or a pipe, at a place in it, and return its path."""
    Workspace.create(corpus, "c")
    path = corpus / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    os.mkfifo(path) if target == "pipe" else path.symlink_to(target.format(outside=outside))
    return path


@pytest.mark.parametrize("way", ["kept", "exports/annotations/label-studio"])
@pytest.mark.parametrize("deep", ["x", "y/x"])
def test_links_out_behind_links_inside_are_refused(tmp_path, outside, way, deep):
    link = trapped(tmp_path / "corpus", outside, f"{way}/{deep}", "{outside}")
    runs = tmp_path / "corpus" / "runs"
    runs.mkdir()
    (runs / "loop").symlink_to("..")
    (runs / "r1").symlink_to(f"../{way}")
    with pytest.raises(DataError, match=re.escape(f"{link}: is a link")):
        check_links(tmp_path / "corpus")
    link.unlink()
    check_links(tmp_path / "corpus")


def contents(folder):
    return [(one.name, one.read_text()) for one in folder.iterdir()]


@pytest.mark.parametrize("verb", verbs())
def test_every_command_refuses_links_out_of_the_corpus(tmp_path, outside, verb):
    arguments = [text.format(outside=outside) for text in ARGUMENTS[verb]]
    for number, (place, target) in enumerate((TRAPS[0], TRAPS[1], TRAPS[-2])):
        corpus = tmp_path / str(number)
        path = trapped(corpus, outside, place, target)
        result = CliRunner().invoke(app, [*verb.split(), *arguments, "--corpus", str(corpus)])
        assert result.exit_code == 1, (place, result.output)
        assert (
            f"error: {path}: is a link or a special file that leads out of the corpus, so nothing "
            f"is read or written; remove it, or put what it leads to in its place"
        ) in result.output.splitlines()
        assert contents(outside) == [("keep", "kept")]


@pytest.mark.parametrize(("place", "target"), TRAPS)
def test_every_place_is_looked_at(tmp_path, outside, place, target):
    path = trapped(tmp_path / "c", outside, place, target)
    with pytest.raises(DataError, match=f"{re.escape(str(path))}: is a link or a special file"):
        Workspace.find(tmp_path / "c")
    assert contents(outside) == [("keep", "kept")]


def test_a_folder_with_links_becomes_no_corpus(tmp_path, outside):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "clips").symlink_to(outside)
    result = CliRunner().invoke(app, ["init", str(tmp_path / "c")])
    assert result.exit_code == 1
    assert "c/clips: is a link or a special file" in result.output
    assert [one.name for one in (tmp_path / "c").iterdir()] == ["clips"]


def test_a_socket_is_refused(tmp_path, monkeypatch):
    Workspace.create(tmp_path / "c", "c")
    monkeypatch.chdir(tmp_path / "c" / "stages")  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.jsonl")
        with pytest.raises(DataError, match=r"s\.jsonl: is a link or a special file"):
            Workspace.find()


def test_links_that_stay_and_a_linked_corpus_are_followed(tmp_path):
    Workspace.create(tmp_path / "disk" / "c", "c")
    corpus = tmp_path / "c"
    corpus.symlink_to("disk/c")
    store = corpus / ".git" / "annex"
    store.mkdir(parents=True)
    (store / "x.wav").write_bytes(b"x")
    (corpus / "clips" / "x.wav").symlink_to(Path("../.git/annex/x.wav"))
    (corpus / "annotations" / ".#gold.csv").symlink_to("me@host.7:1")  # an editor's lock
    (corpus / "films").symlink_to("/")  # not the corpus's own
    assert Workspace.find(corpus).root == corpus
    write_text(corpus / "stages" / "x", "y")
    with FolderLock(corpus):
        pass
    assert (tmp_path / "disk" / "c" / "stages" / "x").read_text() == "y"


@pytest.mark.parametrize("deep", ["results", "results/a/b"])
def test_nothing_is_written_through_a_link_in_folders_of_other_names(tmp_path, outside, deep):
    corpus = tmp_path / "c"
    Workspace.create(corpus, "c")
    (outside / "corpus.toml").write_text("")  # makes the target no corpus of its own
    (corpus / "results").symlink_to(outside)
    check_links(corpus)
    target = corpus / deep
    for writing in (
        atomic_path(target / "x"),
        atomic_folder(target / "x"),
        partial_folder(target),
        FolderLock(target),
    ):
        with pytest.raises(DataError, match=rf"{target}: is a link .* leads out"), writing:
            pass
    assert sorted(one.name for one in outside.iterdir()) == ["corpus.toml", "keep"]


def test_folders_outside_of_all_corpora_may_be_links(tmp_path, outside):
    (tmp_path / "exports").symlink_to(outside)
    write_text(tmp_path / "exports" / "x", "y")
    assert (outside / "x").read_text() == "y"


@pytest.mark.parametrize("kind", ["hard link", "link"])
@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_text(path, "new"),
        lambda path: write_bytes(path, b"new", mode=0o600),
        lambda path: write_jsonl(path, [{}]),
        lambda path: rewrite(path, b"new"),
    ],
    ids=["write_text", "write_bytes", "write_jsonl", "rewrite"],
)
def test_a_linked_file_is_replaced_and_its_target_kept(tmp_path, outside, kind, write):
    path = tmp_path / "x"
    getattr(path, "hardlink_to" if kind == "hard link" else "symlink_to")(outside / "keep")
    write(path)
    assert (outside / "keep").read_text() == "kept"
    assert not path.is_symlink()
    assert path.read_text() != "kept"
