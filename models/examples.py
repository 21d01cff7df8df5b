"""Clips as a model sees them, and batches of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.features import Features
from models.normalisation import UNSEEN_SPEAKER, Scale
from models.text.vocabulary import PADDING

__all__ = ["Batch", "Clips", "Example", "speaker_numbers", "split_batches"]


@dataclass(frozen=True)
class Example:
    """A clip and what is known about it.

    Attributes:
        clip_id: its id.
        features: frames (T, D) as computed, not yet normalised.
        words: of its text, maybe none.
        group: its speaker, else its source; "" for a clip that stands alone.
        label: number of its class, -1 where it isn't known.
        soft: share of the votes for each class, or empty.
        versions: its features at other speeds, for training.
        single_speaker: whether the group is one person; in a source several may speak.
    """

    clip_id: str
    features: Features
    words: tuple[str, ...] = ()
    group: str = UNSEEN_SPEAKER
    label: int = -1
    soft: tuple[float, ...] = ()
    versions: tuple[Features, ...] = ()
    single_speaker: bool = True


@dataclass(frozen=True)
class Batch:
    """Some clips, padded to the longest.

    Attributes:
        rows: which clips (B,).
        frames: normalised features (B, D, T).
        lengths: real frames of each (B,).
        words: numbers of words (B, N).
        speakers: numbers of speakers (B,), -1 where unknown.
        functionals: normalised (B, F); F is 0 where the model takes none.
    """

    rows: NDArray[np.int64]
    frames: Tensor
    lengths: Tensor
    words: Tensor
    speakers: Tensor
    functionals: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        tensors = (self.frames, self.lengths, self.words, self.speakers, self.functionals)
        return Batch(self.rows, *(one.to(device) for one in tensors))


@dataclass(frozen=True)
class Clips:
    """Clips as a network takes them, a batch at a time.

    Attributes:
        features: of each clip, as computed (T, D).
        scales: that normalise them.
        words: numbers of the words of each clip.
        speakers: of the clips (n,), as :func:`speaker_numbers` gives them.
        functionals: of the clips, normalised (n, F).
    """

    features: Sequence[Features]
    scales: Sequence[Scale]
    words: Sequence[Sequence[int]]
    speakers: NDArray[np.int64]
    functionals: NDArray[np.float32]

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Return the batch of some clips."""
        lengths = [len(self.features[row]) for row in rows]
        width = self.features[rows[0]].shape[1]
        frames = np.zeros((len(rows), width, max(lengths)), dtype=np.float32)
        texts = np.full((len(rows), max(1, *(len(self.words[row]) for row in rows))), PADDING)
        for place, row in enumerate(rows):
            frames[place, :, : lengths[place]] = self.scales[row](self.features[row]).T
            texts[place, : len(self.words[row])] = self.words[row]
        return Batch(
            rows,
            torch.from_numpy(frames),
            torch.tensor(lengths),
            torch.from_numpy(texts),
            torch.from_numpy(self.speakers[rows]),
            torch.from_numpy(self.functionals[rows]),
        )


def speaker_numbers(groups: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for every clip's group, -1 for clips that stand alone.

    Example:
        >>> speaker_numbers(["b", "", "a", "b", "c", "c"]).tolist()
        [0, -1, -1, 0, 1, 1]
    """
    sizes = Counter(groups)
    together = sorted(group for group in sizes if group != UNSEEN_SPEAKER and sizes[group] > 1)
    known = {group: number for number, group in enumerate(together)}
    return np.array([known.get(group, -1) for group in groups], dtype=np.int64)


def split_batches(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Yield pieces of ``size``, the last one smaller, but never a single clip after others.

    Example:
        >>> [piece.tolist() for piece in split_batches(np.arange(5), 2)]
        [[0, 1], [2, 3, 4]]
    """
    cuts = list(range(0, len(order), size))
    if len(cuts) > 1 and len(order) - cuts[-1] == 1:
        cuts.pop()
    for start, end in zip(cuts, [*cuts[1:], len(order)], strict=True):
        yield order[start:end]
