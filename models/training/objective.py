"""What the network is asked to say, and what it costs to say something else."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from manifests.emotions import EMOTIONS
from models.examples import Example
from models.settings import TrainSettings

__all__ = ["class_weights", "target_shares", "weighted_cross_entropy"]


def target_shares(training: Sequence[Example], settings: TrainSettings) -> Tensor:
    """Return the share of each class that the network should give each clip (n, classes).

    Those are the annotators' votes, or all of it to their majority, smoothed if so set.
    """
    shares = F.one_hot(torch.tensor([one.label for one in training]), len(EMOTIONS)).float()
    if settings.soft_labels:
        rows = [one.soft or hard.tolist() for one, hard in zip(training, shares, strict=True)]
        shares = torch.tensor(rows, dtype=torch.float32)
    return shares * (1 - settings.smoothing) + settings.smoothing / len(EMOTIONS)


def class_weights(labels: NDArray[np.int64], settings: TrainSettings) -> Tensor:
    """Return the weight of each class (classes,): n / (classes that occur · clips of the class).

    It is raised to ``settings.balance_power``.

    Example:
        >>> class_weights(np.array([0, 0, 0, 2]), TrainSettings())
        tensor([0.6667, 0.0000, 2.0000, 0.0000, 0.0000, 0.0000])
    """
    if not settings.balance:
        return torch.ones(len(EMOTIONS))
    counts = np.bincount(labels, minlength=len(EMOTIONS))
    share = len(labels) / ((counts > 0).sum() * np.maximum(counts, 1))
    weights = np.where(counts > 0, share**settings.balance_power, 0.0)
    return torch.from_numpy(weights).float()


def weighted_cross_entropy(logits: Tensor, shares: Tensor, weights: Tensor) -> Tensor:
    """Return the mean cross entropy (), every clip weighed by its target classes.

    Args:
        logits: what the network says (B, classes).
        shares: what it should say (B, classes).
        weights: of the classes (classes,).
    """
    weight = shares @ weights  # (B,)
    losses = -(shares * F.log_softmax(logits, dim=1)).sum(dim=1)
    return (losses * weight).sum() / weight.sum()
