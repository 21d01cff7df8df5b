"""How likely the speaker changes from one stretch of speech to the next.

Each stretch between two pauses is told by the mean of its cepstrum. Means of a speaker's stretches
lie around one of the speaker's own, the more closely the longer they are; in units of the variance
of the cepstrum within stretches, which is measured in the source itself, so that channel and room
make no difference::

    mean of a stretch of n cells ~ N(the speaker's, stretch + cell / n)
    the speaker's                ~ N(the mean of all, speaker)

Who is who is then found among some dozens of neighbouring stretches by `voices.change_chances`.
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
        speech: where somebody speaks; one value per frame.
        bands: as from `BandMeter`; none if nothing is known.

    Returns:
        As many as there are runs of speech, less one; 0 where nothing is known.

    Example:
        >>> change_probabilities(np.array([True, False, True]), np.zeros((0, BANDS), np.uint8))
        array([0.])
    """
    spoken = runs(speech)
    pauses = (spoken[1:, 0] - spoken[:-1, 1]) * (FRAME_MS / 1000)
    if not len(bands) or not len(pauses):
        return np.zeros(len(pauses))
    stretches = describe_runs(spoken, bands)
    expected = _LEAST + (_MOST - _LEAST) * np.clip((pauses - _SHORT) / (_LONG - _SHORT), 0, 1)
    found = np.empty(len(pauses))
    for first, last, kept in _windows(len(spoken)):
        chances = infer_changes(stretches.part(first, last), expected[first : last - 1])
        found[kept : last - 1] = chances[kept - first :]
    return found


def describe_runs(spoken: NDArray[np.intp], bands: Bands) -> SpeechRuns:
    """Return the mean cepstrum of each run of speech, and how sure it is.

    Only cells within 20 dB of the run's loudest count: the rest are pauses and background.

    Args:
        spoken: [start, end) of each run, in frames.
        bands: as from `BandMeter`.
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
    return SpeechRuns(means / scale, _STRETCH + _CELL / counts)


def _cepstra(bands: Bands, start: int, end: int) -> Floats:
    first = min(-(-start // _FRAMES), len(bands) - 1)
    levels = decibels_of(bands[first : max(end // _FRAMES, first + 1)]).astype(np.float64)
    loudness = np.logaddexp.reduce(levels * _NEPERS, axis=1) / _NEPERS
    loud = levels[loudness > loudness.max() - _LOUD]
    cepstra: Floats = scipy.fft.dct(loud, axis=1, norm="ortho")[:, 1:]
    return cepstra


def _windows(count: int) -> Iterator[tuple[int, int, int]]:
    """Yield [first, last) stretches to look at together, and from which on the result counts."""
    for first in range(0, max(count - _SIZE // 2, 1), _SIZE // 2):
        yield first, min(first + _SIZE, count), first + (_SIZE // 4 if first else 0)


_FRAMES = CELL_MS // FRAME_MS
_NEPERS = np.log(10) / 10
_LOUD = 20.0  # dB
_LEAST_VARIANCE = 0.25  # dB squared
_STRETCH, _CELL = 0.08, 2.6  # variances within a speaker, of a stretch and of a cell
_LEAST, _MOST = 0.03, 0.5  # probability of a change before anything is heard, by the pause
_SHORT, _LONG = 0.1, 0.4  # s
_SIZE = 60  # stretches looked at together
