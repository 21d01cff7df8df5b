"""Constructed films with burned-in subtitles of known texts and times.

The picture is busy and moves: photographs and textures are panned over at changing speeds, with
cuts every 2 to 6 s, patches that move across the subtitles, and changing light. The lines are
dialogue of Chinese drama (CPED) with one in six in Sichuanese; each is shown for 0.9 to 3.5 s. The
fonts are those of Debian's fonts-noto-cjk, fonts-wqy-zenhei, fonts-arphic-uming, fonts-arphic-ukai.

    from benchmarks.burned_in.films import MEASURED, make
    film = make(MEASURED[0], Path("films"))
"""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = [
    "DEVELOPMENT",
    "LONG",
    "MEASURED",
    "Case",
    "Film",
    "Shown",
    "drama",
    "encode",
    "looped",
    "make",
]

Picture = NDArray[np.uint8]
CPED = Path(__file__).resolve().parents[3] / "shared" / "data" / "cped" / "test_split.csv"
SANS, SERIF, ZENHEI, UMING, UKAI = (
    ("opentype/noto/NotoSansCJK-Bold.ttc", 2),
    ("opentype/noto/NotoSerifCJK-Bold.ttc", 2),
    ("truetype/wqy/wqy-zenhei.ttc", 0),
    ("truetype/arphic/uming.ttc", 0),
    ("truetype/arphic/ukai.ttc", 0),
)
FPS = 25


@dataclass(frozen=True)
class Case:
    """What a film shows; sizes are shares of its height, ``bits`` are thousands a second."""

    name: str
    seed: int
    height: int = 480
    bits: int = 1200
    font: tuple[str, int] = SANS
    size: float = 0.058
    style: str = "outline"  # or yellow, boxed, thin
    two_lines: float = 0.0
    bilingual: bool = False
    extras: tuple[str, ...] = ()  # logo, clock, ticker, station, signs
    top: bool = False
    gaps: bool = True
    pauses: float = 0.0  # longest, in seconds; 0: short ones and none
    fade: bool = False
    lines: bool = True
    seconds: float = 24.0

    @property
    def width(self) -> int:
        return round(self.height * 16 / 9 / 2) * 2


@dataclass(frozen=True)
class Shown:
    """A line as shown, from the first frame with it to the first without it, in seconds."""

    start: float
    end: float
    text: str
    translation: str = ""


@dataclass(frozen=True)
class Film:
    case: Case
    path: Path
    lines: Sequence[Shown] = field(default_factory=list)


