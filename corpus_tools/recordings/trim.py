"""Trimming of silence at the ends of a recording."""

import warnings

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples
from corpus_tools.recordings.settings import RecordingSettings

__all__ = ["spoken_extent"]


def spoken_extent(samples: Samples, settings: RecordingSettings) -> tuple[int, int]:
    """Return the start and end of the part of a recording to keep, in milliseconds.

    A recording without any sound above the threshold is kept whole.

    Args:
        samples: int16 mono at 16 kHz.
        settings: ``silence_db`` and ``silence_seconds``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # missing ffmpeg, not needed here
        from pydub import AudioSegment
        from pydub.silence import detect_leading_silence

    whole = len(samples) * 1000 // SAMPLE_RATE
    segment = AudioSegment(
        data=samples.astype("<i2").tobytes(), sample_width=2, frame_rate=SAMPLE_RATE, channels=1
    )
    before = detect_leading_silence(segment, settings.silence_db, chunk_size=_STEP_MS)
    if before >= whole:
        return 0, whole
    after = detect_leading_silence(segment.reverse(), settings.silence_db, chunk_size=_STEP_MS)
    margin = round(settings.silence_seconds * 1000)
    return max(before - margin, 0), min(whole - after + margin, whole)


_STEP_MS = 10
