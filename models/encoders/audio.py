"""The audio branch: features of a clip → convolutions → ODConv → CBAM → one vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.layers.cbam import CBAM
from models.layers.masking import frame_mask, statistics
from models.layers.odconv import ODConv2d
from models.layers.speaker_norm import SpeakerNorm
from models.settings import AudioSettings

__all__ = ["AudioEncoder"]


class AudioEncoder(nn.Module):
    """Turns the frames of a clip into a vector f_a.

    Two convolutions, which halve time (and, with the layout ``image``, frequency), are followed by
    ODConv and CBAM. What they find is pooled over time, padding left out.

    Args:
        width: D, features of a frame.
        settings: of the branch.
        prior: see :class:`models.layers.speaker_norm.SpeakerNorm`.

    Example:
        >>> encoder = AudioEncoder(42, AudioSettings())
        >>> encoder(torch.zeros(2, 42, 100), torch.tensor([100, 60])).shape[0]
        2
    """

    def __init__(self, width: int, settings: AudioSettings, prior: float = 1.0) -> None:
        super().__init__()
        self.settings = settings
        image, channels = settings.layout == "image", settings.channels
        first = max(channels // 2, 1) if image else channels
        size = (3, 3) if image else (1, 3)
        around = (1, 1) if image else (0, 1)
        self.first = nn.Conv2d(
            1 if image else width,
            first,
            (5, 5) if image else (1, 5),
            stride=(2, 2) if image else (1, 2),
            padding=(2, 2) if image else (0, 2),
        )
        self.second = nn.Conv2d(
            first, channels, size, stride=(2, 1) if image else (1, 1), padding=around
        )
        self.third = (
            ODConv2d(channels, channels, size, kernels=settings.kernels)
            if settings.dynamic
            else nn.Conv2d(channels, channels, size, padding=around)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (first, channels, channels))
        self.cbam = (
            CBAM(channels, merge=settings.merge, kernel_size=(7, 7) if image else (1, 7))
            if settings.attention
            else None
        )
        rows = (width + 3) // 4 if image else 1  # frequencies left after two halvings
        pooled = channels * rows * (2 if settings.pooling == "statistics" else 1)
        self.width = pooled + (3 * width if settings.skip else 0)
        self.norm = SpeakerNorm(self.width, prior=prior) if settings.speaker_norm else None
        self.dropout = nn.Dropout(settings.dropout)

    def pool(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Return what was found in each clip by itself (B, width).

        Args:
            frames: features (B, D, T), zero where padded.
            lengths: real frames of each clip (B,).
        """
        mask = frame_mask((lengths + 1) // 2, (frames.shape[2] + 1) // 2)
        x = frames[:, None] if self.settings.layout == "image" else frames[:, :, None]
        x = F.relu(self.norms[0](self.first(x))) * mask  # (B, C, F', T')
        x = F.relu(self.norms[1](self.second(x))) * mask
        x = self.third(x, mask) if isinstance(self.third, ODConv2d) else self.third(x)
        x = F.relu(self.norms[2](x)) * mask
        if self.cbam is not None:
            x = self.cbam(x, mask)
        mean, deviation = statistics(x.flatten(1, 2), mask[:, 0])  # (B, C·F', T') → (B, C·F')
        parts = [mean, deviation] if self.settings.pooling == "statistics" else [mean]
        if self.settings.skip:
            parts += _movement(frames, lengths)
        return torch.cat(parts, dim=1)

    def finish(self, pooled: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return f_a (B, width) of pooled clips, standardised within each speaker if so set."""
        if self.norm is not None:
            pooled = self.norm(pooled, speakers)
        dropped: Tensor = self.dropout(pooled)
        return dropped

    def forward(self, frames: Tensor, lengths: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return f_a (B, width) of clips: :meth:`pool`, then :meth:`finish`."""
        return self.finish(self.pool(frames, lengths), speakers)


def _movement(frames: Tensor, lengths: Tensor) -> list[Tensor]:
    """Return mean and deviation of the features, and how far they move from frame to frame."""
    mask = frame_mask(lengths, frames.shape[2])[:, 0]  # (B, 1, T)
    mean, deviation = statistics(frames, mask)
    steps = mask[:, :, 1:] / mask[:, :, 1:].sum(dim=2, keepdim=True).clamp(min=1)
    moved = ((frames[:, :, 1:] - frames[:, :, :-1]).square() * steps).sum(dim=2)
    return [mean, deviation, (moved + 1e-5).sqrt()]
