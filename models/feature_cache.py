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
from models.features import FeatureExtractor, Features
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
        speeds: at which to compute them, no two alike.
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

    Attributes:
        refused: why the disk no longer takes features, if so; they are then computed without
            storing.
    """

    def __init__(self, folder: Path | None, settings: FeatureSettings) -> None:
        self.folder = folder
        self.refused: str | None = None
        self.extractor = FeatureExtractor(settings)

    def load(
        self, clips: Sequence[ClipFile], progress: Progress = no_progress
    ) -> list[tuple[Features, ...] | DataError]:
        """Return the features of each clip at its speeds, or what is wrong with the clip."""
        found: list[tuple[Features, ...] | DataError] = []
        with ThreadPoolExecutor(_WORKERS) as pool:
            for clip, features in zip(clips, pool.map(self._one, clips), strict=True):
                found.append(features)
                progress(len(found), len(clips), clip.clip_id)
        return found

    def _one(self, clip: ClipFile) -> tuple[Features, ...] | DataError:
        stored = {speed: self._read(clip, speed) for speed in clip.speeds}
        missing = [speed for speed, features in stored.items() if features is None]
        if missing:
            try:
                samples = read_clip(clip.path, clip.file_sha256)
            except DataError as error:
                return error
            computed = self.extractor.at_speeds(samples, missing)
            for speed, features in zip(missing, computed, strict=True):
                self._write(clip, speed, features)
                stored[speed] = features
        return tuple(features for features in stored.values() if features is not None)

    def _read(self, clip: ClipFile, speed: float) -> Features | None:
        path = self._path(clip, speed)
        return None if path is None else _read(path, self.extractor.width)

    def _write(self, clip: ClipFile, speed: float, features: Features) -> None:
        path = self._path(clip, speed)
        if path is None or self.refused is not None:
            return
        try:
            _write(path, features)
        except OSError as error:
            self.refused = error.strerror or str(error)

    def _path(self, clip: ClipFile, speed: float) -> Path | None:
        if self.folder is None:
            return None
        digest = clip.file_sha256
        folder = self.folder / self.extractor.fingerprint(speed)[:16]
        return folder / digest[:2] / f"{digest}.features"


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
