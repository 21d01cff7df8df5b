"""Which clips to label first: those a model can't tell, and those of classes the corpus lacks.

For a clip to which the model gives the probabilities p of the K classes,

    priority = (H + B) / 2
    H = −Σ p_c ln p_c / ln K
    B = Σ p_c s_c / max s,  s_c = (t_c / Σ t) / (e_c / Σ e)

H is how uncertain the model is, 0..1. B is how scarce the classes are that the clip may be of,
0..1: t_c is the target of class c, and e_c what is to be expected of it, the clips labelled as c
and the probabilities of c of all clips on offer. A class whose target is 0 isn't scarce.
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
    """Return how soon each clip should be labelled, (N,), 0..1.

    Args:
        probabilities: of the classes for each clip on offer, (N, K).
        labelled: clips of each class that are labelled already, (K,).
        targets: clips of each class that the corpus aims for, (K,).

    Example:
        >>> priorities(np.array([[1, 0], [0.5, 0.5], [0, 1]]), [8, 2], [5, 5]).round(2)
        array([0.18, 0.84, 0.5 ])
    """
    uncertainty = _entropy(probabilities) / np.log(probabilities.shape[1])
    expected = np.asarray(labelled, dtype=float) + probabilities.sum(axis=0)
    wanted = np.asarray(targets, dtype=float)
    if not wanted.any():
        wanted = np.ones_like(wanted)
    scarcity = wanted / wanted.sum() / np.maximum(expected / expected.sum(), _LEAST)
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
        clips: ids of the clips on offer.
        predictions: probabilities in class order by clip id.
        labelled: how many clips of each class are labelled already.
        targets: how many the corpus aims for, in class order.
        seed: settles what is equal.
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


_LEAST = 1e-3  # share below which no class is expected to lie, so that none counts for all
