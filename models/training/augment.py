"""Augmentation of training clips: speed perturbation and simulated unseen speakers."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.data import Clips, Example
from models.features.normalise import UNSEEN_SPEAKER
from models.model import FittedModel, functional_rows, truncate

__all__ = ["AugmentedClips"]


class AugmentedClips:
    """Training clips at each speed, normalised as clips of seen and of unseen speakers.

    Args:
        model: model that normalises the clips.
        training: clips with their features at other speeds.
        functionals: functionals of the clips at speed 1, not normalised.
    """

    def __init__(
        self,
        model: FittedModel,
        training: Sequence[Example],
        functionals: Sequence[NDArray[np.float32]],
    ) -> None:
        settings = model.settings
        solved = model.functional_scaler is not None and settings.branches == "apart"
        # The learned features are then not used for unseen speakers.
        self.unseen_share = 0.0 if solved else settings.strangers
        words = [model.encode_words(example) for example in training]
        groups = [example.group for example in training]
        self.seen: list[Clips] = []
        self.unseen: list[Clips] = []
        for number in range(1 + min(len(example.versions) for example in training)):
            features = [
                truncate((example.features, *example.versions)[number], settings)
                for example in training
            ]
            rows = functionals
            if number and model.functional_scaler is not None:
                rows = functional_rows(features, settings)
            self.seen.append(model.normalise_clips(features, rows, words, groups))
            if settings.strangers:
                unseen = [UNSEEN_SPEAKER] * len(groups)
                self.unseen.append(model.normalise_clips(features, rows, words, unseen))

    @property
    def original(self) -> Clips:
        """Clips at speed 1, normalised with those of their speaker."""
        return self.seen[0]

    def functionals(self) -> tuple[Tensor, Tensor]:
        """Return functionals (V n, F) and speaker ids (V n,) of all clips in all V versions."""
        versions = [*self.seen, *self.unseen]
        rows = np.concatenate([clips.functionals for clips in versions])
        speakers = np.concatenate([clips.speakers for clips in versions])
        return torch.from_numpy(rows), torch.from_numpy(speakers)

    def sample_epoch(self, random: np.random.Generator) -> Clips:
        """Return the clips of an epoch: one speed per speaker, some clips as of unseen speakers.

        Args:
            random: generator that draws the speeds and the clips of unseen speakers.
        """
        speakers = self.original.speakers
        speeds = random.integers(0, len(self.seen), speakers.max(initial=0) + 2)[speakers]
        unseen = random.random(len(speakers)) < self.unseen_share
        drawn = [
            (self.unseen if is_unseen else self.seen)[speed]
            for speed, is_unseen in zip(speeds, unseen, strict=True)
        ]
        return Clips(
            [clips.features[row] for row, clips in enumerate(drawn)],
            [clips.scales[row] for row, clips in enumerate(drawn)],
            self.original.words,
            np.where(unseen, -1, speakers),
            np.stack([clips.functionals[row] for row, clips in enumerate(drawn)]),
        )
