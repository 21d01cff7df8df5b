"""Which of some neighbouring stretches of speech are one speaker's, without knowing the speakers.

First stretches are joined to clusters, best pair first, as long as one speaker explains a pair
better than two (agglomerative clustering by Bayes factor). Then a hidden Markov model, in which the
speaker changes at a pause with a given probability, weighs each stretch anew; a few times, by
variational Bayes. After Landini et al., "Bayesian HMM clustering of x-vector sequences (VBx) in
speaker diarization", Computer Speech & Language 2022, on means of cepstra in place of x-vectors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SpeechRuns", "cluster_runs", "infer_changes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SpeechRuns:
    """Stretches of speech, in order of time.

    Attributes:
        means: what each sounds like; shape (stretches, features).
        variances: how far that is off the speaker's mean, in each feature; shape (stretches,).
    """

    means: Floats
    variances: Floats

    def part(self, first: int, last: int) -> "SpeechRuns":
        """Return those from ``first`` to before ``last``."""
        return SpeechRuns(self.means[first:last], self.variances[first:last])


def infer_changes(stretches: SpeechRuns, expected: Floats) -> Floats:
    """Return the probability that the speaker changes, for each pair of neighbours.

    Args:
        stretches: at least one.
        expected: the probability before anything is heard; one for each pair.
    """
    precisions: Floats = 1 / stretches.variances
    centre = precisions @ stretches.means / precisions.sum()
    means = stretches.means - centre
    labels = np.unique(cluster_runs(means, precisions), return_inverse=True)[1]
    share = np.eye(int(labels.max()) + 1)[labels]
    chances: Floats = np.zeros(len(expected))
    for _ in range(_ROUNDS):
        fit = _fit(share, means, precisions)
        usual = (share.sum(axis=0) + _RARE) / (share + _RARE / len(share)).sum()
        share, chances = _smoothed(fit, expected, usual)
        share = share[:, share.sum(axis=0) > _EMPTY]
        share /= share.sum(axis=1, keepdims=True)
    return chances


def cluster_runs(means: Floats, precisions: Floats) -> NDArray[np.int64]:
    """Return a label for each stretch, the same for those that one speaker explains best.

    Args:
        means: shape (stretches, features), the mean of all taken off.
        precisions: one over their variances; shape (stretches,).
    """
    count, features = means.shape
    mass, moment = precisions.copy(), means * precisions[:, None]
    labels = np.arange(count)

    def evidence(mass: Floats, moment: Floats) -> Floats:
        spread = features * np.log1p(_SPEAKER * mass)
        found: Floats = ((moment * moment).sum(axis=-1) / (mass + 1 / _SPEAKER) - spread) / 2
        return found

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
    """Return the expected log likelihood of each stretch for each speaker, but for a constant."""
    uncertainty = 1 / (share.T @ precisions + 1 / _SPEAKER)
    speakers = (share.T @ (means * precisions[:, None])) * uncertainty[:, None]
    distances = np.square(means[:, None] - speakers).sum(axis=2) + means.shape[1] * uncertainty
    fit: Floats = -distances * precisions[:, None] / 2
    return fit


def _smoothed(fit: Floats, expected: Floats, usual: Floats) -> tuple[Floats, Floats]:
    """Return each speaker's share in each stretch, and the chance of a change between two.

    Args:
        fit: log likelihoods; shape (stretches, speakers).
        expected: chance that the word is given away, perhaps to the same speaker again.
        usual: each speaker's chance to get it then.
    """
    likelihood = np.exp(fit - fit.max(axis=1, keepdims=True))
    forward, backward = np.empty_like(fit), np.ones_like(fit)
    stays, taken_up = (1 - expected).tolist(), expected[:, None] * usual
    forward[0] = _normal(usual * likelihood[0])
    for at, stay in enumerate(stays):
        forward[at + 1] = _normal((stay * forward[at] + taken_up[at]) * likelihood[at + 1])
    ahead = np.empty_like(fit)
    for at in range(len(expected) - 1, -1, -1):
        ahead[at + 1] = backward[at + 1] * likelihood[at + 1]
        given = expected[at] * float(usual @ ahead[at + 1])
        backward[at] = _normal(stays[at] * ahead[at + 1] + given)
    share = forward * backward
    kept = forward[:-1] * ahead[1:]
    given = expected * (ahead[1:] @ usual)
    staying = ((1 - expected)[:, None] * kept + expected[:, None] * usual * kept).sum(axis=1)
    return share / share.sum(axis=1, keepdims=True), 1 - staying / (
        (1 - expected) * kept.sum(axis=1) + given
    )


def _normal(weights: Floats) -> Floats:
    scaled: Floats = weights / np.add.reduce(weights)
    return scaled


_SPEAKER = 0.2  # variance between speakers, in units of that within stretches
_ROUNDS = 5
_RARE = 0.1  # stretches that each speaker is taken to have had besides
_EMPTY = 0.01  # stretches; a speaker with less is none
