"""A source's sound, small enough to lie inside a page: MP3, which every browser plays."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

import av
from av import AudioFrame

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples
from corpus_tools.media.pcm import PcmBuffer

__all__ = ["BIT_RATE", "blocks_of", "write_mp3"]

BIT_RATE = 32_000
"""In bits a second: 45 minutes take 10.8 MB, and 14.4 MB as the text that a page holds."""


def write_mp3(out: BinaryIO, blocks: Iterable[Samples]) -> None:
    """Encode blocks of samples as they come; none of them is kept.

    The bit rate is constant and no frame borrows bits from another, so that a player finds any
    moment by arithmetic; the delay of encoder and decoder is noted in the file's first frame.

    Args:
        out: file to write, which can seek.
        blocks: int16 mono at `SAMPLE_RATE`.
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


def blocks_of(buffer: PcmBuffer) -> Iterator[Samples]:
    """Yield the samples of a track in pieces of ten seconds."""
    for start in range(0, len(buffer), _PIECE):
        yield buffer.read(start, start + _PIECE)


_OPTIONS = {"reservoir": "0", "compression_level": "7"}  # LAME -q 7: a tenth of the default's time
_PIECE = 10 * SAMPLE_RATE
