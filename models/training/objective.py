"""Training targets, class weights and loss."""

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
    """Return the target share of each class for each clip (n, classes).

    Targets are the annotators' vote shares or one-hot majorities, with label smoothing if
    configured.
    """
    labels = torch.tensor([example.label for example in training])
    shares = F.one_hot(labels, len(EMOTIONS)).float()
    if settings.soft_labels:
        rows = [
            example.soft or one_hot.tolist()
            for example, one_hot in zip(training, shares, strict=True)
        ]
        shares = torch.tensor(rows, dtype=torch.float32)
    return shares * (1 - settings.smoothing) + settings.smoothing / len(EMOTIONS)


def class_weights(labels: NDArray[np.int64], settings: TrainSettings) -> Tensor:
    """Return the weight of each class (classes,): n / (classes that occur · clips of the class).

    The weights are raised to the power ``settings.balance_power``.

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
    """Return the mean cross entropy (), each clip weighted by its target classes.

    Args:
        logits: logits of the network (B, classes).
        shares: target shares (B, classes).
        weights: class weights (classes,).
    """
    weight = shares @ weights  # (B,)
    losses = -(shares * F.log_softmax(logits, dim=1)).sum(dim=1)
    return (losses * weight).sum() / weight.sum()
