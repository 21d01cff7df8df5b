"""The shipped reader on a small film; Latin script, since Pillow brings no Chinese font."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from corpus_tools.burned_in.read import read_film
from corpus_tools.burned_in.reader import load_reader

WIDTH, HEIGHT, FPS = 480, 270, 12
LINES = [(0.5, 2.0, "Where have you been?"), (2.0, 3.5, "At home."), (4.0, 6.0, "He won't come.")]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film with white, outlined lines below, and a logo above."""
    path = tmp_path_factory.mktemp("film") / "E01.mp4"
    font, small = (ImageFont.load_default(size) for size in (20, 14))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"crf": "26", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(7 * FPS):
            rng = np.random.default_rng(number)
            rough = rng.integers(30, 190, (9, 16, 3), np.uint8)
            image = Image.fromarray(rough).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            draw = ImageDraw.Draw(image)
            draw.text((400, 12), "RTV 1", font=small, fill="white")
            for start, end, text in LINES:
                if start <= number / FPS < end:
                    draw.text(
                        (WIDTH // 2, 242),
                        text,
                        font=font,
                        anchor="mm",
                        fill="white",
                        stroke_width=2,
                        stroke_fill="black",
                    )
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def test_lines_are_read_with_their_times(film):
    pytest.importorskip("rapidocr")
    reader = load_reader()
    found = read_film(film, "E01-0123456789ab", reader, "en")
    assert [line.text.replace(" ", "") for line in found.lines] == [
        text.replace(" ", "") for *_, text in LINES
    ]
    for line, (start, end, _) in zip(found.lines, LINES, strict=True):
        assert (line.start, line.end) == pytest.approx((start, end), abs=0.15)
        assert line.confidence > 0.9
    assert found.band is not None
    assert found.band[0] > 0.6
    again = read_film(film, "E01-0123456789ab", reader, "en", found.band)
    assert [line.row() for line in again.lines] == [line.row() for line in found.lines]
