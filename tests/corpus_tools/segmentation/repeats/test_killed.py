"""Kills between the analysis of films and the commit of their screening decisions."""

import itertools
import os
import shutil

import numpy as np
import pytest

from annotation.batches.batches import tasked_clips
from annotation.tasks.export import export_tasks
from corpus_tools.configuration.segment import ScreenSettings
from corpus_tools.inspection.status import survey
from corpus_tools.segmentation import segment as module
from corpus_tools.segmentation.rescreen import screen_corpus
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.segment import segment
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.decisions import read_decisions, undecided_sources
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage

EASY = ScreenSettings(max_clipping=1, min_snr_db=-99, min_speech_ratio=0, max_music=1)


@pytest.fixture
def films(tmp_path, make_media, make_babble):
    """Two episodes with the same opening, the second of them first."""
    opening = make_babble(4.5, seed=0)
    (tmp_path / "s").mkdir()
    rests = {"e2.flac": [opening, make_babble(3.5, seed=7)], "e1.flac": [opening]}
    for name, parts in rests.items():
        make_media(tmp_path / "s" / name, np.concatenate(parts) / 32768)
    return [tmp_path / "s" / name for name in rests]


class Killed(BaseException):
    """Stands for SIGKILL: no code but the test's handles it."""


@pytest.fixture
def killed_at(monkeypatch):
    """Run a function that ends at the n-th change below ``stages/``; return whether it did."""

    def run(step, work):
        changes = itertools.count()

        def dying(change):
            def dies(*paths, **options):
                if "/stages/" in f"{paths[-1]}" and next(changes) >= step:
                    raise Killed
                return change(*paths, **options)

            return dies

        with monkeypatch.context() as patched:
            for name in ("replace", "unlink"):
                patched.setattr(os, name, dying(getattr(os, name)))
            try:
                work()
            except Killed:
                return True
        return False

    return run


def tree(corpus):
    paths = (path for path in corpus.rglob("*") if path.is_file())
    return {path.relative_to(corpus): path.read_bytes() for path in paths}


def groups(corpus):
    clips = read_stage(corpus, STAGES["segments"], Clip)
    return {clip.clip_id: clip.duplicate_of or clip.clip_id for clip in clips}


def offered(corpus, copy):
    """Return the clips that an export would freeze now."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(corpus, copy)
    outcome = export_tasks(copy)
    undecided = undecided_sources(copy)
    assert any("corpus screen" in warning for warning in outcome.warnings) == bool(undecided)
    accepted = {row.clip_id for row in read_decisions(copy) if row.accepted}
    assert tasked_clips(copy).keys() <= accepted
    return tasked_clips(copy)


@pytest.mark.parametrize("decided", [False, True])
def test_no_kill_lets_a_repeat_be_exported(tmp_path, films, killed_at, decided):
    """From two undecided films, and from one decided before the other came."""
    start, whole, corpus = (tmp_path / name / "corpus" for name in ("start", "whole", "trial"))
    start.mkdir(parents=True)
    if decided:
        segment(start, films[:1], screen=EASY)
    shutil.copytree(start, whole)
    segment(whole, films, screen=EASY)
    originals = groups(whole)
    repeats = [name for name, original in originals.items() if name != original]
    assert repeats
    assert all(name.startswith("e2-") for name in repeats)
    for step in itertools.count():
        shutil.rmtree(corpus, ignore_errors=True)
        shutil.copytree(start, corpus)
        killed = killed_at(step, lambda: segment(corpus, films, screen=EASY))
        names = [originals[name] for name in offered(corpus, tmp_path / "copy")]
        assert len(names) == len(set(names)), f"repeats offered after {step} changes"
        segment(corpus, films, screen=EASY)
        assert tree(corpus) == tree(whole), f"another corpus after {step} changes"
        if not killed:
            break
    assert step > 10


def test_undecided_films_are_named_counted_and_decided_by_screen(tmp_path, films, monkeypatch):
    workspace = Workspace.create(tmp_path / "corpus", "c")
    corpus, whole = workspace.root, tmp_path / "whole"
    segment(whole, films, screen=EASY)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, "resolve_repeats", interrupted)
        segment(corpus, films, screen=EASY)
    found = survey(workspace)
    assert [name[:2] for name in found["undecided"]] == ["e1", "e2"]
    assert found["clips"]["accepted"] == 0
    assert found["ledger"]["undecided"] > 6
    assert sum(found["ledger"].values()) == pytest.approx(sum(found["seconds"].values()))
    outcome = export_tasks(corpus)
    [warning] = [text for text in outcome.warnings if "interrupted" in text]
    assert all(name in warning for name in found["undecided"])
    assert not tasked_clips(corpus)
    screen_corpus(corpus, {"drama": drama_rules(EASY)})
    assert not undecided_sources(corpus)
    stages = {path: data for path, data in tree(corpus).items() if path.parts[0] == "stages"}
    assert stages == {p: data for p, data in tree(whole).items() if p.parts[0] == "stages"}
