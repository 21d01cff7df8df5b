"""Classical baseline: functionals of a clip's features and a linear SVM."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.config.train import TrainSettings
from models.data import Example
from models.evaluation.metrics import uar
from models.features.extractor import truncate
from models.features.functionals import functionals
from models.features.normalise import Normaliser

__all__ = ["predict_with_baseline"]

Vectors = NDArray[np.float64]
Labels = NDArray[np.int64]


def predict_with_baseline(
    examples: Mapping[str, Sequence[Example]], settings: TrainSettings, *, pooled: bool = False
) -> Labels:
    """Return the classes that the baseline predicts for the test clips (n,).

    The features of clips are functionals already if ``pooled`` (1, F). Functionals are standardised
    as the networks' features are: within each speaker, with ``settings.prior`` clips of the corpus
    as a prior, or over the training clips. C is chosen on the validation clips by UAR, the smallest
    of equals; without any it is 0.01.
    """
    rows = {
        split: np.stack([clip.features for clip in clips])
        if pooled
        else functionals(truncate([clip.features for clip in clips], settings))[:, None]
        for split, clips in examples.items()
        if clips
    }  # (n, 1, F): one frame per clip
    prior = math.inf if settings.normalise == "corpus" else settings.prior
    normaliser = Normaliser.fit(list(rows["train"]), prior)
    x = {
        split: _stack_clips(
            normaliser.apply(list(clips), [example.group for example in examples[split]])
        )
        for split, clips in rows.items()
    }
    labels = np.array([example.label for example in examples["train"]])
    cost = _DEFAULT_COST
    if "val" in x:
        truth = np.array([example.label for example in examples["val"]])
        cost = max(
            _COSTS,
            key=lambda c: (uar(truth, _fit_and_predict(x["train"], labels, c, x["val"])), -c),
        )
    return _fit_and_predict(x["train"], labels, cost, x["test"])


def _stack_clips(clips: Sequence[NDArray[np.float32]]) -> Vectors:
    return np.concatenate(clips).astype(np.float64)


def _fit_and_predict(x: Vectors, labels: Labels, cost: float, new: Vectors) -> Labels:
    """Return the classes that one SVM per class, with its two sides balanced, predicts (n,)."""
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import LinearSVC

    svm = LinearSVC(C=cost, class_weight="balanced", dual=False)
    predicted: Labels = OneVsRestClassifier(svm).fit(x, labels).predict(new)
    return predicted


_COSTS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
_DEFAULT_COST = 1e-2
