"""Both branches joined: concatenation, then softmax."""

import torch
from torch import Tensor, nn

from models.encoders.audio import AudioEncoder
from models.encoders.text_cnn import TextCNN
from models.encoders.text_linear import TextLinear

__all__ = ["BimodalClassifier"]


class BimodalClassifier(nn.Module):
    """Tells the class of a clip from its sound and its words.

    Equations (11) and (12): f = concat(f_a, f_t), p = softmax(fᵀ M + b). With one branch left out,
    f is the vector of the other.

    Args:
        audio: the audio branch, or None.
        text: the text branch, or None.
        classes: how many there are.

    Raises:
        ValueError: if both branches are left out.
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
        """Return the logits (B, classes); softmax of them is p.

        Args:
            frames: features (B, D, T), zero where padded.
            lengths: real frames of each clip (B,).
            words: numbers of words (B, N), 0 after a text's end.
            speakers: numbers of the clips' speakers (B,), -1 where unknown.
            functionals: of the clips, normalised (B, F); None where the audio branch takes none.
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
        """Return the logits (B, classes) of clips whose sound was pooled before.

        A speaker's clips are standardised together, so they have to be classified together, but
        can be pooled a few at a time.
        """
        vectors = []
        if self.audio is not None and pooled is not None:
            vectors.append(self.audio.finish(pooled, speakers, functionals))  # f_a
        if self.text is not None:
            vectors.append(self.text(words))  # f_t
        logits: Tensor = self.output(torch.cat(vectors, dim=1))
        return logits
