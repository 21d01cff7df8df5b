"""Loading of the examples of a manifest: features from the cache, words of the texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.records import ManifestEntry
from manifests.versions.manifest import Manifest
from models.branches import needs_sound, needs_text, text_encoder
from models.config.train import TrainSettings
from models.data import Example, Examples
from models.features.cache import ClipFile, FeatureCache
from models.features.extractor import Features, make_extractor
from models.text.pretrained import Vectors, cached_vectors
from models.text.tokeniser import Tokeniser

__all__ = ["cache_folder", "load_examples"]


def load_examples(
    manifest: Manifest,
    settings: TrainSettings,
    outcome: Outcome,
    *,
    splits: Sequence[str] = ("train", "val", "test"),
    progress: Progress = no_progress,
) -> Examples:
    """Return the examples of a manifest's splits; ``outcome`` counts clips of others as rejected.

    Clips that can't be read are recorded in the outcome as failed and left out.

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
    tokeniser = Tokeniser(settings.words.lexicon) if needs_text(settings) else None
    examples: Examples = {split: [] for split in splits}
    folder = cache_folder(manifest.corpus)
    vectors = load_vectors(settings, [(one.file_sha256, one.text) for one in wanted], folder)
    for entry, features, own in zip(
        wanted, _features(manifest, wanted, settings, outcome, progress), vectors, strict=True
    ):
        if isinstance(features, DataError):
            outcome.fail(entry.clip_id, str(features))
            continue
        outcome.kept += 1
        examples[entry.split].append(
            Example(
                clip_id=entry.clip_id,
                features=features[0],
                words=tuple(tokeniser(entry.text)) if tokeniser else (),
                group=entry.speaker or entry.source_id,
                label=EMOTIONS.index(entry.emotion),
                soft=tuple(entry.soft),
                versions=features[1:],
                single_speaker=bool(entry.speaker),
                text_vectors=own,
            )
        )
    if wanted and not any(examples.values()):
        first = outcome.failures[-len(wanted)]
        raise DataError(
            f"{manifest.corpus}: none of the {len(wanted)} clips can be read; check the folder "
            f"clips/. The first is {first.item}: {first.reason}"
        )
    return examples


def load_vectors(
    settings: TrainSettings, clips: Sequence[tuple[str, str]], folder: Path | None
) -> Sequence[Vectors | None]:
    """Return the vectors of the texts of clips (sha256 of the file, text), None without encoder."""
    encoder = text_encoder(settings)
    return [None] * len(clips) if encoder is None else cached_vectors(encoder, clips, folder)


def _features(
    manifest: Manifest,
    entries: Sequence[ManifestEntry],
    settings: TrainSettings,
    outcome: Outcome,
    progress: Progress,
) -> list[tuple[Features, ...] | DataError]:
    """Return the features of each clip, for training clips at all speeds."""
    if not needs_sound(settings):
        return [(np.zeros((1, 1), dtype=np.float32),)] * len(entries)
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
    cache = FeatureCache(cache_folder(manifest.corpus), make_extractor(settings))
    loaded = iter(cache.load(clips, progress))
    if cache.refused is not None:
        outcome.warnings.append(
            f"{cache.folder}: features can't be stored ({cache.refused}), so the next run computes "
            f"them again; free disk space, or make it a writable folder"
        )
    return [errors.get(entry.clip_id) or next(loaded) for entry in entries]


def cache_folder(corpus: Path) -> Path:
    """Return the folder of a corpus's feature cache."""
    return corpus / ".cache" / "features"
