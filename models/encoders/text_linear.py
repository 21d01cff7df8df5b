"""Linear text branch: TF-IDF of n-grams → class scores."""

import torch
from torch import Tensor, nn

from models.text.vocabulary import UNKNOWN

__all__ = ["TextLinear"]


class TextLinear(nn.Module):
    """Encoder from the n-grams of a text to a score for each class, as a vector f_t.

    The weight of an n-gram in a text is (1 + ln(count)) · rarity (inverse document frequency); the
    weights of a text are scaled to length 1. A text without known n-grams gives the vector 0.

    Args:
        runs: number of n-grams in the vocabulary.
        classes: number of classes.

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
        """Return f_t (B, classes).

        Args:
            words: ids of words and n-grams (B, N), 0 in the padding, from
                :meth:`models.text.vocabulary.Vocabulary.encode`.
        """
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
