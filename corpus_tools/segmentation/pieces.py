"""Preview of the clips of a media file, without a corpus."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from corpus_tools.media.levels import Samples
from corpus_tools.media.probe import probe
from corpus_tools.segmentation.cut import plan_track
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.tape import open_track

__all__ = ["preview_clips"]


def preview_clips(
    media: Path, *, track: int | None = None, settings: SegmentSettings | None = None
) -> Iterator[tuple[Cut, Samples]]:
    """Yield the clips that ``corpus segment`` would cut from a file without subtitles.

    Args:
        media: audio or video file, of any length.
        track: index of the audio track; ``None`` for the default one.
        settings: settings of section [segment].

    Returns:
        Each cut with its samples (int16 mono at 16 kHz), in order of time.

    Raises:
        MediaError: if the file can't be decoded.
    """
    settings = settings or SegmentSettings()
    chosen = probe(media).track(track).index
    with open_track(media, chosen, settings, Path(tempfile.gettempdir())) as decoded:
        for cut in plan_track(decoded, [], settings):
            yield cut, decoded.samples(cut)
