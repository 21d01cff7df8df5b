"""Activity of a whole track, frame by frame: level, background, speech, gaps."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE, Block
from corpus_tools.media.levels import Samples, frame_powers
from corpus_tools.segmentation.bands import BANDS, BandMeter, Bands
from corpus_tools.segmentation.prominence import prominence_of
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.voice import FRAME_MS, VoiceDetector

__all__ = ["FRAME_MS", "Activity", "ActivityMeter", "runs", "widened"]

FRAME = SAMPLE_RATE * FRAME_MS // 1000


@dataclass(frozen=True)
class Activity:
    """A track in frames of `FRAME_MS`; all arrays have one value per whole frame.

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
    """Measures the activity of a track while it is decoded.

    Args:
        detector: voice activity detector.
        settings: onset, hangover and shortest pause.
    """

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

    The detector gives rough positions and the level exact edges, since the detector is late,
    hangs over and bridges short pauses.

    Args:
        voice: decisions of the detector, one per frame.
        prominence: as from `prominence_of`.
        settings: ``onset_seconds``, ``hangover_seconds`` and ``min_pause_seconds``.
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


_AUDIBLE = 0.25
_SHORTEST_SOUND = 6  # frames; shorter is a click
