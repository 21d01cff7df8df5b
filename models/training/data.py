"""From the entries of a manifest to examples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import ManifestEntry
from manifests.versions import Manifest
from models.examples import Example
from models.feature_cache import ClipFile, FeatureCache
from models.features import FeatureExtractor, Features
from models.settings import TrainSettings
from models.text.tokeniser import Tokeniser

__all__ = ["Examples", "load_examples"]

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

    A clip that can't be read is noted in the outcome as failed; the others go on, if there are any.

    Args:
        manifest: an opened version.
        settings: of features and branches.
        outcome: gets the account of the clips.
        splits: those wanted; clips of the others are noted as rejected.
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
            f"{manifest.corpus}: none of the {len(wanted)} clips can be read; is the folder clips/ "
            f"whole? The first is {first.item}: {first.reason}"
        )
    return examples


def _features(
    manifest: Manifest,
    entries: Sequence[ManifestEntry],
    settings: TrainSettings,
    outcome: Outcome,
    progress: Progress,
) -> list[tuple[Features, ...] | DataError]:
    """Return the features of clips, those of training clips at all speeds."""
    if settings.modality == "text":
        nothing = np.zeros((1, FeatureExtractor(settings.features).width), dtype=np.float32)
        return [(nothing,)] * len(entries)
    clips: list[ClipFile] = []
    refused: dict[str, DataError] = {}
    for entry in entries:
        speeds = (1.0, *settings.speeds) if entry.split == "train" else (1.0,)
        try:
            path = manifest.audio(entry)
        except DataError as error:
            refused[entry.clip_id] = error
        else:
            clips.append(ClipFile(entry.clip_id, path, entry.file_sha256, speeds))
    cache = FeatureCache(cache_folder(manifest.corpus), settings.features)
    loaded = iter(cache.load(clips, progress))
    if cache.refused is not None:
        outcome.warnings.append(
            f"{cache.folder}: features can't be kept ({cache.refused}), so the next run computes "
            f"them again; make room, or make the folder writable"
        )
    return [refused.get(entry.clip_id) or next(loaded) for entry in entries]


def cache_folder(corpus: Path) -> Path:
    """Return where a corpus keeps computed features."""
    return corpus / ".cache" / "features"
