"""Probability of a speaker change at each pause, from the sound alone.

Each run of speech between two pauses is represented by its mean cepstrum. The means of a speaker's
runs are distributed around a mean of the speaker's own, the closer the longer the runs. The unit is
the variance of the cepstrum within runs, measured in the source itself, so that channel and room
make no difference::

    mean of a run of n cells ~ N(mean of the speaker, run + cell / n)
    mean of the speaker      ~ N(mean of all, speaker)

The speakers of some dozens of neighbouring runs are then inferred together. Runs are first
clustered, best pair first, as long as one speaker explains a pair better than two (agglomerative
clustering by Bayes factor). A hidden Markov model, in which the speaker changes at a
pause with a given probability, then reassigns the runs in a few rounds of variational Bayes. After
Landini et al., "Bayesian HMM clustering of x-vector sequences (VBx) in speaker diarization",
Computer Speech & Language 2022, with mean cepstra instead of x-vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from corpus_tools.media.mel import BANDS, CELL_MS, Bands, decibels_of
from corpus_tools.segmentation.voice.activity import runs
from corpus_tools.segmentation.voice.base import FRAME_MS

__all__ = ["SpeechRuns", "change_probabilities", "cluster_runs", "infer_changes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpeechRuns:
    """Runs of speech in order of time: mean features, shape (runs, features).

    ``variances`` are those of each mean around its speaker's, in each feature; shape (runs,).
    """

    means: Floats
    variances: Floats

    def part(self, first: int, last: int) -> "SpeechRuns":
        """Return the runs [first, last)."""
        return SpeechRuns(self.means[first:last], self.variances[first:last])


def change_probabilities(speech: NDArray[np.bool_], bands: Bands) -> Floats:
    """Return the probability of a change of speaker for each pause between two runs of speech.

    Without a spectrum (empty ``bands``) it is 0.

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
    """Return mean and variance of the cepstrum of each run of speech, [start, end) in frames.

    Only cells within 20 dB of the run's loudest count: the rest are pauses and background.
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


def infer_changes(speech: SpeechRuns, prior: Floats) -> Floats:
    """Return the posterior probability of a speaker change between each run and the next."""
    precisions: Floats = 1 / speech.variances
    centre = precisions @ speech.means / precisions.sum()
    means = speech.means - centre
    labels = np.unique(cluster_runs(means, precisions), return_inverse=True)[1]
    share = np.eye(int(labels.max()) + 1)[labels]
    changes: Floats = np.zeros(len(prior))
    for _ in range(_ROUNDS):
        fit = _fit(share, means, precisions)
        usual = (share.sum(axis=0) + _RARE) / (share + _RARE / len(share)).sum()
        share, changes = _forward_backward(fit, prior, usual)
        share = share[:, share.sum(axis=0) > _EMPTY]
        share /= share.sum(axis=1, keepdims=True)
    return changes


def cluster_runs(means: Floats, precisions: Floats) -> NDArray[np.int64]:
    """Return a cluster label for each run.

    ``means``: less the mean of all, shape (runs, features). ``precisions``: inverse variances.
    """
    count, features = means.shape
    mass, moment = precisions.copy(), means * precisions[:, None]
    labels = np.arange(count)

    def evidence(mass: Floats, moment: Floats) -> Floats:
        spread = features * np.log1p(_SPEAKER * mass)
        gain: Floats = ((moment * moment).sum(axis=-1) / (mass + 1 / _SPEAKER) - spread) / 2
        return gain

    alone = evidence(mass, moment)
    gains = evidence(mass[:, None] + mass, moment[:, None] + moment) - alone[:, None] - alone
    np.fill_diagonal(gains, -np.inf)
    for _ in range(count - 1):
        one, other = divmod(int(gains.argmax()), count)
        if gains[one, other] < 0:
            break
        mass[one] += mass[other]
        moment[one] += moment[other]
        alone[one] = evidence(mass[one], moment[one])
        labels[labels == other] = one
        gains[other] = gains[:, other] = -np.inf
        gain = evidence(mass[one] + mass, moment[one] + moment) - alone[one] - alone
        gains[one] = gains[:, one] = np.where(np.isneginf(gains[one]), -np.inf, gain)
    return labels


def _fit(share: Floats, means: Floats, precisions: Floats) -> Floats:
    """Return the expected log likelihood of each run for each speaker, up to a constant."""
    uncertainty = 1 / (share.T @ precisions + 1 / _SPEAKER)
    speakers = (share.T @ (means * precisions[:, None])) * uncertainty[:, None]
    distances = np.square(means[:, None] - speakers).sum(axis=2) + means.shape[1] * uncertainty
    fit: Floats = -distances * precisions[:, None] / 2
    return fit


def _forward_backward(fit: Floats, prior: Floats, usual: Floats) -> tuple[Floats, Floats]:
    """Return each speaker's share in each run, and the probability of a change after each run.

    Args:
        fit: log likelihoods; shape (runs, speakers).
        prior: prior probability that the turn ends, perhaps for another of the same speaker.
        usual: probability of each speaker to take the next turn.
    """
    likelihood = np.exp(fit - fit.max(axis=1, keepdims=True))
    forward, backward = np.empty_like(fit), np.ones_like(fit)
    stays, taken_up = (1 - prior).tolist(), prior[:, None] * usual
    forward[0] = _normalised(usual * likelihood[0])
    for at, stay in enumerate(stays):
        forward[at + 1] = _normalised((stay * forward[at] + taken_up[at]) * likelihood[at + 1])
    ahead = np.empty_like(fit)
    for at in range(len(prior) - 1, -1, -1):
        ahead[at + 1] = backward[at + 1] * likelihood[at + 1]
        given = prior[at] * float(usual @ ahead[at + 1])
        backward[at] = _normalised(stays[at] * ahead[at + 1] + given)
    share = forward * backward
    kept = forward[:-1] * ahead[1:]
    given = prior * (ahead[1:] @ usual)
    staying = ((1 - prior)[:, None] * kept + prior[:, None] * usual * kept).sum(axis=1)
    return share / share.sum(axis=1, keepdims=True), 1 - staying / (
        (1 - prior) * kept.sum(axis=1) + given
    )


def _normalised(weights: Floats) -> Floats:
    scaled: Floats = weights / np.add.reduce(weights)
    return scaled


_FRAMES = CELL_MS // FRAME_MS
_NEPERS = np.log(10) / 10
_LOUD = 20.0  # dB
_LEAST_VARIANCE = 0.25  # dB squared
_RUN, _CELL = 0.08, 2.6  # variances within a speaker, of a run and of a cell
_LEAST_PRIOR, _MOST_PRIOR = 0.03, 0.5  # prior probability of a change, by length of the pause
_SHORT, _LONG = 0.1, 0.4  # s
_SIZE = 60  # runs processed together
_SPEAKER = 0.2  # variance between speakers, in units of that within runs
_ROUNDS = 5
_RARE = 0.1  # pseudo-count of runs added to each speaker
_EMPTY = 0.01  # runs; a speaker with fewer is dropped
