"""MP3 audio to embed in a page: small, and playable in every browser."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

import av
from av import AudioFrame

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples
from corpus_tools.media.pcm import PcmBuffer

__all__ = ["BIT_RATE", "read_blocks", "write_mp3"]

BIT_RATE = 32_000
"""Bits per second: 45 minutes take 10.8 MB, and 14.4 MB as base64."""


def write_mp3(out: BinaryIO, blocks: Iterable[Samples]) -> None:
    """Encode a stream of sample blocks; memory does not grow with its length.

    The bit rate is constant and the bit reservoir off, so that players seek exactly; the first
    frame holds the delay of encoder and decoder.

    Args:
        out: seekable file to write.
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


def read_blocks(buffer: PcmBuffer) -> Iterator[Samples]:
    """Yield the samples of a track in blocks of ten seconds."""
    for start in range(0, len(buffer), _BLOCK):
        yield buffer.read(start, start + _BLOCK)


_OPTIONS = {"reservoir": "0", "compression_level": "7"}  # LAME -q 7: a tenth of the default's time
_BLOCK = 10 * SAMPLE_RATE
