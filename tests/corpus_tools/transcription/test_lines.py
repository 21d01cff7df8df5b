import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus_tools.subtitles.files import SubtitleEvent
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.subtitle_transcripts import subtitle_transcripts
from manifests.storage.records import Clip

NewClip = Callable[..., Clip]


def line(start: float, end: float, text: str = "要得") -> SubtitleEvent:
    return SubtitleEvent(start, end, text, None)


def given_to(clips: list[Clip], *lines: SubtitleEvent) -> list[tuple[list[str], list[str]]]:
    texts = assign_lines(lines, clips)
    found = [texts.get(clip.clip_id) for clip in clips]
    return [(one.lines, one.flags) if one else ([], []) for one in found]


def test_a_line_belongs_to_the_clip_that_holds_most_of_it(new_clip: NewClip) -> None:
    clips = [new_clip("s", 0.0, 3.0), new_clip("s", 3.0, 6.0)]
    lines = line(2.9, 5.0, "二"), line(0.5, 2.0, "一"), line(5.0, 5.5, "三")
    assert given_to(clips, *lines) == [(["一"], []), (["二", "三"], [])]


def test_a_line_held_by_less_than_half_belongs_to_none(new_clip: NewClip) -> None:
    clips = [new_clip("s", 0.0, 3.0), new_clip("s", 6.0, 9.0)]
    lines = line(2.0, 7.0), line(9.5, 10.0)
    assert given_to(clips, *lines) == [([], []), ([], [])]


def test_a_line_in_two_clips_is_flagged_in_both(new_clip: NewClip) -> None:
    clips = [new_clip("s", 0.0, 3.0), new_clip("s", 3.0, 6.0)]
    lines = line(2.0, 4.0, "一"), line(4.5, 5.5, "二")
    assert given_to(clips, *lines) == [(["一"], ["straddles"]), (["二"], ["straddles"])]


def test_a_clip_that_lacks_a_line_is_flagged(new_clip: NewClip) -> None:
    clips = [new_clip("s", 0.0, 3.0)]
    assert given_to(clips, line(0.2, 1.0, "一"), line(2.0, 6.0)) == [(["一"], ["straddles"])]


def test_a_superseded_clip_takes_no_line_from_its_successors(new_clip: NewClip) -> None:
    old, new = new_clip("s", 0.0, 5.0, superseded_by="x"), new_clip("s", 1.0, 4.0)
    assert given_to([old, new], line(1.0, 3.9)) == [(["要得"], []), (["要得"], [])]


spans = st.tuples(st.integers(0, 200), st.integers(1, 60)).map(
    lambda span: (span[0] / 10, (span[0] + span[1]) / 10)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(spans, max_size=12), st.sets(st.integers(0, 6), min_size=1))
def test_no_line_is_assigned_twice(
    new_clip: NewClip, times: list[tuple[float, float]], places: set[int]
) -> None:
    clips = [new_clip("s", 3.0 * place, 3.0 * place + 3.0) for place in sorted(places)]
    texts = assign_lines([line(*span, str(n)) for n, span in enumerate(times)], clips)
    placed = [text for found in texts.values() for text in found.lines]
    assert len(placed) == len(set(placed))
    assert all(found.lines or found.shared for found in texts.values())


def test_a_line_that_no_clip_holds_half_of_is_shared(new_clip: NewClip) -> None:
    clips = [new_clip("s", start, start + 4.0) for start in (0.0, 4.0, 8.0)]
    texts = assign_lines([line(0.5, 11.5, "一句很长的话")], clips)
    assert [found.lines for found in texts.values()] == [[], [], []]
    records = subtitle_transcripts(texts, clips, "subtitle")
    assert [(one.text, one.text_raw, one.flags) for one in records] == [
        ("", "一句很长的话", ["straddles", "low_overlap"])
    ] * 3
    assert all(one.confidence is not None and one.confidence < 0.4 for one in records)


@pytest.mark.parametrize(
    ("spans", "confidence", "flags"),
    [
        ([(0.1, 2.0), (2.1, 3.9)], 1.0, []),  # covers the 3.6 s of speech in it
        ([(0.2, 3.8), (3.9, 4.5)], 1.0, []),  # the second belongs elsewhere
        ([(0.0, 4.8)], 0.8333, []),  # lingers
        ([(0.1, 1.0)], 0.25, ["low_overlap"]),  # most of the speech has no line
        ([(0.0, 2.0), (0.0, 2.0)], 0.5556, ["low_overlap"]),  # two at once cover no more than one
    ],
)
def test_confidence_is_share_inside_times_share_covered(
    new_clip: NewClip, spans: list[tuple[float, float]], confidence: float, flags: list[str]
) -> None:
    clips = [new_clip("s", 0.0, 4.0)]
    texts = assign_lines([line(*span) for span in spans], clips)
    (record,) = subtitle_transcripts(texts, clips, "subtitle")
    assert (record.confidence, record.flags) == (confidence, flags)


def test_many_lines_and_clips_take_little_time(new_clip: NewClip) -> None:
    clips = [new_clip("s", 4.0 * n, 4.0 * n + 4) for n in range(2000)]
    lines = [line(n / 10, n / 10 + 1) for n in range(80_000)]
    began = time.process_time()
    assert len(assign_lines(lines, clips)) == 2000
    assert time.process_time() - began < 12
