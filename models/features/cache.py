"""Reading of clips, and the cache of their features on disk, shared by all runs."""

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manifests.base.errors import CorpusError, DataError
from manifests.base.outcome import Progress, no_progress
from manifests.base.workers import in_processes, is_warm
from models.features.extractor import (
    SAMPLE_RATE,
    FeatureExtractor,
    Features,
    Samples,
    resampled,
)
from models.features.packs import Name, Packs, is_linked

__all__ = ["ClipFile", "FeatureCache", "read_clip"]


def read_clip(path: Path, file_sha256: str | None = None) -> Samples:
    """Return the samples (N,) of a clip; a ``file_sha256`` of None is not checked.

    Raises:
        DataError: if the file is missing, has another checksum, isn't audio, isn't 16 kHz mono, or
            is empty.
    """
    import soundfile

    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: the clip can't be read ({error.strerror}); restore it, or build the manifest "
            f"again without it"
        ) from error
    if file_sha256 is not None and hashlib.sha256(data).hexdigest() != file_sha256:
        raise DataError(
            f"{path}: changed since the manifest was built (its sha256 differs); restore it, or "
            f"build the manifest again"
        )
    try:
        samples, rate = _decode(data)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path}: not a readable audio file ({error})") from error
    if rate != SAMPLE_RATE or samples.shape[1] != 1:
        raise DataError(
            f"{path}: {rate} Hz with {samples.shape[1]} channels, but clips must be "
            f"{SAMPLE_RATE} Hz mono; create clips with: corpus segment"
        )
    if not len(samples) or not np.isfinite(samples).all():
        raise DataError(f"{path}: empty, or has samples that aren't finite; leave it out")
    mono: Samples = np.ascontiguousarray(samples[:, 0])
    return mono


def _decode(data: bytes) -> tuple[Samples, int]:
    """Return samples (N, channels) and their rate; reading 16 bits as int16 is twice as fast."""
    import soundfile

    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        if sound.subtype != "PCM_16":
            return sound.read(dtype="float32", always_2d=True), sound.samplerate
        samples = sound.read(dtype="int16", always_2d=True)
        return samples.astype(np.float32) / _FULL_SCALE, sound.samplerate


_FULL_SCALE = np.float32(32768)


@dataclass(frozen=True)
class ClipFile:
    """Clip to compute features of at each of ``speeds``; ``clip_id`` is for messages."""

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

    Features are stored in packs, see :mod:`models.features.packs`; truncated or damaged ones are
    computed again. Several runs can share the folder, created at the first clips, and it can be
    deleted at any time; one behind a link isn't used. Many clips are computed in several processes,
    if these were warmed up (:func:`manifests.base.workers.warm_up`). ``folder`` is None to store
    nothing; ``refused`` is the reason why features can't be stored any more, or None.
    """

    def __init__(self, folder: Path | None, extractor: FeatureExtractor) -> None:
        self.folder = folder
        self.refused: str | None = None
        self.extractor = extractor
        subfolder = None if folder is None else folder / self.extractor.fingerprint()[:16]
        if subfolder is not None and is_linked(subfolder):
            subfolder, self.refused = None, "it is behind a link"
        self._packs = (
            None
            if subfolder is None
            else Packs(subfolder, self.extractor.width, self.extractor.stored)
        )

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
        size = _BATCH if self.extractor.batched else _CHUNK
        chunks = [clips[start : start + size] for start in range(0, len(clips), size)]
        extract = _ClipExtractor(self.extractor)
        if len(clips) < _MIN_FOR_PROCESSES or self.extractor.batched or not is_warm():
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
    """Feature extraction for clip files, run in worker processes."""

    extractor: FeatureExtractor

    def __call__(self, clips: Sequence[ClipFile]) -> list[dict[Name, Features] | DataError]:
        if self.extractor.batched:
            return self._extract_batch(clips)
        return [self._extract(clip) for clip in clips]

    def _extract_batch(self, clips: Sequence[ClipFile]) -> list[dict[Name, Features] | DataError]:
        errors: dict[ClipFile, DataError] = {}
        names: list[Name] = []
        samples: list[Samples] = []
        for clip in clips:
            try:
                own = read_clip(clip.path, clip.file_sha256)
            except DataError as error:
                errors[clip] = error
                continue
            names += clip.names
            samples += [resampled(own, speed) for speed in clip.speeds]
        computed = dict(zip(names, self.extractor.batch(samples), strict=True))
        return [errors.get(clip) or {name: computed[name] for name in clip.names} for clip in clips]

    def _extract(self, clip: ClipFile) -> dict[Name, Features] | DataError:
        try:
            samples = read_clip(clip.path, clip.file_sha256)
        except DataError as error:
            return error
        computed = self.extractor.at_speeds(samples, clip.speeds)
        return dict(zip(clip.names, computed, strict=True))


_CHUNK = 16  # clips sent to a process at once
_BATCH = 256  # clips of an extractor that takes many at once; 130 MB of samples of 8 s
_MIN_FOR_PROCESSES = 128  # clips; fewer are computed faster than processes start
_PROCESSES = 8
_CLIPS_PER_PACK = 2048  # a killed run loses at most these
