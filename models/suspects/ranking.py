"""Order of labelled clips by doubt in their label, from linear models fitted to other clips.

Each clip gets two models that never met it: one of other speakers' clips, which knows nothing of
the speaker's way to err or of an annotator's, and one that knows the speaker's other clips, too.
The doubt in a label is 1 minus the geometric mean of its two probabilities. Ordering by the
probability of the given label is after Northcutt, Jiang, Chuang, "Confident Learning: Estimating
Uncertainty in Dataset Labels", JAIR 2021.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from models.config.train import TrainSettings
from models.data import Example
from models.features.normalise import Normaliser

__all__ = ["LabelProbabilities", "label_probabilities"]

Vectors = NDArray[np.float64]
Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]


class LabelProbabilities(NamedTuple):
    """Class probabilities (n, classes) of clips by models that never met them; NaN if unknown.

    ``others`` are those of other speakers' models (those of ``within``, without any), ``within``
    of models that know other clips of the speaker, ``combined`` their geometric means.
    """

    others: Probabilities
    within: Probabilities
    combined: Probabilities


def label_probabilities(
    examples: Sequence[Example], labels: Labels, folds: Labels | None, settings: TrainSettings
) -> LabelProbabilities:
    """Return the probabilities of clips with these labels (n,).

    ``folds`` (n,) keep the clips of a speaker together; None if all are of one.
    """
    classes = len(EMOTIONS)
    vectors = clip_vectors(examples, settings)
    by_clip = clip_folds(labels, [example.group for example in examples], _CLIP_FOLDS)
    cost = pick_cost(vectors, labels, by_clip if folds is None else folds, classes)
    within = out_of_fold(vectors, labels, by_clip, classes, cost)
    others = within if folds is None else out_of_fold(vectors, labels, folds, classes, cost)
    return LabelProbabilities(others, within, combined(others, within))


def clip_vectors(examples: Sequence[Example], settings: TrainSettings) -> Vectors:
    """Return the statistics of clips, normalised by speaker; of many their principal components.

    The features of the examples are statistics (1, F). The components, at most 200, are found
    without labels.
    """
    from sklearn.decomposition import PCA

    rows = [example.features for example in examples]
    prior = math.inf if settings.normalise == "corpus" else settings.prior
    groups = [example.group for example in examples]
    normalised = Normaliser.fit(rows, prior).apply(rows, groups)
    vectors = np.clip(np.concatenate(normalised).astype(np.float64), -_LARGEST, _LARGEST)
    if min(vectors.shape) <= _COMPONENTS:
        return vectors
    pca = PCA(_COMPONENTS, svd_solver="randomized", random_state=0)
    components: Vectors = pca.fit_transform(vectors)
    return components


def clip_folds(labels: Labels, groups: Sequence[str], number: int) -> Labels:
    """Return folds from 0 of single clips (n,), each with its share of every group and class.

    Example:
        >>> clip_folds(np.array([0, 0, 1, 1]), ["f01", "f01", "f01", "f01"], 2).tolist()
        [0, 1, 0, 1]
    """
    order = np.lexsort((np.arange(len(labels)), labels, np.unique(groups, return_inverse=True)[1]))
    folds = np.empty(len(labels), dtype=np.int64)
    folds[order] = np.arange(len(labels)) % number
    return folds


def out_of_fold(
    vectors: Vectors, labels: Labels, folds: Labels, classes: int, cost: float
) -> Probabilities:
    """Return the class probabilities (n, classes) of clips, each by a model of the other folds.

    The model is softmax regression with balanced classes; ``cost`` is the inverse of its penalty.
    A class that the other folds lack has probability NaN.
    """
    from sklearn.linear_model import LogisticRegression

    probabilities = np.full((len(labels), classes), np.nan)
    for fold in np.unique(folds):
        tested = folds == fold
        known = np.unique(labels[~tested])
        if len(known) < 2:
            continue
        model = LogisticRegression(C=cost, class_weight="balanced", max_iter=_STEPS, tol=_TOLERANCE)
        model.fit(vectors[~tested], labels[~tested])
        probabilities[np.ix_(tested, known)] = model.predict_proba(vectors[tested])
    return probabilities


def pick_cost(vectors: Vectors, labels: Labels, folds: Labels, classes: int) -> float:
    """Return the cost with the smallest out-of-fold log loss on the given labels."""

    def loss(cost: float) -> float:
        own = out_of_fold(vectors, labels, folds, classes, cost)[np.arange(len(labels)), labels]
        known = own[~np.isnan(own)]
        return float(-np.log(np.maximum(known, _EPSILON)).mean()) if len(known) else 0.0

    return min(_COSTS, key=loss)


def combined(*probabilities: Probabilities) -> Probabilities:
    """Return the normalised geometric mean of probabilities (n, classes).

    NaN stays where one of them is NaN.
    """
    logs = np.mean([np.log(np.maximum(one, _EPSILON)) for one in probabilities], axis=0)
    shares = np.exp(logs)
    mean: Probabilities = shares / np.nansum(shares, axis=1, keepdims=True).clip(min=_EPSILON)
    return mean


_CLIP_FOLDS = 5
_COMPONENTS = 200
_COSTS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
_LARGEST = 6.0  # deviations; a click or a silence isn't evidence against a label
_STEPS = 200
_TOLERANCE = 1e-3
_EPSILON = 1e-12
