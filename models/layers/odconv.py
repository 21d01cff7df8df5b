"""Omni-dimensional dynamic convolution: a kernel mixed anew for every sample."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.layers.masking import masked_mean

__all__ = ["ODConv2d"]


class ODConv2d(nn.Module):
    """Convolution whose kernel is attended along all four of its dimensions, for each sample.

    With ``n`` kernels W_1 … W_n, the output is

        y = (α_w1 ⊙ α_f ⊙ α_c ⊙ α_s ⊙ W_1 + … + α_wn ⊙ α_f ⊙ α_c ⊙ α_s ⊙ W_n) * x

    where α_w (softmax over the kernels), α_f (output filters), α_c (input channels) and α_s
    (positions in the kernel; all three sigmoids) come from the average over frequency and time of
    ``x`` through one shared layer and a head each.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: height and width of the kernel, odd.
        kernels: how many kernels are mixed (α_w); 1 leaves that attention out.
        stride: steps along height and width.
        reduction: the shared layer has ``in_channels * reduction`` units, at least ``minimum``.
        minimum: least number of units of the shared layer.
        temperature: of the softmax over kernels; high values mix them evenly.

    Source: Chao Li, Aojun Zhou, Anbang Yao, "Omni-Dimensional Dynamic Convolution", ICLR 2022.

    Example:
        >>> layer = ODConv2d(16, 32, (3, 3), kernels=4)
        >>> layer(torch.zeros(2, 16, 50, 10)).shape
        torch.Size([2, 32, 50, 10])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int] = (3, 3),
        *,
        kernels: int = 4,
        stride: tuple[int, int] = (1, 1),
        reduction: float = 1 / 16,
        minimum: int = 16,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        if kernel_size[0] % 2 == 0 or kernel_size[1] % 2 == 0:
            raise ValueError(f"kernel sizes are odd, not {kernel_size}")
        self.kernel_size, self.stride, self.temperature = kernel_size, stride, temperature
        positions = kernel_size[0] * kernel_size[1]
        hidden = max(int(in_channels * reduction), minimum)
        self.weight = nn.Parameter(torch.empty(kernels, out_channels, in_channels, *kernel_size))
        for kernel in self.weight:
            nn.init.kaiming_normal_(kernel, mode="fan_out", nonlinearity="relu")
        self.squeeze = nn.Linear(in_channels, hidden)
        self.channel = nn.Linear(hidden, in_channels)
        self.filter = nn.Linear(hidden, out_channels)
        self.spatial = nn.Linear(hidden, positions)
        self.kernel = nn.Linear(hidden, kernels)

    def attention(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return α_w (B, n), α_c (B, C_in), α_f (B, C_out) and α_s (B, kh·kw).

        Args:
            x: input (B, C_in, H, W).
            mask: 1 where a frame is real (B, 1, 1, W), so that padding has no say.
        """
        z = F.relu(self.squeeze(masked_mean(x, mask)))  # (B, hidden)
        weights = F.softmax(self.kernel(z) / self.temperature, dim=1)
        return (
            weights,
            torch.sigmoid(self.channel(z)),
            torch.sigmoid(self.filter(z)),
            torch.sigmoid(self.spatial(z)),
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the convolution (B, C_out, H', W') of ``x`` (B, C_in, H, W).

        α_c and α_f don't depend on the position, so they scale the input and the output; only
        α_w and α_s have to enter the kernels. The samples' kernels are then applied in one
        convolution with a group for each sample.
        """
        batch, channels = x.shape[:2]
        kernels, filters = self.weight.shape[:2]
        alpha_w, alpha_c, alpha_f, alpha_s = self.attention(x, mask)
        mixed = (alpha_w @ self.weight.view(kernels, -1)).view(batch, -1, *self.kernel_size)
        mixed = mixed * alpha_s.view(batch, 1, *self.kernel_size)  # (B, C_out·C_in, kh, kw)
        y = F.conv2d(
            (x * alpha_c[:, :, None, None]).reshape(1, batch * channels, *x.shape[2:]),
            mixed.view(batch * filters, channels, *self.kernel_size),
            stride=self.stride,
            padding=(self.kernel_size[0] // 2, self.kernel_size[1] // 2),
            groups=batch,
        )
        return y.view(batch, filters, *y.shape[2:]) * alpha_f[:, :, None, None]
