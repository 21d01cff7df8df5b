"""Synchronisation of subtitles with the sound: offset and rate from voice activity.

The lines of a file are correlated with the speech at every offset and at the usual rates, as in
ffsubsync (https://github.com/smacke/ffsubsync); the best match is then refined by the starts of the
lines alone, since lines stay on screen after the speech. Times are changed only if the match gets
clearly better, and worse in no part of the film.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from corpus_tools.segmentation.voice.base import FRAME_MS

__all__ = ["SubtitleTiming", "align_lines"]

Times = NDArray[np.float64]
TimingStatus = Literal["kept", "corrected", "unknown", "unconfirmed", "mismatch", "parts"]


@dataclass(frozen=True)
class SubtitleTiming:
    """Mapping from a subtitle file's times to those of the sound: ``rate * time + offset_s``.

    Attributes:
        offset_s: offset in seconds; 0 unless corrected.
        rate: rate; 1 unless corrected.
        confidence: confidence that lines and speech belong together, from 0 (no better than chance)
            to 1 (ten standard deviations above it).
        verdict: ``kept``: the times are right; ``corrected``: they were wrong. All others leave
            them unchanged: ``unknown``: too few lines or too little sound to decide;
            ``unconfirmed``: likewise, and unchanged they fit no better than chance; ``mismatch``:
            enough lines and sound, but they fit nowhere; ``parts``: what fits some parts of the
            film makes others worse.
    """

    offset_s: float = 0.0
    rate: float = 1.0
    confidence: float = 0.0
    verdict: TimingStatus = "unknown"

    def __call__(self, seconds: float) -> float:
        """Return the time in the sound for a time in the file, both in seconds."""
        return self.rate * seconds + self.offset_s


def align_lines(starts: Times, ends: Times, speech: NDArray[np.bool_]) -> SubtitleTiming:
    """Return the timing of lines, from their times in seconds, relative to the speech frames.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> starts = np.cumsum(rng.uniform(2, 6, 120)) + 40
        >>> speech = np.zeros(60_000, dtype=bool)
        >>> for start in starts:
        ...     speech[round(start * 100) : round(start * 100 + 150)] = True
        >>> timing = align_lines(starts - 30.1, starts - 28.1, speech)
        >>> timing.verdict, timing.rate, round(timing.offset_s, 1)
        ('corrected', 1.0, 30.0)
    """
    inside = (ends > 0) & (starts < len(speech) * _FRAME + _MOST_OFFSET)
    every = -(-max(int(inside.sum()), 1) // _MOST_LINES)
    starts, ends = starts[inside][::every], ends[inside][::every]
    if len(starts) < _FEWEST_LINES or not _varies(speech):
        return SubtitleTiming()
    onsets = _onset_density(speech)
    rate, offset, height = _best_match(starts, ends, speech, onsets)
    confidence = round(float(np.clip((height - _CHANCE) / (_SURE - _CHANCE), 0, 1)), 4)
    if height < _CLEAR:
        if len(starts) >= _MANY_LINES and height < _CHANCE:
            return SubtitleTiming(0.0, 1.0, confidence, "mismatch")
        return SubtitleTiming(0.0, 1.0, confidence, _status_unchanged(starts, onsets))
    rate, offset = _refined(starts, onsets, rate, offset)
    status = _timing_status(starts, rate * starts + offset, onsets)
    if status == "unknown":
        status = _status_unchanged(starts, onsets)
    if status != "corrected":
        return SubtitleTiming(0.0, 1.0, confidence, status)
    return SubtitleTiming(round(offset, 3), round(rate, 7), confidence, status)


def _varies(speech: NDArray[np.bool_]) -> bool:
    share = float(np.mean(speech)) if len(speech) else 0.0
    spoken = len(speech) * _FRAME * min(share, 1 - share)
    return spoken >= _LEAST_SPOKEN


def _best_match(
    starts: Times, ends: Times, speech: NDArray[np.bool_], onsets: NDArray[np.float32]
) -> tuple[float, float, float]:
    """Return the rate and offset at which lines and speech match best, and the height of the match.

    Times covered by lines and their starts are correlated with speech; the height is in standard
    deviations of the sum of both correlations over all offsets and rates.
    """
    signals = [
        _without_local_mean(_in_cells(speech, _COARSE)),
        _without_local_mean(_in_cells(onsets, _COARSE // _FRAMES_A_STEP)),
    ]
    reach = round(_MOST_OFFSET / _CELL)
    length = len(signals[0]) + reach
    size = scipy.fft.next_fast_len(length + reach, real=True)
    spectra = [scipy.fft.rfft(signal, size) for signal in signals]
    rates = _rates(len(signals[0]) * _CELL)
    scores = np.empty((2, len(rates), 2 * reach + 1), dtype=np.float32)
    for row, rate in enumerate(rates):
        first = rate * starts + _LEAD_IN
        for kind, until in enumerate((rate * ends, first + _CELL)):
            shown = _without_local_mean(_covered(first, until, length))
            lags = scipy.fft.irfft(spectra[kind] * np.conj(scipy.fft.rfft(shown, size)), size)
            scale = max(float(np.std(shown)), 1e-9)
            scores[kind, row] = np.concatenate([lags[-reach:], lags[: reach + 1]]) / scale
    total = (scores / np.maximum(scores.std(axis=(1, 2), keepdims=True), 1e-12)).sum(axis=0)
    row, lag = divmod(int(total.argmax()), total.shape[1])
    return rates[row], (lag - reach) * _CELL, float(total[row, lag] / max(total.std(), 1e-12))


def _in_cells(values: NDArray[Any], size: int) -> Times:
    whole = len(values) // size * size
    cells: Times = values[:whole].reshape(-1, size).mean(axis=1, dtype=np.float64)
    return cells


def _rates(seconds: float) -> list[float]:
    """Return the rates to try: the usual ones, and others close enough to leave half a second."""
    step = min(max(2 / seconds, _FREE_DRIFT / _MOST_RATES), _FREE_DRIFT)
    count = round(_FREE_DRIFT / step)
    return sorted({*_USUAL, *(1 + step * number for number in range(-count, count + 1))})


def _covered(starts: Times, ends: Times, cells: int) -> Times:
    """Return the share of each cell of the timeline that lines cover."""
    changes = np.zeros(cells + 2)
    for times, sign in ((starts, 1.0), (ends, -1.0)):
        at = np.clip(times / _CELL, 0, cells)
        cell = at.astype(np.intp)
        rest = at - cell
        changes += np.bincount(cell, sign * (1 - rest), cells + 2)
        changes += np.bincount(cell + 1, sign * rest, cells + 2)
    covered: Times = np.minimum(np.cumsum(changes)[:cells], 1.0)
    return covered


def _without_local_mean(values: Times) -> Times:
    """Subtract the local mean: the amount of speech in a scene says nothing about the timing."""
    local: Times = values - uniform_filter1d(values, _LOCAL, mode="nearest")
    return local


def _onset_density(speech: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the smoothed density of speech onsets for each `_STEP` of the sound."""
    onsets = np.flatnonzero(speech[1:] & ~speech[:-1]) + 1
    impulses = np.zeros(-(-len(speech) // _FRAMES_A_STEP), dtype=np.float32)
    impulses[onsets // _FRAMES_A_STEP] = 1
    return np.asarray(gaussian_filter1d(impulses, _ONSET_WIDTH), dtype=np.float32)


def _near_onset(times: Times, onsets: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = (times / _STEP).astype(np.int32)
    inside = (times >= 0) & (steps < len(onsets))
    return np.asarray(onsets[np.where(inside, steps, 0)] * inside, dtype=np.float32)


def _refined(
    starts: Times, onsets: NDArray[np.float32], rate: float, offset: float
) -> tuple[float, float]:
    """Return the rate and offset at which most lines start at a speech onset.

    A usual rate is preferred if it does about as well; the lines' small lead before speech is kept.
    """
    placed = rate * starts + offset
    low, high = (float(time) for time in np.quantile(placed, (0.05, 0.95)))
    share = (placed - low) / max(high - low, 1.0)

    def hits(left: Times, right: Times) -> Times:
        moved = placed + left[:, None] * (1 - share) + right[:, None] * share
        return np.asarray(_near_onset(moved, onsets).mean(axis=1), dtype=np.float64)

    left = right = 0.0
    for reach, step in _SEARCHES:
        steps = np.arange(-reach, reach + step / 2, step)
        lefts, rights = (grid.ravel() for grid in np.meshgrid(left + steps, right + steps))
        best = int(hits(lefts, rights).argmax())
        left, right = float(lefts[best]), float(rights[best])
    stretch = (right - left) / max(high - low, 1.0)
    free = rate * (1 + stretch), offset * (1 + stretch) + left - low * stretch
    best_hits = _near_onset(free[0] * starts + free[1], onsets)
    middle = float(np.mean(starts))
    for usual in sorted(_USUAL, key=lambda usual: (usual != 1, abs(usual - free[0]))):
        shifts = free[1] + (free[0] - usual) * middle + np.arange(-_SNAP, _SNAP + 0.01, 0.02)
        shifted = _near_onset(usual * starts + shifts[:, None], onsets)
        best = int(shifted.mean(axis=1).argmax())
        if _significance(best_hits - shifted[best]) < _AS_GOOD:
            return usual, float(shifts[best]) - _LEAD_IN
    return free[0], free[1] - _LEAD_IN


def _timing_status(as_given: Times, moved: Times, onsets: NDArray[np.float32]) -> TimingStatus:
    """Return ``corrected`` if lines match clearly better than before, and no part clearly worse."""
    before, after = (_near_onset(times + _LEAD_IN, onsets) for times in (as_given, moved))
    chance = float(onsets.mean())
    parts = np.array_split(np.arange(len(before)), _PARTS)
    if np.abs(moved - as_given).max() < _TOLERATED:
        lost = any(_significance(before[part] - chance) < _LOST for part in parts)
        return "parts" if lost and len(before) >= _MANY_LINES else "kept"
    if any(_significance((after - before)[part]) < -_WORSE for part in parts):
        return "parts"
    return "corrected" if _significance(after - before) > _BETTER else "unknown"


def _status_unchanged(starts: Times, onsets: NDArray[np.float32]) -> TimingStatus:
    """Return ``unknown`` if unchanged lines start at speech onsets, else ``unconfirmed``."""
    significance = _significance(_near_onset(starts + _LEAD_IN, onsets) - float(onsets.mean()))
    return "unknown" if significance > _SOME else "unconfirmed"


def _significance(gains: NDArray[np.float32]) -> float:
    spread = float(np.std(gains)) / math.sqrt(len(gains))
    return float(np.mean(gains)) / max(spread, 1e-12)


_FRAME = FRAME_MS / 1000
_COARSE = 10  # frames of a cell
_CELL = _COARSE * _FRAME
_LOCAL = 100  # cells
_MOST_OFFSET = 120.0  # s
_USUAL = (1.0, 25 / 23.976, 23.976 / 25, 24 / 23.976, 23.976 / 24, 25 / 24, 24 / 25)
_FREE_DRIFT = 0.005
_MOST_RATES = 30  # either way
_FEWEST_LINES = 20
_MANY_LINES = 100
_MOST_LINES = 2500  # lines used
_LEAST_SPOKEN = 20.0  # s
_SOME = 2.0  # standard errors
_CHANCE, _CLEAR, _SURE = 5.0, 6.5, 10.0  # standard deviations
_FRAMES_A_STEP = 2
_STEP = _FRAMES_A_STEP * _FRAME
_ONSET_WIDTH = 4  # steps
_SEARCHES = ((0.8, 0.1), (0.1, 0.02))  # s: range either way, step
_SNAP = 0.3  # s
_AS_GOOD = 2.0  # standard errors
_LEAD_IN = 0.09  # s; lines appear 0 to 0.2 s before the speech
_TOLERATED = 0.2  # s
_PARTS = 4
_BETTER, _WORSE, _LOST = 4.0, 2.5, 0.5  # standard errors
