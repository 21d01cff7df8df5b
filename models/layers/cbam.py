"""Convolutional block attention module: channel attention, then spatial attention."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.layers.masking import masked_max, masked_mean

__all__ = ["CBAM"]


class CBAM(nn.Module):
    """Channel attention and spatial attention, each multiplied with its input.

    Channels, equations (1)–(3): F_avg and F_max are the mean and the maximum over frequency and
    time; M_c = σ(W_1 ReLU(W_0 F_avg) + W_1 ReLU(W_0 F_max)) with shared W_0 and W_1.
    Positions, equations (4)–(9): with F' = M_c ⊙ F, mean and maximum over channels are summed;
    M_s = σ(conv(F'_avg + F'_max)), and the output is M_s ⊙ F'.

    Args:
        channels: channels of input and output.
        reduction: W_0 has ``channels / reduction`` units, at least 1.
        kernel_size: size of the spatial convolution, odd numbers.
        merge: ``sum`` adds the two maps as in Wei & Sun; ``concat`` stacks them as two channels as
            in Woo et al.

    Raises:
        ValueError: if a kernel size is even.

    Source: Woo, Park, Lee, Kweon, "CBAM", ECCV 2018, with the spatial sum of Wei & Sun.

    Example:
        >>> CBAM(32)(torch.zeros(2, 32, 50, 10)).shape
        torch.Size([2, 32, 50, 10])
    """

    def __init__(
        self,
        channels: int,
        *,
        reduction: int = 8,
        kernel_size: tuple[int, int] = (7, 7),
        merge: Literal["sum", "concat"] = "sum",
    ) -> None:
        super().__init__()
        if kernel_size[0] % 2 == 0 or kernel_size[1] % 2 == 0:
            raise ValueError(f"kernel sizes must be odd, not {kernel_size}")
        hidden = max(channels // reduction, 1)
        self.merge = merge
        self.reduce = nn.Linear(channels, hidden, bias=False)  # W_0
        self.expand = nn.Linear(hidden, channels, bias=False)  # W_1
        self.spatial = nn.Conv2d(
            1 if merge == "sum" else 2,
            1,
            kernel_size,
            padding=(kernel_size[0] // 2, kernel_size[1] // 2),
        )

    def channel_attention(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return M_c (B, C, 1, 1) of ``x`` (B, C, H, W)."""
        pooled = torch.stack([masked_mean(x, mask), masked_max(x, mask)])  # (2, B, C)
        return torch.sigmoid(self.expand(F.relu(self.reduce(pooled))).sum(0))[:, :, None, None]

    def spatial_attention(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return M_s (B, 1, H, W) of ``x`` (B, C, H, W)."""
        average, maximum = x.mean(1, keepdim=True), x.amax(1, keepdim=True)
        joined = self.merge == "sum"
        maps = average + maximum if joined else torch.cat([average, maximum], dim=1)
        if mask is not None:
            maps = maps * mask
        return torch.sigmoid(self.spatial(maps))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the input (B, C, H, W) weighted by both attentions.

        Args:
            x: input (B, C, H, W); W is time.
            mask: 1 for frames, 0 for padding (B, 1, 1, W), which doesn't affect the attentions.
        """
        x = x * self.channel_attention(x, mask)
        return x * self.spatial_attention(x, mask)
