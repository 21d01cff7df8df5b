"""In which voices the training clips are heard: at which speed, and as whose."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.examples import Clips, Example
from models.fitted import FittedModel, functional_rows, truncate
from models.normalisation import UNSEEN_SPEAKER

__all__ = ["AugmentedClips"]


class AugmentedClips:
    """Training clips at each speed, normalised with those of their speaker, and as strangers'.

    Args:
        model: that normalises them.
        training: clips, with their features at other speeds.
        functionals: of the clips at their own speed, as computed.
    """

    def __init__(
        self,
        model: FittedModel,
        training: Sequence[Example],
        functionals: Sequence[NDArray[np.float32]],
    ) -> None:
        settings = model.settings
        solved = model.functional_scaler is not None and settings.branches == "apart"
        self.share = 0.0 if solved else settings.strangers  # what is learned then leaves them out
        words = [model.encode_words(one) for one in training]
        groups = [one.group for one in training]
        self.seen: list[Clips] = []
        self.unseen: list[Clips] = []
        for number in range(1 + min(len(one.versions) for one in training)):
            features = [
                truncate((one.features, *one.versions)[number], settings) for one in training
            ]
            rows = functionals
            if number and model.functional_scaler is not None:
                rows = functional_rows(features, settings)
            self.seen.append(model.normalise_clips(features, rows, words, groups))
            if settings.strangers:
                alone = [UNSEEN_SPEAKER] * len(groups)
                self.unseen.append(model.normalise_clips(features, rows, words, alone))

    @property
    def own(self) -> Clips:
        """The clips at their own speed, each with its speaker's."""
        return self.seen[0]

    def functionals(self) -> tuple[Tensor, Tensor]:
        """Return all clips' functionals at all speeds, and the numbers of their speakers.

        Both have the clips in order, once for each voice: (V n, F) and (V n,).
        """
        voices = [*self.seen, *self.unseen]
        rows = np.concatenate([clips.functionals for clips in voices])
        speakers = np.concatenate([clips.speakers for clips in voices])
        return torch.from_numpy(rows), torch.from_numpy(speakers)

    def sample_epoch(self, random: np.random.Generator) -> Clips:
        """Return the clips of an epoch, all of a speaker's at one speed, some as strangers'.

        Args:
            random: draws a speed for each speaker, and who is a stranger.
        """
        speakers = self.own.speakers
        speeds = random.integers(0, len(self.seen), speakers.max(initial=0) + 2)[speakers]
        strange = random.random(len(speakers)) < self.share
        cast = [
            (self.unseen if alone else self.seen)[speed]
            for speed, alone in zip(speeds, strange, strict=True)
        ]
        return Clips(
            [clips.features[row] for row, clips in enumerate(cast)],
            [clips.scales[row] for row, clips in enumerate(cast)],
            self.own.words,
            np.where(strange, -1, speakers),
            np.stack([clips.functionals[row] for row, clips in enumerate(cast)]),
        )
