"""Files that announce a longer track than they hold: whole ones are read, cut ones are refused."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from corpus_tools.media.decode import decode
from corpus_tools.media.errors import TruncatedMediaError
from corpus_tools.media.resample import SAMPLE_RATE

SECONDS = 10
WARNING = (
    "ends at {end:.1f} s where {announced:.1f} s were announced, but nothing is cut off its file; "
    "all its sound was used, play its end to make sure"
)


def read(path):
    """Return the decoded seconds, and the warnings."""
    warnings = []
    samples = sum(len(block.samples) for block in decode(path, warn=warnings.append))
    return samples / SAMPLE_RATE, warnings


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(0, 0.1, SECONDS * 48_000)


def duration_tag(data):
    """Change Matroska's tag of the track's duration."""
    at = data.index(b"00:00:10.")
    data[at : at + 9] = b"00:00:59."
    return 59.0


def media_header(data):
    """Change the duration of MP4's track, which the samples' overrule."""
    media_header_only(data, 30)


def last_sample(data):
    """Change the duration of MP4's last sample, as a recorder does that never got a next one."""
    data[:] = data.replace(b"edts", b"free")
    at = data.index(b"stts") + 8
    entries = struct.unpack_from(">I", data, at)[0]
    last = at + 4 + 8 * (entries - 1)
    count, length = struct.unpack_from(">II", data, last)
    assert count == 1
    struct.pack_into(">I", data, last + 4, length + 30 * 48_000)
    return media_header_only(data, 30)


def media_header_only(data, seconds):
    at = data.index(b"mdhd") + 16
    rate, length = struct.unpack_from(">II", data, at)
    struct.pack_into(">I", data, at + 4, length + seconds * rate)
    return length / rate + seconds


def avi_header(data):
    """Change the length of AVI's streams."""
    at = -1
    while (at := data.find(b"strh", at + 1)) >= 0:
        length = struct.unpack_from("<I", data, at + 8 + 32)[0]
        struct.pack_into("<I", data, at + 8 + 32, 5 * length)


@pytest.mark.parametrize(
    ("suffix", "change"),
    [
        (".mkv", duration_tag),
        (".mka", duration_tag),
        (".mp4", media_header),
        (".m4a", last_sample),
        (".mov", media_header),
        (".avi", avi_header),
    ],
)
def test_a_whole_film_with_a_wrong_length_is_read_and_a_cut_one_refused(
    tmp_path, make_media, noise, suffix, change
):
    codec = "libmp3lame" if suffix == ".avi" else "aac"
    path = make_media(tmp_path / f"a{suffix}", noise, 48_000, codec=codec, picture=False)
    data = bytearray(path.read_bytes())
    announced = change(data)
    path.write_bytes(data)
    seconds, warnings = read(path)
    assert seconds == pytest.approx(SECONDS, abs=0.1)
    if announced is not None:
        assert warnings == [WARNING.format(end=seconds, announced=announced)]
    for share in (0.6, 0.95):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(TruncatedMediaError, match="copy or download it again"):
            read(path)


def test_a_fragmented_film_without_its_last_fragments_is_refused(tmp_path, make_media, noise):
    whole = make_media(tmp_path / "a.mp4", noise, 48_000, picture=False)
    path = tmp_path / "b.mp4"
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
    with av.open(str(whole)) as source, av.open(str(path), "w", options=flags) as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    data = path.read_bytes()
    seconds, warnings = read(path)
    assert seconds == pytest.approx(SECONDS, abs=0.1)
    assert warnings == []
    moved = bytearray(data)
    announced = media_header_only(moved, SECONDS)
    path.write_bytes(moved)
    assert announced >= SECONDS
    ends = [at - 4 for at in range(len(moved)) if moved[at : at + 4] == b"moof"]
    path.write_bytes(moved[: ends[-2]])
    with pytest.raises(TruncatedMediaError, match="copy or download it again"):
        read(path)


def test_an_edit_list_that_plays_a_part_is_no_cut(tmp_path, make_media, noise):
    path = make_media(tmp_path / "a.mp4", noise, 48_000, picture=False)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    struct.pack_into(">I", data, at, 4_000)  # of the movie's 1,000 ticks a second
    path.write_bytes(data)
    seconds, warnings = read(path)
    assert seconds == pytest.approx(4, abs=0.1)
    assert warnings in ([], [WARNING.format(end=seconds, announced=SECONDS)])


def test_a_chapter_beyond_the_end_changes_nothing(tmp_path, make_media, noise):
    path = tmp_path / "a.mkv"
    plain = make_media(tmp_path / "plain.mkv", noise, 48_000, picture=False)
    with av.open(str(plain)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        out.set_chapters(
            [{"id": 1, "start": 5, "end": 99, "time_base": Fraction(1), "metadata": {}}]
        )
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    seconds, warnings = read(path)
    assert seconds == pytest.approx(SECONDS, abs=0.1)
    assert warnings == []
