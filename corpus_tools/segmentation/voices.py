"""Speaker diarisation of neighbouring runs of speech, without known speakers.

Runs are first clustered, best pair first, as long as one speaker explains a pair better than two
(agglomerative clustering by Bayes factor). A hidden Markov model, in which the speaker changes at a
pause with a given probability, then reassigns the runs in a few rounds of variational Bayes. After
Landini et al., "Bayesian HMM clustering of x-vector sequences (VBx) in speaker diarization",
Computer Speech & Language 2022, with mean cepstra instead of x-vectors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SpeechRuns", "cluster_runs", "infer_changes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpeechRuns:
    """Runs of speech, in order of time.

    Attributes:
        means: mean features of each run; shape (runs, features).
        variances: variance of each mean around its speaker's, in each feature; shape (runs,).
    """

    means: Floats
    variances: Floats

    def part(self, first: int, last: int) -> "SpeechRuns":
        """Return the runs [first, last)."""
        return SpeechRuns(self.means[first:last], self.variances[first:last])


def infer_changes(speech: SpeechRuns, prior: Floats) -> Floats:
    """Return the posterior probability of a speaker change between each run and the next.

    Args:
        speech: at least one run.
        prior: prior probability of a change between each run and the next.
    """
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

    Args:
        means: means less the mean of all; shape (runs, features).
        precisions: inverse variances; shape (runs,).
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


_SPEAKER = 0.2  # variance between speakers, in units of that within runs
_ROUNDS = 5
_RARE = 0.1  # pseudo-count of runs added to each speaker
_EMPTY = 0.01  # runs; a speaker with fewer is dropped
