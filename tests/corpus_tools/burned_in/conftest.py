"""Films with lines of text, drawn as combs of bars, and a reader of combs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from corpus_tools.burned_in.boxes import Box
from corpus_tools.burned_in.picture import Frame
from corpus_tools.burned_in.reader import Reading

HEIGHT, WIDTH, FPS = 180, 320, 25
TEXTS = ("你好吗", "莫得事", "巴适得板", "我们走", "要得要得", "不要慌嘛", "晓得了", "哪个喊你来的")


@dataclass(frozen=True)
class Comb:
    """Text ``number`` of `TEXTS` as shown from ``start`` to before ``end``, around a column."""

    start: float
    end: float
    number: int
    top: int = 150
    centre: int = WIDTH // 2
    speed: float = 0.0  # columns per second
    fade: int = 0  # frames

    def draw(self, luma: np.ndarray, time: float) -> None:
        if not self.start <= time < self.end:
            return
        strength = 1.0
        if self.fade:
            edge = min(time - self.start, self.end - 1 / FPS - time) * FPS + 1
            strength = min(1.0, edge / self.fade)
        rng = np.random.default_rng(self.number)
        width = 40 + 24 * self.number
        left = int(self.centre - width / 2 - self.speed * (time - self.start))
        bars = np.repeat(rng.integers(0, 2, (4, width // 4)), 4, axis=0).repeat(4, axis=1) * 255
        bars[:, :4] = bars[:, -4:] = 255
        first, last = max(left, 0), min(left + width, WIDTH)
        if last - first > 8:
            part = luma[self.top : self.top + 16, first:last]
            part[:] = (1 - strength) * part + strength * bars[:, first - left : last - left]


def noise(number: int) -> np.ndarray:
    """Return a dim background that differs in each frame."""
    rng = np.random.default_rng(number)
    return rng.integers(40, 120, (HEIGHT // 4, WIDTH // 4), np.uint8).repeat(4, 0).repeat(4, 1)


def frames(combs: Sequence[Comb], seconds: float, rows: slice = slice(None)) -> list[Frame]:
    found = []
    for number in range(round(seconds * FPS)):
        luma = noise(number)
        for comb in combs:
            comb.draw(luma, number / FPS)
        found.append(Frame(number / FPS, luma[rows]))
    return found


def write_film(
    path: Path, combs: Sequence[Comb], seconds: float, sound: np.ndarray | None = None
) -> Path:
    """Write a film with these lines, and with sound at 16 kHz."""
    with av.open(str(path), "w") as out:
        film = out.add_stream("libx264", rate=FPS)
        film.width, film.height, film.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        film.options = {"crf": "18", "preset": "ultrafast"}
        voice = out.add_stream("aac", rate=16_000, layout="mono")
        for number, frame in enumerate(frames(combs, seconds)):
            drawn = av.VideoFrame.from_ndarray(frame.luma, format="gray").reformat(format="yuv420p")
            drawn.pts, drawn.time_base = number, Fraction(1, FPS)
            out.mux(film.encode(drawn))
        out.mux(film.encode())
        samples = np.zeros(round(seconds * 16_000)) if sound is None else sound
        for at in range(0, len(samples), 1024):
            block = np.round(samples[at : at + 1024] * 32_000).astype(np.int16)[None, :]
            audio = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            audio.sample_rate, audio.pts, audio.time_base = 16_000, at, Fraction(1, 16_000)
            out.mux(voice.encode(audio))
        out.mux(voice.encode())
    return path


@dataclass
class CombReader:
    """Finds bright rows and columns; knows a comb by its width."""

    name: str = "combs 1"
    confidence: float = 0.98
    searched: int = field(default=0, compare=False)

    def find(self, picture: np.ndarray) -> list[Box]:
        self.searched += 1
        bright = picture > 170
        boxes = []
        for top, bottom in _runs(bright.sum(axis=1) > 6, gap=5):
            for left, right in _runs(bright[top:bottom].sum(axis=0) > 1, gap=30):
                if right - left > 20 and bottom - top > 6:
                    boxes.append(Box(top, bottom, left, right))
        return boxes

    def read(self, lines: Sequence[np.ndarray]) -> list[Reading]:
        return [Reading(self._text(line), self.confidence) for line in lines]

    def _text(self, line: np.ndarray) -> str:
        runs = list(_runs((line > 170).sum(axis=0) > 1, gap=30))
        number = round((runs[0][1] - runs[0][0] - 40) / 24) if runs else -1
        return TEXTS[number] if 0 <= number < len(TEXTS) else ""


def _runs(marked: np.ndarray, gap: int):
    at = np.flatnonzero(marked)
    if not len(at):
        return
    breaks = np.flatnonzero(np.diff(at) > gap)
    for first, last in zip([0, *(breaks + 1)], [*breaks, len(at) - 1], strict=True):
        yield int(at[first]), int(at[last]) + 1


@pytest.fixture
def reader() -> CombReader:
    return CombReader()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"
