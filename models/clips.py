"""Read the clips of a corpus: 16 kHz, mono, and the very file that a manifest names."""

import hashlib
import io
from pathlib import Path

import numpy as np

from manifests.errors import DataError
from models.features import SAMPLE_RATE, Samples

__all__ = ["read_clip"]


def read_clip(path: Path, file_sha256: str | None = None) -> Samples:
    """Return the samples (N,) of a clip.

    Args:
        path: a sound file that soundfile reads, 16 kHz and mono.
        file_sha256: what the file's bytes have to hash to; None to take them as they are.

    Raises:
        DataError: if the file is missing, another one than expected, no sound, not 16 kHz mono, or
            empty.
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
            f"{path}: not the file that the manifest names (its sha256 differs); restore it, or "
            f"build the manifest again"
        )
    try:
        samples, rate = _decoded(data)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path}: not a sound file that can be read ({error})") from error
    if rate != SAMPLE_RATE or samples.shape[1] != 1:
        raise DataError(
            f"{path}: {rate} Hz with {samples.shape[1]} channels, where clips are "
            f"{SAMPLE_RATE} Hz mono; bring it in with: corpus segment"
        )
    if not len(samples) or not np.isfinite(samples).all():
        raise DataError(f"{path}: no usable samples in it; leave it out")
    mono: Samples = np.ascontiguousarray(samples[:, 0])
    return mono


def _decoded(data: bytes) -> tuple[Samples, int]:
    """Return samples (N, channels) and their rate; 16 bits are read as such, twice as fast."""
    import soundfile

    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        if sound.subtype != "PCM_16":
            return sound.read(dtype="float32", always_2d=True), sound.samplerate
        whole = sound.read(dtype="int16", always_2d=True)
        return whole.astype(np.float32) / _FULL_SCALE, sound.samplerate


_FULL_SCALE = np.float32(32768)
