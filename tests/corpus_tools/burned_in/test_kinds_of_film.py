"""Films of many kinds, read whole: right lines, or one sentence that says what to do."""

import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from corpus_tools.burned_in.read import read_film
from corpus_tools.burned_in.reader import load_reader
from tests.corpus_tools.burned_in.conftest import Comb, frames
from tests.corpus_tools.burned_in.test_picture import turn

LINES = [(0.4, 2.0, "Where have you been?"), (2.4, 4.0, "He won't come.")]
COMBS = [Comb(0.4, 2.0, 1), Comb(2.4, 4.0, 5)]
SECONDS = 4.8


def drawn(time, size, rng):
    """Return a rough picture with white, outlined text, of which the size is that of the height."""
    width, height = size
    rough = rng.integers(30, 190, (9, 16, 3), np.uint8)
    image = Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    scale = min(size) / 270
    for start, end, text in LINES:
        if start <= time < end:
            place = width // 2, height - round(30 * scale)
            font = ImageFont.load_default(round(20 * scale))
            stroke = {"stroke_width": round(2 * scale), "stroke_fill": "black"}
            draw.text(place, text, font=font, anchor="mm", fill="white", **stroke)
    return np.asarray(image)


def perceptual(picture):
    """Return a picture as of HDR (SMPTE 2084), with white at 203 cd/m²."""
    light = (picture.astype(float) / 255) ** 2.4 * 203 / 10_000
    power = light**0.1593017578125
    code = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    return np.round(code * 65_535).astype(np.uint16)


def write(
    path,
    *,
    size=(480, 270),
    fps=12,
    pixels="yuv420p",
    codec="libx264",
    options=None,
    steps=(1,),
    hdr=False,
    turned=0,
):
    """Write the lines; ``steps`` are the distances of frames, over and over."""
    with av.open(str(path), "w") as out:
        film = out.add_stream(codec, rate=fps, options=options or {})
        shown = size[::-1] if turned else size
        film.width, film.height, film.pix_fmt = *shown, pixels
        if hdr:
            film.codec_context.color_trc, film.codec_context.colorspace = 16, 9
        number = count = 0
        while number < SECONDS * fps:
            picture = drawn(number / fps, size, np.random.default_rng(number))
            if hdr:
                frame = av.VideoFrame.from_ndarray(perceptual(picture), format="rgb48le")
            else:
                turn_back = np.ascontiguousarray(np.rot90(picture, turned))
                frame = av.VideoFrame.from_ndarray(turn_back, format="rgb24")
            frame = frame.reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(film.encode(frame))
            number += steps[count % len(steps)]
            count += 1
        out.mux(film.encode())
    return turn(path) if turned else path


@pytest.mark.parametrize(
    "kind",
    [
        {"pixels": "yuv420p10le", "hdr": True},
        {"options": {"flags": "+ilme+ildct"}, "size": (480, 272), "fps": 25},
        {"fps": 30, "steps": (1, 1, 4, 2, 1, 3)},
        {"turned": 1},
        {"size": (3840, 2160), "codec": "mpeg4", "options": {"b": "20M"}, "fps": 5},
        {"size": (270, 480)},
        {"codec": "mpeg4", "options": {"g": "600"}, "fps": 50},
    ],
    ids=lambda kind: "-".join(map(str, kind)),
)
def test_lines_of_many_kinds_of_film_are_read(tmp_path, kind):
    pytest.importorskip("rapidocr")
    film = write(tmp_path / "E01.mp4", **kind)
    found = read_film(film, "E01-0123456789ab", load_reader(), "en")
    assert found.warnings == []
    assert [line.text.replace(" ", "") for line in found.lines] == [
        text.replace(" ", "") for *_, text in LINES
    ]
    for line, (start, end, _) in zip(found.lines, LINES, strict=True):
        assert (line.start, line.end) == pytest.approx((start, end), abs=0.15)


def comb_film(path, turned=0, steps=(1,), fps=25, combs=COMBS, seconds=SECONDS, **options):
    with av.open(str(path), "w") as out:
        film = out.add_stream("libx264", rate=fps, options={"crf": "18", **options})
        shown = frames(combs, seconds)
        height, width = shown[0].luma.shape
        film.width, film.height = (height, width) if turned else (width, height)
        film.pix_fmt = "yuv420p"
        number = count = 0
        while number < len(shown):
            luma = np.ascontiguousarray(np.rot90(shown[number].luma, turned))
            frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(film.encode(frame))
            number += steps[count % len(steps)]
            count += 1
        out.mux(film.encode())
    return turn(path) if turned else path


@pytest.mark.parametrize(
    "kind", [{}, {"turned": 1}, {"steps": (1, 2, 1, 3)}, {"flags": "+ilme+ildct"}], ids=str
)
def test_the_way_of_a_film_into_the_file_does_not_matter(tmp_path, reader, kind):
    found = read_film(comb_film(tmp_path / "E01.mp4", **kind), "E01-0123456789ab", reader)
    assert [line.text for line in found.lines] == ["莫得事", "不要慌嘛"]
    for line, comb in zip(found.lines, COMBS, strict=True):
        assert (line.start, line.end) == pytest.approx((comb.start, comb.end), abs=0.15)


def test_upright_columns_of_text_are_said_not_read(tmp_path, reader):
    """Vertical lines are no rows of text, whatever is found of them."""
    path = tmp_path / "E01.mp4"
    with av.open(str(path), "w") as out:
        film = out.add_stream("libx264", rate=12)
        film.width, film.height, film.pix_fmt = 320, 180, "yuv420p"
        for number in range(60):
            luma = np.full((180, 320), 60, np.uint8)
            if number % 24 < 18:
                luma[20:150, 250:275:4] = 255
            frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 12)
            out.mux(film.encode(frame))
        out.mux(film.encode())
    found = read_film(path, "E01-0123456789ab", reader)
    assert (found.lines, found.band) == ([], None)
    assert found.warnings == [
        f"{path}: no text that changes was found in its picture; if it has subtitles, say where "
        f"with --band TOP,BOTTOM"
    ]


def test_memory_does_not_grow_with_the_film(tmp_path, reader):
    peaks = []
    for repeats in (3, 15):
        # a rhythm in which no key frame, of which one comes in 10 s, falls on a line
        starts = [0.4 + 5 * number for number in range(repeats)]
        combs = [Comb(start, start + 2, 1 + number % 4) for number, start in enumerate(starts)]
        seconds = 5 * repeats
        film = comb_film(
            *(tmp_path / f"{repeats}.mp4",), combs=combs, seconds=seconds, preset="ultrafast"
        )
        tracemalloc.start()
        found = read_film(film, f"E{repeats:02}-0123456789ab", reader)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(found.lines) == repeats
    assert peaks[1] < 1.3 * peaks[0] + 2**20
