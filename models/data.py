"""Model inputs: examples, normalised clips and batches.

Loading of the examples of a manifest.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.records import ManifestEntry
from manifests.versions.manifest import Manifest
from models.config.train import TrainSettings
from models.features.cache import ClipFile, FeatureCache
from models.features.mfcc import FeatureExtractor, Features
from models.features.normalise import UNSEEN_SPEAKER, Scale
from models.text.tokeniser import Tokeniser
from models.text.vocabulary import PADDING

__all__ = [
    "Batch",
    "Clips",
    "Example",
    "Examples",
    "load_examples",
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
    """Batch of clips, padded to the longest.

    Attributes:
        rows: indices of the clips (B,).
        frames: normalised features (B, D, T).
        lengths: frames of each clip without padding (B,).
        words: word ids (B, N).
        speakers: speaker ids (B,), -1 if unknown.
        functionals: normalised functionals (B, F); F is 0 if the model takes none.
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
        return Batch(self.rows, *(tensor.to(device) for tensor in tensors))


@dataclass(frozen=True)
class Clips:
    """Network inputs of clips; features are normalised when a batch is made.

    Attributes:
        features: features of each clip (T, D), not normalised.
        scales: normalisation of each clip.
        words: word ids of each clip.
        speakers: speaker ids (n,) from :func:`speaker_numbers`.
        functionals: normalised functionals (n, F).
    """

    features: Sequence[Features]
    scales: Sequence[Scale]
    words: Sequence[Sequence[int]]
    speakers: NDArray[np.int64]
    functionals: NDArray[np.float32]

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Return the batch of the clips with these indices."""
        lengths = [len(self.features[row]) for row in rows]
        width = self.features[rows[0]].shape[1]
        frames = np.zeros((len(rows), width, max(lengths)), dtype=np.float32)
        texts = np.full((len(rows), max(1, *(len(self.words[row]) for row in rows))), PADDING)
        for index, row in enumerate(rows):
            frames[index, :, : lengths[index]] = self.scales[row](self.features[row]).T
            texts[index, : len(self.words[row])] = self.words[row]
        return Batch(
            rows,
            torch.from_numpy(frames),
            torch.tensor(lengths),
            torch.from_numpy(texts),
            torch.from_numpy(self.speakers[rows]),
            torch.from_numpy(self.functionals[rows]),
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


def load_examples(
    manifest: Manifest,
    settings: TrainSettings,
    outcome: Outcome,
    *,
    splits: Sequence[str] = ("train", "val", "test"),
    progress: Progress = no_progress,
) -> Examples:
    """Return the examples of a manifest's splits.

    Clips that can't be read are recorded in the outcome as failed and left out.

    Args:
        manifest: opened manifest version.
        settings: settings of features and branches.
        outcome: outcome that the clips are counted in.
        splits: splits to load; clips of others are counted as rejected.
        progress: called after every clip.

    Raises:
        DataError: if none of the clips can be read.
    """
    wanted: list[ManifestEntry] = []
    outcome.items_in += len(manifest.entries)
    for entry in manifest.entries:
        if entry.split in splits:
            wanted.append(entry)
        else:
            outcome.rejected[f"split_{entry.split}"] += 1
    tokeniser = Tokeniser(settings.words.lexicon)
    examples: Examples = {split: [] for split in splits}
    for entry, features in zip(
        wanted, _features(manifest, wanted, settings, outcome, progress), strict=True
    ):
        if isinstance(features, DataError):
            outcome.fail(entry.clip_id, str(features))
            continue
        outcome.kept += 1
        examples[entry.split].append(
            Example(
                clip_id=entry.clip_id,
                features=features[0],
                words=tuple(tokeniser(entry.text)) if settings.modality != "audio" else (),
                group=entry.speaker or entry.source_id,
                label=EMOTIONS.index(entry.emotion),
                soft=tuple(entry.soft),
                versions=features[1:],
                single_speaker=bool(entry.speaker),
            )
        )
    if wanted and not any(examples.values()):
        first = outcome.failures[-len(wanted)]
        raise DataError(
            f"{manifest.corpus}: none of the {len(wanted)} clips can be read; check the folder "
            f"clips/. The first is {first.item}: {first.reason}"
        )
    return examples


def _features(
    manifest: Manifest,
    entries: Sequence[ManifestEntry],
    settings: TrainSettings,
    outcome: Outcome,
    progress: Progress,
) -> list[tuple[Features, ...] | DataError]:
    """Return the features of each clip, for training clips at all speeds."""
    if settings.modality == "text":
        empty = np.zeros((1, FeatureExtractor(settings.features).width), dtype=np.float32)
        return [(empty,)] * len(entries)
    clips: list[ClipFile] = []
    errors: dict[str, DataError] = {}
    for entry in entries:
        speeds = (1.0, *settings.speeds) if entry.split == "train" else (1.0,)
        try:
            path = manifest.audio(entry)
        except DataError as error:
            errors[entry.clip_id] = error
        else:
            clips.append(ClipFile(entry.clip_id, path, entry.file_sha256, speeds))
    cache = FeatureCache(cache_folder(manifest.corpus), settings.features)
    loaded = iter(cache.load(clips, progress))
    if cache.refused is not None:
        outcome.warnings.append(
            f"{cache.folder}: features can't be stored ({cache.refused}), so the next run computes "
            f"them again; free disk space, or make the folder writable"
        )
    return [errors.get(entry.clip_id) or next(loaded) for entry in entries]


def cache_folder(corpus: Path) -> Path:
    """Return the folder of a corpus's feature cache."""
    return corpus / ".cache" / "features"
