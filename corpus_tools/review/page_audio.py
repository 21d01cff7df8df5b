"""Audio of a page, as MP3, and its envelope, from the film or from the clips cut from it."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av import AudioFrame
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import PcmBuffer, Samples
from corpus_tools.media.wav import read_wav
from corpus_tools.review.contents import Envelope, SoundMap
from corpus_tools.segmentation.voice.activity import runs
from corpus_tools.segmentation.voice.base import FRAME_MS
from corpus_tools.segmentation.voice.track import open_track
from manifests.storage.records import Clip, Source
from manifests.storage.store import inside

__all__ = ["PageAudio", "clips_audio", "film_audio"]

BIT_RATE = 32_000
"""Bits per second: 45 minutes take 10.8 MB, and 14.4 MB as base64."""


def write_mp3(out: BinaryIO, blocks: Iterable[Samples]) -> None:
    """Encode blocks (int16 mono at `SAMPLE_RATE`) to a seekable file, without holding them all.

    The bit rate is constant and the bit reservoir off, so that players seek exactly; the first
    frame holds the delay of encoder and decoder.
    """
    with av.open(out, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE, options=dict(_OPTIONS))
        stream.codec_context.layout = "mono"
        stream.codec_context.bit_rate = BIT_RATE
        for block in blocks:
            frame = AudioFrame.from_ndarray(block.reshape(1, -1), format="s16p", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read_blocks(buffer: PcmBuffer) -> Iterator[Samples]:
    """Yield the samples of a track in blocks of ten seconds."""
    for start in range(0, len(buffer), _BLOCK):
        yield buffer.read(start, start + _BLOCK)


_OPTIONS = {"reservoir": "0", "compression_level": "7"}  # LAME -q 7: a tenth of the default's time
_BLOCK = 10 * SAMPLE_RATE


@dataclass(frozen=True)
class PageAudio:
    """MP3 of a source's audio for a page, its map, and the whole source's envelope as bytes."""

    sound_map: SoundMap
    envelope: bytes
    mp3: BinaryIO


@contextmanager
def film_audio(
    film: Path, source: Source, seconds: float, settings: SegmentSettings, folder: Path
) -> Iterator[PageAudio]:
    """Decode and encode a whole film; memory does not grow with its length.

    ``seconds`` is the source's duration; unnamed temporary files go to ``folder``. Raise MediaError
    if the film can't be decoded.
    """
    with (
        tempfile.TemporaryFile(dir=folder) as mp3,
        open_track(film, source.track, settings, folder, source.channel) as decoded,
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
    """Concatenate the clips of a source in order of time, separated by short silences.

    ``seconds`` is the source's duration; the unnamed temporary file goes to ``folder``. Raise
    MediaError if a clip is missing or damaged.
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
