"""Audio branch: features of a clip → convolutions → ODConv → CBAM → one vector."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.config.branches import AudioSettings
from models.layers.cbam import CBAM
from models.layers.masking import frame_mask, statistics
from models.layers.odconv import ODConv2d
from models.layers.speaker_norm import SpeakerNorm

__all__ = ["AudioEncoder"]


class AudioEncoder(nn.Module):
    """Encoder from the frames of a clip to a vector f_a.

    Two convolutions, which halve time (and, with the layout ``image``, frequency), are followed by
    ODConv, CBAM and pooling over time without padding.

    Args:
        width: D, features per frame.
        settings: settings of the branch.
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
        padding = (1, 1) if image else (0, 1)
        self.first = nn.Conv2d(
            1 if image else width,
            first,
            (5, 5) if image else (1, 5),
            stride=(2, 2) if image else (1, 2),
            padding=(2, 2) if image else (0, 2),
        )
        self.second = nn.Conv2d(
            first, channels, size, stride=(2, 1) if image else (1, 1), padding=padding
        )
        self.third = (
            ODConv2d(channels, channels, size, kernels=settings.kernels)
            if settings.dynamic
            else nn.Conv2d(channels, channels, size, padding=padding)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (first, channels, channels))
        self.cbam = (
            CBAM(channels, merge=settings.merge, kernel_size=(7, 7) if image else (1, 7))
            if settings.attention
            else None
        )
        rows = (width + 3) // 4 if image else 1  # frequencies left after two halvings
        pooled = channels * rows * (2 if settings.pooling == "statistics" else 1)
        self.norm = SpeakerNorm(pooled, prior=prior) if settings.speaker_norm else None
        self.dropout = nn.Dropout(settings.dropout)
        self.hidden = (
            nn.Sequential(
                nn.Linear(pooled, settings.hidden), nn.BatchNorm1d(settings.hidden), nn.ReLU()
            )
            if settings.hidden
            else None
        )
        self.width = settings.hidden or pooled

    def pool(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Return the pooled vector (B, pooled) of each clip, independent of other clips.

        Args:
            frames: features (B, D, T), zero in the padding.
            lengths: frames of each clip (B,).
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
        return (
            torch.cat([mean, deviation], dim=1) if self.settings.pooling == "statistics" else mean
        )

    def finish(self, pooled: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return f_a (B, width) of pooled clips, standardised within each speaker if configured.

        Args:
            pooled: output of :meth:`pool`.
            speakers: speaker ids (B,), -1 if unknown.
        """
        if self.norm is not None:
            pooled = self.norm(pooled, speakers)
        vector: Tensor = self.dropout(pooled)
        if self.hidden is not None:
            vector = self.dropout(self.hidden(vector))
        return vector

    def forward(self, frames: Tensor, lengths: Tensor, speakers: Tensor | None = None) -> Tensor:
        """Return f_a (B, width) of clips: :meth:`pool`, then :meth:`finish`."""
        return self.finish(self.pool(frames, lengths), speakers)
