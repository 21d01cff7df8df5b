"""Detection of music under or between speech, by tones that are sustained while speech glides."""

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.screening.spectra import BIN_HZ, HOP_MS, Spectra

__all__ = ["frequency_activation", "music_score", "sustained_partials"]

Flags = NDArray[np.bool_]


def music_score(spectra: Spectra) -> float | None:
    """Return a score for music in a clip, from 0 to 1; ``None`` below half a second.

    Notes keep their pitch for tenths of a second, voices glide, and noise has no partials. The two
    features `frequency_activation` and `sustained_partials` measure sustained tones from 0.8 to 3.9
    kHz, where a voice's harmonics move most; the score is their logistic function. Level has no
    influence, so that even quiet music is detected in pauses and between harmonics of speech.
    """
    if len(spectra) < _LEAST_FRAMES:
        return None
    contrast = _contrast(spectra)
    evidence = (
        _BIAS
        + _ACTIVATION_WEIGHT * frequency_activation(contrast)
        + _PARTIALS_WEIGHT * np.log10(_PARTIALS_OFFSET + sustained_partials(contrast))
    )
    return round(1 / (1 + float(np.exp(-evidence))), 4)


def frequency_activation(contrast: NDArray[np.float32]) -> float:
    """Return the continuous frequency activation, averaged over blocks of a second.

    A bin is active in a frame if it stands out from its neighbours (``contrast``: relative level in
    dB, shape (frames, bins)). Its activation is the share of a block's frames in which it is
    active; the value of a block is the sum of the five activations that stand out most from those
    around them. (Seyerlehner, Pohle, Schedl, Widmer, Automatic music detection in television
    productions, DAFx 2007; there over 2.6 s.)
    """
    active = contrast > _ACTIVE_DB
    blocks = np.array_split(active.view(np.uint8), max(round(len(active) / _BLOCK), 1))
    share = np.stack([_mean_of_flags(block) for block in blocks])
    around = np.arange(-_SIDE, share.shape[1] + _SIDE)
    above = share - _local_mean(share.take(around, axis=1, mode="clip"))
    return float(np.sort(above, axis=1)[:, -_PEAKS:].sum(axis=1).mean())


def sustained_partials(contrast: NDArray[np.float32]) -> float:
    """Return the mean number of spectral peaks per frame that stay in place for 0.4 s.

    ``contrast`` is as for `frequency_activation`.
    """
    inner = contrast[:, 1:-1]
    peak = (inner > contrast[:, :-2]) & (inner >= contrast[:, 2:]) & (inner > _PEAK_DB)
    near = peak.copy()
    near[:, 1:] |= peak[:, :-1]
    near[:, :-1] |= peak[:, 1:]
    lasting = peak & _lasting(near, min(_LASTING, len(near)))
    return float(np.count_nonzero(lasting) / len(peak))


def _lasting(flags: Flags, frames: int) -> Flags:
    """Return which flags are part of a run of at least ``frames`` along time."""
    whole = _over_time(np.logical_and, flags, frames)
    wide = np.zeros((len(whole) + 2 * (frames - 1), flags.shape[1]), dtype=np.bool_)
    wide[frames - 1 : frames - 1 + len(whole)] = whole
    return _over_time(np.logical_or, wide, frames)


def _over_time(operation: np.ufunc, flags: Flags, frames: int) -> Flags:
    """Reduce each ``frames`` consecutive flags by a binary operation, in log(frames) steps."""
    taken = 1
    while taken < frames:
        step = min(taken, frames - taken)
        flags = operation(flags[:-step], flags[step:])
        taken += step
    return flags


def _mean_of_flags(flags: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the share of set flags along time; at most 255 frames."""
    count = np.add.reduce(flags, axis=0, dtype=np.uint8)
    return np.asarray(count / np.float32(len(flags)))


def _contrast(spectra: Spectra) -> NDArray[np.float32]:
    level = np.log2(spectra[:, _FIRST - _SIDE : _LAST + _SIDE])
    level *= np.float32(10 * np.log10(2))
    return level[:, _SIDE:-_SIDE] - _local_mean(level)


def _local_mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over `_SIDE` values on either side, for values with so many neighbours."""
    width = 2 * _SIDE + 1
    total = np.add.accumulate(rows, axis=1)
    mean: NDArray[np.float32] = total[:, width - 1 :].copy()
    mean[:, 1:] -= total[:, :-width]
    mean /= np.float32(width)
    return mean


_FIRST, _LAST = round(800 / BIN_HZ), round(3800 / BIN_HZ)  # bins
_SIDE = 10  # neighbouring bins on either side
_ACTIVE_DB, _PEAK_DB = 3.0, 4.0
_BLOCK = 1000 // HOP_MS  # frames
_PEAKS = 5
_LASTING = 400 // HOP_MS  # frames
_LEAST_FRAMES = 500 // HOP_MS
_BIAS, _ACTIVATION_WEIGHT, _PARTIALS_WEIGHT, _PARTIALS_OFFSET = -9.0, 4.0, 2.4, 0.05
