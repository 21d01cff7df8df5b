"""Activity of a track, frame by frame: level, prominence above the background, speech, gaps."""

from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.decode import Block
from corpus_tools.media.mel import BANDS, BandMeter, Bands
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples, frame_powers
from corpus_tools.segmentation.voice.base import FRAME_MS, VoiceDetector

__all__ = ["Activity", "ActivityMeter", "prominence_of", "runs", "widened"]

Levels = NDArray[np.float32]

FRAME = SAMPLE_RATE * FRAME_MS // 1000


@dataclass(frozen=True)
class Activity:
    """A track in frames of `FRAME_MS`; all arrays but ``bands`` have one value per whole frame.

    Attributes:
        power: mean square, 1.0 is full scale.
        prominence: level between the local background (0) and the local speech level (1).
        speech: whether somebody speaks.
        gap: whether the file has no audio here.
        uncertainty: how unreliable ``speech`` is because of a loud background, from 0 (reliable) to
            1; ``None`` if it wasn't measured.
        bands: spectrum, as from `BandMeter`; empty if it wasn't measured.
    """

    power: NDArray[np.float32]
    prominence: NDArray[np.float32]
    speech: NDArray[np.bool_]
    gap: NDArray[np.bool_]
    uncertainty: NDArray[np.float32] | None = None
    bands: Bands = field(default_factory=lambda: np.zeros((0, BANDS), dtype=np.uint8))

    def __len__(self) -> int:
        return len(self.power)


