"""Random cosines: a vector spread out so that a linear layer tells apart what it could not."""

import math

import torch
from torch import Tensor, nn

__all__ = ["RandomCosines"]


class RandomCosines(nn.Module):
    """Turns x (F,) into √2 cos(Wx + b) with W and b drawn once and never trained.

    With W from a normal distribution of variance 1/F and b uniform over a turn, the mean product of
    two such vectors comes near the Gaussian kernel exp(-|x - y|² / 2F). A linear layer on top of
    them is a kernel machine that is trained like any other layer; having few weights that can
    adapt to a voice, it carries over to other speakers better than a trained hidden layer.

    Args:
        width: F, numbers in a vector, each of about variance 1.
        cosines: how many.

    Source: Rahimi & Recht, "Random Features for Large-Scale Kernel Machines", NeurIPS 2007.

    Example:
        >>> RandomCosines(57, 1024)(torch.zeros(2, 57)).shape
        torch.Size([2, 1024])
    """

    directions: Tensor
    phases: Tensor

    def __init__(self, width: int, cosines: int) -> None:
        super().__init__()
        self.register_buffer("directions", torch.randn(width, cosines) / math.sqrt(width))
        self.register_buffer("phases", torch.rand(cosines) * 2 * math.pi)

    def forward(self, x: Tensor) -> Tensor:
        """Return the cosines (B, C) of vectors (B, F)."""
        return math.sqrt(2) * torch.cos(x @ self.directions + self.phases)
