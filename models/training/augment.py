"""Augmentation of training clips: speed perturbation and simulated unseen speakers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.data import Clips, Example
from models.features.normalise import UNSEEN_SPEAKER
from models.model import FittedModel

__all__ = ["AugmentedClips"]


class AugmentedClips:
    """Training clips at each speed, normalised as clips of seen and of unseen speakers."""

    def __init__(self, model: FittedModel, training: Sequence[Example]) -> None:
        settings = model.settings
        self.unseen_share = settings.strangers
        groups = [example.group for example in training]
        self.seen: list[Clips] = []
        self.unseen: list[Clips] = []
        for number in range(1 + min(len(example.versions) for example in training)):
            encoded = model.encode(
                [
                    replace(example, features=(example.features, *example.versions)[number])
                    for example in training
                ]
            )
            self.seen.append(model.normalise(encoded, groups))
            if settings.strangers:
                self.unseen.append(model.normalise(encoded, [UNSEEN_SPEAKER] * len(groups)))

    @property
    def original(self) -> Clips:
        """Clips at speed 1, normalised with those of their speaker."""
        return self.seen[0]

    def statistics(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Yield normalised statistics (n, F) and speaker ids (n,) of the clips in each version."""
        for clips in (*self.seen, *self.unseen):
            rows = [scale(row) for scale, row in zip(clips.scales, clips.features, strict=True)]
            yield np.concatenate(rows), clips.speakers

    def sample_epoch(self, random: np.random.Generator) -> Clips:
        """Return the clips of an epoch: one speed per speaker, some clips as of unseen speakers."""
        speakers = self.original.speakers
        speeds = random.integers(0, len(self.seen), speakers.max(initial=0) + 2)[speakers]
        unseen = random.random(len(speakers)) < self.unseen_share
        drawn = [
            (self.unseen if is_unseen else self.seen)[speed]
            for speed, is_unseen in zip(speeds, unseen, strict=True)
        ]
        return replace(
            self.original,
            features=[clips.features[row] for row, clips in enumerate(drawn)],
            scales=[clips.scales[row] for row, clips in enumerate(drawn)],
            speakers=np.where(unseen, -1, speakers),
        )
