"""Sizes in headers that are slightly or wholly wrong, in files with all their sound."""

import struct

import numpy as np
import pytest
import soundfile

from corpus_tools.media.decode import decode
from corpus_tools.media.errors import MediaError, NotMediaError, TruncatedMediaError
from corpus_tools.media.resample import SAMPLE_RATE

N = 3 * SAMPLE_RATE
"""Samples of each recording, 2 bytes each."""


def read(path):
    """Return the number of decoded samples, and the warnings."""
    warnings = []
    return sum(len(block.samples) for block in decode(path, warn=warnings.append)), warnings


@pytest.fixture
def recording(tmp_path):
    def make(kind="WAV"):
        path = tmp_path / f"a.{'wav' if kind == 'RF64' else kind.lower()}"
        noise = np.random.default_rng(0).normal(0, 0.1, N)
        soundfile.write(path, noise, SAMPLE_RATE, format=kind, subtype="PCM_16")
        return path

    return make


def resize(path, at, form, value):
    data = bytearray(path.read_bytes())
    data[at : at + struct.calcsize(form)] = struct.pack(form, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("more", "length"), [(2, "0.062 ms"), (101, "3.2 ms"), (12_000, "0.4 s")])
def test_a_wav_slightly_shorter_than_its_header_says_is_read_with_a_warning(
    recording, more, length
):
    path = recording()
    resize(path, path.read_bytes().index(b"data") + 4, "<I", 2 * N + more)
    assert read(path) == (
        N,
        [
            f"ends {more:,} bytes ({length}) before its header says; used as far as it goes, but "
            f"copy it again if its end is missing"
        ],
    )


@pytest.mark.parametrize("kind", ["WAV", "RF64", "W64", "CAF", "AIFF", "AU", "FLAC"])
def test_few_missing_bytes_are_a_warning_and_many_an_error(recording, kind):
    path = recording(kind)
    whole = path.read_bytes()
    assert read(path) == (N, [])
    path.write_bytes(whole[:-400])
    samples, (warning,) = read(path)
    assert N - 5000 < samples < N
    assert "before its header says; used as far as it goes" in warning
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TruncatedMediaError, match="cut off or damaged, copy or download it again"):
        read(path)


def test_sound_after_the_end_in_the_header_is_named(recording):
    path = recording()
    resize(path, path.read_bytes().index(b"data") + 4, "<I", 2 * N - 640)
    assert read(path) == (
        N - 320,
        [
            "goes on for 640 bytes (20 ms) after its header says it ends, which were not used; "
            "export it again if they are sound"
        ],
    )


def test_padding_after_the_samples_is_no_reason_to_warn(recording):
    path = recording()
    for padding in (b"\0", bytes(512), b"LIST\4\0\0\0abcd"):
        whole = path.read_bytes()
        path.write_bytes(whole + padding)
        assert read(path) == (N, [])
        path.write_bytes(whole)


@pytest.mark.parametrize("sizes", [bytes(24), b"\xff" * 8 + bytes(16)])
def test_an_rf64_written_into_a_pipe_is_read_to_its_end(recording, sizes):
    path = recording("RF64")
    data = bytearray(path.read_bytes())
    at = data.index(b"ds64") + 8
    data[at : at + 24] = sizes
    path.write_bytes(data)
    assert read(path) == (N, [])


@pytest.mark.parametrize(("kind", "form", "value"), [("CAF", ">q", -1), ("AU", ">I", 0xFFFFFFFF)])
def test_other_formats_written_into_a_pipe_are_read_to_their_end(recording, kind, form, value):
    path = recording(kind)
    resize(path, path.read_bytes().index(b"data") + 4 if kind == "CAF" else 8, form, value)
    assert read(path) == (N, [])


def test_an_aiff_with_an_impossible_length_is_not_called_forbidden(recording):
    path = recording("AIFF")
    resize(path, path.read_bytes().index(b"COMM") + 10, ">I", 0xFFFFFFFF)
    with pytest.raises(NotMediaError, match="is not readable audio or video, or is damaged"):
        read(path)


def test_two_wav_files_joined_are_refused_instead_of_read_half(recording):
    path = recording()
    path.write_bytes(2 * path.read_bytes())
    with pytest.raises(TruncatedMediaError, match=r"goes on for 3\.0 s after its header says"):
        read(path)


def test_an_mp3_without_its_last_frames_is_read(tmp_path, make_media):
    noise = np.random.default_rng(0).normal(0, 0.1, N)
    path = make_media(tmp_path / "a.mp3", noise)
    whole = path.read_bytes()
    path.write_bytes(whole[:-700])
    samples, (warning,) = read(path)
    assert samples > N - 0.3 * SAMPLE_RATE
    assert warning.startswith("ends ")
    path.write_bytes(whole[:-2200])
    with pytest.raises(TruncatedMediaError, match="bytes that its header announces"):
        read(path)


@pytest.mark.parametrize(
    ("suffix", "codec", "other"),
    [
        (".ogg", "libopus", {"layout": "stereo"}),
        (".oga", "flac", {"rate": 48_000}),
        (".flac", "flac", {"layout": "stereo"}),
        (".flac", "flac", {"rate": 48_000}),
    ],
)
def test_a_chain_of_recordings_of_other_formats_is_refused_as_such(
    tmp_path, make_media, suffix, codec, other
):
    sound = 0.3 * np.sin(np.arange(N) / 5)
    one = make_media(tmp_path / f"a{suffix}", sound, 16_000, codec=codec).read_bytes()
    two = make_media(tmp_path / f"b{suffix}", sound, codec=codec, **other).read_bytes()
    path = tmp_path / f"c{suffix}"
    path.write_bytes(one + one)
    samples, warnings = read(path)
    assert samples == pytest.approx(2 * N, abs=1600)
    assert warnings == []
    for joined in (one + two, two + one):
        path.write_bytes(joined)
        with pytest.raises(MediaError, match="is several recordings one after the other, which"):
            read(path)


@pytest.mark.parametrize("codec", ["aac", "ac3", "mp2"])
def test_a_broadcast_that_changes_its_format_is_followed(tmp_path, make_media, codec):
    low = 0.3 * np.sin(2 * np.pi * 500 * np.arange(2 * 44_100) / 44_100)
    high = 0.3 * np.sin(2 * np.pi * 900 * np.arange(2 * 48_000) / 48_000)
    one = make_media(tmp_path / "a.ts", low, 44_100, codec=codec)
    two = make_media(tmp_path / "b.ts", high, 48_000, codec=codec, layout="stereo")
    path = tmp_path / "c.ts"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    samples = np.concatenate([block.samples for block in decode(path)])
    assert len(samples) / SAMPLE_RATE == pytest.approx(4, abs=0.2)
    for part, frequency in ((samples[8_000:24_000], 500), (samples[-24_000:-8_000], 900)):
        assert np.abs(np.fft.rfft(part)).argmax() == frequency
