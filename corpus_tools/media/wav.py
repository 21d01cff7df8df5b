"""Write and read clips: WAV, 16 kHz, mono, 16-bit PCM."""

import hashlib
import io
from pathlib import Path

import numpy as np
import soundfile

from corpus_tools.media.errors import MissingMediaError, NotMediaError
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from manifests.storage.store import write_bytes

__all__ = ["pcm_sha256", "read_wav", "write_wav"]


def pcm_sha256(samples: Samples) -> str:
    """Return the sha256 (hex) of samples as little-endian 16-bit PCM."""
    return hashlib.sha256(samples.astype("<i2", copy=False).tobytes()).hexdigest()


def write_wav(path: Path, samples: Samples) -> str:
    """Write a clip, whole or not at all, unless it is there; return its file's sha256 (hex)."""
    stream = io.BytesIO()
    soundfile.write(stream, samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    data = stream.getvalue()
    if not (path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data):
        write_bytes(path, data)
    return hashlib.sha256(data).hexdigest()


def read_wav(path: Path, sha256: str | None = None) -> Samples:
    """Return a clip's samples, checked against their expected ``sha256`` if it is given.

    `MissingMediaError` if there is no file; `NotMediaError` if it has another format or samples.
    """
    if not path.is_file():
        raise MissingMediaError(f"{path} is gone; {_REMEDY}")
    try:
        samples, rate = soundfile.read(path, dtype="int16")
    except soundfile.LibsndfileError as error:
        raise NotMediaError(f"{path} isn't a sound file any more; {_REMEDY}") from error
    if rate != SAMPLE_RATE or samples.ndim != 1:
        raise NotMediaError(f"{path} is not 16 kHz mono; {_REMEDY}")
    if sha256 is not None and pcm_sha256(samples) != sha256:
        raise NotMediaError(f"{path} changed since it was cut; {_REMEDY}")
    return np.asarray(samples, dtype=np.int16)


_REMEDY = (
    "restore it from a copy, or delete it and run the command that made it again: corpus segment "
    "or corpus add-recordings"
)
