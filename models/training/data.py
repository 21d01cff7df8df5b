"""From the entries of a manifest to examples."""

from collections.abc import Sequence
from pathlib import Path

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import ManifestEntry
from manifests.versions import Manifest
from models.examples import Example
from models.feature_cache import ClipFile, FeatureCache
from models.features import FeatureExtractor
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

    A clip that can't be read is noted in the outcome as failed; the others go on.

    Args:
        manifest: an opened version.
        settings: of features and branches.
        outcome: gets the account of the clips.
        splits: those wanted; clips of the others are noted as rejected.
        progress: called after every clip.
    """
    wanted = [entry for entry in manifest.entries if entry.split in splits]
    outcome.items_in += len(manifest.entries)
    for entry in manifest.entries:
        if entry.split not in splits:
            outcome.rejected[f"split_{entry.split}"] += 1
    clips: list[ClipFile] = []
    entries: list[ManifestEntry] = []
    for entry in wanted:
        try:
            clips.append(ClipFile(entry.clip_id, manifest.audio(entry), entry.file_sha256))
            entries.append(entry)
        except DataError as error:
            outcome.fail(entry.clip_id, str(error))
    cache = FeatureCache(cache_folder(manifest.corpus), FeatureExtractor(settings.features))
    found = cache.load(clips, threads=settings.threads, progress=progress)
    tokeniser = Tokeniser()
    examples: Examples = {split: [] for split in splits}
    for entry, features in zip(entries, found, strict=True):
        if isinstance(features, DataError):
            outcome.fail(entry.clip_id, str(features))
            continue
        outcome.kept += 1
        examples[entry.split].append(
            Example(
                clip_id=entry.clip_id,
                features=features,
                words=tuple(tokeniser(entry.text)) if settings.modality != "audio" else (),
                group=entry.speaker or entry.source_id,
                label=EMOTIONS.index(entry.emotion),
                soft=tuple(entry.soft),
            )
        )
    return examples


def cache_folder(corpus: Path) -> Path:
    """Return where a corpus keeps computed features."""
    return corpus / ".cache" / "features"
