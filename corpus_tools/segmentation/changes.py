"""Probability of a speaker change at each pause, from the sound alone.

Each run of speech between two pauses is represented by its mean cepstrum. The means of a speaker's
runs are distributed around a mean of the speaker's own, the closer the longer the runs. The unit is
the variance of the cepstrum within runs, measured in the source itself, so that channel and room
make no difference::

    mean of a run of n cells ~ N(mean of the speaker, run + cell / n)
    mean of the speaker      ~ N(mean of all, speaker)

`voices.infer_changes` then infers the speakers of some dozens of neighbouring runs at a time.
"""

from collections.abc import Iterator

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.bands import BANDS, CELL_MS, Bands, decibels_of
from corpus_tools.segmentation.voices import SpeechRuns, infer_changes

__all__ = ["change_probabilities", "describe_runs"]

Floats = NDArray[np.float64]


def change_probabilities(speech: NDArray[np.bool_], bands: Bands) -> Floats:
    """Return the probability of a change of speaker for each pause between two runs of speech.

    Args:
        speech: whether somebody speaks in each frame.
        bands: spectrum, as from `BandMeter`; empty if it wasn't measured.

    Returns:
        One value fewer than there are runs of speech; 0 without a spectrum.

    Example:
        >>> change_probabilities(np.array([True, False, True]), np.zeros((0, BANDS), np.uint8))
        array([0.])
    """
    spoken = runs(speech)
    pauses = (spoken[1:, 0] - spoken[:-1, 1]) * (FRAME_MS / 1000)
    if not len(bands) or not len(pauses):
        return np.zeros(len(pauses))
    described = describe_runs(spoken, bands)
    prior = _LEAST_PRIOR + (_MOST_PRIOR - _LEAST_PRIOR) * np.clip(
        (pauses - _SHORT) / (_LONG - _SHORT), 0, 1
    )
    changes = np.empty(len(pauses))
    for first, last, kept in _windows(len(spoken)):
        posterior = infer_changes(described.part(first, last), prior[first : last - 1])
        changes[kept : last - 1] = posterior[kept - first :]
    return changes


def describe_runs(spoken: NDArray[np.intp], bands: Bands) -> SpeechRuns:
    """Return mean and variance of the cepstrum of each run of speech.

    Only cells within 20 dB of the run's loudest count: the rest are pauses and background.

    Args:
        spoken: [start, end) of each run, in frames.
        bands: spectrum, as from `BandMeter`.
    """
    means = np.zeros((len(spoken), BANDS - 1))
    counts = np.ones(len(spoken))
    squares, freedom = np.zeros(BANDS - 1), 0
    for at, (start, end) in enumerate(spoken):
        cepstra = _cepstra(bands, int(start), int(end))
        means[at], counts[at] = cepstra.mean(axis=0), len(cepstra)
        squares += np.square(cepstra - means[at]).sum(axis=0)
        freedom += len(cepstra) - 1
    scale = np.sqrt(np.maximum(squares / max(freedom, 1), _LEAST_VARIANCE))
    return SpeechRuns(means / scale, _RUN + _CELL / counts)


def _cepstra(bands: Bands, start: int, end: int) -> Floats:
    first = min(-(-start // _FRAMES), len(bands) - 1)
    levels = decibels_of(bands[first : max(end // _FRAMES, first + 1)]).astype(np.float64)
    loudness = np.logaddexp.reduce(levels * _NEPERS, axis=1) / _NEPERS
    loud = levels[loudness > loudness.max() - _LOUD]
    cepstra: Floats = scipy.fft.dct(loud, axis=1, norm="ortho")[:, 1:]
    return cepstra


def _windows(count: int) -> Iterator[tuple[int, int, int]]:
    """Yield [first, last) of the runs to process together, and the first that counts."""
    for first in range(0, max(count - _SIZE // 2, 1), _SIZE // 2):
        yield first, min(first + _SIZE, count), first + (_SIZE // 4 if first else 0)


_FRAMES = CELL_MS // FRAME_MS
_NEPERS = np.log(10) / 10
_LOUD = 20.0  # dB
_LEAST_VARIANCE = 0.25  # dB squared
_RUN, _CELL = 0.08, 2.6  # variances within a speaker, of a run and of a cell
_LEAST_PRIOR, _MOST_PRIOR = 0.03, 0.5  # prior probability of a change, by length of the pause
_SHORT, _LONG = 0.1, 0.4  # s
_SIZE = 60  # runs processed together
