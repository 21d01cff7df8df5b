"""Length of an audio track, without decoding it."""

from pathlib import Path

import av

from corpus_tools.media.errors import TruncatedMediaError
from corpus_tools.media.probe import open_media, origin_of, select_stream

__all__ = ["length_of"]


def length_of(path: Path, track: int) -> float | None:
    """Return the end of an audio track, in seconds on the file's presentation timeline.

    Computed from its packets: the announced length is missing in streams, an estimate in MP3 and
    AAC without a header, and leaves out a late start of the track. Where time stamps jump, the
    result may be too long, but never too short.

    Args:
        path: audio or video file.
        track: index of the audio track.

    Returns:
        ``None`` if no packet has a time stamp or a duration.

    Raises:
        MediaError: as for `open_media`; `TruncatedMediaError` if the packets can't be read.
    """
    with open_media(path) as container:
        stream = container.streams.audio[track]
        select_stream(container, stream)
        total = end = 0
        try:
            for packet in container.demux(stream):
                duration = packet.duration or 0
                total += duration
                if packet.pts is not None:
                    end = max(end, packet.pts + duration)
        except av.error.FFmpegError as error:
            raise TruncatedMediaError(
                f"can't be read to its end ({error.strerror}); copy or download it again"
            ) from error
        tick = float(stream.time_base)
        return max(total * tick, end * tick - origin_of(container)) or None
