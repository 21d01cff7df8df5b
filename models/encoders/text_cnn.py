"""The text branch: word vectors → filters over 3, 4 and 5 words → the strongest answer of each."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["TextCNN"]


class TextCNN(nn.Module):
    """Turns the words of a clip into a vector f_t.

    Padding is not seen: windows that reach beyond the text's end count only for texts shorter
    than the filter. An empty text gives the vector 0.

    Args:
        vectors: of the vocabulary (V, size); row 0 is padding.
        filters: of each width.
        widths: words that a filter spans.
        tune: whether training may change the vectors.
        dropout: of the pooled vector.

    Source: Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.

    Example:
        >>> encoder = TextCNN(torch.zeros(10, 300), filters=8)
        >>> encoder(torch.tensor([[4, 2, 7, 0, 0]])).shape
        torch.Size([1, 24])
    """

    def __init__(
        self,
        vectors: Tensor,
        *,
        filters: int = 100,
        widths: Sequence[int] = (3, 4, 5),
        tune: bool = True,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vectors.shape[0], vectors.shape[1], padding_idx=0)
        self.vectors.weight.data.copy_(vectors)
        self.vectors.weight.requires_grad_(tune)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(vectors.shape[1], filters, width) for width in widths
        )
        self.widths = tuple(widths)
        self.width = filters * len(widths)
        self.dropout = nn.Dropout(dropout)

    def forward(self, words: Tensor) -> Tensor:
        """Return f_t (B, width).

        Args:
            words: numbers of words (B, N), 0 after a text's end.
        """
        words = F.pad(words, (0, max(max(self.widths) - words.shape[1], 0)))
        length = (words > 0).sum(dim=1)  # (B,)
        x = self.vectors(words).transpose(1, 2)  # (B, size, N)
        pooled = []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            answers = F.relu(convolution(x))  # (B, filters, N - width + 1)
            windows = (length - width + 1).clamp(min=1)
            inside = torch.arange(answers.shape[2], device=words.device) < windows[:, None]
            pooled.append((answers * inside[:, None]).amax(dim=2))
        vector: Tensor = self.dropout(torch.cat(pooled, dim=1))
        return vector * (length > 0)[:, None]
