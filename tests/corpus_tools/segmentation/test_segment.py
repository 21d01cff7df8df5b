import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import corpus_tools.media.wav
import manifests.storage.shards
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.segmentation.intake.identify import KnownSources, identify
from corpus_tools.segmentation.intake.selections import put_reviews
from corpus_tools.segmentation.ledger.update import Update
from corpus_tools.segmentation.retrim import retrim
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.segment import segment
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Choice, Clip, LedgerEntry, Screen, Source, SubtitleLine
from manifests.storage.shards import STAGES, read_shard, read_stage

NARROW = SegmentSettings(max_seconds=3.6)


def tree(corpus: Path) -> dict[str, bytes]:
    """Return clips and shards."""
    return {
        path.relative_to(corpus).as_posix(): path.read_bytes()
        for path in sorted(corpus.rglob("*.*"))
        if path.is_file()
    }


def clips_of(corpus: Path) -> list[Clip]:
    return list(read_stage(corpus, STAGES["segments"], Clip))


def freeze(corpus: Path, clip_id: str) -> None:
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True, exist_ok=True)
    (tasks / "batch-0001.json").write_text(json.dumps([{"data": {"clip_id": clip_id}}]))


@pytest.fixture(scope="module")
def cut_once(tmp_path_factory, films):
    corpus = tmp_path_factory.mktemp("cut") / "corpus"
    corpus.mkdir()
    segment(corpus, [films])
    return corpus


@pytest.fixture
def cut_corpus(tmp_path, cut_once):
    """A copy of a corpus with the films, which may be changed."""
    return shutil.copytree(cut_once, tmp_path / "corpus")


@pytest.fixture(scope="module")
def cut_narrowly_once(tmp_path_factory, films):
    corpus = tmp_path_factory.mktemp("narrow") / "corpus"
    corpus.mkdir()
    segment(corpus, [films], settings=NARROW)
    return corpus


def test_films_become_clips_that_are_what_their_records_say(corpus, films):
    outcome = segment(corpus, [films])
    assert outcome.ok
    assert (outcome.items_in, outcome.kept) == (2, 2)
    clips = clips_of(corpus)
    assert len(clips) >= 4
    for clip in clips:
        samples, rate = soundfile.read(corpus / clip.path, dtype="int16")
        assert rate == 16_000
        assert 3.0 <= len(samples) / rate == clip.duration <= 5.0
        assert corpus_tools.media.wav.pcm_sha256(samples) == clip.sha256
        assert f"{round(clip.start * 1000):08d}-{round(clip.end * 1000):08d}" in clip.clip_id
    assert {p.relative_to(corpus).as_posix() for p in (corpus / "clips").rglob("*.wav")} == {
        clip.path for clip in clips
    }


def test_sources_subtitles_and_speakers_are_recorded(cut_corpus, films):
    corpus = cut_corpus
    sources = {source.title: source for source in read_stage(corpus, STAGES["sources"], Source)}
    first = sources["第1集"]
    assert (first.series, first.episode, first.kind) == ("山城", "第1集", "drama")
    assert (first.media_path, first.sample_rate, first.channels) == ("第1集.mp4", 48_000, 2)
    assert sources["E02"].episode == "E02"
    path = STAGES["subtitles"].path(corpus, first.source_id)
    assert [line.speaker for line in read_shard(path, SubtitleLine)] == ["王", "王", "李"]
    speakers = {(clip.source_id, clip.speaker, clip.speaker_source) for clip in clips_of(corpus)}
    assert (first.source_id, "王", "subtitle") in speakers
    assert (sources["E02"].source_id, None, None) in speakers


def test_every_ledger_adds_up_to_its_source(corpus, films):
    outcome = segment(corpus, [films], screen=ScreenSettings(min_snr_db=45))
    for source in read_stage(corpus, STAGES["sources"], Source):
        ledger = read_shard(STAGES["ledger"].path(corpus, source.source_id), LedgerEntry)
        assert sum(round(one.seconds * 1000) for one in ledger) == round(source.duration * 1000)
    total = sum(report["seconds"] for report in outcome.details["sources"])
    assert sum(outcome.details["ledger"].values()) == pytest.approx(total)


