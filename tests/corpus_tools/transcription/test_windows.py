from collections.abc import Callable
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus_tools.transcription.windows import join_clips, plan_windows
from manifests.storage.records import Clip

NewClip = Callable[..., Clip]


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(500, 40_000)), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_clip_is_in_one_window_and_windows_are_full(
    new_clip: NewClip, rows: list[tuple[int, int]]
) -> None:
    clips, position = [], 0
    for gap, length in rows:  # milliseconds
        start, position = position + gap, position + gap + length
        clips.append(new_clip("film", start / 1000, position / 1000))
    windows = plan_windows(clips)
    assert [clip for window in windows for clip in window] == clips
    lengths = [
        len(
            join_clips(window, [np.zeros(round(16000 * c.duration), np.float32) for c in window])[0]
        )
        for window in windows
    ]
    assert all(
        samples <= 30 * 16000 + len(window) or len(window) == 1
        for samples, window in zip(lengths, windows, strict=True)
    )
    for length, (_, following) in zip(lengths, pairwise(windows), strict=False):
        assert length / 16000 + 0.5 + following[0].duration > 30 - 1e-6


def test_a_window_is_its_clips_with_a_pause_where_sound_is_missing(new_clip: NewClip) -> None:
    times = [(10.0, 13.0), (13.0, 16.0), (16.2, 19.0), (60.0, 64.0)]
    clips = [new_clip("film", *span) for span in times]
    waves = [
        np.full(round(16000 * clip.duration), n + 1, np.float32) for n, clip in enumerate(clips)
    ]
    (window,) = plan_windows(clips[::-1])
    assert window == clips
    sound, spans = join_clips(window, waves)
    assert spans == [(0, 3), (3, 6), (6.2, 9.0), (9.5, 13.5)]
    for wave, (start, end) in zip(waves, spans, strict=True):
        assert np.array_equal(sound[round(16000 * start) : round(16000 * end)], wave)
    assert np.count_nonzero(sound == 0) == round(16000 * 0.7)


def test_overlapping_clips_come_one_after_the_other(new_clip: NewClip) -> None:
    clips = [new_clip("film", 0.0, 4.0), new_clip("film", 3.0, 6.0)]
    sound, spans = join_clips(clips, [np.ones(64000, np.float32), np.ones(48000, np.float32)])
    assert spans == [(0.0, 4.0), (4.0, 7.0)]
    assert len(sound) == 112000
