import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from corpus_tools.burned_in.picture import open_picture, sample
from corpus_tools.media.errors import MediaError

BRIGHT, DARK = 220, 40


def write(
    path: Path,
    *,
    size: tuple[int, int] = (96, 64),
    pixels: str = "yuv420p",
    codec: str = "libx264",
    stamps: tuple[int, ...] = tuple(range(0, 400, 40)),
    options: dict[str, str] | None = None,
) -> Path:
    """Write frames, with times in milliseconds, with a bright lowest quarter."""
    width, height = size
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = Fraction(1, 1000)
        luma = np.full((height, width), DARK, np.uint8)
        luma[height * 3 // 4 :] = BRIGHT
        for stamp in stamps:
            frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format=pixels)
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def turn(path: Path) -> Path:
    """Mark an MP4 as to be shown turned by 90 degrees clockwise."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"pixels": "yuv420p10le"},  # as of HDR
        {"pixels": "yuv444p"},
        {"codec": "mpeg4", "options": {"flags": "+ilme+ildct"}},  # interlaced
        {"codec": "ffv1", "pixels": "bgr0"},
        {"size": (720, 576)},
    ],
    ids=str,
)
def test_brightness_of_many_formats(tmp_path, kind):
    path = write(tmp_path / "film.mkv", **kind)
    width, height = kind.get("size", (96, 64))
    with open_picture(path) as picture:
        found = list(picture.frames(slice(height // 2, height)))
    assert len(found) == 10
    for frame in found:
        assert frame.luma.shape == (height // 2, width)
        assert frame.luma[: height // 5].mean() == pytest.approx(DARK, abs=16)
        assert frame.luma[-height // 5 :].mean() == pytest.approx(BRIGHT, abs=16)


def test_times_are_those_of_the_frames_at_a_variable_rate(tmp_path):
    stamps = (0, 40, 200, 233, 900, 2000)
    path = write(tmp_path / "film.mkv", stamps=stamps)
    with open_picture(path) as picture:
        times = [round(frame.time * 1000) for frame in picture.frames(slice(None))]
    assert times == list(stamps)


def test_a_turned_film_is_read_upright(tmp_path):
    path = turn(write(tmp_path / "film.mp4"))
    with open_picture(path) as picture:
        frame = next(iter(picture.frames(slice(None))))
    assert frame.luma.shape == (96, 64)
    # what was below is on the left after a turn clockwise
    assert frame.luma[:, :12].mean() == pytest.approx(BRIGHT, abs=16)
    assert frame.luma[:, -20:].mean() == pytest.approx(DARK, abs=16)


def test_a_large_picture_is_read_at_half_its_size(tmp_path):
    path = write(tmp_path / "film.mp4", size=(3840, 2160), codec="mpeg4", stamps=(0, 40))
    with open_picture(path) as picture:
        (first, _) = picture.frames(slice(540, 1080))
    assert first.luma.shape == (540, 1920)
    assert first.luma[-200:].mean() == pytest.approx(BRIGHT, abs=16)


@pytest.mark.parametrize("options", [{}, {"g": "1000"}])
def test_samples_come_from_all_over_the_film(tmp_path, options):
    stamps = tuple(range(0, 12_000, 100))
    path = write(tmp_path / "film.mp4", stamps=stamps, options=options)
    times = [frame.time for frame in sample(path)]
    assert len(times) >= 9
    assert times == sorted(set(times))
    assert times[-1] - times[0] > 6


def test_samples_need_not_be_key_frames(tmp_path):
    """Key frames may come in the rhythm of the lines, and lie between them."""
    path = write(tmp_path / "film.mp4", stamps=tuple(range(0, 60_000, 200)), options={"g": "50"})
    phases = sorted(frame.time % 5 for frame in sample(path, onward=True))
    assert len(phases) >= 12
    assert max(np.diff(phases)) < 1.5


def silence() -> av.AudioFrame:
    samples = np.zeros((1, 800), np.int16)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = 8000
    return frame


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        out.mux(stream.encode(silence()))
        out.mux(stream.encode())
    return path


def cover_only(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        cover = out.add_stream("png", rate=1)
        cover.width = cover.height = 32
        cover.pix_fmt = "rgb24"
        cover.disposition = Disposition.attached_pic
        voice = out.add_stream("aac", rate=8000, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        out.mux(cover.encode(picture))
        out.mux(cover.encode())
        out.mux(voice.encode(silence()))
        out.mux(voice.encode())
    return path


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("sound.wav", sound_only, "has no picture, so nothing can be read from it"),
        ("song.mp4", cover_only, "has no picture but a cover, so nothing can be read"),
    ],
)
def test_a_file_without_a_picture_costs_one_sentence(tmp_path, name, make, message):
    with pytest.raises(MediaError, match=message), open_picture(make(tmp_path / name)):
        pass


def test_a_stream_is_sampled_from_its_start(tmp_path):
    path = write(tmp_path / "film.ts", stamps=tuple(range(0, 4_000, 40)))
    with open_picture(path) as picture:
        times = [frame.time for frame in picture.spread([0, 0.5, 1, 1.5])]
    assert len(times) == 4
    assert np.diff(times).min() >= 0.4