def test_a_second_run_does_nothing_and_a_second_corpus_is_the_same(cut_corpus, films, tmp_path):
    corpus = cut_corpus
    before = tree(corpus)
    changed = {path: (corpus / path).stat().st_ino for path in before}
    again = segment(corpus, [films])
    assert {report["status"] for report in again.details["sources"]} == {"unchanged"}
    assert {path: (corpus / path).stat().st_ino for path in tree(corpus)} == changed
    other = tmp_path / "other"
    other.mkdir()
    segment(other, [films / "第1集.mp4"])
    segment(other, [films / "E02.mp3"])
    assert tree(other) == before


def test_the_corpus_is_the_same_however_many_workers(corpus, films, tmp_path):
    one = segment(corpus, [films, films / "missing.mp4"])
    for workers in (2, 5):
        other = tmp_path / f"other{workers}"
        other.mkdir()
        several = segment(other, [films, films / "missing.mp4"], workers=workers)
        assert tree(other) == tree(corpus)
        assert several.details == one.details
        assert several.failures == one.failures != []


def test_other_settings_replace_clips_and_leave_none_behind(cut_corpus, films, cut_narrowly_once):
    corpus = cut_corpus
    outcome = segment(corpus, [films], settings=NARROW)
    assert outcome.ok
    assert tree(corpus) == tree(cut_narrowly_once)


def test_other_thresholds_change_decisions_only(cut_corpus, films):
    corpus = cut_corpus
    before = tree(corpus)
    outcome = segment(corpus, [films], screen=ScreenSettings(min_rms_db=-1))
    after = tree(corpus)
    changed = {path for path in after if after[path] != before[path]}
    assert {Path(path).parts[1] for path in changed} == {"screen", "ledger"}
    assert outcome.details["clips"]["accepted"] == 0
    segment(corpus, [films])
    assert tree(corpus) == before


