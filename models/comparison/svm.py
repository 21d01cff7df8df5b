"""A linear support vector machine: small, exact, and without randomness."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearSVM"]

Vectors = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LinearSVM:
    """One hyperplane for each class against the rest.

    Each w minimises ½‖w‖² + C Σ_i v_i max(0, 1 - y_i w·x_i)², where x has a 1 appended for the
    offset and v_i makes up for how rare the clip's side is. That is liblinear's L2-regularised
    squared hinge loss with ``class_weight="balanced"`` for each hyperplane; as it is smooth and
    convex, L-BFGS finds the one minimum.

    Attributes:
        planes: w of each class (classes, D + 1).

    Source: Fan, Chang, Hsieh, Wang, Lin, "LIBLINEAR", JMLR 9, 2008.
    """

    planes: Vectors

    @classmethod
    def fit(cls, x: Vectors, labels: Labels, classes: int, cost: float) -> Self:
        """Return the machine of some vectors.

        Args:
            x: vectors (n, D), of mean 0 and deviation 1 or so.
            labels: numbers of their classes (n,).
            classes: how many there are.
            cost: C; small values keep w small.
        """
        x = _with_offset(x)
        planes = [_plane(x, labels == one, cost) for one in range(classes)]
        return cls(np.stack(planes))

    def scores(self, x: Vectors) -> Vectors:
        """Return how far vectors (n, D) lie on each class's side (n, classes)."""
        found: Vectors = _with_offset(x) @ self.planes.T
        return found


def _with_offset(x: Vectors) -> Vectors:
    return np.column_stack([x, np.ones(len(x))])


def _plane(x: Vectors, inside: NDArray[np.bool_], cost: float) -> Vectors:
    from scipy.optimize import minimize

    if not inside.any():
        return np.append(np.zeros(x.shape[1] - 1), -np.inf)  # never named
    sides = np.where(inside, 1.0, -1.0)
    share = inside.mean()
    weights = cost / np.where(inside, 2 * share, max(2 * (1 - share), 1 / len(x)))

    def loss(plane: Vectors) -> tuple[float, Vectors]:
        short = np.maximum(1 - sides * (x @ plane), 0)
        value = plane @ plane / 2 + weights @ short**2
        return float(value), plane - 2 * ((weights * short * sides) @ x)

    found = minimize(
        loss,
        np.zeros(x.shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MOST_STEPS, "maxfun": _MOST_STEPS, "gtol": 1e-6, "ftol": 1e-14},
    )
    plane: Vectors = found.x
    return plane


_MOST_STEPS = 5000
