"""Features on disk, so that a clip is computed once for all runs with the same settings."""

import hashlib
import io
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manifests.errors import DataError
from manifests.outcome import Progress, no_progress
from models.clips import read_clip
from models.features import FeatureExtractor, Features, Samples
from models.settings import FeatureSettings

__all__ = ["ClipFile", "FeatureCache"]

_DIGEST = hashlib.sha256().digest_size
_WORKERS = min(os.cpu_count() or 1, 8)  # threads; librosa and scipy compute without Python's lock


@dataclass(frozen=True)
class ClipFile:
    """A clip to compute features of.

    Attributes:
        clip_id: for messages.
        path: its sound file.
        file_sha256: of the file; names the features in the cache.
        speeds: at which to compute them.
    """

    clip_id: str
    path: Path
    file_sha256: str
    speeds: tuple[float, ...] = (1.0,)


class FeatureCache:
    """Features of clips, under the sha256 of the clip and the fingerprint of the settings.

    A file holds an array as ``.npy`` and its sha256 after it: one that was cut short or damaged
    is not believed, and written anew. It appears under its name when it is whole, so that several
    runs can share the folder; losing it costs no more than the time to compute it again.

    Args:
        folder: made when the first clip is stored; None to compute without storing.
        settings: of the features.
    """

    def __init__(self, folder: Path | None, settings: FeatureSettings) -> None:
        self.folder, self.settings = folder, settings
        self._extractors: dict[float, FeatureExtractor] = {}

    def load(
        self, clips: Sequence[ClipFile], progress: Progress = no_progress
    ) -> list[tuple[Features, ...] | DataError]:
        """Return the features of each clip at its speeds, or what is wrong with the clip.

        Raises:
            OSError: if the disk fails or is full.
        """
        for speed in {speed for clip in clips for speed in clip.speeds}:
            self._extractors.setdefault(speed, FeatureExtractor(self.settings, speed))
        found: list[tuple[Features, ...] | DataError] = []
        with ThreadPoolExecutor(_WORKERS) as pool:
            for clip, features in zip(clips, pool.map(self._one, clips), strict=True):
                found.append(features)
                progress(len(found), len(clips), clip.clip_id)
        return found

    def _one(self, clip: ClipFile) -> tuple[Features, ...] | DataError:
        extractors = [self._extractors[speed] for speed in clip.speeds]
        paths = [self._path(clip, extractor) for extractor in extractors]
        stored = [
            None if path is None else _read(path, extractor.width)
            for path, extractor in zip(paths, extractors, strict=True)
        ]
        known = tuple(features for features in stored if features is not None)
        if len(known) == len(stored):
            return known
        try:
            samples = read_clip(clip.path, clip.file_sha256)
        except DataError as error:
            return error
        return tuple(
            _computed(samples, extractor, path) if features is None else features
            for features, extractor, path in zip(stored, extractors, paths, strict=True)
        )

    def _path(self, clip: ClipFile, extractor: FeatureExtractor) -> Path | None:
        if self.folder is None:
            return None
        digest = clip.file_sha256
        return self.folder / extractor.fingerprint[:16] / digest[:2] / f"{digest}.features"


def _computed(samples: Samples, extractor: FeatureExtractor, path: Path | None) -> Features:
    features = extractor(samples)
    if path is not None:
        _write(path, features)
    return features


def _read(path: Path, width: int) -> Features | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        return None
    features: Features = np.load(io.BytesIO(body), allow_pickle=False)
    fits = features.ndim == 2 and features.shape[1] == width and features.dtype == np.float32
    return features if fits else None


def _write(path: Path, features: Features) -> None:
    """Write without syncing, 20 times faster; the digest tells what a power cut left half done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    np.save(stream, features, allow_pickle=False)
    body = stream.getvalue()
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        temporary.write_bytes(body + hashlib.sha256(body).digest())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