DEVELOPMENT = (
    Case("dev-sans", 1, bits=900, seconds=40),
    Case("dev-kai-low", 2, bits=500, font=UKAI, size=0.065),
    Case("dev-two-lines", 3, bits=900, two_lines=0.4),
    Case("dev-bilingual", 4, bits=700, bilingual=True, extras=("logo", "clock")),
    Case("dev-ticker", 5, bits=700, font=UKAI, size=0.066, extras=("ticker", "station")),
    Case("dev-boxed-tight", 6, bits=700, style="boxed", gaps=False),
    Case("dev-1080", 7, height=1080, bits=3000, font=UKAI, size=0.055, fade=True, seconds=12),
    Case("dev-none", 8, bits=700, lines=False, extras=("logo", "clock"), seconds=40),
)
MEASURED = (
    Case("sans", 101, bits=1500, seconds=40),
    Case("sans, low rate", 102, bits=500),
    Case("serif, low rate", 103, bits=500, font=SERIF, seconds=40),
    Case("two lines", 104, font=ZENHEI, two_lines=0.4),
    Case("yellow, low rate", 105, bits=500, font=ZENHEI, style="yellow", seconds=40),
    Case("boxed", 106, font=UMING, style="boxed", size=0.062),
    Case("thin outline", 107, font=SANS, style="thin", size=0.054),
    Case("bilingual, low rate", 108, bits=600, bilingual=True),
    Case("logo, clock, ticker, station", 109, extras=("logo", "clock", "ticker", "station")),
    Case("top", 110, font=SERIF, top=True, extras=("logo",)),
    Case("no gaps, low rate", 111, bits=500, font=ZENHEI, gaps=False),
    Case("fades", 112, font=SERIF, fade=True, two_lines=0.2),
    Case("no subtitles", 113, lines=False, seconds=60, extras=("logo", "clock")),
    Case("1080p sans", 121, height=1080, bits=5000, seconds=14),
    Case("1080p serif, low rate", 122, height=1080, bits=2000, font=SERIF, seconds=14),
    Case("1080p yellow, low rate", 123, 1080, 2000, font=ZENHEI, style="yellow", seconds=14),
    Case("1080p bilingual", 124, height=1080, bits=5000, bilingual=True, seconds=14),
    Case("1080p two lines", 125, 1080, 2000, UMING, two_lines=0.4, style="boxed", seconds=14),
    Case(
        *("1080p all extras", 126, 1080, 5000, ZENHEI, 0.05, "outline", 0.2),
        extras=("logo", "clock", "ticker", "station"),
        seconds=14,
    ),
)
LONG = (
    Case("ten minutes", 201, bits=900, pauses=2.8, seconds=600, extras=("logo",)),
    Case("busy", 202, bits=900, lines=False, seconds=600, extras=("logo", "clock", "signs")),
    Case("busy, few lines", 203, bits=900, pauses=40, seconds=420, extras=("logo", "signs")),
)


def make(case: Case, folder: Path) -> Film:
    """Return a case's film, made unless it is in the folder already."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.name.replace(', ', '_').replace(' ', '-')}.mp4"
    note = path.with_suffix(".json")
    if not note.is_file() or json.loads(note.read_text())["case"] != json.loads(
        json.dumps(asdict(case))
    ):
        lines = _lines(case)
        encode(case, lines, path)
        note.write_text(
            json.dumps({"case": asdict(case), "lines": [asdict(line) for line in lines]})
        )
    return Film(case, path, [Shown(**line) for line in json.loads(note.read_text())["lines"]])


def looped(film: Film, times: int, path: Path) -> Path:
    """Write a film so many times in a row, a second apart, without encoding it anew."""
    with av.open(str(path), "w") as out:
        streams: dict[int, av.stream.Stream] = {}
        for number in range(times):
            with av.open(str(film.path)) as container:
                for stream in container.streams:
                    if stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                for packet in container.demux():
                    if packet.dts is None or packet.time_base is None:
                        continue
                    shift = round(number * (film.case.seconds + 1) / packet.time_base)
                    packet.pts = (packet.pts or 0) + shift
                    packet.dts += shift
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
    return path


def _lines(case: Case) -> list[Shown]:
    if not case.lines:
        return []
    rng = random.Random(case.seed)
    dialogue = list(drama())
    lines, at = [], rng.uniform(0.5, 2)
    while True:
        text = rng.choice(SICHUANESE) if rng.random() < 1 / 6 else rng.choice(dialogue)
        if rng.random() < case.two_lines:
            text = f"{text}\n{rng.choice(dialogue)}"
        shown = min(max(0.9, 0.18 * len(text) + rng.uniform(0.2, 1.2)), 3.5)
        start = round(at * FPS) / FPS
        end = round((start + shown) * FPS) / FPS
        if end > case.seconds - 1:
            return lines
        if not lines or text != lines[-1].text:
            translation = rng.choice(ENGLISH) if case.bilingual else ""
            lines.append(Shown(start, end, text, translation))
            short = rng.choice([0, 0.08, rng.uniform(0.2, 3)]) if case.gaps else 0
            at = end + (rng.uniform(0, case.pauses) if case.pauses else short)


@lru_cache
def drama() -> tuple[str, ...]:
    """Return lines of CPED in Chinese characters alone, of 2 to 17."""
    with CPED.open(encoding="utf-8-sig") as file:
        texts = {row["Utterance"].strip() for row in csv.DictReader(file)}
    chinese = (text for text in texts if all("\u4e00" <= letter <= "\u9fff" for letter in text))
    return tuple(sorted(text for text in chinese if 2 <= len(text) <= 17))


def encode(
    case: Case, lines: Sequence[Shown], path: Path, sound: NDArray[np.int16] | None = None
) -> None:
    """Write a film with these lines, and with sound at 16 kHz, by default noise."""
    overlays = [_overlay(case, line) for line in lines]
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = case.width, case.height, "yuv420p"
        video.bit_rate = case.bits * 1000
        video.options = {"preset": "superfast", "threads": "1"}
        audio = container.add_stream("aac", rate=16000)
        audio.layout = "mono"
        _add_sound(container, audio, _noise(case, lines) if sound is None else sound)
        extras = _Extras(case)
        for number, picture in enumerate(_background(case)):
            time = number / FPS
            for line, overlay in zip(lines, overlays, strict=True):
                if line.start <= time < line.end:
                    fade = min((time - line.start), line.end - 1 / FPS - time) * FPS + 1
                    _blend(picture, overlay, min(1.0, fade / 5) if case.fade else 1.0)
            extras.draw(picture, time)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode())


def _noise(case: Case, lines: Sequence[Shown]) -> NDArray[np.int16]:
    """Return noise that is loud where a line is shown: what is said isn't of interest here."""
    rng = np.random.default_rng(case.seed)
    sound = rng.normal(0, 30, round(case.seconds * 16000))
    for line in lines:
        sound[round(line.start * 16000) : round(line.end * 16000)] *= 50
    return sound.clip(-32767, 32767).astype(np.int16)


