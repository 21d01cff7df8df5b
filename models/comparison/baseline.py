"""Classical baseline: functionals of a clip's features and a linear SVM.

Deterministic linear support vector machine.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from models.config.train import TrainSettings
from models.data import Example
from models.evaluation.metrics import uar
from models.features.functionals import functionals
from models.features.normalise import Normaliser
from models.model import truncate

__all__ = ["LinearSVM", "predict_with_baseline"]

Vectors = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LinearSVM:
    """One-vs-rest linear SVM with squared hinge loss.

    Each w minimises ½‖w‖² + C Σ_i v_i max(0, 1 - y_i w·x_i)², where x has a 1 appended for the
    offset and v_i balances the two sides. That is liblinear's L2-regularised squared hinge loss
    with ``class_weight="balanced"`` for each hyperplane; it is smooth and convex, so L-BFGS finds
    the unique minimum.

    Attributes:
        planes: w of each class (classes, D + 1).

    Source: Fan, Chang, Hsieh, Wang, Lin, "LIBLINEAR", JMLR 9, 2008.
    """

    planes: Vectors

    @classmethod
    def fit(cls, x: Vectors, labels: Labels, classes: int, cost: float) -> Self:
        """Return an SVM fitted to labelled vectors.

        Args:
            x: vectors (n, D), roughly standardised.
            labels: class numbers (n,).
            classes: number of classes.
            cost: C; smaller values regularise more.
        """
        x = _with_offset(x)
        planes = [_plane(x, labels == label, cost) for label in range(classes)]
        return cls(np.stack(planes))

    def scores(self, x: Vectors) -> Vectors:
        """Return the decision values of vectors (n, D) for each class (n, classes)."""
        values: Vectors = _with_offset(x) @ self.planes.T
        return values


def _with_offset(x: Vectors) -> Vectors:
    return np.column_stack([x, np.ones(len(x))])


def _plane(x: Vectors, positive: NDArray[np.bool_], cost: float) -> Vectors:
    from scipy.optimize import minimize

    if not positive.any():
        return np.append(np.zeros(x.shape[1] - 1), -np.inf)  # never predicted
    sides = np.where(positive, 1.0, -1.0)
    share = positive.mean()
    weights = cost / np.where(positive, 2 * share, max(2 * (1 - share), 1 / len(x)))

    def loss(plane: Vectors) -> tuple[float, Vectors]:
        violation = np.maximum(1 - sides * (x @ plane), 0)
        value = plane @ plane / 2 + weights @ violation**2
        return float(value), plane - 2 * ((weights * violation * sides) @ x)

    optimum = minimize(
        loss,
        np.zeros(x.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MAX_STEPS, "maxfun": _MAX_STEPS, "gtol": 1e-6, "ftol": 1e-14},
    )
    plane: Vectors = optimum.x
    return plane


_MAX_STEPS = 5000


def predict_with_baseline(
    examples: Mapping[str, Sequence[Example]], settings: TrainSettings
) -> Labels:
    """Return the classes that the baseline predicts for the test clips (n,).

    Functionals are standardised as the networks' features are: within each speaker, with
    ``settings.prior`` clips of the corpus as a prior, or over the training clips. C is chosen on
    the validation clips by UAR, the smallest of equals; without any it is 0.01.

    Args:
        examples: examples of ``train``, ``val`` and ``test``.
        settings: settings of features and normalisation.
    """
    rows = {
        split: functionals([truncate(clip.features, settings) for clip in clips])[:, None]
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
    predicted: Labels = LinearSVM.fit(x, labels, len(EMOTIONS), cost).scores(new).argmax(axis=1)
    return predicted


_COSTS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
_DEFAULT_COST = 1e-2
