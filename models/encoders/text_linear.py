"""The text branch without a network: TF-IDF of runs → what each run says of the classes."""

import torch
from torch import Tensor, nn

from models.text.vocabulary import UNKNOWN

__all__ = ["TextLinear"]


class TextLinear(nn.Module):
    """Turns the words of a clip into what their runs say of each class, as a vector f_t.

    A run counts (1 + ln(times)) · rarity in its text; the text's counts are brought to length 1. An
    empty text, or one of runs that are not known, gives the vector 0.

    Args:
        runs: how many the vocabulary has.
        classes: how many there are.

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
            words: numbers of words and runs (B, N), 0 after a text's end, as
                :meth:`models.text.vocabulary.Vocabulary.encode` gives them.
        """
        parts = []
        for some in torch.split(words, _AT_ONCE):
            runs, weights = self.counts(some)
            parts.append((weights[:, :, None] * self.says(runs)).sum(dim=1))
        return torch.cat(parts)

    def counts(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Return the runs of texts (B, N), 0 where there is none, and what each counts (B, N).

        A run that comes several times has its count divided among its places.
        """
        runs = (words - UNKNOWN).clamp(min=0)
        runs = runs[:, : max(int((words > 0).sum(dim=1).max()), 1)]
        times = (runs[:, :, None] == runs[:, None, :]).sum(dim=2)
        counts = (1 + times.log()) * self.rarity[runs] * (runs > 0)
        length = (counts.square() / times).sum(dim=1, keepdim=True).sqrt()
        return runs, counts / times / length.clamp(min=_SHORTEST)


_AT_ONCE = 64  # texts
_SHORTEST = 1e-9