def test_a_source_with_frozen_clips_is_left_alone(cut_corpus, films):
    corpus = cut_corpus
    frozen = next(clip for clip in clips_of(corpus) if "第1集" in clip.clip_id)
    freeze(corpus, frozen.clip_id)
    before = {path: data for path, data in tree(corpus).items() if "第1集" in path}
    outcome = segment(corpus, [films], settings=SegmentSettings(max_seconds=3.6))
    assert [Path(failure.item).name for failure in outcome.failures] == ["第1集.mp4"]
    reason = outcome.failures[0].reason
    assert "(max_seconds is 3.6, was 5.0), but 1 of its clips are frozen" in reason
    assert "batch-0001.json" in reason
    assert "in a run of its own (--max-seconds 5.0)" in reason
    assert outcome.kept == outcome.failed == 1
    assert before.items() <= tree(corpus).items()
    reports = {Path(report["media"]).name: report for report in outcome.details["sources"]}
    assert reports["第1集.mp4"]["status"] == "kept"
    assert reports["第1集.mp4"]["clips"] > 0
    assert sum(outcome.details["ledger"].values()) == pytest.approx(
        sum(report["seconds"] for report in reports.values())
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_new_thresholds_hold_for_a_source_that_keeps_its_cuts(cut_corpus, films, workers):
    corpus = cut_corpus
    freeze(corpus, next(clip.clip_id for clip in clips_of(corpus) if "第1集" in clip.clip_id))
    before = {path: data for path, data in tree(corpus).items() if "第1集" in path}
    narrow, strict = SegmentSettings(max_seconds=3.6), ScreenSettings(min_rms_db=0)
    outcome = segment(corpus, [films], settings=narrow, screen=strict, workers=workers)
    after = tree(corpus)
    changed = {Path(path).parts[1] for path, data in before.items() if after[path] != data}
    assert changed == {"screen", "ledger"}
    assert outcome.details["clips"]["accepted"] == 0
    assert len(outcome.failures) == 1


def test_a_lost_clip_comes_back_even_if_frozen(cut_corpus, films):
    corpus = cut_corpus
    before = tree(corpus)
    (corpus / clips_of(corpus)[0].path).unlink()
    freeze(corpus, clips_of(corpus)[0].clip_id)
    assert segment(corpus, [films]).ok
    assert before.items() <= tree(corpus).items()


def test_a_frozen_clip_is_kept_though_no_shard_names_it(cut_corpus, films):
    corpus = cut_corpus
    clip = clips_of(corpus)[0]
    orphan = f"{clip.source_id}-99990000-99993000"
    (corpus / f"clips/{clip.source_id}/{orphan}.wav").write_bytes(b"RIFF")
    freeze(corpus, orphan)
    segment(corpus, [films])
    assert (corpus / f"clips/{clip.source_id}/{orphan}.wav").exists()


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("step", range(11))
def test_killed_anywhere_and_run_again_the_corpus_is_the_same(
    cut_narrowly_once, cut_once, films, tmp_path, monkeypatch, step
):
    corpus = shutil.copytree(cut_narrowly_once, tmp_path / "corpus")
    calls = 0

    def dying(write):
        def wrapper(path, *arguments):
            nonlocal calls
            calls += 1
            if calls > step:
                (path.parent / ".0123.partial.wav").parent.mkdir(parents=True, exist_ok=True)
                (path.parent / ".0123.partial.wav").write_bytes(b"half")
                raise _Killed
            return write(path, *arguments)

        return wrapper

    with monkeypatch.context() as patched:
        patched.setattr(
            corpus_tools.media.wav, "write_bytes", dying(manifests.storage.store.write_bytes)
        )
        patched.setattr(
            manifests.storage.shards, "write_bytes", dying(manifests.storage.store.write_bytes)
        )
        try:
            segment(corpus, [films])
        except _Killed:
            pass
        else:
            pytest.skip("the run has fewer steps than this")
    assert segment(corpus, [films]).ok
    assert tree(corpus) == tree(cut_once)


def test_each_bad_input_is_one_failure(corpus, films, tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "folder").mkdir()
    bad = ["missing.mp4", "empty.mp4", "text.mp4", "folder"]
    outcome = segment(corpus, [*(tmp_path / name for name in bad), films / "E02.mp3"])
    assert [Path(failure.item).name for failure in outcome.failures] == [
        "missing.mp4", "empty.mp4", "text.mp4",
    ]  # fmt: skip
    assert outcome.items_in == 4
    assert outcome.kept == 1
    assert "folder: no media in this folder" in outcome.warnings[0]


def test_a_folder_without_media_is_nothing_to_do(corpus, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").touch()
    outcome = segment(corpus, [tmp_path / "folder"])
    assert outcome.ok
    assert outcome.items_in == outcome.failed == 0
    (warning,) = outcome.warnings
    assert str(tmp_path / "folder") in warning
    assert ".mkv" in warning


def test_the_same_content_twice_is_done_once_and_keeps_its_first_id(corpus, films, tmp_path):
    copy = tmp_path / "copy.mp3"
    shutil.copy(films / "E02.mp3", copy)
    outcome = segment(corpus, [films / "E02.mp3", copy])
    assert outcome.ok
    assert outcome.rejected == {"same content": 1}
    assert "same content" in outcome.warnings[0]
    before = tree(corpus)
    later = segment(corpus, [copy])
    assert later.details["sources"][0]["status"] == "unchanged"
    assert tree(corpus) == before


def test_a_series_can_be_named_later_without_cutting(cut_corpus, films):
    corpus = cut_corpus
    clips = clips_of(corpus)
    segment(corpus, [films], series="Mountain City")
    assert {s.series for s in read_stage(corpus, STAGES["sources"], Source)} == {"Mountain City"}
    assert clips_of(corpus) == clips
    segment(corpus, [films])
    assert {s.series for s in read_stage(corpus, STAGES["sources"], Source)} == {"Mountain City"}


def test_bad_subtitles_are_a_warning_and_new_ones_cut_anew(corpus, films, tmp_path):
    film = shutil.copytree(films, tmp_path / "x") / "第1集.mp4"
    film.with_suffix(".vtt").write_bytes(b"\x00\x01no subtitles")
    outcome = segment(corpus, [film])
    assert outcome.ok
    assert any("第1集.vtt" in warning for warning in outcome.warnings)
    shutil.copy(films / "第1集.vtt", film.parent)
    assert segment(corpus, [film]).details["sources"][0]["status"] == "cut"
    film.with_suffix(".vtt").touch()
    assert segment(corpus, [film]).details["sources"][0]["status"] == "unchanged"


def test_a_second_track_is_a_source_of_its_own(corpus, make_scene, make_media, tmp_path):
    film = make_media(tmp_path / "a.mkv", make_scene([(2, 1), (3, 1)]), tracks=2)
    segment(corpus, [film])
    segment(corpus, [film], track=1)
    names = [one.source_id for one in read_stage(corpus, STAGES["sources"], Source)]
    names.sort(key=len)
    assert len(names) == 2
    assert names[1] == f"{names[0]}-t1"


def test_silence_has_no_clips_and_a_warning(corpus, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(200_000), 16_000)
    soundfile.write(tmp_path / "b.wav", np.zeros(20_000), 16_000)
    outcome = segment(corpus, [tmp_path / "a.wav", tmp_path / "b.wav"])
    assert outcome.ok
    assert outcome.details["ledger"] == {"silence": 13.75}
    assert "no speech" in outcome.warnings[0]
    assert "too short" in outcome.warnings[1]
    assert list(read_stage(corpus, STAGES["screen"], Screen)) == []


def test_speech_that_fits_no_clip_is_not_called_silence(corpus, make_scene, make_media, tmp_path):
    film = make_media(tmp_path / "a.wav", make_scene([(3.0, 0.3)]))
    settings = SegmentSettings(min_seconds=2, max_seconds=3)
    regions = tmp_path / "regions.csv"
    warnings = []
    for rows in ("a,1,3.8,drop", "a,0.2,0.4,drop\na,2,2.9,drop"):
        regions.write_text(f"source,from,to,decision\n{rows}\n")
        outcome = segment(corpus, [film], settings=settings, regions=regions)
        assert outcome.ok
        warnings += outcome.warnings
    assert "its regions leave 1.0 s of it, too little for a clip of 2 s" in warnings[0]
    left_over = outcome.details["ledger"]["speech_left_over"]
    assert left_over > 1.5
    assert (
        f"{left_over:.1f} s of speech was found in what its regions leave, but none" in warnings[1]
    )


def test_recut_keeps_frozen_clips_superseded_and_the_ledger_adds_up(cut_corpus, films):
    corpus = cut_corpus
    film = films / "第1集.mp4"
    first, second = [clip for clip in clips_of(corpus) if "第1集" in clip.clip_id][:2]
    freeze(corpus, first.clip_id)
    other = SegmentSettings(min_seconds=1.0, max_seconds=2.9)
    assert segment(corpus, [film], settings=other).failures
    outcome = segment(corpus, [films], settings=other, recut=["第1集", "E09"])
    (failure,) = outcome.failures
    assert failure.item == "--recut"
    assert failure.reason.startswith(
        "'E09' names none of the given media; the nearest are 山城/E02 ("
    )
    assert (outcome.kept, outcome.failed) == (2, 1)
    clips = {clip.clip_id: clip for clip in clips_of(corpus)}
    assert second.clip_id not in clips
    kept = clips[first.clip_id]
    assert kept.sha256 == first.sha256
    assert (corpus / kept.path).is_file()
    heir = clips[kept.superseded_by]
    assert heir.start < kept.end
    assert heir.end > kept.start
    decided = {row.clip_id: row.reasons for row in read_stage(corpus, STAGES["screen"], Screen)}
    assert decided[first.clip_id][0] == "superseded"
    for source in read_stage(corpus, STAGES["sources"], Source):
        ledger = read_shard(STAGES["ledger"].path(corpus, source.source_id), LedgerEntry)
        assert sum(round(one.seconds * 1000) for one in ledger) == round(source.duration * 1000)
    again = segment(corpus, [film], settings=other)
    assert [report["status"] for report in again.details["sources"]] == ["unchanged"]


def test_a_trim_leaves_superseded_clips_superseded_and_the_ledger_whole(corpus, films):
    film = films / "第1集.mp4"
    segment(corpus, [film])
    freeze(corpus, clips_of(corpus)[0].clip_id)
    other = SegmentSettings(min_seconds=1.5, max_seconds=2.9)
    segment(corpus, [film], settings=other, recut=["第1集"])
    last = clips_of(corpus)[-1]
    moved = Choice(
        source_id=last.source_id,
        start=last.start,
        end=last.end - 0.1,
        decision="keep",
        origin="review",
        clip_id=last.clip_id,
    )
    put_reviews(corpus, last.source_id, [moved])
    update = Update(corpus, drama_rules(ScreenSettings()), frozen_clips(corpus))
    retrim(update, identify(film, corpus, KnownSources.of(corpus)))
    clips = clips_of(corpus)
    assert [clip.end for clip in clips if clip.start == last.start] == [round(last.end - 0.1, 3)]
    live = [clip for clip in clips if clip.superseded_by is None]
    assert len(live) == len(clips) - 1
    assert all(before.end <= after.start for before, after in itertools.pairwise(live))
    again = segment(corpus, [film], settings=other)  # decides on the clips, and cuts none
    assert [report["status"] for report in again.details["sources"]] == ["screened"]
    (corpus / live[0].path).unlink()
    assert segment(corpus, [film], settings=other).ok
    assert clips_of(corpus) == clips


def test_nan_samples_are_reported_with_their_duration(corpus, make_scene, tmp_path):
    sound = make_scene([(1.5, 0.5)] * 4).astype(np.float32)
    sound[16_000:20_000], sound[30_000] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", sound, 16_000, subtype="FLOAT")
    outcome = segment(corpus, [tmp_path / "a.wav"])
    assert outcome.ok
    (warning,) = outcome.warnings
    assert "a.wav: 0.3 s of its samples are NaN or infinite" in warning


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_run_of_nan_samples_is_a_gap(corpus, make_scene, tmp_path, rate):
    sound = make_scene([(1.5, 0.5)] * 8, rate).astype(np.float32)
    sound[3 * rate : 11 * rate // 2], sound[-rate // 2 :] = np.nan, -np.inf
    sound[2 * rate :: rate // 10] = np.inf
    soundfile.write(tmp_path / "a.wav", sound, rate, subtype="FLOAT")
    assert segment(corpus, [tmp_path / "a.wav"]).ok
    (source,) = read_stage(corpus, STAGES["sources"], Source)
    ledger = {
        entry.reason: entry.seconds for entry in read_stage(corpus, STAGES["ledger"], LedgerEntry)
    }
    assert ledger["gap"] == 3.0
    assert sum(ledger.values()) == pytest.approx(source.duration, abs=1e-9)
    clips = clips_of(corpus)
    assert clips
    assert not any(clip.start < 5.5 and clip.end > 3.0 for clip in clips)


def test_opposite_polarity_is_reported_with_a_remedy(corpus, make_scene, make_media, tmp_path):
    talk = make_scene([(1.5, 0.5)] * 4)
    film = make_media(tmp_path / "a.mp4", np.stack([talk, -talk]), layout="stereo")
    outcome = segment(corpus, [film])
    assert outcome.ok
    warning, nothing = outcome.warnings
    assert "they have opposite polarity" in warning
    assert "use --channel left or --channel right" in warning
    assert "no speech was found" in nothing
    assert segment(corpus, [film], channel="left").kept


def test_broken_link_fails_alone(corpus, films, tmp_path):
    link = shutil.copytree(films, tmp_path / "films") / "away.mp4"
    link.symlink_to("/nowhere/away.mp4")
    outcome = segment(corpus, [link.parent])
    assert [failure.item for failure in outcome.failures] == [str(link)]
    assert "mount its disk" in outcome.failures[0].reason
    assert (outcome.kept, outcome.failed) == (outcome.items_in - 1, 1)


def test_damaged_shard_is_reported_with_a_remedy(cut_corpus, films):
    corpus = cut_corpus
    shard = next((corpus / "stages" / "screen").iterdir())
    shard.write_bytes(shard.read_bytes()[:-20])
    outcome = segment(corpus, [films])
    assert "delete the file and run the step again" in outcome.failures[0].reason
    shard.unlink()
    assert segment(corpus, [films]).ok
