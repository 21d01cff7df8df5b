"""Position of decoded audio on a file's presentation timeline."""

from av import AudioFrame

from corpus_tools.media.errors import LongMediaError

__all__ = ["SAMPLE_RATE", "Clock"]

SAMPLE_RATE = 16_000
"""Sample rate of all clips, in Hz."""


class Clock:
    """Places one decoded frame after the other on the timeline.

    Where time stamps jump back by more than a second or ahead by more than an hour (a spliced
    recording, an overflowed counter, a wrong stamp), the timeline goes on from where it is: no gap
    is inserted and no sound is lost.

    Attributes:
        position: seconds of timeline so far.
        stamp: end of the last frame by its own time stamp, in seconds from the file's start.

    Args:
        origin: time stamp, in seconds, at which players start the file.
    """

    def __init__(self, origin: float) -> None:
        self.position = self.stamp = 0.0
        self._start = self._origin = origin

    def advance(self, frame: AudioFrame) -> int:
        """Move past a frame.

        Returns:
            Number of zeros to insert before it, in samples of `SAMPLE_RATE`; -1 if the frame
            repeats what was decoded already.

        Raises:
            LongMediaError: if the timeline gets longer than a clip's id can express.
        """
        length = frame.samples / frame.sample_rate
        time = frame.time
        skip = 0
        if time is not None:
            self.stamp = time - self._start + length
            missing = time - self._origin - self.position
            if not -_TOLERANCE <= missing <= _TOLERANCE:
                skip = self._skip(missing, length)
                if skip < 0:
                    return skip
        self.position += length + skip / SAMPLE_RATE
        if self.position > _LONGEST:
            raise LongMediaError(
                f"lasts longer than {_LONGEST // 3600} h by its time stamps; split it into files"
            )
        return skip

    def _skip(self, missing: float, length: float) -> int:
        """Return the result of `advance` for a frame that doesn't follow directly on the last."""
        if not -_REPEATED <= missing <= _LONGEST_GAP:
            self._origin += missing
            return 0
        if missing > 0:
            return round(missing * SAMPLE_RATE)
        return -1 if missing < -length else 0


_TOLERANCE = 0.05  # s; time stamps of some containers are rounded to whole milliseconds or worse
_REPEATED = 1.0  # s; packets of a stream may overlap by this much
_LONGEST_GAP = 3600  # s
_LONGEST = 27 * 3600  # s; a clip's id has 8 digits of milliseconds
