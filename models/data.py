"""Model inputs: examples, normalised clips and batches."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.features.extractor import Features
from models.features.normalise import UNSEEN_SPEAKER, Scale
from models.text.vocabulary import PADDING

__all__ = [
    "Batch",
    "Clips",
    "Example",
    "Examples",
    "speaker_numbers",
    "split_batches",
]


@dataclass(frozen=True)
class Example:
    """Clip with features, text and label.

    Attributes:
        clip_id: id of the clip.
        features: frames (T, D), not normalised.
        words: words of the text; may be empty.
        group: speaker, or source if the speaker is unknown; "" if neither is known.
        label: class index, -1 if unknown.
        soft: share of the votes for each class; may be empty.
        versions: features at other speeds, for training.
        single_speaker: True if the group is one person; a source may have several.
        text_vectors: vectors of the text's tokens (N, H) from a pretrained encoder, if one is used.
    """

    clip_id: str
    features: Features
    words: tuple[str, ...] = ()
    group: str = UNSEEN_SPEAKER
    label: int = -1
    soft: tuple[float, ...] = ()
    versions: tuple[Features, ...] = ()
    single_speaker: bool = True
    text_vectors: NDArray[np.float16] | None = None


@dataclass(frozen=True)
class Batch:
    """Batch of clips, padded to the longest.

    Attributes:
        rows: indices of the clips (B,).
        frames: normalised features (B, D, T).
        lengths: frames of each clip without padding (B,).
        words: word ids (B, N), or vectors of words (B, N, H).
        speakers: speaker ids (B,), -1 if unknown.
        extra: inputs of other branches (B, F), by name of the branch.
    """

    rows: NDArray[np.int64]
    frames: Tensor
    lengths: Tensor
    words: Tensor
    speakers: Tensor
    extra: Mapping[str, Tensor]

    def part(self, clips: NDArray[np.int64]) -> "Batch":
        """Return the batch of some of its clips, as padded as before; of all, the same batch."""
        if len(clips) == len(self.rows):
            return self
        return Batch(
            self.rows[clips],
            self.frames[clips],
            self.lengths[clips],
            self.words[clips],
            self.speakers[clips],
            {name: tensor[clips] for name, tensor in self.extra.items()},
        )

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return Batch(
            self.rows,
            self.frames.to(device),
            self.lengths.to(device),
            self.words.to(device),
            self.speakers.to(device),
            {name: tensor.to(device) for name, tensor in self.extra.items()},
        )


@dataclass(frozen=True)
class Clips:
    """Network inputs of n clips, as in :class:`Batch`; features are normalised in batches."""

    features: Sequence[Features]
    scales: Sequence[Scale]
    words: Sequence[Sequence[int] | NDArray[np.float32]]
    speakers: NDArray[np.int64]
    extra: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Return the batch of the clips with these indices."""
        lengths = [len(self.features[row]) for row in rows]
        width = self.features[rows[0]].shape[1]
        frames = np.zeros((len(rows), width, max(lengths)), dtype=np.float32)
        longest = max(1, *(len(self.words[row]) for row in rows))
        vectors = np.shape(self.words[rows[0]])[1:]
        kind = np.float32 if vectors else np.int64
        texts = np.full((len(rows), longest, *vectors), PADDING, dtype=kind)
        for index, row in enumerate(rows):
            frames[index, :, : lengths[index]] = self.scales[row](self.features[row]).T
            texts[index, : len(self.words[row])] = self.words[row]
        return Batch(
            rows,
            torch.from_numpy(frames),
            torch.tensor(lengths),
            torch.from_numpy(texts),
            torch.from_numpy(self.speakers[rows]),
            {name: torch.from_numpy(values[rows]) for name, values in self.extra.items()},
        )


def speaker_numbers(groups: Sequence[str]) -> NDArray[np.int64]:
    """Return a speaker id for each clip, -1 for clips without another clip in their group.

    Example:
        >>> speaker_numbers(["b", "", "a", "b", "c", "c"]).tolist()
        [0, -1, -1, 0, 1, 1]
    """
    sizes = Counter(groups)
    seen = sorted(group for group in sizes if group != UNSEEN_SPEAKER and sizes[group] > 1)
    numbers = {group: number for number, group in enumerate(seen)}
    return np.array([numbers.get(group, -1) for group in groups], dtype=np.int64)


def split_batches(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Yield batches of ``size``; the last is smaller, but a single clip joins the one before.

    Example:
        >>> [batch.tolist() for batch in split_batches(np.arange(5), 2)]
        [[0, 1], [2, 3, 4]]
    """
    starts = list(range(0, len(order), size))
    if len(starts) > 1 and len(order) - starts[-1] == 1:
        starts.pop()
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        yield order[start:end]


Examples = dict[str, list[Example]]
"""Examples of each split."""
