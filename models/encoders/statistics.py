"""Audio branch on statistics of the clip: two sets of columns for one linear layer."""

import torch
from torch import Tensor, nn

__all__ = ["LIMIT", "StatisticsEncoder"]

LIMIT = 5.0
"""Limit of normalised statistics, in deviations; larger values are outliers."""


class StatisticsEncoder(nn.Module):
    """Encoder from the normalised statistics of a clip to a vector f_a, without weights.

    Normalised by a speaker's other clips, statistics mean something else than normalised by the
    corpus, so the output layer has weights for each: f_a has F columns for clips of seen speakers,
    F for those of unseen ones, and one that is 1 for the latter.

    Args:
        statistics: F, statistics per clip.

    Example:
        >>> encoder = StatisticsEncoder(1)
        >>> frames = torch.tensor([[[2.0]], [[3.0]]])
        >>> encoder(frames, torch.tensor([1, 1]), torch.tensor([0, -1])).tolist()
        [[2.0, 0.0, 0.0], [0.0, 3.0, 1.0]]
    """

    def __init__(self, statistics: int) -> None:
        super().__init__()
        self.width = 2 * statistics + 1

    def pool(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Return the limited statistics (B, F) of clips (B, F, 1); ``lengths`` are 1."""
        return frames[:, :, 0].clamp(-LIMIT, LIMIT)

    def finish(self, pooled: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return f_a (B, 2 F + 1); speaker ids (B,) are -1 (or None) if unknown."""
        unseen = pooled.new_ones(len(pooled), 1)
        if speakers is not None:
            unseen = (speakers < 0).to(pooled.dtype)[:, None]
        return torch.cat([(1 - unseen) * pooled, unseen * pooled, unseen], dim=1)

    def forward(self, frames: Tensor, lengths: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return f_a (B, 2 F + 1) of clips: :meth:`pool`, then :meth:`finish`."""
        return self.finish(self.pool(frames, lengths), speakers)
