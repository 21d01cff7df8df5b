"""Features on disk, so that a clip is computed once for all runs with the same settings."""

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
    """A clip to compute features of.

    Attributes:
        clip_id: for messages.
        path: its sound file.
        file_sha256: of the file; names the features in the cache.
        speeds: at which to compute them, no two alike.
    """

    clip_id: str
    path: Path
    file_sha256: str
    speeds: tuple[float, ...] = (1.0,)

    @property
    def names(self) -> list[Name]:
        """What its features are called in the cache."""
        return [(self.file_sha256, speed) for speed in self.speeds]


class FeatureCache:
    """Features of clips, under the sha256 of the clip and the fingerprint of the settings.

    They lie in packs, see :mod:`models.feature_packs`: what was cut short or damaged is not
    believed, and computed anew. Several runs can share the folder; losing it costs no more than the
    time to compute it again. Many clips are computed in several processes, if these were warmed up
    (:func:`manifests.workers.warm_up`).

    Args:
        folder: made when the first clips are stored; None to compute without storing.
        settings: of the features.

    Attributes:
        refused: why the disk no longer takes features, if so; they are then computed without
            storing.
    """

    def __init__(self, folder: Path | None, settings: FeatureSettings) -> None:
        self.folder = folder
        self.refused: str | None = None
        self.extractor = FeatureExtractor(settings)
        own = None if folder is None else folder / self.extractor.fingerprint()[:16]
        self._packs = None if own is None else Packs(own, self.extractor.width)

    def load(
        self, clips: Sequence[ClipFile], progress: Progress = no_progress
    ) -> list[tuple[Features, ...] | DataError]:
        """Return the features of each clip at its speeds, or what is wrong with the clip."""
        found: dict[Name, Features] = {}
        if self._packs is not None:
            found = self._packs.find([name for clip in clips for name in clip.names])
        wrong: dict[ClipFile, DataError] = {}
        fresh: dict[Name, Features] = {}
        lacking = [clip for clip in clips if any(name not in found for name in clip.names)]
        for done, (clip, computed) in enumerate(self._computed(lacking), 1):
            if isinstance(computed, DataError):
                wrong[clip] = computed
            else:
                fresh |= computed
            if done % _IN_A_PACK == 0:
                found |= self._kept(fresh)
                fresh = {}
            progress(len(clips) - len(lacking) + done, len(clips), clip.clip_id)
        found |= self._kept(fresh)
        return [wrong.get(clip) or tuple(found[name] for name in clip.names) for clip in clips]

    def _computed(
        self, clips: Sequence[ClipFile]
    ) -> Iterator[tuple[ClipFile, dict[Name, Features] | DataError]]:
        """Yield each clip with its features."""
        pieces = [clips[start : start + _PIECE] for start in range(0, len(clips), _PIECE)]
        work = _Work(self.extractor)
        if len(clips) < _WORTH_PROCESSES or not is_warm():
            for piece in pieces:
                yield from zip(piece, work(piece), strict=True)
            return
        for place, future in in_processes(pieces, work, min(os.cpu_count() or 1, _PROCESSES)):
            try:
                computed = future.result()
            except CorpusError:  # the process was killed; this one may fare better
                computed = work(pieces[place])
            yield from zip(pieces[place], computed, strict=True)

    def _kept(self, fresh: dict[Name, Features]) -> dict[Name, Features]:
        """Return features as they are on disk, or as they were where it doesn't take them."""
        if self._packs is None or self.refused is not None or not fresh:
            return fresh
        try:
            return fresh | self._packs.add(fresh)
        except OSError as error:
            self.refused = error.strerror or str(error)
            return fresh


@dataclass(frozen=True)
class _Work:
    """What a process does for some clips.

    Attributes:
        extractor: of the features.
    """

    extractor: FeatureExtractor

    def __call__(self, clips: Sequence[ClipFile]) -> list[dict[Name, Features] | DataError]:
        return [self._one(clip) for clip in clips]

    def _one(self, clip: ClipFile) -> dict[Name, Features] | DataError:
        try:
            samples = read_clip(clip.path, clip.file_sha256)
        except DataError as error:
            return error
        computed = self.extractor.at_speeds(samples, clip.speeds)
        return dict(zip(clip.names, computed, strict=True))


_PIECE = 16  # clips that go to a process at once
_WORTH_PROCESSES = 128  # clips; fewer are computed before processes have begun
_PROCESSES = 8
_IN_A_PACK = 2048  # clips; a run that is killed loses no more
