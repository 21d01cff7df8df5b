"""Labelling priority of clips: model uncertainty and scarcity of the predicted classes.

For a clip with predicted probabilities p of the K classes,

    priority = (H + B) / 2
    H = −Σ p_c ln p_c / ln K
    B = Σ p_c s_c / max s,  s_c = (t_c / Σ t) / (e_c / Σ e)

H is the normalised entropy of the prediction, 0..1. B is the expected scarcity of the clip's class,
0..1: t_c is the target of class c, and e_c its expected count, the number of clips labelled as c
plus the probabilities of c of all candidates. A class with target 0 isn't scarce.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from annotation.task_lists import hash_order
from manifests.emotions import EMOTIONS

__all__ = ["priorities", "ranked"]


def priorities(
    probabilities: NDArray[np.float64], labelled: Sequence[int], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return the labelling priority of each clip, (N,), 0..1.

    Args:
        probabilities: predicted class probabilities of the candidates, (N, K).
        labelled: number of labelled clips of each class, (K,).
        targets: target number of clips of each class, (K,).

    Example:
        >>> priorities(np.array([[1, 0], [0.5, 0.5], [0, 1]]), [8, 2], [5, 5]).round(2)
        array([0.18, 0.84, 0.5 ])
    """
    uncertainty = _entropy(probabilities) / np.log(probabilities.shape[1])
    expected = np.asarray(labelled, dtype=float) + probabilities.sum(axis=0)
    wanted = np.asarray(targets, dtype=float)
    if not wanted.any():
        wanted = np.ones_like(wanted)
    scarcity = wanted / wanted.sum() / np.maximum(expected / expected.sum(), _MIN_SHARE)
    balance = probabilities @ (scarcity / scarcity.max())
    return np.asarray((uncertainty + balance) / 2)


def ranked(
    clips: Sequence[str],
    predictions: Mapping[str, Sequence[float]],
    labelled: Mapping[str, int],
    targets: Sequence[int],
    seed: int,
) -> list[str]:
    """Return the clips with the highest priority first; those without a prediction come last.

    Args:
        clips: ids of the candidates.
        predictions: probabilities in class order by clip id.
        labelled: number of labelled clips by class.
        targets: target numbers of clips, in class order.
        seed: seed of the order of equal priorities.
    """
    known = [clip_id for clip_id in hash_order(clips, seed) if clip_id in predictions]
    unknown = [clip_id for clip_id in hash_order(clips, seed) if clip_id not in predictions]
    if not known:
        return unknown
    table = np.array([predictions[clip_id] for clip_id in known], dtype=float)
    have = [labelled.get(emotion, 0) for emotion in EMOTIONS]
    order = np.argsort(-priorities(table, have, targets).round(9), kind="stable")
    return [known[place] for place in order] + unknown


def _entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithms = np.log(np.where(probabilities > 0, probabilities, 1))
    return np.asarray(-(probabilities * logarithms).sum(axis=1))


_MIN_SHARE = 1e-3  # expected share of a class, so that a rare one doesn't dominate
