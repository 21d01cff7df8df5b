"""Normalisation of clip vectors within each speaker."""

import torch
from torch import Tensor, nn

__all__ = ["SpeakerNorm"]


class SpeakerNorm(nn.Module):
    """Batch normalisation of utterance vectors per speaker.

    Mean and variance are estimated from the speaker's clips in the batch and from the running
    statistics of all speakers with the weight of ``prior`` clips; clips of unknown speakers are
    normalised by the running statistics. No labels are used, so this works for new speakers.
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
        """Return the standardised vectors (B, D); speaker ids (B,) are -1 (or None) if unknown."""
        if self.training:
            self._update_running(x.detach())
        if speakers is None:
            mean, variance = self.mean, self.variance
        else:
            mean, variance = self._moments(x, speakers)
        return (x - mean) / (variance + 1e-4).sqrt() * self.gain + self.bias

    def _update_running(self, x: Tensor) -> None:
        self.mean.lerp_(x.mean(dim=0), self.momentum)
        self.variance.lerp_(x.var(dim=0, unbiased=False), self.momentum)

    def _moments(self, x: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor]:
        seen = torch.unique(speakers[speakers >= 0])
        member = (speakers[:, None] == seen).to(x.dtype)  # (B, S)
        count = member.sum(dim=0)[:, None] + self.prior  # (S, 1)
        mean = (member.T @ x + self.prior * self.mean) / count
        centred = x - member @ mean
        variance = (member.T @ centred.square() + self.prior * self.variance) / count
        unseen = (speakers < 0).to(x.dtype)[:, None]
        return member @ mean + unseen * self.mean, member @ variance + unseen * self.variance
