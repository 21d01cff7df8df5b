"""The text branch: vectors of words → filters over some of them → the strongest answer of each."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.text.vocabulary import UNKNOWN

__all__ = ["TextCNN"]


class TextCNN(nn.Module):
    """Turns the words of a clip into a vector f_t.

    Padding is not seen: windows that reach beyond the text's end count only for texts shorter
    than the filter, and an empty text gives the vector 0. With ``padded_to``, as in the paper, all
    texts are that long, and filters go over the zeros, too. Where the vocabulary has runs, the mean
    of their vectors follows what the filters found: a wide path beside the deep one.

    Args:
        vectors: of the vocabulary (V, size); row 0 is padding.
        filters: of each width.
        widths: words, or pieces, that a filter spans.
        tune: whether training may change the vectors.
        dropout: of the pooled vector.
        channels: numbers that a place has in the text, whose vectors are added: 1 for words alone,
            2 for a piece and its word.
        runs: how many the vocabulary has.
        run_size: numbers in the vector of a run.
        blank: share of places taken for unknown in training.
        input_dropout: of the words' vectors.
        padded_to: places that every text has, zeros after its end; 0 to see texts alone.

    Source: Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014; the wide
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
            words: numbers of words (B, N), 0 after a text's end, as
                :meth:`models.text.vocabulary.Vocabulary.encode` gives them.
        """
        known = self.vectors.num_embeddings  # beyond which the numbers of runs begin
        places = self._places(words * (words < known))  # (B, M, channels)
        length = (places[:, :, 0] > 0).sum(dim=1)  # (B,)
        if self.padded_to:
            length = torch.full_like(length, places.shape[1])
        x = self.input_dropout(self.vectors(places).sum(dim=2)).transpose(1, 2)  # (B, size, M)
        pooled = []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            answers = F.relu(convolution(x))  # (B, filters, M - width + 1)
            windows = (length - width + 1).clamp(min=1)
            inside = torch.arange(answers.shape[2], device=words.device) < windows[:, None]
            pooled.append((answers * inside[:, None]).amax(dim=2))
        vector: Tensor = self.dropout(torch.cat(pooled, dim=1)) * (length > 0)[:, None]
        if self.runs is None:
            return vector
        runs = (words - known + 1).clamp(min=0)  # (B, N), 0 where there is none
        found = (runs > 0).sum(dim=1, keepdim=True).clamp(min=1)
        return torch.cat([vector, self.runs(runs).sum(dim=1) * (_RUN_SCALE / found.sqrt())], dim=1)

    def _places(self, numbers: Tensor) -> Tensor:
        """Return the numbers of words and pieces place by place, some of them blanked."""
        longest = int((numbers > 0).sum(dim=1).max())
        least = max(*self.widths, self.padded_to) * self.channels
        needed = max(longest + -longest % self.channels, least)
        numbers = F.pad(numbers[:, :longest], (0, needed - longest))
        places = numbers.reshape(len(numbers), -1, self.channels)
        if self.training and self.blank:
            shape = (*places.shape[:2], 1)
            blanked = torch.rand(shape, device=places.device) < self.blank
            places = places.masked_fill(blanked & (places > 0), UNKNOWN)
        return places


_RUN_DEVIATION = 0.02  # of the vectors of runs, before training
_RUN_SCALE = 2.5  # what runs are multiplied by, so that few steps suffice
