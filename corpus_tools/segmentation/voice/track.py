"""Decoded track: samples on disk, and activity frame by frame."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.channels import ChannelMeter
from corpus_tools.media.cut import Cut
from corpus_tools.media.decode import decode
from corpus_tools.media.errors import LongMediaError
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import PcmBuffer, Samples
from corpus_tools.segmentation.voice.activity import Activity, ActivityMeter
from corpus_tools.segmentation.voice.base import detector_of
from manifests.storage.records import Channel

__all__ = ["DecodedTrack", "open_track"]


@dataclass(frozen=True)
class DecodedTrack:
    """A decoded track, ready to be cut: its samples and its activity frame by frame.

    ``unreal_seconds`` is the duration of the samples that are not finite numbers in the file,
    ``cancelled`` the share of the sound that is lost in downmixing its two channels; ``notes`` say
    what is wrong with the file's length, as sentences without their subject; ``pairs`` are excerpts
    of two mixed channels.
    """

    buffer: PcmBuffer
    activity: Activity
    unreal_seconds: float = 0.0
    cancelled: float = 0.0
    notes: tuple[str, ...] = ()
    pairs: Sequence[tuple[Samples, Samples]] = ()

    @property
    def duration_ms(self) -> int:
        """Duration in whole milliseconds."""
        return len(self.buffer) * 1000 // SAMPLE_RATE

    def samples(self, cut: Cut) -> Samples:
        """Return the samples of a cut."""
        start, end = (ms * SAMPLE_RATE // 1000 for ms in (cut.start_ms, cut.end_ms))
        return self.buffer.read(start, end)


@contextmanager
def open_track(
    media: Path,
    track: int,
    settings: SegmentSettings,
    folder: Path,
    channel: Channel | None = None,
    longest: float = math.inf,
) -> Iterator[DecodedTrack]:
    """Decode a track, or one channel of it, and measure its activity in one pass; yield it decoded.

    The samples go to a temporary file in ``folder``. Raises `MediaError` if it can't be decoded, or
    lasts more than ``longest`` seconds.
    """
    with PcmBuffer(folder) as buffer:
        meter = ActivityMeter(detector_of(settings), settings)
        unreal_seconds = 0.0
        channels = ChannelMeter()
        notes: list[str] = []
        for block in decode(media, track, channels, channel=channel, warn=notes.append):
            unreal_seconds += block.unreal_seconds
            buffer.append(block.samples)
            if len(buffer) > longest * SAMPLE_RATE:
                raise LongMediaError(f"lasts longer than {longest / 3600:g} h; give a part of it")
            meter.add(block)
        yield DecodedTrack(
            buffer, meter.activity(), unreal_seconds, channels.share, tuple(notes), channels.pairs
        )
