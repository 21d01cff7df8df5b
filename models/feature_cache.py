"""Feature cache on disk, shared by all runs with the same feature settings."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from manifests.errors import CorpusError, DataError
from manifests.outcome import Progress, no_progress
from manifests.workers import in_processes, is_warm
from models.clips import read_clip
from models.feature_packs import Name, Packs
from models.features import FeatureExtractor, Features
from models.settings import FeatureSettings

__all__ = ["ClipFile", "FeatureCache"]


@dataclass(frozen=True)
class ClipFile:
    """Clip whose features are wanted.

    Attributes:
        clip_id: id of the clip, for messages.
        path: audio file.
        file_sha256: sha256 of the file, which names the features in the cache.
        speeds: speeds to compute features at, without duplicates.
    """

    clip_id: str
    path: Path
    file_sha256: str
    speeds: tuple[float, ...] = (1.0,)

    @property
    def names(self) -> list[Name]:
        """Names of its features in the cache."""
        return [(self.file_sha256, speed) for speed in self.speeds]


class FeatureCache:
    """Cache of features by sha256 of the clip and fingerprint of the settings.

    Features are stored in packs, see :mod:`models.feature_packs`; truncated or damaged ones are
    computed again. Several runs can share the folder, and it can be deleted at any time. Many clips
    are computed in several processes, if these were warmed up (:func:`manifests.workers.warm_up`).

    Args:
        folder: folder of the cache, created when the first clips are stored; None to store nothing.
        settings: settings of the features.

    Attributes:
        refused: reason why features can't be stored any more, or None.
    """

    def __init__(self, folder: Path | None, settings: FeatureSettings) -> None:
        self.folder = folder
        self.refused: str | None = None
        self.extractor = FeatureExtractor(settings)
        subfolder = None if folder is None else folder / self.extractor.fingerprint()[:16]
        self._packs = None if subfolder is None else Packs(subfolder, self.extractor.width)

    def load(
        self, clips: Sequence[ClipFile], progress: Progress = no_progress
    ) -> list[tuple[Features, ...] | DataError]:
        """Return the features of each clip at its speeds, or the error that prevents them."""
        features: dict[Name, Features] = {}
        if self._packs is not None:
            features = self._packs.find([name for clip in clips for name in clip.names])
        errors: dict[ClipFile, DataError] = {}
        fresh: dict[Name, Features] = {}
        missing = [clip for clip in clips if any(name not in features for name in clip.names)]
        for done, (clip, computed) in enumerate(self._compute(missing), 1):
            if isinstance(computed, DataError):
                errors[clip] = computed
            else:
                fresh |= computed
            if done % _CLIPS_PER_PACK == 0:
                features |= self._store(fresh)
                fresh = {}
            progress(len(clips) - len(missing) + done, len(clips), clip.clip_id)
        features |= self._store(fresh)
        return [errors.get(clip) or tuple(features[name] for name in clip.names) for clip in clips]

    def _compute(
        self, clips: Sequence[ClipFile]
    ) -> Iterator[tuple[ClipFile, dict[Name, Features] | DataError]]:
        """Yield each clip with its features."""
        chunks = [clips[start : start + _CHUNK] for start in range(0, len(clips), _CHUNK)]
        extract = _ClipExtractor(self.extractor)
        if len(clips) < _MIN_FOR_PROCESSES or not is_warm():
            for chunk in chunks:
                yield from zip(chunk, extract(chunk), strict=True)
            return
        for index, future in in_processes(chunks, extract, min(os.cpu_count() or 1, _PROCESSES)):
            try:
                computed = future.result()
            except CorpusError:  # the process was killed; compute in this one
                computed = extract(chunks[index])
            yield from zip(chunks[index], computed, strict=True)

    def _store(self, fresh: dict[Name, Features]) -> dict[Name, Features]:
        """Store features; return them memory-mapped, or unchanged if they can't be stored."""
        if self._packs is None or self.refused is not None or not fresh:
            return fresh
        try:
            return fresh | self._packs.add(fresh)
        except OSError as error:
            self.refused = error.strerror or str(error)
            return fresh


@dataclass(frozen=True)
class _ClipExtractor:
    """Feature extraction for clip files, run in worker processes.

    Attributes:
        extractor: feature extractor.
    """

    extractor: FeatureExtractor

    def __call__(self, clips: Sequence[ClipFile]) -> list[dict[Name, Features] | DataError]:
        return [self._extract(clip) for clip in clips]

    def _extract(self, clip: ClipFile) -> dict[Name, Features] | DataError:
        try:
            samples = read_clip(clip.path, clip.file_sha256)
        except DataError as error:
            return error
        computed = self.extractor.at_speeds(samples, clip.speeds)
        return dict(zip(clip.names, computed, strict=True))


_CHUNK = 16  # clips sent to a process at once
_MIN_FOR_PROCESSES = 128  # clips; fewer are computed faster than processes start
_PROCESSES = 8
_CLIPS_PER_PACK = 2048  # a killed run loses at most these
