"""How long an audio track lasts, without decoding it."""

from pathlib import Path

import av

from corpus_tools.media.errors import TruncatedMediaError
from corpus_tools.media.probe import open_media, origin_of, select_stream

__all__ = ["length_of"]


def length_of(path: Path, track: int) -> float | None:
    """Return when an audio track ends, in seconds on the file's presentation timeline.

    Told by its packets: what a file announces is missing in streams, a guess in MP3 and AAC
    without a header, and leaves out how late a track starts. Where time stamps leap it may be too
    long, never too short.

    Args:
        path: any audio or video file.
        track: number among its audio tracks.

    Returns:
        ``None`` if no packet tells.

    Raises:
        MediaError: as for `open_media`; `TruncatedMediaError` if the packets can't be read.
    """
    with open_media(path) as container:
        stream = container.streams.audio[track]
        select_stream(container, stream)
        lasts = end = 0
        try:
            for packet in container.demux(stream):
                duration = packet.duration or 0
                lasts += duration
                if packet.pts is not None:
                    end = max(end, packet.pts + duration)
        except av.error.FFmpegError as error:
            raise TruncatedMediaError(
                f"can't be read to its end ({error.strerror}); copy or download it again"
            ) from error
        tick = float(stream.time_base)
        return max(lasts * tick, end * tick - origin_of(container)) or None
