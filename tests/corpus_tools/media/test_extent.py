"""Files that are shorter or longer than their headers say."""

import struct

import numpy as np
import pytest
import soundfile

from corpus_tools.media.decode import decode_whole
from corpus_tools.media.errors import TruncatedMediaError
from corpus_tools.media.resample import SAMPLE_RATE

SECONDS = 20


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(0, 0.1, SECONDS * 48_000)


@pytest.fixture(scope="module")
def sized_wav(tmp_path_factory, noise):
    """A WAV of 20 s with another length in its header."""
    path = tmp_path_factory.mktemp("wav") / "a.wav"
    soundfile.write(path, noise, 48_000, subtype="PCM_16")
    data = path.read_bytes()
    at = data.index(b"data") + 4

    def make(length, riff=None, tail=b""):
        written = bytearray(data + tail)
        written[at : at + 4] = struct.pack("<I", length)
        if riff is not None:
            written[4:8] = struct.pack("<I", riff)
        path.write_bytes(written)
        return path

    return make


@pytest.mark.parametrize(
    "suffix", [".wav", ".avi", ".ogg", ".opus", ".mp3", ".mkv", ".mp4", ".mov", ".flac"]
)
def test_truncated_files_are_distinguished_from_whole_ones(tmp_path, make_media, noise, suffix):
    path = make_media(tmp_path / f"a{suffix}", noise, 48_000)
    assert len(decode_whole(path)) / SAMPLE_RATE == pytest.approx(SECONDS, abs=0.1)
    data = path.read_bytes()
    for share in (0.5, 0.93):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(TruncatedMediaError, match="copy or download it again"):
            decode_whole(path)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
@pytest.mark.parametrize("riff", [0, 0xFFFFFFFF])
def test_a_wav_written_into_a_pipe_is_read_to_its_end(sized_wav, length, riff):
    assert len(decode_whole(sized_wav(length, riff))) == SECONDS * SAMPLE_RATE


def test_wav_with_too_large_a_header_is_refused(sized_wav):
    with pytest.raises(TruncatedMediaError, match="1,920,044 of the 3,840,044 bytes"):
        decode_whole(sized_wav(2 * SECONDS * 96_000))


def test_wav_with_too_small_a_header_is_refused(sized_wav):
    with pytest.raises(TruncatedMediaError, match=r"goes on for 15\.0 s after its header says"):
        decode_whole(sized_wav(5 * 96_000))


@pytest.mark.parametrize("tail", [b"LIST\4\0\0\0abcd", b"\0" * 3000, b"id3 \7\0\0\0abcdefg\0"])
def test_chunks_after_the_samples_of_a_wav_are_allowed(sized_wav, tail):
    path = sized_wav(SECONDS * 96_000, tail=tail)
    assert len(decode_whole(path)) == SECONDS * SAMPLE_RATE


def test_an_mp3_with_a_tag_before_its_header_is_checked_all_the_same(tmp_path, make_media, noise):
    path = make_media(tmp_path / "a.mp3", noise, 48_000)
    music = path.read_bytes()
    music = music[music.index(b"\xff\xfb") :]
    tag = b"ID3\4\0\0\0\0\x10\0" + bytes(2048)
    path.write_bytes(tag + music)
    assert len(decode_whole(path)) / SAMPLE_RATE == pytest.approx(SECONDS, abs=0.1)
    path.write_bytes((tag + music)[: -len(music) // 10])
    with pytest.raises(TruncatedMediaError, match="bytes that its header announces"):
        decode_whole(path)
