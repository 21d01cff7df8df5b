"""Standardise what was learned about clips within each speaker."""

import torch
from torch import Tensor, nn

__all__ = ["SpeakerNorm"]


class SpeakerNorm(nn.Module):
    """Batch normalisation of utterance vectors, speaker by speaker.

    Mean and variance come from the speaker's own clips in the batch, together with ``prior``
    clips' worth of the running ones over all speakers; a clip whose speaker is unknown gets the
    running ones alone. No labels are used, so a new speaker's clips can be normalised the same way.

    Args:
        width: D, numbers in a vector.
        prior: how many clips the running mean and variance count for.
        momentum: of the running mean and variance.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int, *, prior: float = 1.0, momentum: float = 0.1) -> None:
        super().__init__()
        self.prior, self.momentum = prior, momentum
        self.gain = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def forward(self, x: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return the standardised vectors (B, D).

        Args:
            x: vectors (B, D).
            speakers: numbers of their speakers (B,), -1 where unknown; None for all unknown.
        """
        if self.training:
            self._track(x.detach())
        if speakers is None:
            mean, variance = self.mean, self.variance
        else:
            mean, variance = self._moments(x, speakers)
        return (x - mean) / (variance + 1e-4).sqrt() * self.gain + self.bias

    def _track(self, x: Tensor) -> None:
        self.mean.lerp_(x.mean(dim=0), self.momentum)
        self.variance.lerp_(x.var(dim=0, unbiased=False), self.momentum)

    def _moments(self, x: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor]:
        known = torch.unique(speakers[speakers >= 0])
        member = (speakers[:, None] == known).to(x.dtype)  # (B, S)
        count = member.sum(dim=0)[:, None] + self.prior  # (S, 1)
        mean = (member.T @ x + self.prior * self.mean) / count
        centred = x - member @ mean
        variance = (member.T @ centred.square() + self.prior * self.variance) / count
        stranger = (speakers < 0).to(x.dtype)[:, None]
        return member @ mean + stranger * self.mean, member @ variance + stranger * self.variance
