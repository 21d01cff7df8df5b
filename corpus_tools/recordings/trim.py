"""Cut silence off the ends of a recording."""

import warnings

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples
from corpus_tools.recordings.settings import RecordingSettings

__all__ = ["spoken_part"]


def spoken_part(samples: Samples, settings: RecordingSettings) -> tuple[int, int]:
    """Return the part of a recording to keep, in whole milliseconds.

    All of it where nothing is loud enough to be anything but silence.

    Args:
        samples: the recording.
        settings: ``silence_db`` and ``silence_seconds``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it looks for ffmpeg, not needed here
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
