"""The clips of a media file without a corpus, for commands that only listen."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from corpus_tools.media.levels import Samples
from corpus_tools.media.probe import probe
from corpus_tools.segmentation.cut import plan_tape
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.tape import play

__all__ = ["pieces_of"]


def pieces_of(
    media: Path, *, track: int | None = None, settings: SegmentSettings | None = None
) -> Iterator[tuple[Cut, Samples]]:
    """Yield the clips that ``corpus segment`` would cut from a file without subtitles.

    Args:
        media: any audio or video file, of any length.
        track: number among its audio tracks; ``None`` for the default one.
        settings: section [segment].

    Returns:
        Each cut with its samples (int16 mono at 16 kHz), in order of time.

    Raises:
        MediaError: if the file can't be decoded.
    """
    settings = settings or SegmentSettings()
    chosen = probe(media).track(track).index
    with play(media, chosen, settings, Path(tempfile.gettempdir())) as tape:
        for cut in plan_tape(tape, [], settings):
            yield cut, tape.samples(cut)
