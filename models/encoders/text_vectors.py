"""Text branches over the vectors of a frozen pretrained encoder."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["VectorCNN", "VectorMean"]


class VectorCNN(nn.Module):
    """Text-CNN over vectors of tokens (B, N, H), zero in the padding, to a vector f_t.

    A text without tokens gives the vector 0.

    Source: Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.

    Example:
        >>> VectorCNN(8, filters=4, widths=(1, 2))(torch.randn(3, 5, 8)).shape
        torch.Size([3, 8])
    """

    def __init__(
        self,
        size: int,
        *,
        filters: int = 48,
        widths: Sequence[int] = (1, 2, 3),
        dropout: float = 0.5,
        input_dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv1d(size, filters, width) for width in widths)
        self.widths, self.width = tuple(widths), filters * len(widths)
        self.input_dropout, self.dropout = nn.Dropout(input_dropout), nn.Dropout(dropout)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return f_t (B, width)."""
        length = (vectors != 0).any(dim=2).sum(dim=1)  # (B,)
        x = F.pad(vectors, (0, 0, 0, max(max(self.widths) - vectors.shape[1], 0)))
        x = self.input_dropout(x).transpose(1, 2)  # (B, H, N)
        pooled = []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            activations = F.relu(convolution(x))
            windows = (length - width + 1).clamp(min=1)
            inside = torch.arange(activations.shape[2], device=x.device) < windows[:, None]
            pooled.append((activations * inside[:, None]).amax(dim=2))
        vector: Tensor = self.dropout(torch.cat(pooled, dim=1)) * (length > 0)[:, None]
        return vector


class VectorMean(nn.Module):
    """Mean of the vectors of a text, given as (B, 1, H), standardised over the training texts.

    A text without tokens, which is 0, gives the vector 0.

    Example:
        >>> VectorMean(8)(torch.randn(3, 1, 8)).shape
        torch.Size([3, 8])
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(size))
        self.deviation = nn.Buffer(torch.ones(size))
        self.width = size

    def standardise(self, vectors: Tensor) -> None:
        """Take mean and deviation from training texts (B, 1, H)."""
        known = vectors[:, 0][(vectors[:, 0] != 0).any(dim=1)]
        if len(known) > 1:
            self.mean.copy_(known.mean(dim=0))
            self.deviation.copy_(known.std(dim=0) + _FLOOR)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return f_t (B, H)."""
        means = vectors[:, 0]
        some = (means != 0).any(dim=1, keepdim=True)
        return (means - self.mean) / self.deviation * some


_FLOOR = 1e-4
