"""Encode the sample's media files with PyAV, and measure the delay of their audio."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from scipy.signal import correlate

WIDTH, HEIGHT = 160, 90
AUDIO_CODECS = {
    ".mp4": ("aac", 60_000, 76_000),
    ".mkv": ("aac", 60_000, 76_000),
    ".m4a": ("aac", 60_000, 76_000),
    ".mp3": ("libmp3lame", 64_000, 80_000),
}
CONTAINERS = {".m4a": "ipod"}
OPUS_BITRATE = 32_000
CHUNK = 1024
# Without it muxers write their version and random identifiers, so that no two runs match.
BITEXACT = {"fflags": "+bitexact"}


def encode_episode(
    path: Path, sound: np.ndarray, rate: int, cuts: list[float], rng: np.random.Generator
) -> None:
    """Encode int16 audio (frames, channels); mp4 and mkv get video that changes at `cuts`."""
    codec, mono_rate, stereo_rate = AUDIO_CODECS[path.suffix]
    channels = sound.shape[1]
    with av.open(str(path), "w", format=CONTAINERS.get(path.suffix), options=BITEXACT) as out:
        pictures = PictureTrack(out, cuts, rng) if path.suffix in (".mp4", ".mkv") else None
        audio = out.add_stream(codec, rate=rate, layout="mono" if channels == 1 else "stereo")
        audio.bit_rate = mono_rate if channels == 1 else stereo_rate
        audio.codec_context.flags |= av.codec.context.Flags.bitexact
        for frame in audio_frames(sound, rate):
            if pictures:
                pictures.encode_until(frame.pts / rate)
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
        if pictures:
            pictures.close(len(sound) / rate)


def audio_frames(sound: np.ndarray, rate: int) -> Iterator[av.AudioFrame]:
    layout = "mono" if sound.shape[1] == 1 else "stereo"
    for start in range(0, len(sound), CHUNK):
        packed = np.ascontiguousarray(sound[start : start + CHUNK]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate = rate
        frame.pts = start
        frame.time_base = Fraction(1, rate)
        yield frame


class PictureTrack:
    """Synthetic video track: a drifting gradient and a disc, with new colours in each scene."""

    def __init__(
        self, out: av.container.OutputContainer, cuts: list[float], rng: np.random.Generator
    ) -> None:
        self.out = out
        self.fps = int(rng.integers(5, 11))
        self.cuts = cuts
        self.colours = rng.uniform(40, 220, (len(cuts), 2, 3))
        self.stream = out.add_stream("libx264", rate=self.fps)
        self.stream.width, self.stream.height = WIDTH, HEIGHT
        self.stream.pix_fmt = "yuv420p"
        self.stream.options = {"crf": "32", "preset": "medium", "threads": "1"}
        self.stream.codec_context.flags |= av.codec.context.Flags.bitexact
        self.next = 0

    def encode_until(self, seconds: float) -> None:
        while self.next / self.fps <= seconds:
            picture = av.VideoFrame.from_ndarray(self.picture(self.next / self.fps), "rgb24")
            picture.pts = self.next
            picture.time_base = Fraction(1, self.fps)
            self.out.mux(self.stream.encode(picture))
            self.next += 1

    def close(self, seconds: float) -> None:
        self.encode_until(seconds - 1 / self.fps)
        self.out.mux(self.stream.encode(None))

    def picture(self, t: float) -> np.ndarray:
        """Return the picture at `t` seconds: (height, width, 3), uint8."""
        scene = min(int(np.searchsorted(self.cuts, t, side="right")), len(self.cuts) - 1)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
        blend = 0.5 + 0.5 * np.sin((x + 2 * y) / 70 + t / 5)
        low, high = self.colours[scene]
        image = low + blend[..., None] * (high - low)
        disc = (x - 80 - 50 * np.sin(t / 3)) ** 2 + (y - 45 - 15 * np.cos(t / 2)) ** 2 < 14**2
        image[disc] = 255 - image[disc]
        return image.astype(np.uint8)


def encode_recording(path: Path, samples: np.ndarray, rate: int) -> None:
    """Encode float mono speech as Ogg Opus."""
    pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)[:, None]
    with av.open(str(path), "w", format="ogg", options=BITEXACT) as out:
        stream = out.add_stream("libopus", rate=rate, layout="mono")
        stream.bit_rate = OPUS_BITRATE
        stream.options = {"application": "audio"}
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for frame in audio_frames(pcm, rate):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def decode_mono(path: Path, rate: int) -> np.ndarray:
    """Decode audio at its own rate, with each frame at its presentation time."""
    blocks = []
    with av.open(str(path)) as media:
        for frame in media.decode(audio=0):
            planes = frame.to_ndarray().astype(np.float64)
            blocks.append((round(frame.time * rate), planes.mean(axis=0)))
    timeline = np.zeros(max(at + len(block) for at, block in blocks))
    for at, block in blocks:
        skip = max(0, -at)
        timeline[at + skip : at + len(block)] = block[skip:]
    return timeline


def measure_lag(path: Path, sound: np.ndarray, rate: int) -> float:
    """Return the delay in seconds of the file's audio relative to the input."""
    decoded = decode_mono(path, rate)
    correlation = correlate(decoded, sound.mean(axis=1), method="fft")
    near = len(sound) - 1 + np.arange(-rate // 5, rate // 5 + 1)
    return float(near[np.argmax(correlation[near])] - (len(sound) - 1)) / rate
