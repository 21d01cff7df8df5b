"""Features on disk, so that a clip is computed once for all runs with the same settings."""

import hashlib
import io
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

__all__ = ["ClipFile", "FeatureCache"]

_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class ClipFile:
    """A clip to compute features of.

    Attributes:
        clip_id: for messages.
        path: its sound file.
        file_sha256: of the file; names the features in the cache.
    """

    clip_id: str
    path: Path
    file_sha256: str


class FeatureCache:
    """Features of clips, under the sha256 of the clip and the fingerprint of the settings.

    A file holds an array as ``.npy`` and its sha256 after it: one that was cut short or damaged
    is not believed, and written anew. It appears under its name when it is whole, so that several
    runs can share the folder; losing it costs no more than the time to compute it again.

    Args:
        folder: made when the first clip is stored; None to compute without storing.
        extractor: computes what is not stored.
    """

    def __init__(self, folder: Path | None, extractor: FeatureExtractor) -> None:
        self.folder = None if folder is None else folder / extractor.fingerprint[:16]
        self.extractor = extractor

    def load(
        self,
        clips: Sequence[ClipFile],
        *,
        threads: int = 2,
        progress: Progress = no_progress,
    ) -> list[Features | DataError]:
        """Return the features of each clip, or what is wrong with it, in the order given.

        Raises:
            OSError: if the disk fails or is full.
        """
        found: list[Features | DataError] = []
        with ThreadPoolExecutor(threads) as pool:
            for clip, features in zip(clips, pool.map(self._one, clips), strict=True):
                found.append(features)
                progress(len(found), len(clips), clip.clip_id)
        return found

    def _one(self, clip: ClipFile) -> Features | DataError:
        path = None if self.folder is None else self._path(clip.file_sha256)
        stored = None if path is None else _read(path, self.extractor.width)
        if stored is not None:
            return stored
        try:
            features = self.extractor(read_clip(clip.path, clip.file_sha256))
        except DataError as error:
            return error
        if path is not None:
            _write(path, features)
        return features

    def _path(self, sha256: str) -> Path:
        assert self.folder is not None  # noqa: S101
        return self.folder / sha256[:2] / f"{sha256}.features"


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
