"""Solver for linear layers: multinomial logistic regression by L-BFGS."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["FunctionalLayers", "LinearLayer", "solve_linear"]


@dataclass(frozen=True)
class LinearLayer:
    """Weights of a linear layer.

    Attributes:
        weight: weight matrix (classes, F).
        bias: bias (classes,).
    """

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class FunctionalLayers:
    """Output layers of the functionals.

    Attributes:
        seen: layer for clips of speakers with several clips.
        unseen: layer for clips of unseen speakers.
    """

    seen: LinearLayer
    unseen: LinearLayer


def solve_linear(rows: Tensor, shares: Tensor, weights: Tensor) -> LinearLayer:
    """Return the layer that minimises the weighted mean cross entropy with an L2 penalty.

    The objective is convex; L-BFGS reaches its minimum, which stochastic steps don't.

    Args:
        rows: inputs (n, F), each of variance around 1.
        shares: target shares (n, classes).
        weights: weights of the rows (n,).

    Example:
        >>> rows = torch.tensor([[1.0], [-1.0]])
        >>> layer = solve_linear(rows, torch.eye(2), torch.ones(2))
        >>> (rows @ layer.weight.T + layer.bias).argmax(dim=1).tolist()
        [0, 1]
    """
    x, y = rows.double().cpu(), shares.double().cpu()
    weight = weights.double().cpu() / weights.sum().double().cpu()
    matrix = torch.zeros(y.shape[1], x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(y.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [matrix, bias], max_iter=_LINEAR_STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        entropy = -(y * F.log_softmax(x @ matrix.T + bias, dim=1)).sum(dim=1)
        total = (entropy * weight).sum() + 0.5 * _WEIGHT_DECAY * matrix.square().sum()
        torch.autograd.backward(total)
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return LinearLayer(matrix.detach().float(), bias.detach().float())


_WEIGHT_DECAY = 1e-3
_LINEAR_STEPS = 200