def _add_sound(container, stream, sound: NDArray[np.int16]) -> None:  # type: ignore[no-untyped-def]
    for at in range(0, len(sound), 1024):
        block = sound[None, at : at + 1024]
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16000, at, Fraction(1, 16000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _background(case: Case) -> Iterator[Picture]:
    """Yield the frames: photographs and textures, panned over, with moving patches."""
    rng = np.random.default_rng(case.seed)
    height, width = case.height, case.width
    total, number = round(case.seconds * FPS), 0
    while number < total:
        length = int(rng.uniform(2, 6) * FPS)
        scene = _scene(rng, round(height * 1.4), round(width * 1.4))
        if "signs" in case.extras and rng.random() < 0.3:
            _add_signs(rng, scene)
        still = rng.random() < 0.25
        x, y = rng.uniform(0, 0.4 * width), rng.uniform(0, 0.4 * height)
        dx, dy = (0, 0) if still else rng.uniform(-0.006, 0.006, 2) * width
        patch = scene[: height // 4, : width // 6].copy()[::-1]
        px, speed = rng.uniform(0, width), rng.uniform(0.003, 0.015) * width
        py = int(rng.uniform(0.55, 0.75) * height)
        light, swing = rng.uniform(0.6, 1.1), rng.uniform(0, 0.15)
        for step in range(min(length, total - number)):
            x = float(np.clip(x + dx, 0, 0.4 * width))
            y = float(np.clip(y + dy, 0, 0.4 * height))
            picture = scene[int(y) : int(y) + height, int(x) : int(x) + width].copy()
            left = int(px + speed * step) % (width - width // 6)
            if not still:
                picture[py : py + height // 4, left : left + width // 6] = patch
            gain = light * (1 + swing * np.sin(step / 9))
            yield cv2.LUT(picture, np.clip(np.arange(256) * gain, 0, 255).astype(np.uint8))
            number += 1


def _scene(rng: np.random.Generator, height: int, width: int) -> Picture:
    kind = rng.integers(0, 3)
    if kind < 2:
        photo = _photographs()[int(rng.integers(0, 2))]
        cut_h, cut_w = (int(side * rng.uniform(0.5, 0.95)) for side in photo.shape[:2])
        top = int(rng.integers(0, photo.shape[0] - cut_h))
        left = int(rng.integers(0, photo.shape[1] - cut_w))
        photo = photo[top : top + cut_h, left : left + cut_w]
        if rng.random() < 0.5:
            photo = photo[:, ::-1]
        scene = np.asarray(Image.fromarray(photo).resize((width, height), Image.Resampling.BICUBIC))
    else:
        layers = []
        for scale in (8, 24, 80):
            small = rng.integers(0, 256, (height // scale + 1, width // scale + 1, 3), np.uint8)
            big = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
            layers.append(np.asarray(big, np.float32))
        scene = np.mean(layers, axis=0).astype(np.uint8)
    grain = rng.integers(-8, 9, scene.shape, np.int8)
    return np.clip(scene.astype(np.int16) + grain, 0, 255).astype(np.uint8)


def _add_signs(rng: np.random.Generator, scene: Picture) -> None:
    """Paint names of shops on walls: they move with the picture, or stand still with it."""
    names = [name for name in drama() if 2 <= len(name) <= 6]
    for _ in range(int(rng.integers(2, 6))):
        size = int(scene.shape[0] * rng.uniform(0.03, 0.08))
        sign = Image.new("RGB", (size * 8, size * 2), tuple(rng.integers(0, 256, 3).tolist()))
        draw = ImageDraw.Draw(sign)
        name, fill = names[int(rng.integers(len(names)))], tuple(rng.integers(0, 256, 3).tolist())
        font = _font((SANS, SERIF, UKAI)[int(rng.integers(3))], size)
        draw.text((size * 4, size), name, font=font, anchor="mm", fill=fill)
        top = int(rng.integers(0, scene.shape[0] - size * 2))
        left = int(rng.integers(0, scene.shape[1] - size * 8))
        scene[top : top + size * 2, left : left + size * 8] = np.asarray(sign)


@lru_cache
def _photographs() -> tuple[Picture, Picture]:
    from sklearn.datasets import load_sample_images

    first, second = load_sample_images().images
    return first, second


@dataclass(frozen=True)
class _Overlay:
    colour: NDArray[np.float32]
    alpha: NDArray[np.float32]
    top: int
    left: int


def _overlay(case: Case, line: Shown) -> _Overlay:
    size = round(case.size * case.height)
    rows = [(row, size) for row in line.text.split("\n")]
    if line.translation:
        rows.append((line.translation, round(size * 0.7)))
    image = Image.new("RGBA", (case.width, sum(round(s * 1.35) for _, s in rows) + size), 0)
    draw = ImageDraw.Draw(image)
    fill = (255, 226, 40) if case.style == "yellow" else (250, 250, 250)
    stroke = max(1, round(size * (0.035 if case.style == "thin" else 0.09)))
    at = size // 2
    for text, row_size in rows:
        font = _font(case.font, row_size)
        middle = case.width // 2, at
        box = draw.textbbox(middle, text, font=font, anchor="ma", stroke_width=stroke)
        if case.style == "boxed":
            pad = size // 4
            draw.rectangle(
                (box[0] - pad, box[1] - pad // 2, box[2] + pad, box[3] + pad // 2), (0, 0, 0, 190)
            )
            draw.text(middle, text, font=font, anchor="ma", fill=fill)
        else:
            draw.text(
                *(middle, text),
                font=font,
                anchor="ma",
                fill=fill,
                stroke_width=stroke,
                stroke_fill=(10, 10, 10),
            )
        at += round(row_size * 1.35)
    box = image.getbbox() or (0, 0, 1, 1)
    data = np.asarray(image.crop(box), np.float32)
    edge = round(case.height * 0.05)
    top = edge if case.top else case.height - edge - data.shape[0]
    return _Overlay(data[..., :3], data[..., 3:] / 255, top, box[0])


def _blend(picture: Picture, overlay: _Overlay, strength: float = 1.0) -> None:
    height, width = overlay.alpha.shape[:2]
    part = picture[overlay.top : overlay.top + height, overlay.left : overlay.left + width]
    alpha = overlay.alpha[: len(part)] * strength
    part[:] = part * (1 - alpha) + overlay.colour[: len(part)] * alpha


@lru_cache
def _font(font: tuple[str, int], size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(f"/usr/share/fonts/{font[0]}", size, index=font[1])


class _Extras:
    """Logo in a corner, clock, name of the station near the subtitles, and a ticker below them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.ticker = self._label(TICKER * 3, 0.032) if "ticker" in case.extras else None
        self.logo = self._label("山城卫视", 0.045)
        self.station = self._label("第12集", 0.04)
        self.clocks: dict[str, _Overlay] = {}

    def draw(self, picture: Picture, time: float) -> None:
        height, width = picture.shape[:2]
        if "logo" in self.case.extras:
            self._put(picture, self.logo, 0.05 * height, 0.04 * width)
        if "station" in self.case.extras:
            self._put(picture, self.station, 0.87 * height, 0.05 * width)
        if "clock" in self.case.extras:
            text = f"20:{15 + int(time) // 60:02d}:{int(time) % 60:02d}"
            clock = self.clocks.setdefault(text, self._label(text, 0.04))
            self._put(picture, clock, 0.88 * height, 0.84 * width)
        if self.ticker is not None:
            shift = int(time * 0.09 * width) % (self.ticker.alpha.shape[1] // 3)
            part = _Overlay(
                self.ticker.colour[:, shift : shift + width],
                self.ticker.alpha[:, shift : shift + width],
                round(height * 0.955),
                0,
            )
            _blend(picture, part)

    def _put(self, picture: Picture, label: _Overlay, top: float, left: float) -> None:
        _blend(picture, _Overlay(label.colour, label.alpha, round(top), round(left)))

    def _label(self, text: str, size: float) -> _Overlay:
        font = _font(SANS, round(size * self.case.height))
        box = font.getbbox(text, stroke_width=1)
        image = Image.new("RGBA", (round(box[2]) + 4, round(box[3]) + 2), 0)
        ImageDraw.Draw(image).text(
            (2, 0), text, font=font, fill=(240, 240, 240), stroke_width=1, stroke_fill=(0, 0, 0)
        )
        data = np.asarray(image, np.float32)
        return _Overlay(data[..., :3], data[..., 3:] / 255, 0, 0)


TICKER = "今晚八点黄金剧场播出本剧大结局请观众朋友们准时收看 本台地址解放碑民权路二十八号 "
SICHUANESE = (
    *("你在说啥子哦", "莫得事莫得事", "这个硬是巴适得板", "你晓得不晓得嘛", "咋个现在才来哦"),
    *("我跟你说撒他不得来", "搞快点要迟到咯", "你莫要在这儿扯把子", "这个娃儿才乖哦"),
    *("哪个喊你去的嘛", "我们去吃火锅要得不", "要得要得就恁个办", "好久没看到你咯"),
    *("你龟儿子又在耍啥子花样", "他屋头的人都晓得了", "慢慢走不要慌", "我心头焦得很"),
    *("那个老汉儿凶得很", "今天安逸惨了", "你给我爬开", "整不来就莫整了", "哎呀算求了嘛"),
)
ENGLISH = (
    *("What are you talking about?", "I never said that.", "Let's go home now.", "Who said so?"),
    *("He won't come back tonight.", "Please don't cry any more.", "It is getting late."),
    *("We should have left earlier.", "Nobody knows where she is.", "That's not my fault."),
    *("Give me one more chance.", "I was waiting for you.", "Do you really mean it?"),
    *("Come in and sit down.", "You always say the same thing.", "I'll think about it."),
)
