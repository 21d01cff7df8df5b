"""What a page lets people hear and see of a source: its film, or the clips cut from it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples
from corpus_tools.media.wav import read_wav
from corpus_tools.review.audio import blocks_of, write_mp3
from corpus_tools.review.contents import Heard
from corpus_tools.review.envelope import Envelope
from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.tape import open_track
from manifests.records import Clip
from manifests.store import inside

__all__ = ["Recording", "of_clips", "of_film"]


@dataclass(frozen=True)
class Recording:
    """A source's sound, ready for a page.

    Attributes:
        heard: what it is, and what was found in it.
        envelope: its outline over the whole source, as bytes.
        mp3: the encoded sound.
    """

    heard: Heard
    envelope: bytes
    mp3: BinaryIO


@contextmanager
def of_film(
    film: Path, track: int, seconds: float, settings: SegmentSettings, folder: Path
) -> Iterator[Recording]:
    """Listen to a film from beginning to end; memory does not grow with its length.

    Args:
        film: the file.
        track: number among its audio tracks.
        seconds: how long the source is.
        settings: of what counts as speech.
        folder: on whose disk samples and encoded sound wait, in files without names.

    Raises:
        MediaError: if the film can't be decoded.
    """
    with (
        tempfile.TemporaryFile(dir=folder) as mp3,
        open_track(film, track, settings, folder) as tape,
    ):
        envelope = Envelope(seconds)

        def heard() -> Iterator[Samples]:
            start = 0
            for block in blocks_of(tape.buffer):
                envelope.add(start, block)
                start += len(block)
                yield block

        write_mp3(mp3, heard())
        found = Heard(
            pieces=[(0.0, seconds, 0.0)],
            whole=True,
            speech=_in_ms(tape.activity.speech),
            gaps=_in_ms(tape.activity.gap),
        )
        yield Recording(found, envelope.values.tobytes(), mp3)


@contextmanager
def of_clips(
    corpus: Path, clips: Sequence[Clip], seconds: float, folder: Path
) -> Iterator[Recording]:
    """Put the clips of a source one after the other, with a short silence between.

    Args:
        corpus: the corpus folder.
        clips: in order of time.
        seconds: how long the source is.
        folder: on whose disk the encoded sound waits, in a file without a name.

    Raises:
        MediaError: if a clip is gone or damaged.
    """
    envelope = Envelope(seconds)
    pieces: list[tuple[float, float, float]] = []

    def heard() -> Iterator[Samples]:
        written = 0
        for clip in clips:
            samples = read_wav(inside(corpus, clip.path))
            envelope.add(round(clip.start * SAMPLE_RATE), samples)
            pieces.append((clip.start, clip.end, written / SAMPLE_RATE))
            yield samples
            yield _SILENCE
            written += len(samples) + len(_SILENCE)

    with tempfile.TemporaryFile(dir=folder) as mp3:
        write_mp3(mp3, heard())
        yield Recording(Heard(pieces, whole=False), envelope.values.tobytes(), mp3)


def _in_ms(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    return [(int(start) * FRAME_MS, int(end) * FRAME_MS) for start, end in runs(mask)]


_SILENCE: Samples = np.zeros(SAMPLE_RATE // 5, dtype=np.int16)
