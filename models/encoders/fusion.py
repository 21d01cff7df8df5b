"""Fusion of the branches: concatenation, then softmax."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.encoders.audio import AudioEncoder
from models.encoders.statistics import StatisticsEncoder
from models.encoders.text import TextCNN, TextLinear
from models.encoders.text_vectors import VectorCNN, VectorMean

__all__ = ["BimodalClassifier"]


class BimodalClassifier(nn.Module):
    """Classifier of clips by sound and text.

    Equations (11) and (12): f = concat(f_a, f_t), p = softmax(fᵀ M + b). With one branch, f is its
    vector.

    Args:
        audio: audio branch, or None.
        text: text branch, or None.
        classes: number of classes.
        extra: other branches by name, each with an attribute ``width``.

    Raises:
        ValueError: if there is no branch.
    """

    def __init__(
        self,
        audio: AudioEncoder | StatisticsEncoder | None,
        text: TextCNN | TextLinear | VectorCNN | VectorMean | None,
        classes: int = 6,
        extra: Mapping[str, nn.Module] | None = None,
    ) -> None:
        super().__init__()
        branches = [
            branch for branch in (audio, text, *(extra or {}).values()) if branch is not None
        ]
        if not branches:
            raise ValueError("a classifier needs at least one branch")
        self.audio, self.text = audio, text
        self.extra = nn.ModuleDict(extra or {})
        widths: list[int] = [int(branch.width) for branch in branches]  # type: ignore[arg-type]
        self.output = nn.Linear(sum(widths), classes)  # M, b

    def forward(
        self,
        frames: Tensor,
        lengths: Tensor,
        words: Tensor,
        speakers: Tensor | None = None,
        extra: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Return the logits (B, classes); their softmax is p.

        Args:
            frames: features (B, D, T), zero in the padding.
            lengths: frames of each clip (B,).
            words: word ids (B, N), or vectors (B, N, H), 0 in the padding.
            speakers: speaker ids (B,), -1 if unknown.
            extra: inputs of other branches by name.
        """
        pooled = None if self.audio is None else self.audio.pool(frames, lengths)
        return self.classify(pooled, words, speakers, extra)

    def classify(
        self,
        pooled: Tensor | None,
        words: Tensor,
        speakers: Tensor | None = None,
        extra: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Return the logits (B, classes) of clips with pooled audio.

        A speaker's clips are standardised together, so they must be classified together, but can
        be pooled in batches.
        """
        vectors = []
        if self.audio is not None and pooled is not None:
            vectors.append(self.audio.finish(pooled, speakers))  # f_a
        if self.text is not None:
            vectors.append(self.text(words))  # f_t
        vectors += [branch(extra[name]) for name, branch in self.extra.items() if extra]
        logits: Tensor = self.output(torch.cat(vectors, dim=1))
        return logits
