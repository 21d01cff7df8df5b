import json

import numpy as np
import pytest

from annotation.batches.batches import tasked_clips
from annotation.tasks.export import export_tasks
from corpus_tools.configuration.segment import ScreenSettings
from corpus_tools.segmentation.ledger.commit import MARKED
from corpus_tools.segmentation.segment import segment
from manifests.storage.records import Clip, LedgerEntry, Screen
from manifests.storage.shards import STAGES, read_shard, read_stage
from tests.factories import edit_shard

EASY = ScreenSettings(max_clipping=1, min_snr_db=-99, min_speech_ratio=0, max_music=1)


@pytest.fixture
def series(tmp_path, make_media, make_babble):
    folder = tmp_path / "山城"
    folder.mkdir()
    opening = make_babble(24, seed=0)
    before = make_babble(3.21, seed=3)
    for name, parts in {
        "第2集.mp3": [opening, make_babble(9, seed=7)],
        "第10集.m4a": [before, opening, make_babble(9, seed=8)],
    }.items():
        make_media(folder / name, np.concatenate(parts) / 32768)
    return folder


def decided(corpus):
    return {row.clip_id: row.reasons for row in read_stage(corpus, STAGES["screen"], Screen)}


def test_repeats_are_marked_and_the_first_episode_keeps_its_clip(corpus, series):
    outcome = segment(corpus, [series], screen=EASY)
    clips = list(read_stage(corpus, STAGES["segments"], Clip))
    repeats = {clip.clip_id: clip.duplicate_of for clip in clips if clip.duplicate_of}
    assert len(repeats) >= 2
    for repeat, original in repeats.items():
        assert repeat.startswith("第10集-")
        assert original.startswith("第2集-")
        assert decided(corpus)[repeat] == ["duplicate"]
    repeated = sum(clip.duration for clip in clips if clip.duplicate_of)
    ledger = read_stage(corpus, STAGES["ledger"], LedgerEntry)
    assert sum(row.seconds for row in ledger if row.reason == "duplicate") == pytest.approx(
        repeated
    )
    assert outcome.details["clips"]["rejected"]["duplicate"] == len(repeats)
    for clip in clips:
        in_opening = min(clip.end, 27.2) - max(clip.start, 3.2)
        if clip.duplicate_of:
            assert in_opening > 0.4 * clip.duration


def test_marks_do_not_depend_on_the_order_of_runs_and_are_found_again_after_a_kill(
    corpus, series, tmp_path
):
    segment(corpus, [series], screen=EASY)
    other = tmp_path / "other"
    other.mkdir()
    segment(other, [series / "第10集.m4a"], screen=EASY)
    assert not any(clip.duplicate_of for clip in read_stage(other, STAGES["segments"], Clip))
    outcome = segment(other, [series / "第2集.mp3"], screen=EASY)
    assert "not given, some clips repeat others now" in outcome.warnings[0]
    assert "第10集-" in outcome.warnings[0]
    assert not segment(other, [series / "第2集.mp3"], screen=EASY).warnings
    stages = {path.relative_to(corpus): path.read_bytes() for path in corpus.rglob("*.jsonl")}
    assert stages == {path.relative_to(other): path.read_bytes() for path in other.rglob("*.jsonl")}

    (corpus / MARKED).unlink()
    shard = STAGES["segments"].path(corpus, next(iter(decided(corpus))).rsplit("-", 2)[0])
    edit_shard(shard, b'"duplicate_of":"', b'"duplicate_of":"x')
    segment(corpus, [series], screen=EASY)
    assert stages == {
        path.relative_to(corpus): path.read_bytes() for path in corpus.rglob("*.jsonl")
    }


def test_frozen_clip_is_kept(corpus, series):
    segment(corpus, [series], screen=EASY)
    clips = list(read_stage(corpus, STAGES["segments"], Clip))
    frozen, original = next((one.clip_id, one.duplicate_of) for one in clips if one.duplicate_of)
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "batch-0001.json").write_text(json.dumps([{"data": {"clip_id": frozen}}]))
    segment(corpus, [series], screen=EASY)
    source = original.rsplit("-", 2)[0]
    marked = {
        clip.clip_id: clip.duplicate_of
        for clip in read_shard(STAGES["segments"].path(corpus, source), Clip)
    }
    assert marked[original] == frozen
    assert decided(corpus)[frozen] == []


def test_louder_copy_is_accepted_if_the_first_is_too_quiet(
    corpus, tmp_path, make_media, make_babble
):
    folder = tmp_path / "山城"
    folder.mkdir()
    opening, rest = make_babble(12, seed=0) / 32768, make_babble(6, seed=7) / 32768
    for number, gain in ((1, 0.02), (2, 1), (3, 0.9)):
        make_media(folder / f"第{number}集.flac", np.concatenate([opening * gain, rest]))
    strict = EASY.model_copy(update={"min_rms_db": -45.0})
    segment(corpus, [folder], screen=strict)
    clips = [one for one in read_stage(corpus, STAGES["segments"], Clip) if one.end <= 12]
    reasons = decided(corpus)
    firsts = [clip for clip in clips if clip.clip_id.startswith("第1集")]
    for first in firsts:
        assert reasons[first.clip_id] == ["too_quiet"]
        copies = [clip.clip_id for clip in clips if clip.duplicate_of == first.clip_id]
        assert [name[:3] for name in copies] == ["第2集", "第3集"]
        assert [reasons[name] for name in copies] == [[], ["duplicate"]]
    assert firsts
    export_tasks(corpus)
    offered = tasked_clips(corpus)
    assert {clip.clip_id for clip in clips if clip.clip_id in offered} == {
        clip.clip_id for clip in clips if clip.clip_id.startswith("第2集")
    }


def test_a_stale_ledger_beside_new_marks_is_renewed(corpus, series):
    segment(corpus, [series], screen=EASY)
    clip = next(one for one in read_stage(corpus, STAGES["segments"], Clip) if one.duplicate_of)
    source = clip.source_id
    path = STAGES["ledger"].path(corpus, source)
    whole = path.read_bytes()
    edit_shard(path, b'"duplicates":[[', b'"duplicates":[["x","y"],[')
    (corpus / MARKED).unlink()
    other = next(film for film in series.iterdir() if film.stem not in source)
    assert segment(corpus, [other], screen=EASY).ok
    assert path.read_bytes() == whole


def test_unfinished_source_fails_alone(corpus, series):
    segment(corpus, [series], screen=EASY)
    name = next(iter(decided(corpus))).rsplit("-", 2)[0]
    STAGES["ledger"].path(corpus, name).unlink()
    (corpus / MARKED).unlink()
    other = next(film for film in series.iterdir() if film.stem not in name)
    outcome = segment(corpus, [other], screen=EASY)
    assert [failure.item for failure in outcome.failures] == [name]
    assert "segment again" in outcome.failures[0].reason
    assert len(outcome.details["sources"]) == 1
    assert segment(corpus, [series], screen=EASY).ok
