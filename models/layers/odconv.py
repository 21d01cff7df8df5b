"""Omni-dimensional dynamic convolution: a kernel mixed for each sample."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.layers.masking import masked_mean

__all__ = ["ODConv2d"]

Pair = tuple[int, int]
Attentions = tuple[Tensor | None, Tensor, Tensor | None, Tensor | None]


class ODConv2d(nn.Module):
    """Convolution with per-sample attention along all four dimensions of its kernel.

    With ``n`` kernels W_1 … W_n, the output is (the source's equation 2)

        y = (α_w1 ⊙ α_f1 ⊙ α_c1 ⊙ α_s1 ⊙ W_1 + … + α_wn ⊙ α_fn ⊙ α_cn ⊙ α_sn ⊙ W_n) * x

    where α_w (softmax over the kernels), α_f (output filters), α_c (input channels) and α_s
    (positions in the kernel; all three sigmoids) are computed from the mean of ``x`` over height
    and width by one shared layer with ReLU and one head each. As in the authors' code, the kernels
    share α_f, α_c and α_s, and dimensions of size 1 get no attention: α_w with one kernel, α_s with
    a 1 × 1 kernel, α_f with depthwise filters (``groups == in_channels == out_channels``).

    Args:
        in_channels: channels of the input, C.
        out_channels: channels of the output, O.
        kernel_size: height and width of the kernel; one number for both.
        kernels: number of mixed kernels, n.
        stride: stride along height and width.
        padding: zeros on each side of height and width; None for half a kernel, which keeps the
            size at stride 1 and needs odd kernels.
        dilation: dilation along height and width.
        groups: groups of channels that are convolved separately.
        bias: add a bias to each output channel, without attention.
        reduction: the shared layer has ``in_channels * reduction`` units, at least ``minimum``.
        minimum: minimum units of the shared layer.
        temperature: divisor of the heads' outputs; high values make the attentions uniform. May be
            lowered during training.
        normalise: use batch normalisation in the shared layer instead of a bias, as the authors'
            code does; the samples of a batch then depend on each other.

    Raises:
        ValueError: if the groups don't divide the channels, or an even kernel has no padding.

    Source: Chao Li, Aojun Zhou, Anbang Yao, "Omni-Dimensional Dynamic Convolution", ICLR 2022;
    github.com/OSVAI/ODConv.

    Example:
        >>> layer = ODConv2d(16, 32, (3, 3), kernels=4)
        >>> layer(torch.zeros(2, 16, 50, 10)).shape
        torch.Size([2, 32, 50, 10])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair = 3,
        *,
        kernels: int = 4,
        stride: int | Pair = 1,
        padding: int | Pair | None = None,
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = False,
        reduction: float = 1 / 16,
        minimum: int = 16,
        temperature: float = 1.0,
        normalise: bool = False,
    ) -> None:
        super().__init__()
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{groups} groups don't divide {in_channels} and {out_channels} channels"
            )
        self.kernel_size, self.stride, self.dilation = map(_pair, (kernel_size, stride, dilation))
        self.padding = self._same_padding() if padding is None else _pair(padding)
        self.groups, self.temperature = groups, temperature
        inside, positions = in_channels // groups, self.kernel_size[0] * self.kernel_size[1]
        self.weight = nn.Parameter(torch.empty(kernels, out_channels, inside, *self.kernel_size))
        for kernel in self.weight:
            nn.init.kaiming_normal_(kernel, mode="fan_out", nonlinearity="relu")
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        hidden = max(int(in_channels * reduction), minimum)
        depthwise = groups == in_channels == out_channels
        self.squeeze = nn.Linear(in_channels, hidden, bias=not normalise)
        self.norm = nn.BatchNorm1d(hidden) if normalise else None
        self.channel = nn.Linear(hidden, in_channels)
        self.filter = None if depthwise else nn.Linear(hidden, out_channels)
        self.spatial = nn.Linear(hidden, positions) if positions > 1 else None
        self.kernel = nn.Linear(hidden, kernels) if kernels > 1 else None

    def _same_padding(self) -> Pair:
        height, width = self.kernel_size
        if height % 2 == 0 or width % 2 == 0:
            raise ValueError(f"a kernel of even size, {self.kernel_size}, needs explicit padding")
        return height // 2 * self.dilation[0], width // 2 * self.dilation[1]

    def attention(self, x: Tensor, mask: Tensor | None = None) -> Attentions:
        """Return α_w (B, n), α_c (B, C), α_f (B, O) and α_s (B, kh·kw), or None if not used.

        Args:
            x: input (B, C, H, W).
            mask: 1 for frames, 0 for padding (B, 1, 1, W), which doesn't affect the attention.
        """
        z = self.squeeze(masked_mean(x, mask))  # (B, hidden)
        z = F.relu(z if self.norm is None else self.norm(z))
        t = self.temperature
        return (
            None if self.kernel is None else F.softmax(self.kernel(z) / t, dim=1),
            torch.sigmoid(self.channel(z) / t),
            None if self.filter is None else torch.sigmoid(self.filter(z) / t),
            None if self.spatial is None else torch.sigmoid(self.spatial(z) / t),
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the convolution (B, O, H', W') of ``x`` (B, C, H, W).

        α_c and α_f don't depend on the position, so they can scale either the kernels or input and
        output; the smaller of the two is scaled.

        Args:
            x: input (B, C, H, W); W is time. Padding is convolved, so it should be zero.
            mask: 1 for frames, 0 for padding (B, 1, 1, W), which doesn't affect the attention.
        """
        alpha_w, alpha_c, alpha_f, alpha_s = self.attention(x, mask)
        kernels, filters, inside = self.weight.shape[:3]
        mixed = self.weight.view(kernels, -1)  # (n, O·C'·P), C' = C / groups, P = kh·kw
        if alpha_w is not None:
            mixed = alpha_w @ mixed  # (B, O·C'·P): α_w1 W_1 + … + α_wn W_n
        mixed = mixed.view(len(mixed), filters, inside, -1)
        if self.folds(x):
            within = (
                alpha_c[:, :, None] if alpha_s is None else alpha_c[:, :, None] * alpha_s[:, None]
            )
            mixed = mixed * within[:, None]  # (B, O, C, P)
            if alpha_f is not None:
                mixed = mixed * alpha_f[:, :, None, None]
            y = self._convolve(x, mixed)
        else:
            if alpha_s is not None:
                mixed = mixed * alpha_s[:, None, None]
            y = self._convolve(x * alpha_c[:, :, None, None], mixed)
            if alpha_f is not None:
                y = y * alpha_f[:, :, None, None]
        return y if self.bias is None else y + self.bias[:, None, None]

    def folds(self, x: Tensor) -> bool:
        """Return True if α_c and α_f scale the kernels for this input, not input and output."""
        filters, inside = self.weight.shape[1:3]
        if self.groups > 1 or (self.kernel is None and self.spatial is None):
            return False
        return self.weight[0].numel() < (inside + filters) * x[0, 0].numel()

    def _convolve(self, x: Tensor, kernels: Tensor) -> Tensor:
        """Return ``x`` (B, C, H, W) convolved with one kernel per sample, or one for all.

        The kernels (B, O, C', P) are applied in a single convolution with separate groups for each
        sample.
        """
        samples, filters, inside = kernels.shape[:3]
        y = F.conv2d(
            x.reshape(-1, samples * x.shape[1], *x.shape[2:]),
            kernels.reshape(samples * filters, inside, *self.kernel_size),
            None,
            self.stride,
            self.padding,
            self.dilation,
            samples * self.groups,
        )
        return y.view(len(x), filters, *y.shape[2:])


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value
