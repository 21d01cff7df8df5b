"""Kills between the analysis of films and the commit of their screening decisions."""

import contextlib
import math
import os
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from annotation.batches.batches import tasked_clips
from annotation.tasks.export import export_tasks
from corpus_tools.cli.app import app
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.inspection.status import survey
from corpus_tools.segmentation import segment as module
from corpus_tools.segmentation.ledger import commit as commit_module
from corpus_tools.segmentation.rescreen import screen_corpus
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.segment import segment
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.decisions import read_decisions, undecided_sources
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage

EASY = ScreenSettings(max_clipping=1, min_snr_db=-99, min_speech_ratio=0, max_music=1)
SHORT = SegmentSettings(min_seconds=2, max_seconds=4)


@pytest.fixture
def films(tmp_path, make_media, make_babble):
    """Two episodes with the same opening, the second of them first."""
    opening = make_babble(8, seed=0)
    (tmp_path / "s").mkdir()
    rests = {"e2.flac": [opening, make_babble(0.5, seed=7)], "e1.flac": [opening]}
    for name, parts in rests.items():
        make_media(tmp_path / "s" / name, np.concatenate(parts) / 32768)
    return [tmp_path / "s" / name for name in rests]


class Killed(BaseException):
    """Stands for SIGKILL: no code but the test's handles it."""


def killed(*_):
    raise Killed


@pytest.fixture
def killed_at(monkeypatch):
    """Run a function that ends before the n-th change below ``stages/``; return the changes."""

    def run(step, work):
        changes = []

        def dying(change):
            def dies(*paths, **options):
                if "/stages/" in f"{paths[-1]}":
                    if len(changes) >= step:
                        raise Killed
                    changes.append(paths[-1])
                return change(*paths, **options)

            return dies

        with monkeypatch.context() as patched:
            for name in ("replace", "unlink"):
                patched.setattr(os, name, dying(getattr(os, name)))
            with contextlib.suppress(Killed):
                work()
        return len(changes)

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


@pytest.mark.parametrize("before", ["nothing", "one film", "other cuts"])
def test_no_kill_lets_a_repeat_be_exported(tmp_path, films, killed_at, monkeypatch, before):
    """From two new films, from one decided before the other came, and from both cut otherwise.

    Each change of the commit, and every third of the analysis before it.
    """
    start, whole, corpus = (tmp_path / name / "corpus" for name in ("start", "whole", "trial"))
    start.mkdir(parents=True)
    if before == "one film":
        segment(start, films[:1], screen=EASY)
    elif before == "other cuts":
        segment(start, films, settings=SHORT, screen=EASY)
    shutil.copytree(start, whole)
    every = killed_at(math.inf, lambda: segment(whole, films, screen=EASY))
    originals = groups(whole)
    known = groups(start) | originals
    repeats = [name for name, original in originals.items() if name != original]
    assert repeats
    assert all(name.startswith("e2-") for name in repeats)
    shutil.copytree(start, corpus)
    with monkeypatch.context() as patched:
        patched.setattr(module, "resolve_repeats", killed)
        commit = killed_at(math.inf, lambda: segment(corpus, films, screen=EASY))
    assert every - commit > 8
    for step in [*range(0, commit, 3), *range(commit, every + 1)]:
        shutil.rmtree(corpus, ignore_errors=True)
        shutil.copytree(start, corpus)
        killed_at(step, lambda: segment(corpus, films, screen=EASY))
        names = [known[name] for name in offered(corpus, tmp_path / "copy")]
        assert len(names) == len(set(names)), f"repeats offered after {step} changes"
        segment(corpus, films, screen=EASY)
        assert tree(corpus) == tree(whole), f"another corpus after {step} changes"


def test_undecided_films_are_named_counted_and_decided_by_screen(tmp_path, films, monkeypatch):
    workspace = Workspace.create(tmp_path / "corpus", "c")
    corpus, whole = workspace.root, tmp_path / "whole"
    whole.mkdir()
    segment(whole, films, screen=EASY)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(module, "resolve_repeats", killed)
        segment(corpus, films, screen=EASY)
    found = survey(workspace)
    assert [name[:2] for name in found["undecided"]] == ["e1", "e2"]
    shown = CliRunner().invoke(app, ["status", "--corpus", str(corpus)], env={"COLUMNS": "999"})
    assert f"undecided    {', '.join(found['undecided'])}: a run was inter" in shown.output
    assert found["clips"]["accepted"] == 0
    assert found["ledger"]["undecided"] > 10
    assert sum(found["ledger"].values()) == pytest.approx(sum(found["seconds"].values()))
    outcome = export_tasks(corpus)
    [warning] = [text for text in outcome.warnings if "interrupted" in text]
    assert all(name in warning for name in found["undecided"])
    assert not tasked_clips(corpus)
    screen_corpus(corpus, {"drama": drama_rules(EASY)})
    assert not undecided_sources(corpus)
    stages = {path: data for path, data in tree(corpus).items() if path.parts[0] == "stages"}
    assert stages == {p: data for p, data in tree(whole).items() if p.parts[0] == "stages"}


def test_fingerprints_of_other_cuts_accept_no_repeat(tmp_path, films, monkeypatch):
    """Killed after `fingerprints` of new cuts, before their `segments`."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    segment(corpus, films, screen=EASY)
    write = commit_module.write_shard

    def dying(corpus, stage, *rest):
        if stage == STAGES["segments"]:
            raise Killed
        return write(corpus, stage, *rest)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(commit_module, "write_shard", dying)
        segment(corpus, films[:1], settings=SHORT, screen=EASY)
    outcome = screen_corpus(corpus, {"drama": drama_rules(EASY)})
    [failure] = outcome.failures
    assert failure.item.startswith("e2-")
    assert [failure.item] == undecided_sources(corpus)
    originals = groups(corpus)
    names = [originals[row.clip_id] for row in read_decisions(corpus) if row.accepted]
    assert names
    assert len(names) == len(set(names))
