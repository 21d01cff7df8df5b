import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.segmentation.segment import segment
from corpus_tools.segmentation.subtitles.read import alignment_warning, synchronise
from corpus_tools.segmentation.subtitles.sync import SubtitleTiming, align_lines
from manifests.storage.records import SubtitleLine
from manifests.storage.shards import STAGES, read_header, read_shard

PAL = 25 / 23.976


def film(seed: int, minutes: float = 10, flaws: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the lines (start, end) of a film, and its speech as a detector finds it.

    Lines come up to 0.2 s early and linger up to 1 s; some are missing, some are songs. With flaws
    the detector misses that share of the utterances, and hears as many that there aren't.
    """
    rng = np.random.default_rng(seed)
    spoken = []
    at = 2.0
    while at < minutes * 60 - 5:
        spoken.append((at, at + rng.uniform(0.7, 3)))
        at = spoken[-1][1] + np.exp(rng.uniform(np.log(0.15), np.log(4)))
    speech = np.zeros(round(minutes * 6000), dtype=bool)
    for start, end in spoken:
        if rng.random() < flaws:
            start = rng.uniform(0, minutes * 60 - 5)
            end = start + rng.uniform(0.5, 4)
        speech[round(100 * (start + rng.normal(0, 0.03))) : round(100 * end)] = True
    lines = [
        (start - rng.uniform(0, 0.2), end + rng.uniform(0, 1))
        for start, end in spoken
        if rng.random() > 0.1
    ]
    lines += [(minutes * 60 + 4 * n, minutes * 60 + 4 * n + 3) for n in range(8)]
    return np.array(sorted(lines)), speech


def aligned(lines, speech, offset=0.0, rate=1.0):
    """Return how a file is aligned for which sound = rate * file + offset, and the worst error."""
    shown = (lines - offset) / rate
    timing = align_lines(shown[:, 0], shown[:, 1], speech)
    return timing, float(np.abs(timing.rate * shown[:, 0] + timing.offset_s - lines[:, 0]).max())


@pytest.mark.parametrize("flaws", [0.0, 0.3])
@pytest.mark.parametrize("offset", [-30.0, 0.0, 30.0, 60.0])
@pytest.mark.parametrize("rate", [1.0, PAL, 1 / PAL, 24 / 23.976, 25 / 24, 1.0027])
def test_offset_and_drift_are_found_to_within_150_ms(flaws, offset, rate):
    lines, speech = film(seed=3, flaws=flaws)
    timing, error = aligned(lines, speech, offset, rate)
    assert timing.verdict == ("kept" if (offset, rate) == (0.0, 1.0) else "corrected")
    assert error <= 0.15


@pytest.mark.parametrize("flaws", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("minutes", [1, 2, 4, 10])
def test_right_times_stay_exactly_as_they_are(minutes, flaws):
    for seed in range(8):
        timing, error = aligned(*film(seed, minutes, flaws))
        uncertain = {"unconfirmed"} if flaws > 0.5 and minutes < 4 else set()
        assert timing.verdict in {"kept", "unknown"} | uncertain
        assert error == 0


def test_subtitles_of_another_film_are_unchanged_and_reported():
    lines, _ = film(seed=1)
    _, speech = film(seed=2)
    timing, error = aligned(lines, speech)
    assert (timing.verdict, error) == ("mismatch", 0)


@pytest.mark.parametrize("minutes", [2, 4])
def test_unconfirmed_lines_of_a_short_film_are_reported(minutes):
    statuses = []
    for seed in range(20):
        lines, _ = film(seed, minutes)
        _, speech = film(seed + 100, minutes)
        timing, error = aligned(lines, speech)
        assert error == 0
        statuses.append(timing.verdict)
    assert statuses.count("unconfirmed") + statuses.count("mismatch") >= 18
    media = Path("E05.mp4")
    note = alignment_warning(media, SubtitleTiming(verdict="unconfirmed"), [], 148.0)
    assert note is not None
    assert "nothing shows that its subtitles belong to this film" in note


def test_match_in_half_of_a_film_changes_nothing():
    lines, speech = film(seed=5)
    lines[len(lines) // 2 :] += 25
    timing, error = aligned(lines, speech)
    assert (timing.verdict, error) == ("parts", 0)


@pytest.mark.parametrize(
    ("lines", "speech"),
    [
        (np.zeros((0, 2)), np.ones(6000, dtype=bool)),
        (np.ones((3, 2)), np.arange(60_000) % 300 < 150),
        (np.column_stack([np.arange(50) * 4.0, np.arange(50) * 4.0 + 2]), np.zeros(0, dtype=bool)),
        (np.column_stack([np.arange(50) * 4.0, np.arange(50) * 4.0 + 2]), np.ones(60_000, bool)),
        (np.column_stack([np.arange(50) * 1e9, np.arange(50) * 1e9 + 2]), np.arange(9000) % 9 < 4),
    ],
)
def test_too_little_evidence_changes_nothing(lines, speech):
    timing = align_lines(lines[:, 0], lines[:, 1], speech)
    assert (timing.offset_s, timing.rate, timing.verdict) == (0.0, 1.0, "unknown")


def test_songs_alone_change_nothing():
    _, speech = film(seed=4)
    starts = np.arange(30.0, 210.0, 4.0)
    timing = align_lines(starts, starts + 3.8, speech)
    assert (timing.offset_s, timing.rate) == (0.0, 1.0)


def test_two_hours_take_seconds_however_many_lines():
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, 7200, 100_000))
    speech = np.repeat(rng.random(7200) < 0.5, 100)
    began = time.process_time()
    align_lines(starts, starts + 5, speech)
    assert time.process_time() - began < 8


def test_lines_before_the_start_are_dropped():
    lines, speech = film(seed=6)
    records = [
        SubtitleLine(source_id="s", start=start + 30, end=end + 30, text="要得")
        for start, end in lines
    ]
    credit = SubtitleLine(source_id="s", start=20.0, end=23.0, text="字幕组")
    moved, alignment = synchronise([credit, *records], speech)
    assert alignment.verdict == "corrected"
    assert len(moved) == len(records)
    assert max(abs(one.start - start) for one, (start, _) in zip(moved, lines, strict=True)) < 0.15


@pytest.fixture(scope="module")
def late_film(tmp_path_factory, make_scene, make_media) -> Path:
    """A film of two minutes with subtitles 12.5 s late."""
    rng = np.random.default_rng(1)
    talk = [(rng.uniform(0.8, 2.5), rng.uniform(0.4, 2)) for _ in range(45)]
    folder = tmp_path_factory.mktemp("late")
    make_media(folder / "E01.wav", make_scene(talk))
    rows, at = [], 0.5
    for number, (spoken, pause) in enumerate(talk):
        start, end = (f"{int(t // 60):02}:{t % 60:06.3f}" for t in (at + 12.4, at + spoken + 12.9))
        rows.append(f"{start} --> {end}\n第{number}句\n\n")
        at += spoken + pause
    (folder / "E01.vtt").write_text("WEBVTT\n\n" + "".join(rows), encoding="utf-8")
    return folder


def test_late_subtitles_are_corrected_recorded_and_reported(corpus, late_film):
    outcome = segment(corpus, [late_film])
    assert any("E01.wav: its subtitles came 12." in one for one in outcome.warnings)
    (shard,) = (corpus / "stages" / "subtitles").iterdir()
    assert read_shard(shard, SubtitleLine)[0].start == pytest.approx(0.4, abs=0.15)
    alignment = read_header(shard).inputs["alignment"]
    assert alignment["offset_s"] == pytest.approx(-12.5, abs=0.15)
    assert (alignment["rate"], alignment["verdict"]) == (1.0, "corrected")
    again = segment(corpus, [late_film])
    assert [one["status"] for one in again.details["sources"]] == ["unchanged"]


def test_times_stay_without_the_setting(corpus, late_film):
    segment(corpus, [late_film], settings=SegmentSettings(align_subtitles=False))
    (shard,) = (corpus / "stages" / "subtitles").iterdir()
    assert read_shard(shard, SubtitleLine)[0].start == pytest.approx(12.9, abs=0.001)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02\xff" * 50,
        b"<html>404</html>",
        b"00:00:01,000 --> 00:00:02,000\n\xe5\xa5\xbd\n" * 30_000,
        "".join(
            f"{n}\n00:00:{n % 60:02},000 --> 00:00:{n % 60:02},900\n{n}\n\n" for n in range(8000)
        ).encode(),
    ],
    ids=["junk", "page", "one line 30,000 times", "8,000 lines at once"],
)
def test_film_is_cut_despite_bad_subtitles(corpus, films, tmp_path, content):
    media = tmp_path / "第1集.mp4"
    media.write_bytes((films / "第1集.mp4").read_bytes())
    media.with_suffix(".srt").write_bytes(content)
    began = time.process_time()
    outcome = segment(corpus, [media])
    assert time.process_time() - began < 80
    assert outcome.ok
    assert outcome.details["clips"]["cut"] >= 2
    assert json.dumps(outcome.warnings)
    assert STAGES["subtitles"].path(corpus, outcome.details["sources"][0]["source_id"]).exists()


def test_subtitles_after_the_end_of_a_short_film_are_reported(corpus, films, tmp_path):
    media = Path(shutil.copy(next(films.glob("*.mp4")), tmp_path))
    media.with_suffix(".srt").write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nhere\n\n2\n00:59:00,000 --> 00:59:02,000\nthere\n"
    )
    outcome = segment(corpus, [media])
    assert any("1 of its 2 subtitle lines begin after its end" in one for one in outcome.warnings)
