"""Fusion of both branches: concatenation, then softmax."""

import torch
from torch import Tensor, nn

from models.encoders.audio import AudioEncoder
from models.encoders.text import TextCNN, TextLinear

__all__ = ["BimodalClassifier"]


class BimodalClassifier(nn.Module):
    """Classifier of clips by sound and text.

    Equations (11) and (12): f = concat(f_a, f_t), p = softmax(fᵀ M + b). With one branch, f is its
    vector.

    Args:
        audio: audio branch, or None.
        text: text branch, or None.
        classes: number of classes.

    Raises:
        ValueError: if both branches are None.
    """

    def __init__(
        self, audio: AudioEncoder | None, text: TextCNN | TextLinear | None, classes: int = 6
    ) -> None:
        super().__init__()
        if audio is None and text is None:
            raise ValueError("a classifier needs at least one branch")
        self.audio, self.text = audio, text
        width = sum(branch.width for branch in (audio, text) if branch is not None)
        self.output = nn.Linear(width, classes)  # M, b

    def forward(
        self,
        frames: Tensor,
        lengths: Tensor,
        words: Tensor,
        speakers: Tensor | None = None,
        functionals: Tensor | None = None,
    ) -> Tensor:
        """Return the logits (B, classes); their softmax is p.

        Args:
            frames: features (B, D, T), zero in the padding.
            lengths: frames of each clip (B,).
            words: word ids (B, N), 0 in the padding.
            speakers: speaker ids (B,), -1 if unknown.
            functionals: normalised functionals (B, F); None if the audio branch takes none.
        """
        pooled = None if self.audio is None else self.audio.pool(frames, lengths)
        return self.classify(pooled, words, speakers, functionals)

    def classify(
        self,
        pooled: Tensor | None,
        words: Tensor,
        speakers: Tensor | None = None,
        functionals: Tensor | None = None,
    ) -> Tensor:
        """Return the logits (B, classes) of clips with pooled audio.

        A speaker's clips are standardised together, so they must be classified together, but can
        be pooled in batches.
        """
        vectors = []
        if self.audio is not None and pooled is not None:
            vectors.append(self.audio.finish(pooled, speakers, functionals))  # f_a
        if self.text is not None:
            vectors.append(self.text(words))  # f_t
        logits: Tensor = self.output(torch.cat(vectors, dim=1))
        return logits
