"""Text branches: convolutions over word vectors with maximum over time; TF-IDF of n-grams."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.text.vocabulary import UNKNOWN

__all__ = ["TextCNN", "TextLinear"]


class TextCNN(nn.Module):
    """Encoder from the words of a clip to a vector f_t.

    Padding is ignored: windows reaching beyond the text's end are used only for texts shorter than
    the filter, and an empty text gives the vector 0. With ``padded_to``, as in the paper, all texts
    are zero-padded to that length, and filters cover the padding. If the vocabulary has n-grams,
    the scaled sum of their vectors is appended, as a wide path beside the deep one.

    Args:
        vectors: word vectors (V, size); row 0 is padding.
        filters: filters per width.
        widths: filter widths in words or pieces.
        tune: train the word vectors.
        dropout: dropout of the pooled vector.
        channels: ids per position; their vectors are added: 1 for words, 2 for a piece and its
            word.
        runs: number of n-grams in the vocabulary.
        run_size: dimensions of an n-gram vector.
        blank: share of positions replaced by the unknown unit in training.
        input_dropout: dropout of the word vectors.
        padded_to: length that texts are padded to; 0 to ignore padding.

    Source: Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014; wide
    path: Cheng et al., "Wide & Deep Learning for Recommender Systems", 2016.

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
        channels: int = 1,
        runs: int = 0,
        run_size: int = 16,
        blank: float = 0.0,
        input_dropout: float = 0.0,
        padded_to: int = 0,
    ) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vectors.shape[0], vectors.shape[1], padding_idx=0)
        self.vectors.weight.data.copy_(vectors)
        self.vectors.weight.requires_grad_(tune)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(vectors.shape[1], filters, width) for width in widths
        )
        self.runs = nn.Embedding(runs + 1, run_size, padding_idx=0) if runs else None
        if self.runs is not None:
            nn.init.normal_(self.runs.weight[1:], std=_RUN_DEVIATION)
        self.widths, self.channels, self.blank = tuple(widths), channels, blank
        self.padded_to = padded_to
        self.width = filters * len(widths) + (run_size if runs else 0)
        self.input_dropout, self.dropout = nn.Dropout(input_dropout), nn.Dropout(dropout)

    def forward(self, words: Tensor) -> Tensor:
        """Return f_t (B, width).

        Args:
            words: word ids (B, N), 0 in the padding, from
                :meth:`models.text.vocabulary.Vocabulary.encode`.
        """
        known = self.vectors.num_embeddings  # ids of n-grams follow those of the vectors
        positions = self._positions(words * (words < known))  # (B, M, channels)
        length = (positions[:, :, 0] > 0).sum(dim=1)  # (B,)
        if self.padded_to:
            length = torch.full_like(length, positions.shape[1])
        x = self.input_dropout(self.vectors(positions).sum(dim=2)).transpose(1, 2)  # (B, size, M)
        pooled = []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            activations = F.relu(convolution(x))  # (B, filters, M - width + 1)
            windows = (length - width + 1).clamp(min=1)
            inside = torch.arange(activations.shape[2], device=words.device) < windows[:, None]
            pooled.append((activations * inside[:, None]).amax(dim=2))
        vector: Tensor = self.dropout(torch.cat(pooled, dim=1)) * (length > 0)[:, None]
        if self.runs is None:
            return vector
        runs = (words - known + 1).clamp(min=0)  # (B, N), 0 for none
        count = (runs > 0).sum(dim=1, keepdim=True).clamp(min=1)
        return torch.cat([vector, self.runs(runs).sum(dim=1) * (_RUN_SCALE / count.sqrt())], dim=1)

    def _positions(self, numbers: Tensor) -> Tensor:
        """Return word and piece ids by position (B, M, channels), some blanked in training."""
        longest = int((numbers > 0).sum(dim=1).max())
        least = max(*self.widths, self.padded_to) * self.channels
        needed = max(longest + -longest % self.channels, least)
        numbers = F.pad(numbers[:, :longest], (0, needed - longest))
        positions = numbers.reshape(len(numbers), -1, self.channels)
        if self.training and self.blank:
            shape = (*positions.shape[:2], 1)
            blanked = torch.rand(shape, device=positions.device) < self.blank
            positions = positions.masked_fill(blanked & (positions > 0), UNKNOWN)
        return positions


_RUN_DEVIATION = 0.02  # initial deviation of n-gram vectors
_RUN_SCALE = 2.5  # scale of n-gram vectors, so that few training steps suffice


class TextLinear(nn.Module):
    """Encoder from the n-grams of a text to a score for each class, as a vector f_t.

    The weight of an n-gram in a text is (1 + ln(count)) · rarity (inverse document frequency); the
    weights of a text are scaled to length 1. A text without known n-grams gives the vector 0.

    Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988.

    Example:
        >>> TextLinear(10, 6)(torch.tensor([[1, 2, 5, 5, 0]])).shape
        torch.Size([1, 6])
    """

    def __init__(self, runs: int, classes: int) -> None:
        super().__init__()
        self.says = nn.Embedding(runs + 1, classes, padding_idx=0)
        nn.init.zeros_(self.says.weight)
        self.rarity = nn.Buffer(torch.ones(runs + 1))
        self.width = classes

    def forward(self, words: Tensor) -> Tensor:
        """Return f_t (B, classes) of word and n-gram ids (B, N), 0 in the padding."""
        parts = []
        for batch in torch.split(words, _BATCH):
            runs, weights = self.tf_idf(batch)
            parts.append((weights[:, :, None] * self.says(runs)).sum(dim=1))
        return torch.cat(parts)

    def tf_idf(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Return n-gram ids (B, N), 0 for none, and their TF-IDF weights (B, N).

        The weight of a repeated n-gram is divided among its occurrences.
        """
        runs = (words - UNKNOWN).clamp(min=0)
        runs = runs[:, : max(int((words > 0).sum(dim=1).max()), 1)]
        times = (runs[:, :, None] == runs[:, None, :]).sum(dim=2)
        weights = (1 + times.log()) * self.rarity[runs] * (runs > 0)
        length = (weights.square() / times).sum(dim=1, keepdim=True).sqrt()
        return runs, weights / times / length.clamp(min=_EPSILON)


_BATCH = 64  # texts
_EPSILON = 1e-9