class ActivityMeter:
    """Measures the activity of a track while it is decoded, with a voice activity detector."""

    def __init__(self, detector: VoiceDetector, settings: SegmentSettings) -> None:
        self._detector = detector
        self._settings = settings
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._length = 0
        self._powers: list[NDArray[np.float32]] = []
        self._voice: list[NDArray[np.bool_]] = []
        self._gaps: list[tuple[int, int]] = []
        self._holes: list[tuple[int, int]] = []
        self._bands = BandMeter()

    def add(self, block: Block) -> None:
        """Add the next block of the track."""
        samples = np.concatenate([self._rest, block.samples])
        self._powers.append(frame_powers(samples, FRAME))
        self._rest = samples[len(samples) // FRAME * FRAME :]
        self._voice.append(self._detector.feed(block.samples))
        self._bands.add(block.samples)
        if block.gap:
            self._gaps.append((self._length, self._length + len(block.samples)))
        for start, end in block.holes:
            self._note_hole(self._length + start, self._length + end)
        self._length += len(block.samples)

    def activity(self) -> Activity:
        """Return the activity of all blocks added."""
        power = np.concatenate([*self._powers, np.zeros(0, dtype=np.float32)])
        voice = np.concatenate([*self._voice, self._detector.finish()])[: len(power)]
        gap = np.zeros(len(power), dtype=np.bool_)
        for start, end in self._gaps:
            gap[start // FRAME : -(-end // FRAME)] = True
        for start, end in self._holes:
            gap[-(-start // FRAME) : end // FRAME] = True
        prominence, uncertainty = prominence_of(power)
        speech = speech_of(voice, prominence, self._settings) & ~gap
        return Activity(power, prominence, speech, gap, uncertainty, self._bands.bands())

    def _note_hole(self, start: int, end: int) -> None:
        if self._holes and self._holes[-1][1] == start:
            start, _ = self._holes.pop()
        self._holes.append((start, end))


def speech_of(
    voice: NDArray[np.bool_], prominence: NDArray[np.float32], settings: SegmentSettings
) -> NDArray[np.bool_]:
    """Return the frames in which somebody speaks: near detected voice and above the background.

    The detector gives rough positions and the level (`prominence_of`) exact edges, since the
    detector is late, hangs over and bridges short pauses.
    """
    near = widened(voice, _frames(settings.onset_seconds), _frames(settings.hangover_seconds))
    speech = near & (prominence > _AUDIBLE)
    shortest_pause = _frames(settings.min_pause_seconds)
    speech = _without_short_runs(speech, value=False, shorter_than=shortest_pause)
    return _without_short_runs(speech, value=True, shorter_than=_SHORTEST_SOUND)


def runs(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the [start, end) of each run of True, shape (runs, 2).

    Example:
        >>> runs(np.array([True, True, False, True])).tolist()
        [[0, 2], [3, 4]]
    """
    framed = np.zeros(len(mask) + 2, dtype=np.bool_)
    framed[1:-1] = mask
    return np.flatnonzero(framed[1:] != framed[:-1]).reshape(-1, 2)


def _frames(seconds: float) -> int:
    return round(seconds * 1000 / FRAME_MS)


def widened(mask: NDArray[np.bool_], before: int, after: int) -> NDArray[np.bool_]:
    """Return the mask with each run of True extended by some frames on either side."""
    wide = np.zeros(len(mask), dtype=np.bool_)
    for start, end in runs(mask):
        wide[max(start - before, 0) : end + after] = True
    return wide


def _without_short_runs(
    mask: NDArray[np.bool_], *, value: bool, shorter_than: int
) -> NDArray[np.bool_]:
    """Return the mask with short runs of ``value`` inverted, those of False only if inner."""
    result = mask.copy()
    for start, end in runs(mask == value):
        inner = start > 0 and end < len(mask)
        if end - start < shorter_than and (inner or value):
            result[start:end] = not value
    return result


def prominence_of(power: Levels) -> tuple[Levels, Levels]:
    """Return each frame's level relative to its surroundings, and the uncertainty of that.

    Prominence is 0 at the background (10th percentile of the level within 5 s) and 1 at the speech
    level (95th percentile). The two are taken at least 15 dB apart, so that steady noise doesn't
    look like words. The closer they are, the less a single frame says: uncertainty is 0 from 40 dB
    up and 1 from 20 dB down, and is the weight of a mean over some tenths of a second. ``power`` is
    the mean square of each frame.
    """
    if not len(power):
        return power, power
    level = 10 * np.log10(np.maximum(_smoothed(power, _THREE_FRAMES), _QUIETEST)).astype(np.float32)
    low, high = _local_percentiles(level)
    prominence = (level - low) / np.maximum(high - low, _LEAST_RANGE)
    uncertainty = np.clip((_CERTAIN - (high - low)) / (_CERTAIN - _UNCERTAIN), 0, 1)
    steady = _smoothed(np.clip(prominence, *_BOUNDS), _STEADY_KERNEL)
    mixed: Levels = ((1 - uncertainty) * prominence + uncertainty * steady).astype(np.float32)
    return mixed, uncertainty


def _smoothed(values: Levels, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values.astype(np.float64), len(kernel) // 2, mode="edge")
    return np.convolve(padded, kernel, mode="valid").astype(np.float64, copy=False)


def _local_percentiles(level: Levels) -> tuple[Levels, ...]:
    count = -(-len(level) // _HOP)
    padded = np.pad(level, (_REACH, count * _HOP - len(level) + _REACH), mode="symmetric")
    windows = sliding_window_view(padded, 2 * _REACH + _HOP)[::_HOP]
    percentiles = [
        np.percentile(windows[start : start + _BATCH, ::4], [10, 95], axis=1)
        for start in range(0, count, _BATCH)
    ]
    low, high = np.concatenate(percentiles, axis=1).astype(np.float32)
    return np.repeat(low, _HOP)[: len(level)], np.repeat(high, _HOP)[: len(level)]


def _gaussian(deviation: int) -> NDArray[np.float64]:
    weights = np.exp(-0.5 * np.square(np.arange(-4 * deviation, 4 * deviation + 1) / deviation))
    kernel: NDArray[np.float64] = weights / weights.sum()
    return kernel


_AUDIBLE = 0.25
_SHORTEST_SOUND = 6  # frames; shorter is a click
_QUIETEST = 10 ** (-70 / 10)  # anything quieter is silence
_LEAST_RANGE = 15.0  # dB
_CERTAIN, _UNCERTAIN = 40.0, 20.0  # dB between background and speech
_BOUNDS = (-0.5, 1.2)  # of the prominence that is averaged, so that a bang doesn't spread
_THREE_FRAMES = np.full(3, 1 / 3)
_STEADY_KERNEL = _gaussian(10)  # frames
_HOP = 50  # frames between two estimates of the background
_REACH = 500  # frames on either side that an estimate covers
_BATCH = 512
