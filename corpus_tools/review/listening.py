"""Audio and envelope of a page, from the film or from the clips cut from it."""

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
from corpus_tools.review.audio import read_blocks, write_mp3
from corpus_tools.review.contents import SoundMap
from corpus_tools.review.envelope import Envelope
from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.tape import open_track
from manifests.records import Clip
from manifests.store import inside

__all__ = ["PageAudio", "clips_audio", "film_audio"]


@dataclass(frozen=True)
class PageAudio:
    """Audio of a source, encoded for a page.

    Attributes:
        sound_map: map of the audio to the source.
        envelope: envelope of the whole source, as bytes.
        mp3: file with the encoded audio.
    """

    sound_map: SoundMap
    envelope: bytes
    mp3: BinaryIO


@contextmanager
def film_audio(
    film: Path, track: int, seconds: float, settings: SegmentSettings, folder: Path
) -> Iterator[PageAudio]:
    """Decode and encode a whole film; memory does not grow with its length.

    Args:
        film: media file.
        track: index of the audio track.
        seconds: duration of the source.
        settings: settings of section [segment], for the voice activity detector.
        folder: folder for unnamed temporary files.

    Raises:
        MediaError: if the film can't be decoded.
    """
    with (
        tempfile.TemporaryFile(dir=folder) as mp3,
        open_track(film, track, settings, folder) as decoded,
    ):
        envelope = Envelope(seconds)

        def blocks() -> Iterator[Samples]:
            start = 0
            for block in read_blocks(decoded.buffer):
                envelope.add(start, block)
                start += len(block)
                yield block

        write_mp3(mp3, blocks())
        sound_map = SoundMap(
            pieces=[(0.0, seconds, 0.0)],
            whole=True,
            speech=_in_ms(decoded.activity.speech),
            gaps=_in_ms(decoded.activity.gap),
        )
        yield PageAudio(sound_map, envelope.values.tobytes(), mp3)


@contextmanager
def clips_audio(
    corpus: Path, clips: Sequence[Clip], seconds: float, folder: Path
) -> Iterator[PageAudio]:
    """Concatenate the clips of a source, separated by short silences.

    Args:
        corpus: the corpus folder.
        clips: clips in order of time.
        seconds: duration of the source.
        folder: folder for the unnamed temporary file.

    Raises:
        MediaError: if a clip is missing or damaged.
    """
    envelope = Envelope(seconds)
    pieces: list[tuple[float, float, float]] = []

    def blocks() -> Iterator[Samples]:
        written = 0
        for clip in clips:
            samples = read_wav(inside(corpus, clip.path))
            envelope.add(round(clip.start * SAMPLE_RATE), samples)
            pieces.append((clip.start, clip.end, written / SAMPLE_RATE))
            yield samples
            yield _SILENCE
            written += len(samples) + len(_SILENCE)

    with tempfile.TemporaryFile(dir=folder) as mp3:
        write_mp3(mp3, blocks())
        yield PageAudio(SoundMap(pieces, whole=False), envelope.values.tobytes(), mp3)


def _in_ms(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    return [(int(start) * FRAME_MS, int(end) * FRAME_MS) for start, end in runs(mask)]


_SILENCE: Samples = np.zeros(SAMPLE_RATE // 5, dtype=np.int16)
