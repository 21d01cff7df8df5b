"""The part of a network that needs no epochs: a linear layer, solved."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["FunctionalLayers", "LinearLayer", "solve_linear"]


@dataclass(frozen=True)
class LinearLayer:
    """A solved layer.

    Attributes:
        weight: (classes, F).
        bias: (classes,).
    """

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class FunctionalLayers:
    """The layers of the functionals.

    Attributes:
        seen: of clips whose speaker has others.
        unseen: of clips that stand alone.
    """

    seen: LinearLayer
    unseen: LinearLayer


def solve_linear(rows: Tensor, shares: Tensor, weights: Tensor) -> LinearLayer:
    """Return the layer with the least mean cross entropy and half of ``_WEIGHT_DECAY`` squared weights.

    That is convex, so there is one answer, which L-BFGS finds; stochastic steps stop short of it.

    Args:
        rows: what the layer sees (n, F), each number of about variance 1.
        shares: what it should say (n, classes).
        weights: of the rows (n,).

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
