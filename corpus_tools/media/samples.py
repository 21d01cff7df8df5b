"""16-bit samples: their levels in dB relative to full scale, and a buffer for a whole track."""

import contextlib
import math
import tempfile
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from manifests.base.errors import FULL, FullDiskError

__all__ = [
    "PcmBuffer",
    "Samples",
    "clipping_share",
    "decibels",
    "frame_powers",
    "peak_db",
    "rms_db",
]

Samples = NDArray[np.int16]

FULL_SCALE = 32768.0
FLOOR_DB = -96.33
"""Level given to digital silence: that of one least significant bit, rounded down."""


def decibels(power: float) -> float:
    """Return a mean square (1.0 is full scale) in dB, at least `FLOOR_DB`, to 2 decimals.

    Example:
        >>> decibels(0.01), decibels(0.0)
        (-20.0, -96.33)
    """
    if power <= 0:
        return FLOOR_DB
    return round(max(10 * float(np.log10(power)), FLOOR_DB), 2)


def rms_db(samples: Samples) -> float:
    """Return the root-mean-square level in dBFS (a full-scale square wave is 0)."""
    if not len(samples):
        return FLOOR_DB
    wide = samples.astype(np.float64)  # holds the sum of the squares of 9 minutes exactly
    return decibels(float(wide @ wide) / len(samples) / FULL_SCALE**2)


def peak_db(samples: Samples) -> float:
    """Return the level of the largest sample in dBFS."""
    if not len(samples):
        return FLOOR_DB
    peak = _peak(samples) / FULL_SCALE
    return decibels(peak * peak)


def clipping_share(samples: Samples) -> float:
    """Return the share of samples within 1 dB of the largest one.

    Clipped audio has many (1 % and more), even if attenuated or encoded lossily afterwards, which
    bends the flat tops; speech has few (at most 0.3 % in 500 acted utterances); a sine has 30 %.

    Example:
        >>> clipping_share(np.array([0, 3, -100, 99, 50, 2, 1, 0, -1, 5], dtype=np.int16))
        0.2
    """
    if not len(samples):
        return 0.0
    peak = _peak(samples)
    if not peak:
        return 0.0
    near = math.ceil(peak * _NEAR_PEAK)
    count = np.count_nonzero(samples >= near) + np.count_nonzero(samples <= -near)
    return round(count / len(samples), 6)


def frame_powers(samples: Samples, frame: int) -> NDArray[np.float32]:
    """Return the mean square (1.0 is full scale) of each whole frame of ``frame`` samples."""
    whole = len(samples) // frame * frame
    frames = samples[:whole].reshape(-1, frame).astype(np.float32)
    frames *= np.float32(1 / FULL_SCALE)
    powers: NDArray[np.float32] = np.einsum("ij,ij->i", frames, frames)
    powers /= np.float32(frame)
    return powers


def _peak(samples: Samples) -> int:
    return max(int(samples.max()), -int(samples.min()))


_NEAR_PEAK = 10 ** (-1 / 20)


class PcmBuffer:
    """Samples in an unnamed temporary file, which vanishes when closed or when the process dies.

    Example:
        >>> with PcmBuffer() as buffer:
        ...     buffer.append(np.arange(10, dtype=np.int16))
        ...     len(buffer), buffer.read(8, 99).tolist()
        (10, [8, 9])
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed in __exit__
        self._lock = threading.Lock()
        self._length = 0

    def __enter__(self) -> "PcmBuffer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):  # unwritten samples aren't needed any more
            self._file.close()

    def __len__(self) -> int:
        return self._length

    def append(self, samples: Samples) -> None:
        """Add samples at the end; `CorpusError`, which names the folder, if the disk is full."""
        try:
            self._file.write(samples.astype("<i2", copy=False).tobytes())
            self._file.flush()
        except OSError as error:
            if error.errno in FULL:
                raise FullDiskError(
                    f"no space left in {self._folder} for the decoded audio "
                    f"(115 MB an hour); free some and run again"
                ) from error
            raise
        self._length += len(samples)

    def read(self, start: int, end: int) -> Samples:
        """Return the samples [start, end), fewer at the track's end; safe in several threads."""
        start, end = max(start, 0), min(end, self._length)
        with self._lock:
            self._file.seek(2 * start)
            data = self._file.read(2 * max(end - start, 0))
        return np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
