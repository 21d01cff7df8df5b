"""Mean, maximum and statistics pooling without padding.

Feature maps are (B, C, F, T): batch, channels, frequency (or coefficient), time. A mask is
(B, 1, 1, T), 1 for frames and 0 for padding; None means no padding.
"""

import torch
from torch import Tensor

__all__ = ["frame_mask", "masked_max", "masked_mean", "statistics"]


def frame_mask(lengths: Tensor, frames: int) -> Tensor:
    """Return the mask (B, 1, 1, T) of clips with ``lengths`` (B,) frames.

    Example:
        >>> frame_mask(torch.tensor([1, 3]), 3)[:, 0, 0]
        tensor([[1., 0., 0.],
                [1., 1., 1.]])
    """
    steps = torch.arange(frames, device=lengths.device)
    return (steps < lengths[:, None]).float()[:, None, None, :]


def masked_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the mean over frequency and time: (B, C, F, T) → (B, C)."""
    if mask is None:
        return x.mean(dim=(2, 3))
    mask = mask.to(x.dtype)
    return (x * mask).sum(dim=(2, 3)) / (mask.sum(dim=(2, 3)) * x.shape[2])


def masked_max(x: Tensor, mask: Tensor | None) -> Tensor:
    """Return the maximum over frequency and time: (B, C, F, T) → (B, C)."""
    if mask is not None:
        x = x.masked_fill(mask == 0, -torch.inf)
    return x.amax(dim=(2, 3))


def statistics(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation over time: (B, D, T) → (B, D) twice; mask (B, 1, T)."""
    share = mask / mask.sum(dim=2, keepdim=True)
    mean = (x * share).sum(dim=2)
    variance = ((x - mean[:, :, None]).square() * share).sum(dim=2)
    return mean, (variance + 1e-5).sqrt()
