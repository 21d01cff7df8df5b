"""Buffer on disk for the 16-bit samples of a track, so that memory doesn't grow with its length."""

import contextlib
import errno
import tempfile
import threading
from pathlib import Path
from types import TracebackType

import numpy as np

from corpus_tools.media.levels import Samples
from manifests.errors import CorpusError

__all__ = ["PcmBuffer"]


class PcmBuffer:
    """Samples in an unnamed temporary file, which vanishes when closed or when the process dies.

    Args:
        folder: folder that the file is made in; ``None`` for the system's temporary folder.

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
        """Add samples at the end.

        Raises:
            CorpusError: if the disk is full; the message names the folder.
        """
        try:
            self._file.write(samples.astype("<i2", copy=False).tobytes())
            self._file.flush()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise CorpusError(
                    f"no space left in {self._folder} for the decoded audio "
                    f"(115 MB an hour); free some and run again"
                ) from error
            raise
        self._length += len(samples)

    def read(self, start: int, end: int) -> Samples:
        """Return the samples [start, end), fewer if the track ends before.

        Several threads may read at the same time.
        """
        start, end = max(start, 0), min(end, self._length)
        with self._lock:
            self._file.seek(2 * start)
            data = self._file.read(2 * max(end - start, 0))
        return np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
