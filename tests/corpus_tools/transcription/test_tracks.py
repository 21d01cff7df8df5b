from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet

from corpus_tools.subtitles.tracks import read_embedded
from manifests.base.errors import DataError

HEADER = b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n[Events]\n"


@dataclass(frozen=True)
class Track:
    text: str
    language: str | None = None
    default: bool = False
    forced: bool = False
    codec: str = "ass"


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Write a Matroska file of two seconds with subtitle tracks of one line each."""

    def write(*tracks: Track, start: int = 0) -> Path:
        path = tmp_path / "a.mkv"
        with av.open(str(path), "w") as container:
            sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
            streams = [container.add_stream(track.codec) for track in tracks]
            for track, stream in zip(tracks, streams, strict=True):
                if track.codec == "ass":
                    stream.codec_context.subtitle_header = HEADER
                if track.language:
                    stream.metadata["language"] = track.language
                default = Disposition.default if track.default else Disposition(0)
                stream.disposition = default | (
                    Disposition.forced if track.forced else Disposition(0)
                )
            for packet in sound.encode(silence(start)):
                container.mux(packet)
            _write_lines(container, tracks, streams, start)
            for packet in sound.encode(None):
                container.mux(packet)
        return path

    return write


def _write_lines(container, tracks: Sequence[Track], streams: Sequence, start: int) -> None:
    for track, stream in zip(tracks, streams, strict=True):
        if track.codec != "ass":
            continue
        line = SubtitleSet.create(
            f"0,0,Default,王五,0,0,0,,{{\\i1}}{track.text}{{\\i0}}".encode(),
            start=0,
            end=900,
            pts=1000 * start,
        )
        packet = stream.codec_context.encode_subtitle(line)
        packet.stream = stream
        container.mux(packet)


def silence(start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), "s16", "mono")
    frame.sample_rate = 8000
    frame.pts = 8000 * start
    return frame


ZH, ZHO, EN = Track("要得", "chi"), Track("巴适", "zho", default=True), Track("ok", "eng")


@pytest.mark.parametrize(
    ("tracks", "language", "text"),
    [
        ([EN, ZH], "zh", "要得"),
        ([EN, ZH], "en", "ok"),
        ([Track("hej", "eng", default=True), Track("莫得")], "zh", "莫得"),
        ([ZH, ZHO], "zh", "巴适"),
        ([Track("牌子", "chi", default=True, forced=True), ZH], "zh", "要得"),
        ([Track("牌子", "chi", forced=True), EN], "zh", "牌子"),
        ([Track("一", None), Track("二", None)], "zh", "一"),
        ([Track("", "chi", codec="dvdsub"), Track("字", "und")], "zh", "字"),
    ],
)
def test_the_best_track_is_read(
    film: Callable[..., Path], tracks: list[Track], language: str, text: str
) -> None:
    found = read_embedded(film(*tracks), language)
    assert [event.text for event in found.events] == [text]
    assert found.events[0].speaker == "王五"
    assert found.notes == []


def test_lines_count_from_where_the_film_starts(film: Callable[..., Path]) -> None:
    (event,) = read_embedded(film(ZH, start=10)).events
    assert (event.start, event.end) == (0.0, 0.9)


def test_another_language_than_that_of_the_corpus_is_reported(film: Callable[..., Path]) -> None:
    found = read_embedded(film(EN), "zh")
    assert [event.text for event in found.events] == ["ok"]
    assert "marked as 'eng', not zh" in found.notes[0]


def test_without_a_known_language_any_track_is_used(film: Callable[..., Path]) -> None:
    found = read_embedded(film(EN), "")
    assert ([event.text for event in found.events], found.notes) == (["ok"], [])


def test_image_subtitles_are_reported_as_unreadable(film: Callable[..., Path]) -> None:
    found = read_embedded(film(Track("", "chi", codec="dvdsub")), "zh")
    assert found.events == []
    assert "images (dvd" in found.notes[0]
    assert "a.srt" in found.notes[0]


def test_media_without_a_track_has_no_lines(film: Callable[..., Path]) -> None:
    found = read_embedded(film())
    assert (found.events, found.notes) == ([], [])


def test_an_invalid_media_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("just text")
    with pytest.raises(DataError, match=r"a\.mp4"):
        read_embedded(path)
