"""Sound and films made for the tests."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

RATE = 16_000
CODECS = {
    ".mp4": "aac", ".mov": "aac", ".m4a": "aac", ".mkv": "aac", ".ts": "aac",
    ".mp3": "libmp3lame", ".opus": "libopus", ".ogg": "libopus", ".wav": "pcm_s16le",
    ".flac": "flac", ".avi": "libmp3lame", ".aac": "aac",
}  # fmt: skip
PICTURES = {".mp4", ".mov", ".mkv", ".avi", ".ts"}


def voice(seconds: float, rate: int = RATE, pitch: float = 130.0, seed: int = 0) -> np.ndarray:
    """Return a gliding pitch under three formants, in syllables; each seed says other ones."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    melody = t + 0.02 * np.sin(2 * np.pi * 1.7 * t)
    centres = np.array([600, 1300, 2500]) * rng.uniform(0.85, 1.15, 3)
    sound = np.zeros(len(t))
    for number in range(1, int(min(4000, rate / 2 - 1) // pitch)):
        frequency = number * pitch
        formants = np.exp(-(((frequency - centres) / (150, 200, 300)) ** 2)).sum()
        sound += (0.05 + formants) * np.sin(2 * np.pi * frequency * melody + number)
    pace = rng.uniform(3.4, 4.6)
    stress = rng.uniform(0.5, 1, int(pace * seconds) + 2)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * pace * t - np.pi / 2)
    syllables *= np.interp(pace * t, np.arange(len(stress)), stress)
    return 0.5 * sound * syllables / np.abs(sound).max()


def scene(parts: list[tuple[float, float]], rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Return utterances and the pauses after each (both in seconds), over a quiet room."""
    rng = np.random.default_rng(seed)
    pieces = [np.zeros(round(0.5 * rate))]
    for number, (spoken, pause) in enumerate(parts):
        said = voice(spoken, rate, 110 + 30 * (number % 4), 100 * seed + number)
        pieces += [said, np.zeros(round(pause * rate))]
    sound = np.concatenate(pieces)
    return sound + rng.normal(0, 10 ** (-70 / 20), len(sound))


def write_media(
    path: Path,
    sound: np.ndarray,
    rate: int = RATE,
    *,
    layout: str = "mono",
    codec: str | None = None,
    start: float = 0.0,
    tracks: int = 1,
    default: int | None = None,
    picture: bool | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a film or a sound file; ``sound`` has shape (samples,) or (channels, samples)."""
    with av.open(str(path), "w", options=options or {}) as out:
        with_picture = path.suffix in PICTURES if picture is None else picture
        film = _picture_stream(out) if with_picture else None
        streams = []
        for number in range(tracks):
            stream = out.add_stream(codec or CODECS[path.suffix], rate=rate)
            if number == default:
                stream.disposition = Disposition.default
            stream.codec_context.layout = layout
            streams.append(stream)
        if film:
            _encode_picture(out, film, sound.shape[-1] / rate)
        channels = streams[0].codec_context.layout.nb_channels
        packed = np.broadcast_to(sound, (channels, sound.shape[-1])).T
        for number, stream in enumerate(streams):
            _encode(out, stream, packed / (number + 1), rate, layout, start)
    return path


def _encode(out, stream, packed, rate, layout, start):
    clipped = np.clip(packed * 32767, -32768, 32767).astype(np.int16)
    values = clipped if "f" not in stream.codec_context.name[-4:] else packed.astype(np.float32)
    for first in range(0, len(packed), 4096):
        piece = np.ascontiguousarray(values[first : first + 4096]).reshape(1, -1)
        kind = "s16" if piece.dtype == np.int16 else "flt"
        frame = av.AudioFrame.from_ndarray(piece, format=kind, layout=layout)
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = first + round(start * rate)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _picture_stream(out):
    stream = out.add_stream("mpeg4", rate=2)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
    return stream


def _encode_picture(out, stream, seconds: float) -> None:
    grey = np.full((32, 32, 3), 90, dtype=np.uint8)
    for _ in range(max(int(seconds * 2), 1)):
        out.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
    out.mux(stream.encode(None))


@pytest.fixture(scope="session")
def make_voice() -> Callable[..., np.ndarray]:
    return voice


@pytest.fixture(scope="session")
def make_scene() -> Callable[..., np.ndarray]:
    return scene


@pytest.fixture(scope="session")
def make_media() -> Callable[..., Path]:
    return write_media
